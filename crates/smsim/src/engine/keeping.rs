//! What has come of the world's inputs leaves the process only when the inputs are on the disk, where they are to be.

use super::{Engine, EngineHandle};

impl EngineHandle {
    /// Why the engine has ended, when nobody stopped it.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}

impl Engine {
    /// Has everything on the disk that was done with the world, if it is to be there. When it cannot be, nothing that came of
    /// it is told any more, and the engine ends.
    pub(super) fn is_kept(&mut self) -> bool {
        if self.has_failed() {
            return false;
        }
        if let Err(error) = self.served.commit(&self.pace) {
            // Nobody has set it before.
            let _ = self.handle.failure.set(format!("{error}; {}", error.way_out()));
        }
        !self.has_failed()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.handle.failure.get().is_some()
    }
}
