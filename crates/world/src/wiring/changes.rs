//! Changes of settings, and the words that records have for them: those of the scenario line that makes them.

use platform::{AppId, Change as Policy, Uid};
use sms::Msisdn;

use crate::io::Change;
use crate::world::World;

impl World {
    /// A change as a scenario writes it, with names where there are any.
    pub(crate) fn change_words(&self, change: &Change) -> String {
        match change {
            Change::Platform(change) => self.policy_words(change),
            Change::Carrier(carrier, change) => format!("set {carrier} {change}"),
            Change::Account { esme, setting, .. } => format!("set {esme} {setting}"),
            Change::Join { user, place } => self.user_words(user, *place),
            Change::Place(phone, place) => {
                let place = place.map_or_else(|| "none".to_owned(), |place| place.to_string());
                format!("set {} place {place}", self.phone_name(*phone))
            }
            Change::Ported(phone, carrier) => format!("set {} ported {carrier}", self.phone_name(*phone)),
            Change::Handset(phone, setting) => {
                format!("set {} {}", self.phone_name(*phone), setting_words(*setting))
            }
            Change::CallbackUrl(app, url) => {
                format!(
                    "set {} url {}",
                    self.app_name(*app),
                    url.as_deref().unwrap_or("none")
                )
            }
            Change::Bind(up) => format!("set fbook bind {}", if *up { "up" } else { "down" }),
            Change::Unbind { esme, .. } => format!("set {esme} bind down"),
        }
    }

    fn policy_words(&self, change: &Policy) -> String {
        let user = |uid: &Uid| self.user_name(*uid);
        let app = |app: &AppId| self.app_name(*app);
        let on_off = |on: &bool| if *on { "on" } else { "off" };
        let yes_no = |yes: &bool| if *yes { "yes" } else { "no" };
        match change {
            Policy::Join(user) => self.user_words(user, None),
            Policy::Texts(uid, on) => format!("set {} texts {}", user(uid), on_off(on)),
            Policy::Registered(uid, yes) => format!("set {} registered {}", user(uid), yes_no(yes)),
            Policy::InstallWithoutSms(uid, id) => format!("set {} app {} installed", user(uid), app(id)),
            Policy::AcceptApp(uid, id) => format!("{} accepts {}", user(uid), app(id)),
            Policy::GrantSms(uid, id) => format!("set {} app {} on", user(uid), app(id)),
            Policy::RevokeSms(uid, id) => format!("set {} app {} off", user(uid), app(id)),
            Policy::RemoveApp(uid, id) => format!("set {} app {} absent", user(uid), app(id)),
            Policy::QuietHours(uid, hours) => {
                let hours = hours.map_or_else(|| "none".to_owned(), |hours| hours.to_string());
                format!("set {} quiet-hours {hours}", user(uid))
            }
            Policy::Operator(uid, operator) => format!("set {} ported {operator}", user(uid)),
            Policy::DailyMax(uid, max) => {
                let max = max.map_or_else(|| "none".to_owned(), |max| max.to_string());
                format!("set {} daily-limit {max}", user(uid))
            }
            Policy::Friends(one, other, yes) => {
                format!("set {} friend {} {}", user(one), user(other), yes_no(yes))
            }
            Policy::MuteApp(uid, id, muted) => {
                format!("set {} notices {} {}", user(uid), app(id), on_off(&!muted))
            }
            Policy::LiveMessages(on) => format!("live messages {}", on_off(on)),
            Policy::OperatorBlock {
                operator,
                app: id,
                blocked,
            } => {
                let how = if *blocked { "block" } else { "unblock" };
                format!("set {operator} {how} {}", app(id))
            }
            Policy::SmsCapable(id, on) => format!("set {} sms {}", app(id), on_off(on)),
            Policy::Pool(id, left) => format!("set {} pool {left}", app(id)),
        }
    }

    pub(crate) fn user_name(&self, uid: Uid) -> String {
        let user = self.platform.user(uid);
        user.map_or_else(|| format!("user {}", uid.0), |user| user.name.clone())
    }

    pub(crate) fn app_name(&self, app: AppId) -> String {
        let known = self.platform.app(app);
        known.map_or_else(|| format!("app {}", app.0), |known| known.name.clone())
    }

    fn phone_name(&self, phone: Msisdn) -> String {
        let user = self.platform.user_by_phone(phone);
        user.map_or_else(|| phone.to_string(), |user| user.name.clone())
    }
}

fn setting_words(setting: handset::Setting) -> &'static str {
    use handset::Setting::{Barred, Coverage, MemoryFull, Power, Roaming};
    match setting {
        Power(true) => "phone on",
        Power(false) => "phone off",
        Coverage(true) => "coverage on",
        Coverage(false) => "coverage off",
        MemoryFull(true) => "memory full",
        MemoryFull(false) => "memory ok",
        Barred(true) => "barred on",
        Barred(false) => "barred off",
        Roaming(true) => "roaming on",
        Roaming(false) => "roaming off",
    }
}
