//! A server that answers what a test says, and remembers what it was asked: the answers of a cluster, of a Sentinel and
//! over a connection that breaks, which no real server gives on demand.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::{RedisPool, RedisStore};

use crate::patient;
use crate::server::PATIENCE;

/// Answers a command of the connection with this number, which counts from 0. `None` closes the connection instead.
type Script = dyn Fn(usize, &[String]) -> Option<String> + Send + Sync;

pub(crate) struct Scripted {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

/// The commands and connections that a server has seen so far.
#[derive(Default)]
struct Seen {
    /// The name of each command, and the number of the connection that it came over.
    asked: Mutex<Vec<(usize, String)>>,
    /// The number of connections that are open.
    open: AtomicUsize,
}

impl Scripted {
    /// Starts a server that says of itself that it has all slots. The script answers everything else.
    pub(crate) fn start(script: impl Fn(&[String]) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::start_numbered(move |_, command| script(command))
    }

    /// The same for a script that tells connections apart.
    pub(crate) fn start_numbered(script: impl Fn(usize, &[String]) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self::run(listener, move |number, command| match command[0].as_str() {
            "CLUSTER" => Some(slots(&[(0, 16383, port)])),
            _ => script(number, command),
        })
    }

    /// The same for a server whose script also says who has which slots.
    pub(crate) fn start_in_a_cluster(script: impl Fn(&[String]) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::run(TcpListener::bind("127.0.0.1:0").unwrap(), move |_, command| script(command))
    }

    fn run(listener: TcpListener, script: impl Fn(usize, &[String]) -> Option<String> + Send + Sync + 'static) -> Self {
        let server = Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&server.seen));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                seen.open.fetch_add(1, Ordering::SeqCst);
                let stream = stream.unwrap();
                // Nothing waits for more to send.
                stream.set_nodelay(true).unwrap();
                thread::spawn(move || {
                    serve(&stream, number, &*script, &seen);
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// A pool for the cluster that this server belongs to.
    pub(crate) fn cluster(&self) -> RedisPool {
        patient(&format!("redis-cluster://127.0.0.1:{}", self.port))
    }

    /// A pool for this server alone.
    pub(crate) fn pool(&self) -> RedisPool {
        patient(&format!("redis://127.0.0.1:{}", self.port))
    }

    /// A store in the cluster.
    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.cluster())
    }

    /// The number of times that a command was asked for.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.seen.asked.lock().unwrap().iter().filter(|(_, asked)| asked == command).count()
    }

    /// The numbers of the connections over which a command came.
    pub(crate) fn connections(&self, command: &str) -> BTreeSet<usize> {
        let asked = self.seen.asked.lock().unwrap();
        asked.iter().filter(|(_, asked)| asked == command).map(|(number, _)| *number).collect()
    }

    /// The number of connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, number: usize, script: &Script, seen: &Seen) {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(command) = read(&mut reader) {
        seen.asked.lock().unwrap().push((number, command[0].clone()));
        let answer = match command[0].as_str() {
            "CLIENT" | "PING" => Some("+OK\r\n".to_owned()),
            _ => script(number, &command),
        };
        let Some(answer) = answer else { return };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The answer to `CLUSTER SLOTS`: the first and the last slot of each range, and the port of its server.
pub(crate) fn slots(ranges: &[(u16, u16, u16)]) -> String {
    let row = |(first, last, port): &(u16, u16, u16)| {
        format!("*3\r\n:{first}\r\n:{last}\r\n*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$2\r\nid\r\n")
    };
    format!("*{}\r\n{}", ranges.len(), ranges.iter().map(row).collect::<String>())
}

/// An answer that is an array of texts.
pub(crate) fn texts(texts: &[&str]) -> String {
    let bulk = |text: &&str| format!("${}\r\n{text}\r\n", text.len());
    format!("*{}\r\n{}", texts.len(), texts.iter().map(bulk).collect::<String>())
}

/// The answer of a Sentinel to `SENTINEL MASTER`: the primary is the server at this port.
pub(crate) fn primary(port: u16) -> String {
    texts(&["ip", "127.0.0.1", "port", &port.to_string(), "config-epoch", "1"])
}

/// Holds the clock of tokio still, in a test that starts with this clock paused, until it is dropped. So no time limit
/// passes while servers answer, however slow the machine is, and a test moves the clock by [`tokio::time::advance`]
/// alone.
pub(crate) struct StillClock {
    _end: Sender<()>,
}

impl StillClock {
    pub(crate) fn hold() -> Self {
        let (end, is_over) = channel();
        // A paused clock jumps to the next timer when every task waits, unless a blocking task runs. This one ends if a
        // test hangs, so that all time limits of the test pass at once.
        tokio::task::spawn_blocking(move || is_over.recv_timeout(PATIENCE));
        Self { _end: end }
    }
}

/// Waits until something is so, and lets the tasks of this runtime run meanwhile, whatever their clock says.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::task::yield_now().await;
        thread::sleep(Duration::from_millis(1));
    }
}

/// Reads a command: an array of texts.
fn read(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let number = |sign: char, reader: &mut dyn BufRead| {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        line.trim_end().strip_prefix(sign)?.parse::<usize>().ok()
    };
    let words = number('*', reader)?;
    (0..words)
        .map(|_| {
            let mut bytes = vec![0; number('$', reader)? + 2];
            reader.read_exact(&mut bytes).ok()?;
            bytes.truncate(bytes.len() - 2);
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}
