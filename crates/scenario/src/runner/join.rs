//! `user erin +14155550177 on att`, given to a world that runs: the user joins it.

use std::sync::Arc;

use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::runner::Run;
use crate::syntax::{Decl, Span};
use crate::world_config::joining;

impl Run<'_> {
    pub(super) fn join(&mut self, span: Span, decl: &Decl) -> Fallible<()> {
        let path = Arc::clone(&self.scope().path);
        let script = self.script.with(&path, decl, span).map_err(|faults| {
            let fault = faults.into_iter().find(Diagnostic::is_error);
            Box::new(fault.unwrap_or_else(|| self.fault(Code::E300, span, "nobody joins")))
        })?;
        let stage = &self.stage;
        let taken = |uid| stage.world.platform().user(uid).is_some();
        let (user, place) = joining(decl, &stage.actors, stage.world.zone(), taken).map_err(|why| {
            Box::new(
                self.fault(Code::E300, span, "nobody joins by this line")
                    .label(why),
            )
        })?;
        if let Some(fault) = stage.world.misfit(&user) {
            let name = &user.name;
            let message = format!("{name} cannot join this world");
            return Err(Box::new(
                self.fault(Code::E301, span, message).label(fault.to_string()),
            ));
        }
        self.begin_action();
        self.script = Arc::new(script);
        let name = user.name.clone();
        self.stage.join(&name, user, place);
        Ok(())
    }
}
