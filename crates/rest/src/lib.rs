//! The signed API of `api.facebook.com` as data: pairs in, an answer's bytes out, and the callbacks to apps.
//!
//! This crate alone knows parameters, signatures, XML, JSON and error numbers. It does no I/O and reads no clock: whoever
//! owns the socket merges query and body to pairs, and whoever owns the platform carries a question to it and the answer
//! back. It knows nothing of how the platform decides, only how a decision is spelt on the wire.
//!
//! One call is [`Rest::receive`], which answers at once or asks the platform something ([`Step`]); in that case
//! [`Rest::answer`] turns what the platform says into the [`Response`]. [`callback`] builds the signed requests that go to
//! apps, [`client`] does what an app does.

mod call_id;
pub mod callback;
pub mod client;
pub mod config;
pub mod credentials;
pub mod error_code;
pub mod method;
pub mod params;
pub mod response;
mod rest;
pub mod session_key;
pub mod signature;
pub mod value;

pub use callback::CallbackRequest;
pub use config::{CallIdCheck, CansendErrors, Config, ConfigError, QuietHoursCode, Session, Settings};
pub use credentials::{Credentials, InvalidUrl, Secret, SessionInfo};
pub use error_code::ErrorCode;
pub use response::{Response, Summary};
pub use rest::{Request, Rest, Step};
pub use value::Value;
