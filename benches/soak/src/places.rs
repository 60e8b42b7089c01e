//! [`Place`]: where the server keeps sessions and its list of revocations, and how many of them there are.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::wire::Wire;

#[derive(Clone)]
pub enum Place {
    /// Values in the cookie, and a list in memory.
    Cookie,
    Memory,
    /// A database for both, in this folder.
    Sqlite(PathBuf),
    Redis {
        url: String,
        /// The file with the certificate of the authority that Redis's certificate is from.
        ca: PathBuf,
        /// The socket at which the same Redis counts its keys for us.
        socket: PathBuf,
    },
}

/// The numbers of entries that are stored at one moment.
pub struct Entries {
    pub store: u64,
    pub list: u64,
    /// The size of the database, or the memory of Redis.
    pub kib: u64,
}

impl Place {
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let place = match arguments.next()?.as_str() {
            "cookie" => Self::Cookie,
            "memory" => Self::Memory,
            "sqlite" => Self::Sqlite(arguments.next()?.into()),
            "redis" => {
                Self::Redis { url: arguments.next()?, ca: arguments.next()?.into(), socket: arguments.next()?.into() }
            }
            _ => return None,
        };
        arguments.next().is_none().then_some(place)
    }

    /// Returns the arguments that [`Place::read`] reads.
    pub fn arguments(&self) -> Vec<String> {
        let text = |path: &Path| path.to_str().expect("paths here are text").to_owned();
        match self {
            Self::Cookie => vec!["cookie".to_owned()],
            Self::Memory => vec!["memory".to_owned()],
            Self::Sqlite(folder) => vec!["sqlite".to_owned(), text(folder)],
            Self::Redis { url, ca, socket } => vec!["redis".to_owned(), url.clone(), text(ca), text(socket)],
        }
    }

    /// Returns the folder of the database.
    pub fn folder(&self) -> Option<&Path> {
        if let Self::Sqlite(folder) = self { Some(folder) } else { None }
    }

    pub fn database(folder: &Path) -> PathBuf {
        folder.join("sessions.db")
    }

    /// Counts the entries that are stored. The server itself counts those in its memory.
    pub async fn entries(&self, server: SocketAddr) -> Entries {
        match self {
            Self::Cookie | Self::Memory => {
                let mut wire = Wire::connect(server).await;
                let answer = wire.get("/entries", &[]).await;
                let (store, list) = wire.body(&answer).split_once(' ').expect("two numbers");
                let number = |text: &str| text.parse().expect("a number");
                Entries { store: number(store), list: number(list), kib: 0 }
            }
            Self::Sqlite(folder) => rows(&Self::database(folder)),
            Self::Redis { socket, .. } => keys(socket),
        }
    }
}

fn rows(database: &Path) -> Entries {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("it is there");
    let count = |tables: &str| {
        let sum = connection.query_row(&format!("SELECT {tables}"), [], |row| row.get::<_, i64>(0));
        u64::try_from(sum.expect("the tables are there")).expect("a count")
    };
    let bytes: u64 = ["", "-wal"]
        .map(|end| std::fs::metadata(format!("{}{end}", database.display())).map_or(0, |file| file.len()))
        .iter()
        .sum();
    Entries {
        store: count("(SELECT count(*) FROM sessions)"),
        list: count("(SELECT count(*) FROM marks) + (SELECT count(*) FROM generations)"),
        kib: bytes / 1024,
    }
}

fn keys(socket: &Path) -> Entries {
    let redis = UnixStream::connect(socket).expect("Redis listens");
    let mut reader = BufReader::new(&redis);
    let mut ask = |command: &str| {
        (&redis).write_all(format!("{command}\r\n").as_bytes()).expect("Redis reads");
        let mut line = String::new();
        reader.read_line(&mut line).expect("Redis answers");
        line.trim().strip_prefix(':').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    let mut count = |kind: &str| ask(&format!("EVAL \"return #redis.call('KEYS', 'sealed_session:{kind}:*')\" 0"));
    let (store, list) = (count("session"), count("revoked") + count("subject"));
    let memory = r#"EVAL "return tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))" 0"#;
    Entries { store, list, kib: ask(memory) / 1024 }
}
