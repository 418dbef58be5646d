//! `smsim replay`: what a journal's world did, played again.

use std::fmt::Write as _;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use scenario::ServedWorld;
use serde_json::json;
use sms::{Timestamp, Zone};

use crate::cli::Unsaid;
use crate::cli::data::Playing;
use crate::data::{Played, Recorded, Until};
use crate::exit::{Exit, Wrong};
use crate::instant;

/// Play the journal that `smsim serve --data DIR` has kept again, in virtual time, and print the world's records.
///
/// Nothing leaves the process: no app is called back, no ESME hears anything. The journal is only read, and may belong to a
/// server that runs. It has all that the world is made of, so that no other file is needed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim replay data                                every record, in words
  smsim replay data --until '2009-03-02 14:05'     up to that time of the world
  smsim replay data --json | grep '\"composed\"'    as JSON, one record a line, as the control API has them
  smsim replay data --check                        whether this smsim makes the records that were made then

The exit code is
  1 when --check finds other records than those that were made
  2 when there is no journal
  3 when the journal is damaged; what stands before the damage is played

A scenario, such as /save writes, is played by smsim run.")]
pub struct Args {
    /// The folder of --data, or the file of a journal.
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    /// Play up to that time of the world, with all that is due by then: 23:30 on its first day, '+1d 09:00', or
    /// '2009-03-03 09:00'.
    #[arg(long, value_name = "TIME", conflicts_with = "until_record")]
    until: Option<String>,
    /// Play up to the record of that number.
    #[arg(long, value_name = "N")]
    until_record: Option<u64>,
    /// Print records as JSON, one a line; with --check, what was found as one object.
    #[arg(long)]
    json: bool,
    /// Print no record; compare them with those that were made, by their number and by the hashes that the journal has.
    #[arg(long, conflicts_with_all = ["until", "until_record"])]
    check: bool,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let mut recorded = opened(&args.path)?;
    let world = recorded.served().world();
    let until = until(args, world.now(), world.zone())?;
    let mut playing = Playing::new(!args.check && std::io::stdout().is_terminal());
    let groups = recorded.groups();
    let mut out = Printer::new(args);
    let played = recorded.play(until, args.check, |served, group| {
        playing.show(group, groups);
        out.print(served)
    });
    drop(playing);
    // What was played before a fault is worth seeing.
    out.flush()?;
    let played = played?;
    match args.check {
        true => checked(args, &recorded, &played),
        false => {
            told(&recorded, &played);
            Ok(Exit::Ok)
        }
    }
}

fn opened(path: &Path) -> anyhow::Result<Recorded> {
    if let Some("sms" | "json") = path.extension().and_then(|ending| ending.to_str()) {
        anyhow::bail!(Wrong(format!(
            "{path} is a scenario, and no journal; play it with: smsim run {path}",
            path = path.display()
        )));
    }
    Recorded::open(path).map_err(|error| match error.downcast_ref() {
        Some(crate::data::DataError::Absent { .. }) => Wrong(format!(
            "{error}; name the folder of smsim serve --data DIR, or the file journal.sqlite in it"
        ))
        .into(),
        _ => error,
    })
}

fn until(args: &Args, start: Timestamp, zone: &Zone) -> anyhow::Result<Until> {
    if let Some(record) = args.until_record {
        return Ok(Until::Record(record));
    }
    let Some(text) = &args.until else {
        return Ok(Until::End);
    };
    let until = instant::read(text, start, zone).ok_or_else(|| {
        Wrong(format!(
            "--until {text}: that is no time; write 23:30, '+1d 09:00' or '2009-03-03 09:00'"
        ))
    })?;
    anyhow::ensure!(
        until >= start,
        Wrong(format!(
            "--until {text}: the world begins at {}",
            zone.civil(start)
        ))
    );
    Ok(Until::Time(until))
}

/// Prints records as they are made.
struct Printer {
    out: BufWriter<std::io::Stdout>,
    /// The next record to print.
    next: u64,
    /// The number behind the last record to print.
    end: u64,
    json: bool,
    /// Nothing is printed.
    silent: bool,
    line: String,
}

impl Printer {
    fn new(args: &Args) -> Self {
        Self {
            out: BufWriter::new(std::io::stdout()),
            next: 0,
            end: args.until_record.map_or(u64::MAX, |last| last.saturating_add(1)),
            json: args.json,
            silent: args.check,
            line: String::new(),
        }
    }

    /// Prints what is new.
    fn print(&mut self, served: &ServedWorld) -> anyhow::Result<()> {
        let world = served.world();
        if self.silent || world.next_record() == self.next {
            return Ok(());
        }
        self.line.clear();
        let first = world.next_record() - world.records_since(0).len() as u64;
        if first > self.next {
            let gap = format!(
                "the ring of records has no room for the records {} to {}",
                self.next,
                first - 1
            );
            match self.json {
                true => writeln!(
                    self.line,
                    "{}",
                    json!({ "gap": { "from": self.next, "to": first - 1 } })
                )?,
                false => writeln!(self.line, "        {gap}")?,
            }
        }
        match self.json {
            true => {
                for record in world
                    .records_since(self.next)
                    .take_while(|record| record.seq < self.end)
                {
                    writeln!(self.line, "{}", serde_json::to_value(&record)?)?;
                }
            }
            false => {
                for (seq, at, words) in served.told_since(self.next) {
                    if seq < self.end {
                        writeln!(self.line, "{seq:>7}  {}  {words}", time(world.zone(), at))?;
                    }
                }
            }
        }
        self.next = world.next_record();
        Ok(self.out.write_all(self.line.as_bytes()).map_err(Unsaid)?)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        Ok(self.out.flush().map_err(Unsaid)?)
    }
}

/// `2009-03-02 14:00:01.003`.
fn time(zone: &Zone, at: Timestamp) -> String {
    format!("{}.{:03}", zone.civil(at), at.as_millis().rem_euclid(1_000))
}

/// Says on stderr what was played.
fn told(recorded: &Recorded, played: &Played) {
    let world = recorded.served().world();
    eprintln!(
        "played {} calls: {} records, up to {}",
        played.calls,
        world.next_record(),
        time(world.zone(), world.now())
    );
    if let Some(what) = &played.parted {
        eprintln!(
            "warning: these are not the records that were made: {what}; smsim {} wrote the journal, and this is smsim {}",
            recorded.program(),
            env!("CARGO_PKG_VERSION")
        );
    }
}

/// Says what the comparison came to.
fn checked(args: &Args, recorded: &Recorded, played: &Played) -> anyhow::Result<Exit> {
    let records = recorded.served().world().next_record();
    let (program, own) = (recorded.program(), env!("CARGO_PKG_VERSION"));
    let verdict = match &played.parted {
        None => format!(
            "the same: {records} records of {} calls, of which {} were compared octet for octet\n",
            played.calls, played.compared
        ),
        Some(what) => {
            format!("not the same: {what}; smsim {program} wrote the journal, and this is smsim {own}\n")
        }
    };
    let object = json!({
        "same": played.parted.is_none(),
        "calls": played.calls,
        "records": records,
        "compared": played.compared,
        "parted": played.parted,
        "written_by": program,
        "played_by": own,
    });
    super::say(&match args.json {
        true => format!("{object}\n"),
        false => verdict,
    })?;
    Ok(match played.parted {
        None => Exit::Ok,
        Some(_) => Exit::Failed,
    })
}
