//! A WebSocket, and server-sent events, while the session of the browser goes on or ends.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::Instant;

use tungstenite::client::ClientRequestBuilder;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::browser::{Browser, PATIENCE, open, send};
use crate::program::Program;

const DAY: u64 = 24 * 60 * 60;
/// The close codes of RFC 6455 and of its registry: "policy violation" and "try again later".
const POLICY: u16 = 1008;

fn start() -> Program {
    Program::start(env!("CARGO_BIN_EXE_connections"), &[("RECHECK_EVERY_MILLIS", "20")])
}

fn log_in(program: &Program, name: &str) -> Browser {
    let mut browser = Browser::default();
    assert_eq!(browser.post(&program.address, "/login", name).status, 200);
    browser
}

/// Opens a WebSocket, or returns the status of the refusal.
fn connect(program: &Program, cookie: &str, origin: &str) -> Result<WebSocket<TcpStream>, u16> {
    let stream = TcpStream::connect(&program.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let uri = format!("ws://{}/socket", program.address).parse().unwrap();
    let request = ClientRequestBuilder::new(uri).with_header("Cookie", cookie).with_header("Origin", origin);
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

fn socket_of(program: &Program, browser: &Browser) -> WebSocket<TcpStream> {
    connect(program, &browser.cookie(), &format!("http://{}", program.address)).unwrap()
}

/// Says something, and returns the answer.
fn say(socket: &mut WebSocket<TcpStream>, text: &str) -> String {
    socket.send(Message::text(text)).unwrap();
    socket.read().unwrap().into_text().unwrap().to_string()
}

/// Waits until the program closes the WebSocket, and returns the close code.
fn close_code(socket: &mut WebSocket<TcpStream>) -> u16 {
    match socket.read().unwrap() {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("not closed: {other}"),
    }
}

/// Asks for the events, and reads the first one.
fn events_of(program: &Program, browser: &Browser) -> BufReader<TcpStream> {
    let cookie = format!("Cookie: {}\r\n", browser.cookie());
    let mut events = open(&program.address, "GET", "/events", &cookie, "");
    let mut line = String::new();
    while line != "data: Ada: 0\n" {
        line.clear();
        assert_ne!(events.read_line(&mut line).unwrap(), 0, "the stream ended early");
    }
    events
}

/// Reads until the stream ends.
fn read_to_end(mut events: BufReader<TcpStream>, what: &str) {
    let start = Instant::now();
    let mut line = String::new();
    while events.read_line(&mut line).unwrap() > 0 {
        assert!(start.elapsed() < PATIENCE, "{what}: the stream goes on");
    }
}

type End = fn(&Program, &mut Browser);

/// An end of a session: by the browser with the connection, or from elsewhere.
const ENDS: [(&str, End); 4] = [
    ("a logout", |program, browser| drop(browser.post(&program.address, "/logout", ""))),
    ("a login in another tab", |program, browser| drop(browser.post(&program.address, "/login", "Ada"))),
    ("a revocation", |program, _| drop(log_in(program, "Ada").post(&program.address, "/logout-everywhere", ""))),
    ("the idle timeout", |program, _| program.set_clock_ahead(DAY)),
];

#[test]
fn a_websocket_speaks_for_the_user_of_its_session() {
    let program = start();
    let (ada, bob) = (log_in(&program, "Ada"), log_in(&program, "Bob"));
    let (mut first, mut second) = (socket_of(&program, &ada), socket_of(&program, &bob));
    assert_eq!(say(&mut first, "hello"), "Ada: hello");
    assert_eq!(say(&mut second, "hello"), "Bob: hello");
}

#[test]
fn a_websocket_ends_when_its_session_does_and_no_other_websocket_with_it() {
    for (what, end) in ENDS {
        let program = start();
        let mut ada = log_in(&program, "Ada");
        let mut socket = socket_of(&program, &ada);
        assert_eq!(say(&mut socket, "hello"), "Ada: hello", "{what}");
        end(&program, &mut ada);
        assert_eq!(close_code(&mut socket), POLICY, "{what}");
        let mut bob = socket_of(&program, &log_in(&program, "Bob"));
        assert_eq!(say(&mut bob, "still here"), "Bob: still here", "{what}");
    }
}

#[test]
fn a_message_that_comes_after_the_end_of_the_session_is_not_answered() {
    // The program would ask by itself in an hour.
    let program = Program::start(env!("CARGO_BIN_EXE_connections"), &[("RECHECK_EVERY_MILLIS", "3600000")]);
    let mut ada = log_in(&program, "Ada");
    let mut socket = socket_of(&program, &ada);
    assert_eq!(say(&mut socket, "hello"), "Ada: hello");
    ada.post(&program.address, "/logout", "");
    socket.send(Message::text("transfer everything")).unwrap();
    assert_eq!(close_code(&mut socket), POLICY);
}

#[test]
fn a_websocket_is_refused_without_a_session_and_to_a_page_of_another_site() {
    let program = start();
    let ada = log_in(&program, "Ada");
    let here = format!("http://{}", program.address);
    assert_eq!(connect(&program, "theme=dark", &here).err(), Some(401));
    assert_eq!(connect(&program, "tideway_session=forged", &here).err(), Some(401));
    for origin in ["https://elsewhere.example", "null", &format!("http://{}.example", program.address)] {
        assert_eq!(connect(&program, &ada.cookie(), origin).err(), Some(403), "{origin}");
    }
}

#[test]
fn events_end_when_their_session_does_and_the_browser_that_asks_again_gets_a_401() {
    for (what, end) in ENDS {
        let program = start();
        let mut ada = log_in(&program, "Ada");
        let cookie = format!("Cookie: {}\r\n", ada.cookie());
        let events = events_of(&program, &ada);
        end(&program, &mut ada);
        read_to_end(events, what);
        assert_eq!(send(&program.address, "GET", "/events", &cookie, "").status, 401, "{what}");
    }
}

#[test]
fn a_connection_that_begins_again_and_again_keeps_nobody_logged_in() {
    let program = start();
    let ada = log_in(&program, "Ada");
    program.set_clock_ahead(DAY - 60);
    let cookie = format!("Cookie: {}\r\n", ada.cookie());
    let mut head = String::new();
    let mut events = open(&program.address, "GET", "/events", &cookie, "");
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(events.read_line(&mut head).unwrap(), 0);
    }
    assert!(head.starts_with("HTTP/1.1 200") && !head.to_ascii_lowercase().contains("set-cookie"), "{head}");
}
