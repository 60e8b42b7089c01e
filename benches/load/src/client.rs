//! [`Client`]: one connection that is kept, and the browsers that take turns on it. The client checks every response.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::placements::DONE;
use crate::sessions::Content;

/// The number of browsers. It has no divisor in common with ten, so that each browser gets each kind of request.
const BROWSERS: usize = 7;

pub struct Client {
    wire: Wire,
    /// The browsers of each content.
    browsers: Vec<Vec<Browser>>,
    keeps: bool,
    requests: usize,
}

/// The kind of every tenth request. The other nine read two values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tenth {
    Untouched,
    Writes,
}

struct Browser {
    /// Names and values.
    cookies: Vec<(String, String)>,
    /// The second value of the session, as it was last written.
    second: String,
}

impl Client {
    /// Connects, and begins the sessions. Of this client's requests, the first to be a tenth one is number `number %
    /// 10`, so that the tenth requests of the clients do not fall together.
    pub async fn new(address: SocketAddr, keeps: bool, contents: usize, number: usize) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket has this option");
        let mut wire = Wire { stream, request: Vec::new(), response: Vec::new() };
        let mut browsers = Vec::new();
        for index in 0..contents {
            let content = Content::at(index).unwrap();
            let mut some = Vec::new();
            for _ in 0..BROWSERS {
                let mut browser = Browser { cookies: Vec::new(), second: content.text(content.second).to_owned() };
                let set_cookies = wire.ask(&format!("/seed/{index}"), &browser, DONE).await;
                assert!(!set_cookies.is_empty(), "a session begins with a cookie");
                browser.take(set_cookies);
                some.push(browser);
            }
            browsers.push(some);
        }
        Self { wire, browsers, keeps, requests: 10 - number % 10 }
    }

    /// Sends one request and checks its response.
    pub async fn request(&mut self, index: usize, tenth: Tenth) {
        self.requests += 1;
        let content = Content::at(index).unwrap();
        let browser = &mut self.browsers[index][self.requests % BROWSERS];
        if !self.requests.is_multiple_of(10) {
            let both = format!("{} {}", content.first(), browser.second);
            let set_cookies = self.wire.ask(&format!("/read/{index}"), browser, &both).await;
            assert!(set_cookies.is_empty(), "a young session that is read is not sealed again");
        } else if tenth == Tenth::Untouched {
            let set_cookies = self.wire.ask("/untouched", browser, DONE).await;
            assert!(set_cookies.is_empty(), "nor is one that is not looked at");
        } else {
            // The value is as long as the one before, so that the session keeps its size.
            let width = browser.second.len();
            let value = format!("{:0width$}", self.requests / 10 % 10_usize.pow(3));
            let set_cookies = self.wire.ask(&format!("/write/{index}/{value}"), browser, DONE).await;
            assert_eq!(!set_cookies.is_empty(), self.keeps, "a write is answered with a cookie");
            if self.keeps {
                browser.take(set_cookies);
                browser.second = value;
            }
        }
    }

    /// Returns how many bytes of cookies a request carries.
    pub fn cookie_bytes(&self, content: usize) -> usize {
        self.browsers[content][0].header().len()
    }
}

impl Browser {
    fn header(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn take(&mut self, set_cookies: Vec<String>) {
        for line in set_cookies {
            let (name, rest) = line.split_once('=').expect("a Set-Cookie has a name");
            let (value, attributes) = rest.split_once(';').expect("and attributes");
            assert!(!attributes.contains("Max-Age=0"), "no session ends here: {line}");
            self.cookies.retain(|(held, _)| held != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// A connection that speaks as much of HTTP/1.1 as is needed: requests without a body, and responses with a
/// Content-Length.
struct Wire {
    stream: TcpStream,
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Wire {
    /// Sends a request and returns the Set-Cookie lines of its response. The response must be a 200 with the body
    /// `expected`.
    async fn ask(&mut self, path: &str, browser: &Browser, expected: &str) -> Vec<String> {
        self.request.clear();
        for text in ["GET ", path, " HTTP/1.1\r\nHost: localhost\r\n"] {
            self.request.extend_from_slice(text.as_bytes());
        }
        let mut before = "Cookie: ";
        for (name, value) in &browser.cookies {
            for text in [before, name, "=", value] {
                self.request.extend_from_slice(text.as_bytes());
            }
            before = "; ";
        }
        self.request.extend_from_slice(if browser.cookies.is_empty() { b"\r\n" } else { b"\r\n\r\n" });
        self.stream.write_all(&self.request).await.expect("the server reads");
        self.response.clear();
        loop {
            let read = self.stream.read_buf(&mut self.response).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            if let Some((set_cookies, body)) = self.read() {
                let body = String::from_utf8_lossy(&self.response[body]);
                assert_eq!(body, expected, "{path} is answered with what its session holds");
                return set_cookies;
            }
        }
    }

    /// Returns the Set-Cookie lines and the place of the body. `None` while the response is not complete.
    fn read(&self) -> Option<(Vec<String>, Range<usize>)> {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut headers);
        let head = response.parse(&self.response).expect("the response is HTTP");
        let httparse::Status::Complete(head) = head else { return None };
        assert_eq!(response.code, Some(200), "{:?}", String::from_utf8_lossy(&self.response));
        let (mut len, mut set_cookies) = (0, Vec::new());
        for header in &*response.headers {
            let text = || String::from_utf8_lossy(header.value).into_owned();
            if header.name.eq_ignore_ascii_case("content-length") {
                len = text().parse().expect("a length is a number");
            } else if header.name.eq_ignore_ascii_case("set-cookie") {
                set_cookies.push(text());
            }
        }
        let body = head..head + len;
        (self.response.len() >= body.end).then_some((set_cookies, body))
    }
}
