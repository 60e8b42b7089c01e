//! A browser over TCP: it keeps cookies, and honours SameSite as browsers do. It hides nothing of a response.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The time limit of an answer. It is longer than any answer takes, so that a program which hangs is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The site of the page that asks for a request of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// The site itself, or nobody: an address that was typed in.
    ThisSite,
    /// Another site, from which the browser navigates to this one by a link, a redirect or a form.
    OtherSite,
}

/// A browser that knows one site. It has one cookie jar, which its tabs share.
#[derive(Clone, Default)]
pub struct Browser {
    /// The value and the SameSite of each cookie.
    jar: BTreeMap<String, (String, String)>,
}

impl Browser {
    pub fn get(&mut self, address: &str, path: &str) -> Response {
        self.navigate(address, Initiator::ThisSite, "GET", path, "")
    }

    pub fn post(&mut self, address: &str, path: &str, form: &str) -> Response {
        self.navigate(address, Initiator::ThisSite, "POST", path, form)
    }

    /// Sends the request of a navigation, with the cookies that belong to it, and keeps those of the response.
    pub fn navigate(&mut self, address: &str, by: Initiator, method: &str, path: &str, form: &str) -> Response {
        let mut headers = "Content-Type: application/x-www-form-urlencoded\r\n".to_owned();
        if let Some(cookies) = self.cookies(by, method) {
            headers.push_str(&format!("Cookie: {cookies}\r\n"));
        }
        let response = send(address, method, path, &headers, form);
        self.keep_cookies(&response);
        response
    }

    /// Keeps the cookies of a response.
    pub fn keep_cookies(&mut self, response: &Response) {
        for line in response.header("set-cookie") {
            self.keep(line);
        }
    }

    /// Returns the Cookie header of a request of this site.
    pub fn cookie(&self) -> String {
        self.cookies(Initiator::ThisSite, "GET").unwrap_or_default()
    }

    /// RFC 6265bis, section 5.2.1: a navigation that another site asks for brings no Strict cookie, and a Lax one only
    /// if its method is safe.
    fn cookies(&self, by: Initiator, method: &str) -> Option<String> {
        let is_sent = |same_site: &str| match same_site {
            _ if by == Initiator::ThisSite => true,
            "None" => true,
            "Lax" => method == "GET",
            _ => false,
        };
        let sent = self.jar.iter().filter(|(_, (_, same_site))| is_sent(same_site));
        let pairs: Vec<_> = sent.map(|(name, (value, _))| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep(&mut self, line: &str) {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let attribute = |wanted: &str| {
            let mut found = attributes.split(';').filter_map(|attribute| attribute.trim().split_once('='));
            found.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
        };
        if attribute("Max-Age").as_deref() == Some("0") {
            self.jar.remove(name);
        } else {
            let same_site = attribute("SameSite").expect("every cookie of these programs says SameSite");
            self.jar.insert(name.to_owned(), (value.to_owned(), same_site));
        }
    }
}

/// Sends a request on a connection of its own. `headers` has a line end after each header.
pub fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Response {
    let mut bytes = Vec::new();
    open(address, method, path, headers, body).read_to_end(&mut bytes).unwrap();
    Response::parse(&bytes).unwrap_or_else(|| panic!("{method} {path}: {}", String::from_utf8_lossy(&bytes)))
}

/// Sends a request on a connection of its own, and returns the connection.
pub fn open(address: &str, method: &str, path: &str, headers: &str, body: &str) -> BufReader<TcpStream> {
    let connect = || -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        write!(stream, "{head}{headers}Content-Length: {length}\r\n\r\n{body}")?;
        Ok(stream)
    };
    BufReader::new(connect().unwrap_or_else(|error| panic!("{method} {path}: {error}")))
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self { status, body: body.to_owned(), headers: headers.collect::<Option<_>>()? })
    }

    /// Returns all values of a header, in their order.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the address that the response redirects to.
    pub fn location(&self) -> &str {
        self.header("location").first().unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }
}
