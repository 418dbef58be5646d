//! `smsim doctor`: will it work on this machine? One line for each thing that it needs.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;

use scenario::Sources;
use serde::Serialize;
use sms::Zone;
use world::World;

use crate::cli::say;
use crate::exit::Exit;
use crate::rules::ConfigArgs;
use crate::smpp_listener::admission::CONNECTIONS_MAX;
use crate::sources;

/// Check what smsim needs of this machine, and say what to do where something is missing.
///
/// Exit code 0: nothing fails, though there may be warnings; 1: something fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim doctor                                        the ports, files and limits that smsim serve will meet
  smsim doctor --config simulator-config --json       with a folder of configuration, for scripts
  smsim doctor --smpp-port 0 --http-port 0            any free ports will do")]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The port for ESMEs; 0: any free one.
    #[arg(long, value_name = "N", default_value_t = 2775)]
    smpp_port: u16,
    /// The port for apps.
    #[arg(long, value_name = "N", default_value_t = 32665)]
    http_port: u16,
    /// The port for ESMEs over TLS.
    #[arg(long, value_name = "N", default_value_t = 3550)]
    smpps_port: u16,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// How it is with one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
enum Verdict {
    /// As it should be.
    #[serde(rename = "ok")]
    Ok,
    /// Something that not everybody needs is missing.
    #[serde(rename = "warn")]
    Warn,
    /// smsim does not work so.
    #[serde(rename = "FAIL")]
    Fail,
}

/// What was found of one thing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Finding {
    check: String,
    verdict: Verdict,
    says: String,
    /// What to do, unless all is well.
    todo: Option<String>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let findings = findings(args);
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        say(&told(&findings, colour()))?;
    }
    let fails = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if fails { Exit::Failed } else { Exit::Ok })
}

fn findings(args: &Args) -> Vec<Finding> {
    let mut findings = vec![
        port(args.listen, args.smpp_port, "SMPP", "--smpp-port", Verdict::Fail),
        port(args.listen, args.http_port, "HTTP", "--http-port", Verdict::Fail),
        // Only `--tls` opens it.
        port(
            args.listen,
            args.smpps_port,
            "SMPP over TLS",
            "--smpps-port",
            Verdict::Warn,
        ),
    ];
    findings.extend([
        rules(&args.config),
        profiles(&args.config),
        demo_world(),
        terminal(),
        files(),
        clock(),
        zone(),
        peers(),
    ]);
    findings
}

fn finding(check: &str, verdict: Verdict, says: impl Into<String>, todo: Option<String>) -> Finding {
    Finding {
        check: check.to_owned(),
        verdict,
        says: says.into(),
        todo,
    }
}

fn ok(check: &str, says: impl Into<String>) -> Finding {
    finding(check, Verdict::Ok, says, None)
}

fn port(listen: IpAddr, port: u16, what: &str, option: &str, verdict: Verdict) -> Finding {
    let check = format!("port {port}");
    match TcpListener::bind(SocketAddr::new(listen, port)) {
        Ok(_) => ok(&check, format!("{what} can listen on {listen}")),
        Err(error) => {
            let todo =
                format!("stop what listens there, or give another with {option}, or any with --port 0");
            let says = format!("{what} cannot listen on {listen}: {error}");
            finding(&check, verdict, says, Some(todo))
        }
    }
}

fn rules(config: &ConfigArgs) -> Finding {
    let Some(folder) = config.folder() else {
        return ok(
            "configuration",
            "the built-in rules; --config DIR takes them from DIR/platform.toml",
        );
    };
    match config.rules() {
        Ok(_) => ok(
            "configuration",
            match folder.join("platform.toml") {
                file if file.is_file() => format!("{} is read", file.display()),
                file => format!("the built-in rules; there is no {}", file.display()),
            },
        ),
        Err(error) => {
            let todo = "take simulator-config/platform.toml as a beginning; simulator-config/README.md tells every key";
            finding(
                "configuration",
                Verdict::Fail,
                format!("{error:#}"),
                Some(todo.to_owned()),
            )
        }
    }
}

/// Those that are built in and those of the folder, each in a world of its own.
fn profiles(config: &ConfigArgs) -> Finding {
    const CHECK: &str = "carrier profiles";
    let todo = Some("simulator-config/README.md lists the keys of a profile".to_owned());
    let read = match config.sources() {
        Ok(read) => read,
        Err(error) => return finding(CHECK, Verdict::Fail, format!("{error:#}"), todo),
    };
    let names: Vec<String> = read.profile_names().map(str::to_owned).collect();
    let fault = names.iter().find_map(|name| profile_fault(&read, name));
    match fault {
        None => ok(CHECK, format!("all {} load", names.len())),
        Some(fault) => finding(CHECK, Verdict::Fail, fault, todo),
    }
}

