//! The site takes the headers of a request as strings and returns those of the response. It needs nothing but a clock.

use std::error::Error;

use sealed_session::{Clock, Key, Session, SessionConfig, SessionManager};

/// The reason for a response 500, which belongs in the log.
pub type Failure = Box<dyn Error>;

/// A site that counts the visits of each visitor.
pub struct Site {
    manager: SessionManager,
}

/// The parts of a response.
pub struct Answer {
    pub body: String,
    pub set_cookie: Option<String>,
}

impl Site {
    /// A site under a key of 64 hexadecimal digits.
    pub fn new(key: &str, clock: impl Clock + 'static) -> Result<Self, Failure> {
        let config = SessionConfig::new(Key::from_hex(key)?).cookie_name("__Host-session").clock(clock);
        Ok(Self { manager: config.build()? })
    }

    /// Answers a request for this path with this Cookie header.
    pub fn answer(&self, path: &str, cookie: Option<&str>) -> Result<Answer, Failure> {
        let session = self.manager.load(cookie);
        let body = match path {
            "/logout" => logout(&session),
            _ => count(&session)?,
        };
        Ok(Answer { body, set_cookie: self.manager.commit(&session)?.into_iter().next() })
    }
}

fn count(session: &Session) -> Result<String, Failure> {
    let visits = session.get::<u32>("visits").ok().flatten().unwrap_or(0) + 1;
    session.set("visits", visits)?;
    Ok(format!("visit {visits}"))
}

fn logout(session: &Session) -> String {
    session.destroy();
    "goodbye".to_owned()
}
