//! The properties of an app that concern SMS ("ApplicationProperties"): [`Property`], [`PropertyChanges`].

use std::net::IpAddr;

use platform::AppInfo;
use serde_json::Value as Json;

use crate::credentials::{Credentials, check_url};
use crate::method::MethodError;
use crate::params::list;

/// The most addresses in an app's list.
pub(crate) const IP_LIST_MAX: usize = 256;
/// The longest URL that an app may set, in characters ("ApplicationProperties"); a world file may give it a longer one.
const URL_CHARS_MAX: usize = 100;

macro_rules! properties {
    ($($name:ident = $text:literal,)*) => {
        /// A property that can be asked for.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Property {
            $($name,)*
        }

        impl Property {
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in calls.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

properties! {
    ApplicationName = "application_name",
    CanvasName = "canvas_name",
    CallbackUrl = "callback_url",
    AuthorizeUrl = "authorize_url",
    UninstallUrl = "uninstall_url",
    IpList = "ip_list",
    IsMobile = "is_mobile",
    Desktop = "desktop",
}

impl Property {
    /// The properties that a list names.
    pub(crate) fn list(text: &str) -> Result<Vec<Self>, MethodError> {
        let names = list(text).ok_or_else(|| MethodError::param("properties is no list"))?;
        let named = |name: &String| {
            Self::named(name).ok_or_else(|| MethodError::param(format!("there is no property {name:?}")))
        };
        names.iter().map(named).collect()
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.name() == name)
    }

    /// Its value; a switch is 1 or 0, a URL that is not set is empty.
    pub(crate) fn value(self, info: &AppInfo, credentials: &Credentials) -> Json {
        let url = |url: &Option<String>| Json::from(url.clone().unwrap_or_default());
        match self {
            Self::ApplicationName => Json::from(info.title.clone()),
            Self::CanvasName => Json::from(info.canvas.clone()),
            Self::CallbackUrl => url(&credentials.callback_url),
            Self::AuthorizeUrl => url(&credentials.authorize_url),
            Self::UninstallUrl => url(&credentials.uninstall_url),
            Self::IpList => {
                let list: Vec<_> = credentials.ip_list.iter().map(ToString::to_string).collect();
                Json::from(list.join(","))
            }
            Self::IsMobile => Json::from(u8::from(info.sms_capable)),
            // Every app here is one of the web.
            Self::Desktop => Json::from(0),
        }
    }
}

/// What `admin.setAppProperties` changes; what is none stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct PropertyChanges {
    pub(crate) callback_url: Option<Option<String>>,
    pub(crate) authorize_url: Option<Option<String>>,
    pub(crate) uninstall_url: Option<Option<String>>,
    pub(crate) ip_list: Option<Vec<IpAddr>>,
    /// Whether the app is registered for SMS.
    pub(crate) is_mobile: Option<bool>,
}

impl PropertyChanges {
    /// Reads a JSON object of properties and values. An empty URL takes the URL away.
    pub(crate) fn read(text: &str) -> Result<Self, MethodError> {
        let Ok(Json::Object(given)) = serde_json::from_str(text) else {
            return Err(MethodError::param("properties is no JSON object"));
        };
        let mut changes = Self::default();
        for (name, value) in given {
            changes.set(&name, &value)?;
        }
        Ok(changes)
    }

    fn set(&mut self, name: &str, value: &Json) -> Result<(), MethodError> {
        match Property::named(name) {
            Some(Property::CallbackUrl) => self.callback_url = Some(url(name, value)?),
            Some(Property::AuthorizeUrl) => self.authorize_url = Some(url(name, value)?),
            Some(Property::UninstallUrl) => self.uninstall_url = Some(url(name, value)?),
            Some(Property::IpList) => self.ip_list = Some(ip_list(value)?),
            Some(Property::IsMobile) => self.is_mobile = Some(switch(name, value)?),
            Some(Property::ApplicationName | Property::CanvasName | Property::Desktop) => {
                return Err(MethodError::param(format!("{name} cannot be set here")));
            }
            None => return Err(MethodError::param(format!("there is no property {name:?}"))),
        }
        Ok(())
    }
}

fn url(name: &str, value: &Json) -> Result<Option<String>, MethodError> {
    let Json::String(url) = value else {
        return Err(MethodError::param(format!("{name} is no text")));
    };
    if url.is_empty() {
        return Ok(None);
    }
    check_url(url).map_err(|error| MethodError::param(format!("{name}: {error}")))?;
    if url.chars().count() > URL_CHARS_MAX {
        let why = format!("{name} has more than {URL_CHARS_MAX} characters");
        return Err(MethodError::param(why));
    }
    Ok(Some(url.clone()))
}

fn ip_list(value: &Json) -> Result<Vec<IpAddr>, MethodError> {
    let wrong = || MethodError::param(format!("ip_list is no list of at most {IP_LIST_MAX} addresses"));
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Array(_) => value.to_string(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return Err(wrong()),
    };
    let addresses = list(&text)
        .filter(|addresses| addresses.len() <= IP_LIST_MAX)
        .ok_or_else(wrong)?;
    addresses
        .iter()
        .map(|address| address.parse().map_err(|_| wrong()))
        .collect()
}

fn switch(name: &str, value: &Json) -> Result<bool, MethodError> {
    match value {
        Json::Bool(on) => Ok(*on),
        Json::Number(number) if number.as_u64() == Some(1) => Ok(true),
        Json::Number(number) if number.as_u64() == Some(0) => Ok(false),
        Json::String(text) if text == "1" || text == "true" => Ok(true),
        Json::String(text) if text == "0" || text == "false" => Ok(false),
        Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            Err(MethodError::param(format!("{name} is neither 1 nor 0")))
        }
    }
}
