//! A Redis that one test starts for itself, and may kill, halt and start again.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::helpers::new_id;

/// The address of a Redis that tests may fill as they like. `None`, with a line that says so, when there is none. The script
/// `tests/faults/run_with_redis` starts this Redis, and tests may start more beside it.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn address() -> Option<String> {
    match std::env::var("SEALED_SESSION_REDIS") {
        Ok(address) if address == "required" => {
            panic!("a Redis is required and none was started: use tests/faults/run_with_redis")
        }
        Ok(address) => Some(address),
        Err(_) => {
            eprintln!("skipped: SEALED_SESSION_REDIS names no Redis; tests/faults/run_with_redis starts one");
            None
        }
    }
}

/// A Redis that writes each change to its disk before it acknowledges it. Its folder is deleted when this value is dropped.
pub(crate) struct Server {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    has_tls: bool,
    process: Child,
}

impl Server {
    /// Starts a Redis with these options beside its own. With certificates among them, it speaks TLS only; their paths must be
    /// absolute.
    pub(crate) fn start(options: &[&str]) -> Self {
        let has_tls = options.contains(&"--tls-cert-file");
        let folder = std::env::temp_dir().join(format!("sealed-session-redis-{}", new_id()));
        fs::create_dir(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let process = spawn(port, has_tls, &folder, &options);
        Self { port, folder, options, has_tls, process }
    }

    pub(crate) fn address(&self) -> String {
        let scheme = if self.has_tls { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Sends SIGKILL, so that Redis can write nothing more.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.port, self.has_tls, &self.folder, &self.options);
    }

    /// Sends SIGSTOP, so that the connections stay and nothing answers.
    pub(crate) fn halt(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(port: u16, has_tls: bool, folder: &PathBuf, options: &[String]) -> Child {
    let number = port.to_string();
    let ports = if has_tls { ["--port", "0", "--tls-port", &number] } else { ["--port", &number, "--tls-port", "0"] };
    let process = Command::new("redis-server")
        .args(ports)
        .args(["--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(folder)
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !answers(port, has_tls) {
        assert!(start.elapsed() < Duration::from_secs(10), "redis-server does not start");
        thread::sleep(Duration::from_millis(5));
    }
    process
}

fn answers(port: u16, has_tls: bool) -> bool {
    if has_tls {
        return TcpStream::connect(("127.0.0.1", port)).is_ok();
    }
    let mut answer = [0; 5];
    TcpStream::connect(("127.0.0.1", port))
        .and_then(|mut stream| stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer)))
        .is_ok_and(|()| answer == *b"+PONG")
}
