//! `batch.run` ("Batch.run"): several calls in one, each with its own signature; the answers in their order.

use super::{Call, Method, MethodError, Outcome, Own, scalar};
use crate::error_code::ErrorCode;

/// The most calls in a batch; one more is error 950.
pub const BATCH_ITEMS_MAX: usize = 20;

pub(super) const METHOD: Method = Method {
    name: "batch.run",
    needs_session: false,
    takes_session_secret: true,
    read,
    value: scalar,
};

/// Reads `method_feed`. `serial_only` needs no reading: the calls are made one after the other in any case, which is one
/// of the orders that a batch without it may be carried out in.
fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let feed = call.required("method_feed")?;
    let items: Vec<String> = serde_json::from_str(feed).map_err(|error| MethodError {
        code: ErrorCode::ParamBadJson,
        why: format!("method_feed is no list of texts: {error}"),
    })?;
    if items.len() > BATCH_ITEMS_MAX {
        return Err(MethodError {
            code: ErrorCode::BatchTooManyItems,
            why: format!("{} calls in a batch", items.len()),
        });
    }
    Ok(Outcome::Own(Own::Batch(items)))
}
