//! [`Client`]: one connection that is kept, and the browsers that take turns on it. The client checks every response.

use std::net::SocketAddr;

use crate::application::DONE;
use crate::sessions::Content;
use crate::wire::Wire;

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
    /// Connects, and begins the sessions. Of this client's requests, the first to be a tenth one is number
    /// `number % 10`, so that the tenth requests of the clients do not fall together.
    pub async fn new(address: SocketAddr, keeps: bool, contents: usize, number: usize) -> Self {
        let mut wire = Wire::connect(address).await;
        let mut browsers = Vec::new();
        for index in 0..contents {
            let content = Content::at(index).unwrap();
            let mut some = Vec::new();
            for _ in 0..BROWSERS {
                let mut browser = Browser { cookies: Vec::new(), second: content.text(content.second).to_owned() };
                let set_cookies = ask(&mut wire, &format!("/seed/{index}"), &browser, DONE).await;
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
            let set_cookies = ask(&mut self.wire, &format!("/read/{index}"), browser, &both).await;
            assert!(set_cookies.is_empty(), "a young session that is read is not sealed again");
        } else if tenth == Tenth::Untouched {
            let set_cookies = ask(&mut self.wire, "/untouched", browser, DONE).await;
            assert!(set_cookies.is_empty(), "nor is one that is not looked at");
        } else {
            // The value is as long as the one before, so that the session keeps its size.
            let width = browser.second.len();
            let value = format!("{:0width$}", self.requests / 10 % 10_usize.pow(3));
            let set_cookies = ask(&mut self.wire, &format!("/write/{index}/{value}"), browser, DONE).await;
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

/// Sends a request and returns the Set-Cookie lines of its response. The response must be a 200 with the body
/// `expected`.
async fn ask(wire: &mut Wire, path: &str, browser: &Browser, expected: &str) -> Vec<String> {
    let answer = wire.get(path, &browser.cookies).await;
    assert_eq!((answer.status, wire.body(&answer)), (200, expected), "{path} is answered with what its session holds");
    answer.set_cookies
}
