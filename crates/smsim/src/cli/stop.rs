//! Ctrl-C as something to be heard instead of died of: [`Stop`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a process that a second Ctrl-C ends, as shells have it.
const ENDED_AT_ONCE: i32 = 130;

/// Whether Ctrl-C was pressed, or SIGTERM sent. A second one ends the process at once.
#[derive(Debug)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    heard: Receiver<()>,
}

impl Stop {
    /// Listens from here on.
    #[expect(
        clippy::disallowed_methods,
        reason = "the shell listens to the terminal while the world is busy"
    )]
    pub fn listen() -> anyhow::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let within = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        drop(within);
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            let mut next = || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                });
            };
            next();
            flag.store(true, Ordering::Relaxed);
            // Nobody may be waiting.
            let _ = tell.send(());
            next();
            std::process::exit(ENDED_AT_ONCE);
        });
        Ok(Self { asked, heard })
    }

    /// Becomes true, and stays so.
    pub fn asked(&self) -> &AtomicBool {
        &self.asked
    }

    /// Waits that long, or until it is asked. Whether it is.
    pub fn wait(&self, time: Duration) -> bool {
        let heard = self.heard.recv_timeout(time);
        heard != Err(RecvTimeoutError::Timeout) || self.asked.load(Ordering::Relaxed)
    }
}
