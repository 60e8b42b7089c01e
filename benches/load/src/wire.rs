//! [`Wire`]: a connection that speaks as much of HTTP/1.1 as is needed, which is requests without a body, and responses
//! with a Content-Length.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Wire {
    stream: TcpStream,
    request: Vec<u8>,
    response: Vec<u8>,
}

/// The response to the latest request of a [`Wire`].
pub struct Answer {
    pub status: u16,
    /// The Set-Cookie lines.
    pub set_cookies: Vec<String>,
    body: Range<usize>,
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket has this option");
        Self { stream, request: Vec::new(), response: Vec::new() }
    }

    /// Sends a request with these cookies, names and values, and reads its response.
    pub async fn get(&mut self, path: &str, cookies: &[(String, String)]) -> Answer {
        self.request.clear();
        for text in ["GET ", path, " HTTP/1.1\r\nHost: localhost\r\n"] {
            self.request.extend_from_slice(text.as_bytes());
        }
        let mut before = "Cookie: ";
        for (name, value) in cookies {
            for text in [before, name, "=", value] {
                self.request.extend_from_slice(text.as_bytes());
            }
            before = "; ";
        }
        self.request.extend_from_slice(if cookies.is_empty() { b"\r\n" } else { b"\r\n\r\n" });
        self.stream.write_all(&self.request).await.expect("the server reads");
        self.response.clear();
        loop {
            let read = self.stream.read_buf(&mut self.response).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            if let Some(answer) = self.read() {
                return answer;
            }
        }
    }

    /// Returns the body of the response to the latest request.
    pub fn body(&self, answer: &Answer) -> &str {
        str::from_utf8(&self.response[answer.body.clone()]).expect("a body is text")
    }

    /// Reads the response. `None` while it is not complete.
    fn read(&self) -> Option<Answer> {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut headers);
        let head = response.parse(&self.response).expect("the response is HTTP");
        let httparse::Status::Complete(head) = head else { return None };
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
        let status = response.code.expect("a complete response has a status");
        (self.response.len() >= body.end).then_some(Answer { status, set_cookies, body })
    }
}
