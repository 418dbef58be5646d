//! `/app`: what apps do, and real apps in the place of declared ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rest::{CallbackRequest, Response};
use scenario::Kind;
use scenario::outside::{Arrived, Outside, OutsideCall};
use world::io::CallbackId;

use crate::real_apps::RealApps;
use crate::repl::session::{Said, Session, Trouble, unknown};

/// The way to real apps, which outlives every world of a session.
#[derive(Clone)]
pub struct SharedApps(Arc<Mutex<RealApps>>);

impl SharedApps {
    fn apps(&self) -> MutexGuard<'_, RealApps> {
        // What a panic left behind is at most an answer that was not sent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outside for SharedApps {
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest) {
        self.apps().post(callback, request);
    }

    fn wait(&mut self) -> Option<Arrived> {
        self.apps().wait()
    }

    fn poll(&mut self) -> Option<Arrived> {
        self.apps().poll()
    }

    fn reply(&mut self, call: OutsideCall, response: &Response) {
        self.apps().reply(call, response);
    }
}

impl Session {
    /// `quiz > carol "text", in $s1`, `quiz ? carol`, `quiz url http://...`.
    pub(super) fn app(&mut self, rest: &str) -> Said {
        let name = rest
            .split(|c: char| c.is_whitespace() || c == '>' || c == '?')
            .next()
            .unwrap_or_default();
        let Some(app) = self.table.actors().apps.get(name).copied() else {
            return Err(unknown(name, "an app", self.table.names().of_kind(Kind::App)));
        };
        let after = rest[name.len()..].trim_start();
        if let Some(url) = after.strip_prefix("url ") {
            let url = url.trim();
            rest::check_url(url).map_err(|error| error.to_string())?;
            let mut said = self.open_way().map_err(|error| format!("{error:#}"))?;
            self.table.put_real_app(app, url);
            said.push_str(&self.keys_of(name));
            return Ok(said);
        }
        if self.table.is_real(app) && after.starts_with('>') {
            return Err(Trouble::Words(format!(
                "{name} is a real app and sends by itself; what it sends shows here"
            )));
        }
        match after.starts_with('?') && !after.contains('=') {
            true => self.scenario(&format!("{rest} = $_")),
            false => self.scenario(rest),
        }
    }

    /// Opens the way for apps that the world declares with a `url`.
    pub(super) fn open_way_for_declared_apps(&mut self) -> anyhow::Result<String> {
        let real: Vec<String> = {
            let apps = self.table.actors().apps.iter();
            apps.filter(|(_, app)| self.table.is_real(**app))
                .map(|(name, _)| name.clone())
                .collect()
        };
        if real.is_empty() {
            return Ok(String::new());
        }
        let mut said = self.open_way()?;
        real.iter().for_each(|name| said.push_str(&self.keys_of(name)));
        Ok(said)
    }

    /// Opens the port where real apps call, the first time.
    fn open_way(&mut self) -> anyhow::Result<String> {
        if self.apps.is_some() {
            return Ok(String::new());
        }
        let apps = RealApps::open(self.options.http_port, self.options.hold_max)?;
        let said = format!("  real apps call http://{}/restserver.php\n", apps.http);
        let apps = SharedApps(Arc::new(Mutex::new(apps)));
        self.table.open_outside(Box::new(apps.clone()));
        self.apps = Some(apps);
        Ok(said)
    }

    fn keys_of(&self, name: &str) -> String {
        let app = self.table.actors().apps.get(name);
        app.and_then(|app| self.table.world().rest().credentials(*app))
            .map_or(String::new(), |app| {
                format!(
                    "  {name}: api_key {}  secret {}\n",
                    app.api_key,
                    app.secret.expose()
                )
            })
    }
}
