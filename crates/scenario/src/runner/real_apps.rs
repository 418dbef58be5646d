//! What a stage has to do with real apps: it waits for them while its clock stands still, or its time passes at the pace of
//! the machine's, so that they have the time that they take and may come at any moment.

use platform::{AppId, NotifyOutcome};
use sms::Timestamp;
use world::Input;

use crate::diagnostics::Code;
use crate::outside::{Outside, Passed};
use crate::report::length;
use crate::runner::Run;
use crate::runner::stage::Stage;
use crate::syntax::Span;

impl<'o> Stage<'o> {
    /// Whether real apps can be reached.
    pub fn reaches_outside(&self) -> bool {
        self.outside.is_some() || self.served.is_some()
    }

    /// Waits, with the clock standing still, until a real app does something. False when it did nothing for as long as the
    /// clock is held. Where the time passes by itself or by somebody else, what is waited for may come until `deadline`.
    pub fn wait_outside(&mut self, deadline: Timestamp) -> bool {
        if self.served.is_some() {
            self.wait_until(deadline, true);
            return false;
        }
        if self.is_paced() {
            return self.step_toward(deadline);
        }
        let arrived = self.outside.as_mut().and_then(|outside| outside.wait());
        let Some(arrived) = arrived else { return false };
        self.take(arrived);
        self.settle();
        true
    }

    /// Whether the app is outside of the simulation.
    pub fn is_real(&self, app: AppId) -> bool {
        !self.stubs.contains(app)
    }

    /// Puts a real app in the place of a simulated one; its callbacks go to `url`.
    pub fn put_real_app(&mut self, app: AppId, url: &str) {
        self.stubs.remove(app);
        self.input(Input::Change(world::Change::CallbackUrl(
            app,
            Some(url.to_owned()),
        )));
    }

    /// Lets the clock go on though a real app kept it: what the app has not answered counts as never answered. Why it was
    /// held, if it was.
    pub fn release(&mut self) -> Option<String> {
        let why = self.held.take()?;
        for (callback, _) in std::mem::take(&mut self.holds) {
            let outcome = NotifyOutcome::TimedOut;
            self.world
                .handle(self.now(), Input::CallbackDone { callback, outcome });
        }
        self.settle();
        Some(why)
    }

    /// Opens the way to real apps.
    pub fn open_outside(&mut self, outside: Box<dyn Outside + 'o>) {
        self.outside = Some(outside);
    }

    /// Takes the way to real apps away, for another stage.
    pub fn take_outside(&mut self) -> Option<Box<dyn Outside + 'o>> {
        self.outside.take()
    }

    /// Takes what has come from real apps meanwhile. Whether anything had.
    pub fn poll_outside(&mut self) -> bool {
        let Some(arrived) = self.outside.as_mut().and_then(|outside| outside.poll()) else {
            return false;
        };
        self.take(arrived);
        self.settle();
        true
    }

    /// Waits for a real app that has a callback.
    pub(super) fn wait_for_holds(&mut self) {
        match self.outside.as_mut().and_then(|outside| outside.wait()) {
            Some(arrived) => self.take(arrived),
            None => {
                let name = |app: &AppId| self.actors.app_name(*app).unwrap_or("an app").to_owned();
                let apps: Vec<String> = self.holds.values().map(name).collect();
                self.held = Some(format!("{} did not answer a callback", apps.join(", ")));
            }
        }
    }

    /// Whether its time passes as somebody outside says.
    pub fn is_paced(&self) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.is_paced())
    }

    /// Lets the time pass until what is `due` happens, or until `deadline` when nothing is due by then. False when the
    /// deadline came and nothing with it: the clock has not moved.
    pub(super) fn pass(&mut self, due: Option<Timestamp>, deadline: Timestamp) -> bool {
        let goal = due.unwrap_or(deadline);
        let Some(outside) = &mut self.outside else {
            return false;
        };
        match outside.pass(goal) {
            Passed::Reached if due.is_none() => return false,
            Passed::Reached => self.world.handle(goal, Input::Tick),
            Passed::Until(at, arrived) => {
                let at = at.min(goal);
                if at > self.now() {
                    self.world.handle(at, Input::Tick);
                }
                self.take(arrived);
            }
        }
        self.settle();
        true
    }
}

impl Run<'_> {
    /// Warns when a line awaits of a real app what it would have to sleep for: its clock is the machine's, on which none of
    /// the time has passed that steps have let pass. Once an app.
    pub(super) fn warn_of_sleep(&mut self, span: Span, app_name: &str) {
        let app = self.app(app_name);
        let has_said = self
            .stage
            .said
            .get(app_name)
            .into_iter()
            .flatten()
            .any(|said| !said.claimed);
        let called_back = self.stage.called_back.get(&app).copied();
        let slept_since = self
            .slept_at
            .is_some_and(|slept| called_back.is_none_or(|called| slept > called));
        let is_test = self.stage.served.is_none();
        if has_said || !slept_since || !is_test || !self.warned_of.insert(app_name.to_owned()) {
            return;
        }
        let passed = length(self.step_end.since(called_back.unwrap_or(self.start)));
        let since = match called_back {
            Some(_) => "it was last called back",
            None => "the test began",
        };
        let message = format!(
            "{app_name} would have to sleep: since {since}, {passed} have passed here and none by its own clock"
        );
        let warning = self
            .fault(Code::E307, span, message)
            .label("awaited from a real app");
        self.warnings.push(warning.help(
            "with `--clock real` or `--clock x20`, or such a `clock` of the `world`, time passes for it as well",
        ));
    }
}
