//! `smsim serve`: a world on real ports and the machine's clock.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::data::{DataArgs, Kept};
use crate::engine::{FileCapture, Mode, Pace};
use crate::exit::Exit;
use crate::http::token::Token;
use crate::logging::LogArgs;
use crate::pcap::Capture;
use crate::rules::ConfigArgs;
use crate::server::{Ports, Server, Sockets};
use crate::smpp_listener::admission::{Admission, LimitArgs};
use crate::sources;
use crate::tls::TlsArgs;
use crate::worlds::Begun;

/// Put FBOOK 32665 on the air: SMPP for gateways, HTTP for apps, phones on emulated carriers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim serve                          the demo world, SMPP on 2775, HTTP on 32665
  smsim serve world.sms --port 0       any free ports, printed as one JSON line
  smsim serve --data data              kept in the folder data: started again, it goes on where it was
  smsim serve --tls                    SMPP over TLS on 3550 too, with a test certificate
  smsim serve --listen 0.0.0.0         for other machines; a token opens the page and the control API
  smsim serve --pcap links.pcapng      for Wireshark
  smsim serve --log info               with what happens on every SMPP session

Stop it with Ctrl-C: ESMEs are unbound, then the ports are closed.")]
pub struct Args {
    /// The world: carriers, apps, people and ESMEs in the scenario language. Without it: simulator-config/demo.sms, built in.
    world: Option<PathBuf>,
    /// All ports; 0 picks free ones and prints one JSON line {"http":N,"smpp":N} on stdout when they are open, with
    /// "smpps":N when there is TLS and "token":"..." when there is one.
    #[arg(long, value_name = "N", conflicts_with_all = ["smpp_port", "http_port"])]
    port: Option<u16>,
    /// The port for ESMEs.
    #[arg(long, value_name = "N", default_value_t = 2775)]
    smpp_port: u16,
    /// The port for apps.
    #[arg(long, value_name = "N", default_value_t = 32665)]
    http_port: u16,
    /// The address to listen on. Beyond loopback, the page and the control API want a token.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// What opens the page and the control API, which text in anybody's name. Beyond loopback, a random one is made and
    /// said if none is given; the app API and the pages of the time need none.
    #[arg(long, value_name = "TOKEN")]
    token: Option<Token>,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    data: DataArgs,
    /// The seed of all chance; it overrides the world's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Have the page's guided demos wait for this person's texts, and perform everybody else's; without it they wait for all.
    #[arg(long, value_name = "NAME")]
    human: Vec<String>,
    /// Write every PDU of every link to this file, for Wireshark (pcapng); passwords are blanked out.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
}

/// When a world begins that does not say so itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// Now: apps compare a callback's time with their own clock, and refuse what is days old.
    Now,
    /// On the day on which scenarios begin.
    InThePast,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    execute_as(args, Start::Now, &|_| ())
}

/// Serves, and hands on the page's address when it is there.
pub fn execute_as(args: &Args, start: Start, page_is_at: &dyn Fn(&str)) -> anyhow::Result<Exit> {
    args.log.start()?;
    let mut world = sources::load_world(
        args.world.as_deref(),
        &args.config.rules()?,
        args.config.sources()?,
    )?;
    if !world.declared.start_given && start == Start::Now {
        world.declared.config.start = crate::clock::wall();
    }
    if let Some(seed) = args.seed {
        world.declared.config.seed = seed;
    }
    for name in &args.human {
        let users = &world.declared.actors.users;
        anyhow::ensure!(
            users.contains_key(name),
            crate::exit::Wrong(format!(
                "--human {name}: this world has no such user; it has {}",
                users.keys().cloned().collect::<Vec<_>>().join(", ")
            ))
        );
    }
    let ports = match args.port {
        Some(port) => Ports {
            listen: args.listen,
            smpp: port,
            http: port,
        },
        None => Ports {
            listen: args.listen,
            smpp: args.smpp_port,
            http: args.http_port,
        },
    };
    anyhow::ensure!(
        ports.smpp != ports.http || ports.smpp == 0,
        crate::exit::Wrong(format!(
            "SMPP and HTTP cannot share port {}; give --smpp-port and --http-port",
            ports.smpp
        ))
    );
    let tls = args.tls.tls(args.port)?;
    let caller = args.tls.caller()?;
    if let Some(tls) = &tls {
        anyhow::ensure!(
            tls.port == 0 || (tls.port != ports.smpp && tls.port != ports.http),
            crate::exit::Wrong(format!(
                "SMPP over TLS needs a port of its own, and {} is taken; give --smpps-port",
                tls.port
            ))
        );
    }
    let capture = args.pcap.as_deref().map(capture_to).transpose()?;
    let sockets = Sockets::take(ports, tls.as_ref().map(|tls| tls.port))?;
    let (begun, kept) = args.data.begin(world, args.seed)?;
    let runtime = io_runtime()?;
    runtime.block_on(async {
        // A signal that comes as soon as the ports are said must find somebody who listens.
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let trust = tls.as_ref().and_then(|tls| tls.trust.clone());
        let greeting = Greeting::of(&begun, kept, trust, token(args));
        let admission = Admission::new(args.limits.clone());
        let token = greeting.token.clone();
        let server = Server::start(begun, sockets, tls, caller, admission, token, &args.human).await?;
        if let Some(capture) = capture {
            server.engine.capture(capture).await;
        }
        let said = greeting
            .print(&server, args.port == Some(0))
            .context("cannot say where the ports are");
        if said.is_ok() {
            page_is_at(&greeting.page(&server));
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = server.engine.ended() => {}
            }
        }
        let engine = server.engine.clone();
        server.stop().await;
        said?;
        match engine.failure() {
            Some(why) => anyhow::bail!("{why}"),
            None => Ok(Exit::Ok),
        }
    })
}