/// What is wrong with a profile, with its place.
fn profile_fault(read: &Sources, name: &str) -> Option<String> {
    let mut read = read.clone();
    read.insert("doctor.sms", format!("carrier {name}, profile {name}\n"));
    let faults = match scenario::load(&read, "doctor.sms") {
        Ok(script) => scenario::world_config(&script).err()?,
        Err(faults) => faults,
    };
    let fault = scenario::render_all(&faults, &read, scenario::Colour::Never);
    Some(format!("{name}: {}", fault.trim_end()))
}

fn demo_world() -> Finding {
    let todo = Some("build smsim again: the world is part of it".to_owned());
    let made = sources::load_world(None, &scenario::Rules::default(), Sources::new())
        .and_then(|world| Ok(World::new(world.declared.config)?));
    match made {
        Ok(_) => ok("demo world", "it is made"),
        Err(error) => finding("demo world", Verdict::Fail, format!("{error:#}"), todo),
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn colour() -> bool {
    std::io::stdout().is_terminal() && !is_set("NO_COLOR")
}

fn terminal() -> Finding {
    if !std::io::stdout().is_terminal() {
        return ok("terminal", "stdout is no terminal: no colour, no progress");
    }
    match std::env::var("TERM").as_deref() {
        Ok("dumb" | "") | Err(_) => finding(
            "terminal",
            Verdict::Warn,
            "TERM names no terminal that can move its cursor: the prompt of `smsim repl` has no completion",
            Some("set TERM, for example to xterm-256color".to_owned()),
        ),
        Ok(name) if colour() => ok("terminal", format!("{name}, with colour")),
        Ok(name) => ok("terminal", format!("{name}, without colour: NO_COLOR is set")),
    }
}

/// Files that a server has open beside its connections: ports, the log, a capture, callbacks to apps.
const FILES_OWN: u64 = 240;

fn files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    judge_files(limit.current, limit.maximum)
}

/// None is no limit.
fn judge_files(current: Option<u64>, maximum: Option<u64>) -> Finding {
    const CHECK: &str = "open files";
    let wanted = CONNECTIONS_MAX as u64 + FILES_OWN;
    let Some(current) = current.filter(|current| *current < wanted) else {
        return ok(CHECK, format!("enough for {CONNECTIONS_MAX} SMPP connections"));
    };
    let reachable = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let todo = if reachable > current {
        format!("ulimit -n {reachable}")
    } else {
        "let the administrator raise the hard limit (limits.conf, LimitNOFILE)".to_owned()
    };
    let verdict = if current < FILES_OWN {
        Verdict::Fail
    } else {
        Verdict::Warn
    };
    let room = current.saturating_sub(FILES_OWN);
    let says =
        format!("at most {current}: room for some {room} connections, where {CONNECTIONS_MAX} may come");
    finding(CHECK, verdict, says, Some(todo))
}

/// Before it a machine's clock is certainly wrong: callbacks would carry times that apps refuse.
const CLOCK_BEGINS_IN: i16 = 2024;

fn clock() -> Finding {
    let now = Zone::utc().civil(crate::clock::wall());
    let says = format!("{now} UTC");
    if now.year() >= CLOCK_BEGINS_IN {
        return ok("clock", says);
    }
    let todo = "set it: apps refuse callbacks with a time far from their own".to_owned();
    finding("clock", Verdict::Warn, says, Some(todo))
}

fn zone() -> Finding {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    judge_zone(named.as_deref())
}

/// Zones are built in; the machine's matters to nobody but the reader of the log.
fn judge_zone(machine: Option<&str>) -> Finding {
    const WORLDS: &str = "America/Los_Angeles";
    if let Err(error) = Zone::named(WORLDS) {
        let todo = Some("build smsim again: the zones are part of it".to_owned());
        return finding("time zone", Verdict::Fail, error.to_string(), todo);
    }
    let own = format!("a world is in {WORLDS} unless it says `tz`");
    match machine {
        Some(name) if Zone::named(name.trim_start_matches(':')).is_err() => finding(
            "time zone",
            Verdict::Warn,
            format!("TZ={name} is no zone by its IANA name; {own}"),
            Some("a world with `tz` needs such a name, for example Europe/Berlin".to_owned()),
        ),
        Some(name) => ok("time zone", format!("TZ={name}; {own}")),
        None => ok("time zone", own),
    }
}

/// The programs that `tests/run` runs against a server; nothing else needs them.
const PEERS: &[&str] = &[
    "python3",
    "node",
    "npm",
    "tshark",
    "perl",
    "/usr/sbin/bearerbox",
    "chromium",
];

fn peers() -> Finding {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let there = |program: &str| match Path::new(program).is_absolute() {
        true => Path::new(program).is_file(),
        false => folders.iter().any(|folder| folder.join(program).is_file()),
    };
    let missing: Vec<&str> = PEERS.iter().copied().filter(|program| !there(program)).collect();
    if missing.is_empty() {
        return ok("peers", "all programs of tests/run are here");
    }
    let says = format!(
        "only tests/run needs them, and they are not here: {}",
        missing.join(", ")
    );
    let todo = "tests/peers/install".to_owned();
    finding("peers", Verdict::Warn, says, Some(todo))
}

fn told(findings: &[Finding], colour: bool) -> String {
    let widest = findings.iter().map(|finding| finding.check.chars().count()).max();
    let widest = widest.unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (word, escape) = match finding.verdict {
            Verdict::Ok => ("ok  ", "32"),
            Verdict::Warn => ("warn", "33"),
            Verdict::Fail => ("FAIL", "1;31"),
        };
        let word = match colour {
            true => format!("\x1b[{escape}m{word}\x1b[0m"),
            false => word.to_owned(),
        };
        text.push_str(&format!(
            "{word}  {:<widest$}  {}",
            finding.check,
            finding.says.trim_end()
        ));
        if let Some(todo) = &finding.todo {
            let gap = if finding.says.contains('\n') {
                "\n      "
            } else {
                "; "
            };
            text.push_str(&format!("{gap}to do: {todo}"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_are_a_warning_and_next_to_none_a_failure() {
        let wanted = CONNECTIONS_MAX as u64 + FILES_OWN;
        for (current, maximum, verdict, todo) in [
            (None, None, Verdict::Ok, None),
            (Some(wanted), Some(wanted), Verdict::Ok, None),
            (
                Some(wanted - 1),
                None,
                Verdict::Warn,
                Some(format!("ulimit -n {wanted}")),
            ),
            (
                Some(1024),
                Some(4096),
                Verdict::Warn,
                Some("ulimit -n 4096".to_owned()),
            ),
            (
                Some(FILES_OWN - 1),
                None,
                Verdict::Fail,
                Some(format!("ulimit -n {wanted}")),
            ),
        ] {
            let found = judge_files(current, maximum);
            assert_eq!((found.verdict, &found.todo), (verdict, &todo), "{current:?}");
        }
        let stuck = judge_files(Some(1024), Some(1024));
        assert!(stuck.todo.expect("something to do").contains("hard limit"));
    }

    #[test]
    fn a_taken_port_is_said_and_so_is_a_free_one() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let taken = TcpListener::bind((here, 0)).expect("a free port");
        let number = taken.local_addr().expect("an address").port();
        let found = port(here, number, "SMPP", "--smpp-port", Verdict::Fail);
        assert_eq!(found.verdict, Verdict::Fail);
        assert!(found.todo.expect("something to do").contains("--smpp-port"));
        let free = port(here, 0, "SMPP", "--smpp-port", Verdict::Fail);
        assert_eq!(free.verdict, Verdict::Ok);
    }

    #[test]
    fn a_zone_that_is_none_is_a_warning() {
        for (machine, verdict) in [
            (None, Verdict::Ok),
            (Some("Europe/Berlin"), Verdict::Ok),
            (Some(":UTC"), Verdict::Ok),
            (Some("Mars/Olympus"), Verdict::Warn),
        ] {
            assert_eq!(judge_zone(machine).verdict, verdict, "{machine:?}");
        }
    }

    #[test]
    fn what_is_built_in_is_well_and_a_bad_profile_has_its_place() {
        assert_eq!(profiles(&ConfigArgs::default()).verdict, Verdict::Ok);
        assert_eq!(demo_world().verdict, Verdict::Ok);
        let mut read = Sources::new();
        read.insert_profile("mine", "carriers/mine.toml", "latncy = \"1s\"");
        let fault = profile_fault(&read, "mine").expect("a fault");
        assert!(
            fault.contains("carriers/mine.toml:1:1") && fault.contains("`latency`"),
            "{fault}"
        );
    }

    #[test]
    fn a_line_says_how_it_is_and_what_to_do() {
        let found = [
            ok("clock", "fine"),
            finding(
                "port 2775",
                Verdict::Fail,
                "taken",
                Some("take another".to_owned()),
            ),
        ];
        let plain = "ok    clock      fine\nFAIL  port 2775  taken; to do: take another\n";
        assert_eq!(told(&found, false), plain);
        assert!(told(&found, true).starts_with("\x1b[32mok  \x1b[0m  clock"));
    }
}
