//! [`TowerSessions`]: the program that serves the same application over tower-sessions.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Served;

/// The running program. It ends when this is dropped.
pub struct TowerSessions {
    child: Child,
    /// The name and the address of each application.
    lines: Vec<String>,
}

impl TowerSessions {
    pub fn start(program: &Path, folder: &Path, redis: &str) -> Self {
        let socket = redis.strip_prefix("unix://").expect("Redis is reached by a socket");
        let mut command = Command::new(program);
        command.arg(folder).arg(socket).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program for tower-sessions runs");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let lines: Vec<_> = output.lines().take(STORES).map(|line| line.expect("it says where it serves")).collect();
        assert_eq!(lines.len(), STORES, "the program for tower-sessions serves each of its stores");
        Self { child, lines }
    }

    /// Returns the number of the process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the applications. They hold every content.
    pub fn served(&self) -> impl Iterator<Item = Served> {
        self.lines.iter().map(|line| {
            let (name, address) = line.split_once('\t').expect("a tab stands between name and address");
            let address = address.parse().expect("the address is one");
            Served { name: name.to_owned(), address, keeps: true, contents: 3 }
        })
    }
}

impl Drop for TowerSessions {
    fn drop(&mut self) {
        // The program ends with its standard input, which `wait` closes.
        let _ = self.child.wait();
    }
}

const STORES: usize = 3;