/// What whoever controls the worlds must know, where others than the people of this machine can reach them.
/// What the sockets run on: a thread for each core but one, as the world has a thread of its own. One more would push it from
/// its core, and wait for it most of the time.
fn io_runtime() -> anyhow::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads((cores - 1).max(1))
        .enable_all()
        .build()
        .context("cannot start the I/O runtime")
}

fn token(args: &Args) -> Option<Token> {
    let is_beyond_loopback = !args.listen.to_canonical().is_loopback();
    args.token
        .clone()
        .or_else(|| is_beyond_loopback.then(Token::random))
}

fn capture_to(path: &Path) -> anyhow::Result<FileCapture> {
    let cannot = || format!("cannot write {}", path.display());
    let file = File::create(path).with_context(cannot)?;
    Capture::new(BufWriter::new(file)).with_context(cannot)
}

/// What is said when the server is up.
struct Greeting {
    code: String,
    seed: u64,
    clock: String,
    apps: Vec<AppShown>,
    esmes: Vec<(String, String, String)>,
    phones: Vec<String>,
    /// The CA of the test certificate, for clients to trust.
    trust: Option<PathBuf>,
    /// What opens the page and the control API.
    token: Option<Token>,
    /// Somebody who has not installed an app, and the canvas name of that app.
    try_this: Option<(String, String)>,
    /// Where the world is kept, and what was found there.
    kept: Option<Kept>,
}

/// The phones that a greeting names, at most.
const PHONES_SHOWN_MAX: usize = 10;

/// The first phones, and how many there are beside them. A phone without a name is a number.
fn phones(users: &[world::UserConfig]) -> Vec<String> {
    let shown = users.iter().take(PHONES_SHOWN_MAX).map(|user| {
        let (name, phone) = (&user.user.name, user.user.phone.to_string());
        if *name == phone {
            phone
        } else {
            format!("{name} {phone}")
        }
    });
    let more = users.len().saturating_sub(PHONES_SHOWN_MAX);
    let more = (more > 0).then(|| format!("and {} more", grouped(more)));
    shown.chain(more).collect()
}

/// A number with its digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let first = (digits.len() - 1) % 3 + 1;
    let groups = digits.as_bytes()[first..].chunks(3);
    groups.fold(digits[..first].to_owned(), |text, group| {
        format!("{text} {}", String::from_utf8_lossy(group))
    })
}

/// What the world's clock shows, and how it goes.
fn clock(config: &world::Config, pace: &Pace) -> String {
    let (now, zone) = (pace.now(), &config.zone);
    let shown = format!("{} {}", zone.civil(now), zone.abbreviation(now));
    let held: Vec<&str> = pace.holds().collect();
    if !held.is_empty() {
        return format!("{shown}, held by {}", held.join(", "));
    }
    match pace.mode() {
        Mode::Running => format!("{shown}, running x{}", pace.speed()),
        Mode::Paused => format!("{shown}, paused"),
        Mode::Virtual => format!("{shown}, virtual"),
    }
}

/// What an app's developer wants to know.
struct AppShown {
    name: String,
    api_key: String,
    secret: String,
    /// Where its callbacks go; none when smsim answers them itself.
    url: Option<String>,
}

impl Greeting {
    fn of(begun: &Begun, kept: Option<Kept>, trust: Option<PathBuf>, token: Option<Token>) -> Self {
        let world = &begun.loaded.declared;
        let config = &world.config;
        let apps = config.apps.iter().map(|app| AppShown {
            name: app.app.name.clone(),
            api_key: app.credentials.api_key.clone(),
            secret: app.credentials.secret.expose().to_owned(),
            url: app
                .credentials
                .callback_url
                .clone()
                .filter(|_| !world.stubs.contains(app.app.id)),
        });
        let esmes = config.accounts.iter().map(|account| {
            let codes: Vec<String> = account.codes.iter().map(ToString::to_string).collect();
            (
                account.system_id.to_string(),
                account.password.to_string(),
                match codes.is_empty() {
                    true => "what its address_range asks for".to_owned(),
                    false => codes.join(" "),
                },
            )
        });
        let not_installed = config.users.iter().find_map(|user| {
            let app = config
                .apps
                .iter()
                .find(|app| app.app.sms_capable && !user.user.apps.contains_key(&app.app.id))?;
            Some((user.user.name.clone(), app.app.canvas.clone()))
        });
        Self {
            code: config.short_code.to_string(),
            seed: config.seed,
            clock: clock(config, &begun.pace),
            apps: apps.collect(),
            esmes: esmes.collect(),
            phones: phones(&config.users),
            trust,
            token,
            try_this: not_installed,
            kept,
        }
    }

