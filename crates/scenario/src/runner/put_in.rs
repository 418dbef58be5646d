//! Who takes part from outside: real apps in the place of declared ones, and people in that of users.

use crate::runner::Runner;

impl Runner {
    /// Puts a real app in the place of a declared one: its callbacks go to `url`, and its `>` lines are awaited.
    ///
    /// # Errors
    ///
    /// When no app has that name, or the URL is none; the text says what would be right.
    pub fn put_real_app(&mut self, name: &str, url: &str) -> Result<(), String> {
        let apps = &self.declared.world.actors.apps;
        let Some(app) = apps.get(name).copied() else {
            return Err(format!(
                "{} declares no app {name:?}; {}",
                self.script.path(),
                meant(name, apps.keys())
            ));
        };
        rest::check_url(url).map_err(|error| error.to_string())?;
        self.declared = self.declared.changed(|world| {
            let configs = world.config.apps.iter_mut();
            for config in configs.filter(|config| config.credentials.app == app) {
                config.credentials.callback_url = Some(url.to_owned());
            }
            world.stubs.remove(app);
        });
        self.put_in.insert(name.to_owned(), url.to_owned());
        Ok(())
    }

    /// Puts a person in the place of a user: the texts of the user's `>` lines are typed.
    ///
    /// # Errors
    ///
    /// When no user has that name; the text says which there are.
    pub fn put_person(&mut self, name: &str) -> Result<(), String> {
        let users = &self.declared.world.actors.users;
        if !users.contains_key(name) {
            return Err(format!(
                "{} declares no user {name:?}; {}",
                self.script.path(),
                meant(name, users.keys())
            ));
        }
        self.humans.insert(name.to_owned());
        Ok(())
    }
}

/// What was meant by a name that is not declared: the nearest of those that are, or all of them.
fn meant<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    match (crate::nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, false) => format!("it has {}", known.join(", ")),
        (None, true) => "it has none".to_owned(),
    }
}
