//! `smsim apps`: the apps of a world, with what a client library needs to speak for them.

use std::path::PathBuf;

use scenario::DeclaredWorld;
use serde::Serialize;
use world::World;

use crate::cli::say;
use crate::exit::{Exit, Wrong};
use crate::rules::ConfigArgs;
use crate::sources;

/// Print every app of a world: its name, canvas name, api_key, secret, callback URL and capabilities.
///
/// An app without `key` or `secret` has ones that are made of its name: they are the same in every run and on every
/// machine, so that a client can be configured once. (A world that is made over HTTP beside one with the same key gets
/// another.) They are for tests and keep nothing secret.
///
/// The capabilities: `sms` may text; `authorize_url` and `uninstall_url` are told who installs and removes it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim apps                                   those of the demo world
  smsim apps simulator-config/demo.sms         those of a file
  smsim apps --json                            an array for scripts")]
pub struct Args {
    /// The world, in the scenario language. Without it: simulator-config/demo.sms, built in.
    world: Option<PathBuf>,
    /// Print a JSON array, with ids, titles and every URL.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// What an app's developer wants to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct App {
    name: String,
    title: String,
    id: u64,
    canvas: String,
    api_key: String,
    secret: String,
    /// None when smsim answers its callbacks itself.
    callback_url: Option<String>,
    authorize_url: Option<String>,
    uninstall_url: Option<String>,
    capabilities: Vec<&'static str>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let world = sources::load_world(
        args.world.as_deref(),
        &args.config.rules()?,
        args.config.sources()?,
    )?;
    World::new(world.declared.config.clone()).map_err(|error| Wrong(error.to_string()))?;
    let apps = apps(&world.declared);
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&apps)?))?;
    } else if apps.is_empty() {
        say("no app; declare one: app quiz \"Movie Quiz\", canvas quiz, url http://127.0.0.1:9000/sms\n")?;
    } else {
        say(&table(&apps))?;
    }
    Ok(Exit::Ok)
}

fn apps(world: &DeclaredWorld) -> Vec<App> {
    let described = world.config.apps.iter().map(|app| {
        let credentials = &app.credentials;
        let capabilities = [
            ("sms", app.app.sms_capable),
            ("authorize_url", credentials.authorize_url.is_some()),
            ("uninstall_url", credentials.uninstall_url.is_some()),
        ];
        App {
            name: app.app.name.clone(),
            title: app.app.title.clone(),
            id: app.app.id.0,
            canvas: app.app.canvas.clone(),
            api_key: credentials.api_key.clone(),
            secret: credentials.secret.expose().to_owned(),
            callback_url: credentials
                .callback_url
                .clone()
                .filter(|_| !world.stubs.contains(app.app.id)),
            authorize_url: credentials.authorize_url.clone(),
            uninstall_url: credentials.uninstall_url.clone(),
            capabilities: capabilities
                .into_iter()
                .filter_map(|(name, has)| has.then_some(name))
                .collect(),
        }
    });
    described.collect()
}

/// Columns as wide as what stands in them; no cell is empty, so that `awk` counts right.
fn table(apps: &[App]) -> String {
    let head = ["NAME", "CANVAS", "API_KEY", "SECRET", "CALLBACK", "CAPABILITIES"].map(str::to_owned);
    let rows = apps.iter().map(|app| {
        let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        [
            app.name.clone(),
            app.canvas.clone(),
            app.api_key.clone(),
            app.secret.clone(),
            app.callback_url.clone().unwrap_or_else(|| "smsim".to_owned()),
            or_none(app.capabilities.join(",")),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    let widths: Vec<usize> = (0..6)
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: String = cells.map(|(cell, width)| format!("{cell:<width$}  ")).collect();
            format!("{}\n", line.trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<App> {
        let mut sources = scenario::Sources::new();
        sources.insert("world.sms", text);
        let script = scenario::load(&sources, "world.sms").expect("no faults");
        apps(&scenario::world_config(&script).expect("a world"))
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn what_is_declared_is_told_and_what_is_not_is_made_of_the_name() {
        let told = of(&format!(
            "app quiz \"Movie Quiz\", canvas movies, key {KEY}, id 7, url http://127.0.0.1:9000/sms, \
             authorize_url http://127.0.0.1:9000/new\napp news \"Daily News\", sms off\n"
        ));
        assert_eq!((told[0].api_key.as_str(), told[0].id), (KEY, 7));
        assert_eq!(told[0].callback_url.as_deref(), Some("http://127.0.0.1:9000/sms"));
        assert_eq!(told[0].capabilities, ["sms", "authorize_url"]);
        assert_eq!(told[1].canvas, "news");
        assert_eq!((&told[1].callback_url, told[1].capabilities.len()), (&None, 0));
        assert!(told[1].secret.len() == 32 && told[1].secret != told[1].api_key);
        // Another app before it, other clauses: the same credentials.
        let again = of("carrier att\napp a \"A\"\napp news \"News\", canvas n\n");
        assert_eq!(
            (&again[1].api_key, &again[1].secret),
            (&told[1].api_key, &told[1].secret)
        );
    }

    #[test]
    fn every_row_of_the_table_has_as_many_cells_as_its_head() {
        let text = table(&of("app quiz \"Movie Quiz\"\napp news \"Daily News\", sms off\n"));
        let cells: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(cells.len(), 3);
        assert!(cells.iter().all(|row| row.len() == 6), "{text}");
        assert_eq!((cells[1][0], cells[1][4], cells[1][5]), ("quiz", "smsim", "sms"));
        assert_eq!(cells[2][5], "-");
        assert!(text.lines().all(|line| line == line.trim_end()));
    }
}