    /// The page's address, with what opens it.
    fn page(&self, server: &Server) -> String {
        match &self.token {
            Some(token) => format!("http://{}/?token={}", server.http, token.expose()),
            None => format!("http://{}/", server.http),
        }
    }

    /// On stdout one JSON line, where asked for; what is for people goes to stderr then.
    fn print(&self, server: &Server, json: bool) -> std::io::Result<()> {
        if json {
            let mut out = std::io::stdout().lock();
            let mut ports = serde_json::json!({ "http": server.http.port(), "smpp": server.smpp.port() });
            if let Some(smpps) = server.smpps {
                ports["smpps"] = smpps.port().into();
            }
            if let Some(token) = &self.token {
                ports["token"] = token.expose().into();
            }
            writeln!(out, "{ports}")?;
            out.flush()?;
            self.write(server, &mut std::io::stderr().lock())
        } else {
            self.write(server, &mut std::io::stdout().lock())
        }
    }

    fn write(&self, server: &Server, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "FBOOK {} is on the air", self.code)?;
        writeln!(out, "  page      {}", self.page(server))?;
        writeln!(out, "  pages     http://{}/home.php", server.http)?;
        writeln!(out, "  app API   http://{}/restserver.php", server.http)?;
        for app in &self.apps {
            writeln!(
                out,
                "            {}: api_key {}  secret {}",
                app.name, app.api_key, app.secret
            )?;
            match &app.url {
                Some(url) => writeln!(out, "              called back at {url}")?,
                None => writeln!(
                    out,
                    "              no url: smsim answers its callbacks itself; add  url http://..."
                )?,
            }
        }
        writeln!(out, "  SMPP      {}", server.smpp)?;
        if let Some(smpps) = server.smpps {
            write!(out, "  over TLS  {smpps}")?;
            if let Some(trust) = &self.trust {
                write!(out, "  trust {}", trust.display())?;
            }
            writeln!(out)?;
        }
        for (system_id, password, codes) in &self.esmes {
            writeln!(
                out,
                "            {codes}: system_id {system_id}  password {password}"
            )?;
        }
        if self.esmes.is_empty() {
            writeln!(
                out,
                "            no account for an outside ESME; declare one: esme acme, system_id acme, password secret, code 12345"
            )?;
        }
        let nobody = "nobody; declare one: carrier att  and  user alice +14155550101 on att";
        let phones = if self.phones.is_empty() {
            nobody.to_owned()
        } else {
            self.phones.join(", ")
        };
        writeln!(out, "  phones    {phones}")?;
        writeln!(out, "  clock     {}       seed {}", self.clock, self.seed)?;
        if let Some(kept) = &self.kept {
            writeln!(out, "  data      {kept}")?;
        }
        if let Some((user, canvas)) = &self.try_this {
            let steps = format!("http://{}/api/v1/worlds/default/steps", server.http);
            let header = self.token.as_ref().map_or_else(String::new, |token| {
                format!("--header 'Authorization: Bearer {}' ", token.expose())
            });
            let curl = format!("curl {header}--data");
            writeln!(out, "Try: {curl} '{user} > \"{canvas} hello\"' {steps}")?;
            writeln!(out, "then answer the question: {curl} '{user} > \"Y\"' {steps}")?;
        }
        writeln!(out, "Ctrl-C stops it.")?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_counted_and_not_listed() {
        for (count, words) in [
            (10, None),
            (11, Some("and 1 more")),
            (1_009, Some("and 999 more")),
            (10_000, Some("and 9 990 more")),
            (100_000, Some("and 99 990 more")),
        ] {
            let mut sources = scenario::Sources::new();
            let last = 14_155_560_000_u64 + count - 1;
            let world = format!("carrier att\nhandsets +14155560000..+{last} on att\n");
            sources.insert("world.sms", world);
            let script = scenario::load(&sources, "world.sms").expect("no faults");
            let world = scenario::world_config(&script).expect("a world");
            let shown = phones(&world.config.users);
            assert_eq!(shown[0], "+14155560000");
            assert_eq!(shown.get(PHONES_SHOWN_MAX).map(String::as_str), words);
            assert!(shown.len() <= PHONES_SHOWN_MAX + 1);
        }
    }
}
