//! A server of ours in a process of its own, and what the system says of it: [`Server`].

use std::process::Stdio;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A process of ours that serves; it ends with its owner.
pub(super) struct Server {
    /// Its port for ESMEs on 127.0.0.1, if it has one.
    smpp: Option<u64>,
    /// Its port for apps, if it has one.
    http: Option<u64>,
    child: Child,
}

impl Server {
    /// Runs `smsim` with those arguments, which make it say its ports on stdout. What it says to people is dropped.
    pub async fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the program itself")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start smsim {}", arguments.join(" ")))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server has no stdout")?;
        BufReader::new(stdout).read_line(&mut line).await?;
        let said: serde_json::Value = serde_json::from_str(&line)
            .with_context(|| format!("smsim {} did not start", arguments.join(" ")))?;
        Ok(Self {
            smpp: said["smpp"].as_u64(),
            http: said["http"].as_u64(),
            child,
        })
    }

    /// Where ESMEs bind, `host:port`.
    pub fn target(&self) -> anyhow::Result<String> {
        let port = self.smpp.context("the server names no SMPP port")?;
        Ok(format!("127.0.0.1:{port}"))
    }

    /// Where apps call, `host:port`.
    pub fn rest_target(&self) -> anyhow::Result<String> {
        let port = self.http.context("the server names no HTTP port")?;
        Ok(format!("127.0.0.1:{port}"))
    }

    /// Has the world do these steps.
    pub async fn steps(&self, steps: &str) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.rest_target()?).await?;
        let request = format!(
            "POST /api/v1/worlds/default/steps HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{steps}",
            steps.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::ensure!(
            answer.starts_with("HTTP/1.1 200 "),
            "the server does not do what it is told: {answer}"
        );
        Ok(())
    }

    /// The memory that it holds, in octets (`VmRSS` of proc(5)).
    pub fn resident_octets(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.context("the system does not say how much memory a process holds")? * 1024)
    }

    /// The time that its threads have run, in nanoseconds (`schedstat` of proc(5)).
    pub fn cpu_ns(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("the server has ended")?;
        let tasks =
            std::fs::read_dir(format!("/proc/{id}/task")).context("cannot read /proc; measure on Linux")?;
        let mut sum = 0;
        for task in tasks {
            // A thread may end meanwhile.
            let stat = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let ns = stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok());
            sum += ns.unwrap_or_default();
        }
        Ok(sum)
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        let id = self.child.id().context("the server has ended")?;
        std::fs::read_to_string(format!("/proc/{id}/{file}")).context("cannot read /proc; measure on Linux")
    }
}
