//! A small HTTP/1.1 client, which keeps one connection to each server.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::server::PATIENCE;

#[derive(Default)]
pub(crate) struct Connections {
    streams: HashMap<u16, BufReader<TcpStream>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) body: String,
}

impl Connections {
    pub(crate) fn send(&mut self, port: u16, path: &str, cookie: Option<&str>) -> Answer {
        let stream = self.streams.entry(port).or_insert_with(|| open(port));
        write(stream.get_mut(), path, cookie);
        let mut line = || {
            let mut line = String::new();
            assert!(stream.read_line(&mut line).unwrap() > 0, "{path}: no answer");
            line.trim_end().to_owned()
        };
        let status = line().split(' ').nth(1).unwrap().parse().unwrap();
        let (mut set_cookies, mut length) = (Vec::new(), 0);
        loop {
            let line = line();
            match line.split_once(": ") {
                None => break,
                Some(("set-cookie", value)) => set_cookies.push(value.to_owned()),
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        Answer { status, set_cookies, body: String::from_utf8(body).unwrap() }
    }
}

/// Sends a request and closes the connection after a while, without reading the answer.
pub(crate) fn abandon(port: u16, path: &str, cookie: Option<&str>, patience: Duration) {
    let mut stream = open(port);
    write(stream.get_mut(), path, cookie);
    std::thread::sleep(patience);
}

fn open(port: u16) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

fn write(stream: &mut TcpStream, path: &str, cookie: Option<&str>) {
    let cookie = cookie.map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n").unwrap();
}
