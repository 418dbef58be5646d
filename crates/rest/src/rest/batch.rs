//! `batch.run`: its calls one after the other, each as if it had come alone; the answers in their order.

use std::collections::VecDeque;
use std::net::IpAddr;

use platform::{AppId, CallId};
use sms::Timestamp;

use super::{Rest, Step, respond};
use crate::params::{Params, urldecoded};
use crate::response::{Form, Response, Summary};
use crate::value::Value;

/// A batch that is being carried out.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    now: Timestamp,
    app: AppId,
    peer: Option<IpAddr>,
    element: String,
    form: Form,
    /// The calls that are left, url-encoded.
    left: VecDeque<String>,
    bodies: Vec<Value>,
    hidden: Vec<String>,
}

impl Batch {
    pub(super) fn new(
        now: Timestamp,
        app: AppId,
        peer: Option<IpAddr>,
        element: String,
        form: Form,
        items: Vec<String>,
    ) -> Self {
        Self {
            now,
            app,
            peer,
            element,
            form,
            left: items.into(),
            bodies: Vec::new(),
            hidden: Vec::new(),
        }
    }

    fn add(&mut self, response: Response) {
        self.bodies.push(Value::Text(response.body));
        self.hidden.extend(response.hidden);
    }
}

impl Rest {
    /// Takes the answer to the batch's last call, makes the next one, and answers the batch after the last. The answers
    /// within are in the batch's format, whatever the calls say.
    pub(super) fn go_on(&mut self, call: CallId, last: Option<Response>) -> Step {
        let mut response = last;
        loop {
            let Some(batch) = self.batches.get_mut(&call) else {
                unreachable!("call {} is a batch", call.0)
            };
            if let Some(response) = response.take() {
                batch.add(response);
            }
            let Some(item) = batch.left.pop_front() else {
                break;
            };
            let (now, peer, form) = (batch.now, batch.peer, batch.form.without_callback());
            let params = Params::merge(urldecoded(&item));
            match self.begin(now, call, params, peer, form, true) {
                Step::Respond(answered) => response = Some(answered),
                ask @ Step::Ask { .. } => return ask,
            }
        }
        let batch = self.batches.remove(&call).expect("it was there above");
        let summary = Summary {
            app: Some(batch.app),
            method: "batch.run".into(),
            why: None,
        };
        // A batch of nothing is answered with nothing.
        let value = if batch.bodies.is_empty() {
            Value::Null
        } else {
            Value::List(batch.bodies)
        };
        Step::Respond(Response {
            hidden: batch.hidden,
            ..respond(&batch.form, &batch.element, &value, summary)
        })
    }
}
