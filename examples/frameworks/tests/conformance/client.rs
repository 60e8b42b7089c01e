//! A small HTTP/1.1 client that sends bytes as they are and hides nothing of a response.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// No Cookie header.
pub const NO_COOKIE: &[&str] = &[];

/// The time limit of an answer. It is longer than any answer takes, so that a server which hangs is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a request with these Cookie headers on a connection of its own.
pub fn send(
    address: &str,
    method: &str,
    path: &str,
    cookies: &[impl AsRef<[u8]>],
    form: &str,
) -> Result<Response, String> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
    for cookie in cookies {
        request.extend_from_slice(&[b"Cookie: ", cookie.as_ref(), b"\r\n"].concat());
    }
    if method == "POST" {
        let length = form.len();
        request.extend_from_slice(b"Content-Type: application/x-www-form-urlencoded\r\n");
        request.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
    }
    request.extend_from_slice(format!("\r\n{form}").as_bytes());
    let bytes = exchange(address, &request).map_err(|error| format!("{method} {path}: {error}"))?;
    Response::parse(&bytes).ok_or_else(|| match bytes.len() {
        0 => format!("{method} {path}: the server closed the connection without an answer"),
        _ => format!("{method} {path}: not a response: {}", String::from_utf8_lossy(&bytes)),
    })
}

fn exchange(address: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // A server that refuses a request need not read all of it, so a failed write is no failure of the check.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(bytes),
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
    /// The number of chunks of the body. `None` when the body was not chunked.
    pub chunks: Option<usize>,
    headers: Vec<(String, String)>,
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = split_at_text(bytes, "\r\n\r\n")?;
        let mut lines = str::from_utf8(head).ok()?.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<_>>()?;
        let mut response = Self { status, body: rest.to_owned(), chunks: None, headers };
        if response.header("transfer-encoding") == ["chunked"] {
            let chunks = chunks(rest)?;
            (response.chunks, response.body) = (Some(chunks.len()), chunks.concat());
        } else if let [length] = response.header("content-length")[..]
            && length.parse() != Ok(rest.len())
        {
            return None; // cut off
        }
        Some(response)
    }

    /// Returns all values of a header, in their order.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the names in the Vary headers, sorted.
    pub fn vary(&self) -> Vec<&str> {
        let lines = self.header("vary");
        let mut names: Vec<_> = lines.into_iter().flat_map(|line| line.split(',')).map(str::trim).collect();
        names.sort_unstable();
        names
    }

    /// Returns the text of the only Set-Cookie header. None, or a second one, is an error.
    pub fn set_cookie(&self) -> Result<&str, String> {
        match self.header("set-cookie")[..] {
            [line] => Ok(line),
            ref lines => Err(format!("{} Set-Cookie headers with the status {}, not one", lines.len(), self.status)),
        }
    }

    /// Returns the Cookie header that a browser sends back for the Set-Cookie header.
    pub fn cookie(&self) -> Result<String, String> {
        Ok(self.set_cookie()?.split(';').next().unwrap_or_default().to_owned())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("{error} in {}: {}", self.status, self.text()))
    }
}

fn split_at_text<'b>(bytes: &'b [u8], text: &str) -> Option<(&'b [u8], &'b [u8])> {
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes())?;
    Some((&bytes[..at], &bytes[at + text.len()..]))
}

/// Returns the chunks of a whole chunked body, without the empty chunk that ends it.
fn chunks(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut chunks = Vec::new();
    loop {
        let (size, after) = split_at_text(rest, "\r\n")?;
        let (chunk, after) = after.split_at_checked(usize::from_str_radix(str::from_utf8(size).ok()?, 16).ok()?)?;
        rest = after.strip_prefix(b"\r\n")?;
        if chunk.is_empty() {
            return rest.is_empty().then_some(chunks);
        }
        chunks.push(chunk);
    }
}
