//! The table of checks: [`checks`]. A file a part of the specification.

mod binding;
mod framing;
mod pdus;
mod pending;
mod receipts;
mod states;
mod submission;
mod tlvs;
mod variants;

use smpp::Status;

use crate::conform::check::Check;

/// Every check, in the order in which they are performed.
pub fn checks() -> Vec<Check> {
    [
        binding::checks(),
        states::checks(),
        framing::checks(),
        submission::checks(),
        tlvs::checks(),
        pending::checks(),
        variants::checks(),
        receipts::checks(),
    ]
    .concat()
}

const OK: &[Status] = &[Status::ESME_ROK];
/// How a message centre says that it does not offer an operation.
const NO_SUCH: &[Status] = &[Status::ESME_RINVCMDID, Status::ESME_RPROHIBITED];
