//! A server that answers what a test says, and remembers what it was asked: the answers of a cluster that no real one gives on
//! demand.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sealed_session::{BackendErrorKind, Record, RedisPool, RedisStore, Save, SessionStore, UnixTime};

use crate::helpers::new_id;

/// Answers a command of the connection with this number, which counts from 0. `None` closes the connection instead.
type Script = dyn Fn(usize, &[String]) -> Option<String> + Send + Sync;

pub(crate) struct Scripted {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
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
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, log): (Arc<Script>, _) = (Arc::new(script), asked.clone());
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (script, log) = (script.clone(), log.clone());
                thread::spawn(move || serve(&stream.unwrap(), port, |command| script(number, command), &log));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn store(&self) -> RedisStore {
        let url = format!("redis-cluster://127.0.0.1:{}", self.port);
        RedisStore::new(&RedisPool::open(&url).unwrap().timeout(Duration::from_secs(2)))
    }

    /// The number of times that a command was asked for.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == command).count()
    }
}

fn serve(stream: &TcpStream, port: u16, script: impl Fn(&[String]) -> Option<String>, log: &Mutex<Vec<String>>) {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(command) = read(&mut reader) {
        log.lock().unwrap().push(command[0].clone());
        let answer = match command[0].as_str() {
            "CLIENT" | "PING" => Some("+OK\r\n".to_owned()),
            "CLUSTER" => Some(format!("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$2\r\nid\r\n")),
            _ => script(&command),
        };
        let Some(answer) = answer else { return };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
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

#[tokio::test]
async fn a_write_is_not_sent_again_after_its_answer_was_lost() {
    let server = Scripted::start(|_| None);
    let record = Record::new(vec![7], UnixTime::MAX);
    let error = server.store().save(new_id(), &record, Save::Create).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
    assert_eq!(server.count("SET"), 1);
}

#[tokio::test]
async fn what_a_server_says_it_did_not_do_is_sent_again() {
    for refusal in ["TRYAGAIN", "CLUSTERDOWN", "READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS"] {
        let tries = Mutex::new(0);
        let server = Scripted::start(move |_| {
            let mut tries = tries.lock().unwrap();
            *tries += 1;
            Some(if *tries < 3 { format!("-{refusal} not now\r\n") } else { "+OK\r\n".to_owned() })
        });
        let record = Record::new(vec![7], UnixTime::MAX);
        assert_eq!(server.store().save(new_id(), &record, Save::Create).await, Ok(true), "{refusal}");
        assert_eq!(server.count("SET"), 3, "{refusal}");
    }
}

#[tokio::test]
async fn a_refusal_that_stays_is_an_error_within_the_time_limit_and_one_of_the_command_is_one_at_once() {
    let server = Scripted::start(|_| Some("-CLUSTERDOWN no\r\n".to_owned()));
    let error = server.store().load(new_id()).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
    assert!(server.count("GET") > 1, "it was asked again until the time was over");
    let server = Scripted::start(|_| Some("-NOPERM no\r\n".to_owned()));
    assert_eq!(server.store().load(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unsupported);
    assert_eq!(server.count("GET"), 1);
}

/// During a move, the new server of a slot answers only those who say that they were sent.
#[tokio::test]
async fn a_question_that_was_sent_on_by_ask_says_so_and_leaves_the_map_alone() {
    let is_asking = Mutex::new(false);
    let target = Scripted::start(move |command| {
        let mut is_asking = is_asking.lock().unwrap();
        if command[0] == "ASKING" {
            *is_asking = true;
            return Some("+OK\r\n".to_owned());
        }
        let was_asking = std::mem::replace(&mut *is_asking, false);
        Some(if was_asking { "$-1\r\n".to_owned() } else { "-CLUSTERDOWN it did not say ASKING\r\n".to_owned() })
    });
    let to = target.port;
    let source = Scripted::start(move |_| Some(format!("-ASK 7 127.0.0.1:{to}\r\n")));
    let store = source.store();
    for _ in 0..2 {
        assert_eq!(store.load(new_id()).await, Ok(None));
    }
    assert_eq!((source.count("GET"), target.count("GET"), target.count("ASKING")), (2, 2, 2));
    assert_eq!(source.count("CLUSTER"), 1, "the map is as it was");
}

#[tokio::test]
async fn a_question_that_was_sent_on_by_moved_goes_there_and_the_map_is_asked_for() {
    let target = Scripted::start(|_| Some("$-1\r\n".to_owned()));
    let to = target.port;
    let source = Scripted::start(move |_| Some(format!("-MOVED 7 127.0.0.1:{to}\r\n")));
    assert_eq!(source.store().load(new_id()).await, Ok(None));
    assert_eq!((source.count("GET"), target.count("GET"), target.count("ASKING")), (1, 1, 0));
    assert_eq!(source.count("CLUSTER"), 2);
}
