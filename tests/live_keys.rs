//! `examples/live_keys` in a process of its own, while its keys change as Kubernetes changes a mounted secret: the
//! files of the path stay links into `..data`, and `..data` is a link to a folder, in the place of which another link
//! is renamed.

#![cfg(unix)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails, and it counts"
)]

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};

use sealed_session::Key;
use tempfile::TempDir;

use crate::example::command;
use crate::helpers::{KEY, OTHER_KEY};

#[path = "helpers/example.rs"]
#[expect(dead_code, reason = "this test reads what the example logs")]
mod example;
mod helpers;

/// A secret that is mounted, with the files `key` and `previous`.
struct Secret {
    folder: TempDir,
    versions: usize,
}

impl Secret {
    fn new(key: &str, previous: &str) -> Self {
        let mut secret = Self { folder: tempfile::tempdir().unwrap(), versions: 0 };
        secret.put(key, previous);
        for name in ["key", "previous"] {
            symlink(Path::new("..data").join(name), secret.folder.path().join(name)).unwrap();
        }
        secret
    }

    /// Puts other contents in the place of these, both files at once.
    fn put(&mut self, key: &str, previous: &str) {
        let folder = self.folder.path();
        self.versions += 1;
        let version = format!("..version_{}", self.versions);
        fs::create_dir(folder.join(&version)).unwrap();
        fs::write(folder.join(&version).join("key"), key).unwrap();
        fs::write(folder.join(&version).join("previous"), previous).unwrap();
        symlink(version, folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

/// The example, until this value is dropped.
struct Server {
    child: Child,
    address: String,
    log: Lines<BufReader<ChildStderr>>,
    cookie: String,
}

impl Server {
    fn start(secret: &Secret) -> Self {
        let vars = [
            ("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", secret.path("key")),
            ("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE", secret.path("previous")),
        ];
        let vars: Vec<_> = vars.iter().map(|(name, path)| (*name, path.as_str())).collect();
        let mut command = command("live_keys", &vars);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().split_once("http://").unwrap().1.to_owned();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, address, log, cookie: String::new() }
    }

    /// Waits for the next line of the log.
    fn logged(&mut self) -> String {
        self.log.next().unwrap().unwrap()
    }

    /// Comes with the cookie that it had last, and returns the number of this visit.
    fn visit(&mut self) -> u32 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = format!("tideway_session={}", self.cookie);
        write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, rest) = answer.split_once("tideway_session=").unwrap();
        rest.split(';').next().unwrap().clone_into(&mut self.cookie);
        answer.lines().last().unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn id(digits: &str) -> String {
    Key::from_hex(digits).unwrap().id().to_string()
}

#[test]
fn changed_keys_are_taken_while_it_serves_and_wrong_ones_change_nothing() {
    let mut secret = Secret::new(KEY, "");
    let mut server = Server::start(&secret);
    assert_eq!(server.visit(), 1);

    secret.put(OTHER_KEY, KEY);
    let taken = format!("the keys changed: {}, {} (the first one seals)", id(OTHER_KEY), id(KEY));
    assert_eq!(server.logged(), taken);
    assert_eq!(server.visit(), 2, "a cookie under the old key opens");

    secret.put(OTHER_KEY, "");
    assert_eq!(server.logged(), format!("the keys changed: {} (the first one seals)", id(OTHER_KEY)));
    assert_eq!(server.visit(), 3, "the last visit was sealed under the new key, so nobody misses the old one");

    for (key, reason) in [(&KEY[1..], "found 63"), ("", "found 0")] {
        secret.put(key, "");
        assert!(server.logged().starts_with("the keys stay as they are, since session configuration is refused"));
        let told = server.logged();
        assert!(told.contains("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE: ") && told.contains(reason), "{told}");
        assert!(!told.contains(&KEY[1..9]), "no key is in the log: {told}");
    }
    fs::remove_file(secret.folder.path().join("..data")).unwrap();
    assert!(server.logged().starts_with("the keys stay as they are"));
    for name in ["ENCRYPTION_KEY_FILE", "PREVIOUS_KEYS_FILE"] {
        let told = server.logged();
        assert!(told.contains(name) && told.contains("names a file that can't be read"), "{told}");
    }
    assert_eq!(server.visit(), 4, "the keys from before still seal and open");

    secret.put(KEY, OTHER_KEY);
    let taken = format!("the keys changed: {}, {} (the first one seals)", id(KEY), id(OTHER_KEY));
    assert_eq!(server.logged(), taken, "and the next good keys are taken");
    assert_eq!(server.visit(), 5);
}
