//! Users who join a world that runs: an account at the platform, a number of a carrier, and a phone.

use platform::User;
use sms::{Msisdn, Place};

use crate::config::ConfigError;
use crate::record::Event;
use crate::world::{Phone, World};

impl World {
    /// Why there cannot be such a user in this world now, if there cannot.
    pub fn misfit(&self, user: &User) -> Option<ConfigError> {
        let joined_max = self.config.joined_max;
        if self.joined >= joined_max {
            return Some(ConfigError::TooManyJoined { joined_max });
        }
        if self.smsc.carrier(&user.operator).is_none() {
            return Some(ConfigError::UnknownCarrier {
                user: user.name.clone(),
                operator: user.operator.clone(),
            });
        }
        let fault = self.platform.misfit(user)?;
        Some(ConfigError::Platform(fault.to_string()))
    }

    pub(crate) fn join(&mut self, user: Box<User>, place: Option<Place>) {
        if let Some(fault) = self.misfit(&user) {
            let what = format!("{} does not join: {fault}", user.name);
            return self.record(Event::Changed { what });
        }
        self.joined += 1;
        self.record(Event::Joined {
            what: self.user_words(&user, place),
            user: user.clone(),
        });
        self.smsc.assign(user.phone, &user.operator);
        self.handsets
            .insert(user.phone, Phone::new(user.phone, self.config.handset));
        self.stand(user.phone, place);
        let change = platform::Change::Join(user);
        self.platform_at_once(platform::Input::Change(change));
    }

    /// Where a phone is, as itself or its carrier says; none when it is nowhere, or there is no such phone.
    pub fn place(&self, phone: Msisdn) -> Option<Place> {
        self.handsets.get(phone)?;
        let own = self.places.get(phone).copied();
        own.or_else(|| self.smsc.carrier_of(phone).place)
    }

    /// A phone is there from now on; none: where its carrier says.
    pub(crate) fn stand(&mut self, phone: Msisdn, place: Option<Place>) {
        match place.filter(|_| self.handsets.contains(phone)) {
            Some(place) => {
                self.places.insert(phone, place);
            }
            None => {
                self.places.remove(phone);
            }
        }
    }

    /// The declaration of the user, with what differs from a user of whom nothing is said.
    pub(crate) fn user_words(&self, user: &User, place: Option<Place>) -> String {
        let mut words = format!(
            "user {} {} on {}, uid {}",
            user.name, user.phone, user.operator, user.uid
        );
        for (key, granted) in [("apps", true), ("installed", false)] {
            let apps = user.apps.iter();
            let apps = apps.filter(|(_, install)| install.sms_granted == granted);
            add(&mut words, key, apps.map(|(app, _)| self.app_name(*app)));
        }
        add(
            &mut words,
            "friends",
            user.friends.iter().map(|friend| self.user_name(*friend)),
        );
        add(
            &mut words,
            "tz",
            (user.zone != self.zone).then(|| user.zone.name().to_owned()),
        );
        add(
            &mut words,
            "registered",
            (!user.registered).then(|| "no".to_owned()),
        );
        add(&mut words, "texts", (!user.texts_on).then(|| "off".to_owned()));
        add(
            &mut words,
            "quiet-hours",
            user.quiet_hours.map(|hours| hours.to_string()),
        );
        add(
            &mut words,
            "daily-limit",
            user.daily_max.map(|max| max.to_string()),
        );
        add(&mut words, "place", place.map(|place| place.to_string()));
        words
    }
}

/// Adds a clause, if it has values.
fn add(words: &mut String, key: &str, values: impl IntoIterator<Item = String>) {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return;
    }
    words.push_str(&format!(", {key}"));
    for value in values {
        words.push(' ');
        words.push_str(&value);
    }
}
