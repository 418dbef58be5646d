//! Calls of the API on the engine's side.

use platform::CallId;
use tokio::sync::oneshot;
use world::Input;

use super::Engine;

impl Engine {
    /// Answers calls that came together, before anything that they bring forth: their callers do not wait for a text to be on
    /// its way.
    pub(super) fn answer(
        &mut self,
        calls: impl IntoIterator<Item = (rest::Request, oneshot::Sender<rest::Response>)>,
    ) {
        let name = |(request, reply)| {
            let call = self.new_call();
            self.calls.insert(call, reply);
            Input::Api { call, request }
        };
        let inputs: Vec<Input> = calls.into_iter().map(name).collect();
        if inputs.is_empty() {
            return;
        }
        self.served.decide_first(self.pace.now(), inputs);
        self.dispatch();
        self.handle(Input::Tick);
    }

    fn new_call(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }
}
