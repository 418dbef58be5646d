//! What is told of tests that are over, and what is kept of them: [`Telling`].

use std::path::Path;

use scenario::report::{RunReport, TestReport};

use crate::cli::run::captures::Captures;
use crate::cli::run::output::Output;
use crate::cli::say;

/// The results of a run, told in their order.
pub struct Telling<'a> {
    output: &'a Output<'a>,
    captures: Option<Captures>,
    report: RunReport,
    /// What is not on stdout yet: what is told together goes there together.
    text: String,
}

impl<'a> Telling<'a> {
    /// Of a run over so many files, with the PDUs in a file where one is named.
    pub fn new(output: &'a Output<'a>, pcap: Option<&Path>, files: usize) -> anyhow::Result<Self> {
        Ok(Self {
            output,
            captures: pcap.map(Captures::new).transpose()?,
            report: RunReport {
                files,
                ..RunReport::default()
            },
            text: String::new(),
        })
    }

    /// Takes the result of the next test, and what is to be said beside it.
    pub fn test(&mut self, mut test: TestReport, said: &[String]) -> anyhow::Result<()> {
        if !said.is_empty() {
            self.flush()?;
            said.iter().for_each(|said| eprintln!("{said}"));
        }
        let number = self.report.tests.len() + 1;
        self.text.push_str(&self.output.test(number, &test));
        if let Some(captures) = &mut self.captures {
            // What is to be said of the capture stands behind the test.
            say(&std::mem::take(&mut self.text))?;
            captures.add(&mut test)?;
        }
        self.report.tests.push(test);
        Ok(())
    }

    /// Puts on stdout what was told.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        match self.text.is_empty() {
            true => Ok(()),
            false => say(&std::mem::take(&mut self.text)),
        }
    }

    /// The results of all tests, when the last one was told.
    pub fn finish(mut self) -> anyhow::Result<RunReport> {
        self.flush()?;
        if let Some(captures) = self.captures {
            captures.finish()?;
        }
        Ok(self.report)
    }
}
