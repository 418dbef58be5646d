//! What a platform is made from: [`Config`], checked before it is used.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::{App, AppId};
use crate::settings::{InvalidSettings, Settings};
use crate::user::{Uid, User};

/// What a platform is made from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Config {
    /// The rules, which many platforms may share.
    pub settings: Arc<Settings>,
    /// The apps.
    pub apps: Vec<App>,
    /// The accounts.
    pub users: Vec<User>,
    /// Which operator disallows which app.
    pub operator_blocks: BTreeSet<(String, AppId)>,
}

/// A configuration that no platform can be made from.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// Two apps share a number, a name or a canvas name.
    #[error("two apps have the {what} {value:?}")]
    SameApp {
        /// What they share.
        what: &'static str,
        /// The value of it.
        value: String,
    },
    /// An app's canvas name is no single word.
    #[error("the canvas name {0:?} is not one word")]
    Canvas(String),
    /// Two users share a number, a name or a phone.
    #[error("two users have the {what} {value:?}")]
    SameUser {
        /// What they share.
        what: &'static str,
        /// The value of it.
        value: String,
    },
    /// A user has a friend who does not exist.
    #[error("{by} names the friend {user}, who does not exist")]
    NoSuchFriend {
        /// Who names them.
        by: String,
        /// The number named.
        user: Uid,
    },
    /// Something names an app that does not exist.
    #[error("{by} names the app {app}, which does not exist")]
    NoSuchApp {
        /// Who names it.
        by: String,
        /// The number named.
        app: AppId,
    },
}

impl Config {
    /// Checks the settings, and that every number, name, phone and canvas name is unique and every app exists.
    pub fn check(&self) -> Result<(), InvalidConfig> {
        self.settings.check(&self.apps)?;
        let (mut ids, mut names, mut canvases) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for app in &self.apps {
            if app.canvas.is_empty() || app.canvas.contains(char::is_whitespace) {
                return Err(InvalidConfig::Canvas(app.canvas.clone()));
            }
            let same = |what, value: &str| {
                Err(InvalidConfig::SameApp {
                    what,
                    value: value.to_owned(),
                })
            };
            if !ids.insert(app.id) {
                return same("number", &app.id.to_string());
            }
            if !names.insert(&app.name) {
                return same("name", &app.name);
            }
            if !canvases.insert(app.canvas.to_lowercase()) {
                return same("canvas name", &app.canvas);
            }
        }
        let (mut uids, mut names, mut phones) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for user in &self.users {
            let same = |what, value: &str| {
                Err(InvalidConfig::SameUser {
                    what,
                    value: value.to_owned(),
                })
            };
            if !uids.insert(user.uid) {
                return same("number", &user.uid.to_string());
            }
            if !names.insert(&user.name) {
                return same("name", &user.name);
            }
            if !phones.insert(user.phone) {
                return same("phone", &user.phone.to_string());
            }
            if let Some(&app) = user.apps.keys().find(|app| !ids.contains(app)) {
                return Err(InvalidConfig::NoSuchApp {
                    by: user.name.clone(),
                    app,
                });
            }
        }
        match self.operator_blocks.iter().find(|(_, app)| !ids.contains(app)) {
            Some((operator, app)) => Err(InvalidConfig::NoSuchApp {
                by: operator.clone(),
                app: *app,
            }),
            None => Ok(()),
        }
    }
}
