//! What a refusal carries behind its header: [`ErrorBodies`].

use compact_str::CompactString;

use crate::pdu::Pdu;

/// Whether refusals carry a NUL string behind their header. The specification has none (SMPP v3.4 §4.1.2, §4.4.2), message
/// centres differ, and so do the peers in what they can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErrorBodies {
    /// Those of binds: an empty `system_id`. More peers can read it than a bind's refusal that ends with its header.
    pub bind: bool,
    /// Those of `submit_sm` and `data_sm`: an empty `message_id`.
    pub submit: bool,
}

impl Default for ErrorBodies {
    /// The form that the most peers can read.
    fn default() -> Self {
        Self {
            bind: true,
            submit: false,
        }
    }
}

impl ErrorBodies {
    /// Gives a refusal its body, or takes it away; one that says something keeps what it says.
    pub(crate) fn shape(self, refusal: &mut Pdu) {
        let nul = |wanted: bool| wanted.then(CompactString::default);
        match refusal {
            Pdu::BindResp(resp) if resp.system_id().is_empty() && resp.tlvs.is_empty() => {
                resp.system_id = nul(self.bind);
            }
            Pdu::SubmitSmResp(resp) | Pdu::DataSmResp(resp)
                if resp.id().is_empty() && resp.tlvs.is_empty() =>
            {
                resp.message_id = nul(self.submit);
            }
            _ => {}
        }
    }
}
