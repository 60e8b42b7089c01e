//! What the application of each framework is made of: its configuration, its handlers' contents, a reply.

use sealed_session::{Key, Session, SessionConfig, SessionManager, Typed, ValueError};
use serde::{Deserialize, Serialize};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(crate) fn manager() -> SessionManager {
    SessionConfig::new(Key::from_hex(KEY).unwrap()).cookie_name("sid").build().unwrap()
}

/// Sends a GET with these Cookie headers. With `hooked` the application answers 507 and `full` instead of an empty 500.
pub(crate) type Send = dyn Fn(&str, &[&str], bool) -> Reply;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    /// The name and value of the one cookie it sets.
    pub(crate) fn cookie(&self) -> &str {
        let [set_cookie] = self.all("set-cookie")[..] else { panic!("{self:?}") };
        set_cookie.split(';').next().unwrap()
    }
}

pub(crate) fn visit(session: &Session) -> Result<String, ValueError> {
    let visits = session.get::<u64>("visits")?.unwrap_or(0).saturating_add(1);
    session.set("visits", visits)?;
    Ok(visits.to_string())
}

pub(crate) fn read(session: &Session) -> Result<String, ValueError> {
    Ok(session.get::<u64>("visits")?.unwrap_or(0).to_string())
}

pub(crate) fn fill(session: &Session) -> Result<String, ValueError> {
    session.set("full", "x".repeat(4000))?;
    Ok("filled".to_owned())
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Visitor {
    pub(crate) visits: u64,
}

pub(crate) fn count(visitor: &mut Typed<Visitor>) -> String {
    visitor.visits = visitor.visits.saturating_add(1);
    visitor.save().unwrap();
    visitor.visits.to_string()
}

#[derive(Deserialize)]
pub(crate) struct Other {
    #[expect(dead_code, reason = "only to be refused")]
    pub(crate) visits: bool,
}
