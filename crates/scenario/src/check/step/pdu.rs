//! Lines with PDUs: their names, their statuses, their fields.

use super::Check;
use crate::check::{Kind, is_of_answer};
use crate::diagnostics::{Code, Diagnostic};
use crate::esme_actor::{EsmeAccount, request, seen_fields};
use crate::suggestion::nearest;
use crate::syntax::{Param, PduStep, Sign};

/// The PDUs that scenarios are most often about, to suggest.
const PDUS: [&str; 15] = [
    "submit_sm",
    "submit_sm_resp",
    "deliver_sm",
    "deliver_sm_resp",
    "data_sm",
    "submit_multi",
    "query_sm",
    "cancel_sm",
    "replace_sm",
    "broadcast_sm",
    "query_broadcast_sm",
    "cancel_broadcast_sm",
    "bind_transceiver",
    "enquire_link",
    "unbind",
];

impl Check<'_> {
    /// PDUs and statuses bear the names of the specification.
    pub(super) fn pdu(&mut self, step: &PduStep) {
        if smpp::command_id::from_name(&step.pdu).is_none() {
            let message = format!("`{}` is no PDU", step.pdu.node);
            let fault = Diagnostic::new(Code::E116, self.path, step.pdu.span, message).label("not known");
            let meant = nearest(&step.pdu, PDUS);
            self.diagnostics.push(match meant {
                Some(_) => fault.did_you_mean(meant),
                None => fault.help(format!("there are {} and others of SMPP v3.4", PDUS.join(", "))),
            });
        }
        if let Some(status) = &step.status
            && smpp::Status::from_name(status).is_none()
        {
            let message = format!("`{}` is no command_status", status.node);
            let fault = Diagnostic::new(Code::E116, self.path, status.span, message).label("not known");
            let known = smpp::Status::ALL.iter().filter_map(|status| status.name());
            let meant = nearest(status, known);
            self.diagnostics.push(match meant {
                Some(_) => fault.did_you_mean(meant),
                None => fault
                    .help("statuses bear the names of SMPP v3.4 §5.1.3, such as ESME_ROK or ESME_RTHROTTLED"),
            });
        }
        if smpp::command_id::from_name(&step.pdu).is_some() {
            self.fields(step);
        }
    }

    /// A PDU has the fields of the specification, and a line sends those that an ESME may.
    fn fields(&mut self, step: &PduStep) {
        let kinds = self.kinds(&step.actor);
        let is_esme = !kinds.is_empty() && kinds.iter().all(|kind| *kind == Kind::Esme);
        if is_esme && step.sign == Sign::Does {
            let sent =
                |param: &&Param| !is_of_answer(&step.pdu, &param.name) && !param.value.node.has_capture();
            let given = step.fields.iter().filter(sent);
            let given: Vec<_> = given
                .map(|param| (param.name.node.clone(), param.value.node.said().into_owned()))
                .collect();
            let fault = request(&EsmeAccount::default(), &step.pdu, &given).err();
            self.diagnostics
                .extend(fault.map(|why| why.told(self.path, step)));
            return;
        }
        for param in &step.fields {
            let Some(known) = seen_fields(&step.pdu) else {
                return;
            };
            let name = param.name.node.as_str();
            let known: Vec<&str> = known.collect();
            if !known.contains(&name) && smpp::tag::from_name(name).is_none() {
                let message = format!("{} has no field `{name}`", step.pdu.node);
                let fault =
                    Diagnostic::new(Code::E116, self.path, param.name.span, message).label("not known");
                let meant = nearest(name, known.iter().copied());
                self.diagnostics.push(match meant {
                    Some(_) => fault.did_you_mean(meant),
                    None => fault.help(format!("it has {}, and optional parameters", known.join(", "))),
                });
            }
        }
    }
}
