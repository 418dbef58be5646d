//! The signed API of `api.facebook.com` as data: pairs in, an answer's bytes out, and the callbacks to apps.
//!
//! This crate alone knows parameters, signatures, XML, JSON and error numbers. It does no I/O and reads no clock: whoever
//! owns the socket merges query and body to pairs, and whoever owns the platform carries a question to it and the answer
//! back. It knows nothing of how the platform decides, only how a decision is spelt on the wire.
//!
//! One call is [`Rest::receive`], which answers at once or asks the platform something ([`Step`]); in that case
//! [`Rest::answer`] turns what the platform says into the [`Response`]. [`callback`] builds the signed requests that go to
//! apps, [`client`] does what an app does.
//!
//! ```
//! use platform::{Answer, AppId, CallId, SubmissionId};
//! use rest::{Config, Credentials, Rest, Secret, Step, Value, client};
//! use sms::Timestamp;
//!
//! let quiz = Credentials {
//!     app: AppId(1),
//!     name: "quiz".to_owned(),
//!     api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
//!     secret: Secret::new("secret123")?,
//!     callback_url: None,
//!     authorize_url: None,
//!     uninstall_url: None,
//!     ip_list: vec![],
//! };
//! let request = client::request(&quiz, "sms.send", &[("uid", "609143784"), ("message", "Who directed Jaws?")]);
//! let mut rest = Rest::new(Config { credentials: vec![quiz], ..Config::default() })?;
//!
//! let Step::Ask { call, .. } = rest.receive(Timestamp::EPOCH, CallId(1), request) else { panic!("it is correct") };
//! // The platform decides here.
//! let answer = Ok(Answer::Sent { submission: SubmissionId(1), session: None });
//! let Step::Respond(response) = rest.answer(call, &answer) else { panic!("it is one call") };
//! assert_eq!(client::parse(&response.body)?, Value::Int(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call_id;
pub mod callback;
pub mod client;
pub mod config;
pub mod credentials;
pub mod error_code;
mod hidden;
pub mod method;
pub mod noted;
pub mod params;
mod properties;
mod request_limit;
pub mod response;
mod rest;
pub mod session_key;
pub mod signature;
pub mod token;
pub mod value;

pub use callback::{CallbackRequest, Standing};
pub use config::{
    CallIdCheck, CansendErrors, Config, ConfigError, Locale, QuietHoursCode, Seconds, Session, Settings,
};
pub use credentials::{Credentials, InvalidUrl, Secret, SessionInfo, check_url};
pub use error_code::ErrorCode;
pub use noted::Noted;
pub use response::{Response, Summary};
pub use rest::{Request, Rest, Step};
pub use value::Value;
