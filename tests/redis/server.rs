//! A Redis that one test starts for itself, and may kill, halt and start again.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::helpers::new_id;

/// The address of a Redis that tests may fill as they like. `None`, with a line that says so, when there is none. The
/// script `tests/faults/run_with_redis` starts this Redis, and tests may start more beside it.
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

/// How long a test waits for what comes within a second or a few on a machine that has nothing else to do. A machine
/// under load may take far longer, and that is no fault of what is tested.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// The address that a server listens at, and the user that it runs as, if that is not the user of the test.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) user: Option<u32>,
}

/// A Redis that writes each change to its disk before it acknowledges it. Its folder is deleted when this value is
/// dropped.
pub(crate) struct Server {
    place: Place,
    port: u16,
    folder: PathBuf,
    args: Vec<String>,
    has_tls: bool,
    process: Child,
}

impl Server {
    /// Starts a Redis with these options beside its own. With certificates among them, it speaks TLS only; their paths
    /// must be absolute.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_at(&here(), options)
    }

    pub(crate) fn start_at(place: &Place, options: &[&str]) -> Self {
        let folder = new_folder(place);
        let has_tls = options.contains(&"--tls-cert-file");
        // The servers of a network tell one another these addresses, and not those from which they connect.
        let announced = ["--replica-announce-ip", &place.host, "--cluster-announce-ip", &place.host];
        let own = ["--bind", &place.host, "--protected-mode", "no", "--save", "", "--appendonly", "yes"];
        let disk = ["--appendfsync", "always", "--dir", folder.to_str().unwrap()];
        Self::run(place, folder.clone(), has_tls, |port| {
            let port = port.to_string();
            let ports =
                if has_tls { ["--port", "0", "--tls-port", &port] } else { ["--port", &port, "--tls-port", "0"] };
            [&ports[..], &announced, &own, &disk, options].concat().into_iter().map(str::to_owned).collect()
        })
    }

    /// Starts a Sentinel with these lines of configuration. Over TLS, they name its certificate.
    pub(crate) fn start_sentinel(place: &Place, lines: &str, has_tls: bool) -> Self {
        let folder = new_folder(place);
        Self::run(place, folder.clone(), has_tls, |port| {
            let file = folder.join("sentinel.conf");
            let (host, dir) = (&place.host, folder.display());
            let ports = if has_tls { format!("port 0\ntls-port {port}") } else { format!("port {port}") };
            fs::write(
                &file,
                format!("{ports}\nbind {host}\nprotected-mode no\ndir {dir}\nsentinel announce-ip {host}\n{lines}\n"),
            )
            .unwrap();
            give(&file, place);
            vec![file.to_str().unwrap().to_owned(), "--sentinel".to_owned()]
        })
    }

    /// Starts a server at a free port. If somebody else took the port meanwhile, the server ends, and another port is
    /// tried.
    fn run(place: &Place, folder: PathBuf, has_tls: bool, args: impl Fn(u16) -> Vec<String>) -> Self {
        loop {
            let port = free_port();
            let args = args(port);
            if let Some(process) = spawn(place, port, has_tls, &args) {
                return Self { place: place.clone(), port, folder, args, has_tls, process };
            }
        }
    }

    pub(crate) fn address(&self) -> String {
        let scheme = if self.has_tls { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.host_and_port())
    }

    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.place.host, self.port)
    }

    /// Sends SIGKILL, so that Redis can write nothing more.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.place, self.port, self.has_tls, &self.args).unwrap();
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

fn here() -> Place {
    Place { host: "127.0.0.1".to_owned(), user: None }
}

fn new_folder(place: &Place) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sealed-session-redis-{}", new_id()));
    fs::create_dir(&folder).unwrap();
    give(&folder, place);
    folder
}

/// Makes the user of a server the owner of a path.
fn give(path: &Path, place: &Place) {
    if let Some(user) = place.user {
        std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
    }
}

/// A port that nobody uses now, and that no other call returns. It is below those that a kernel gives to connections
/// (32,768 and up), or one of them could have it when a killed server starts again. So is the larger one, by 10,000,
/// that a server of a cluster also uses.
fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let [.., high, low] = new_id().to_bytes();
        AtomicU16::new(u16::from_be_bytes([high, low]))
    });
    loop {
        let port = 12_000 + NEXT.fetch_add(1, Ordering::SeqCst) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Starts a server, and waits until it answers. Returns `None` if it ended instead.
fn spawn(place: &Place, port: u16, has_tls: bool, args: &[String]) -> Option<Child> {
    let mut command = match place.user {
        None => Command::new("redis-server"),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={user}"), format!("--regid={user}")])
                .args(["--clear-groups", "redis-server"]);
            command
        }
    };
    let mut process = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !answers(&place.host, port, has_tls) {
        if start.elapsed() > PATIENCE {
            process.kill().unwrap();
            panic!("redis-server does not start: {args:?}");
        }
        thread::sleep(Duration::from_millis(5));
        if process.try_wait().unwrap().is_some() {
            return None;
        }
    }
    Some(process)
}

/// True if a server listens, and answers a PING with anything. Over TLS it is not asked.
fn answers(host: &str, port: u16, has_tls: bool) -> bool {
    let Ok(mut stream) = TcpStream::connect((host, port)) else { return false };
    let mut answer = [0; 5];
    let mut asked = || stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer));
    has_tls || asked().is_ok() && [*b"+PONG", *b"-NOAU"].contains(&answer)
}
