//! [`Judge`]: judges each cookie as the application would, and opens the cookies that the application would refuse too,
//! to show what is in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use sealed_session::{Clock, DecodeError, SessionConfig, SessionData, SessionManager, SystemClock, UnixTime};

use crate::facts::{ENDLESS, Facts};
use crate::keys::{Digits, Keys};
use crate::outcome::{Result, Verdict};
use crate::sight::Sight;
use crate::vars::{KEY, Vars};

pub(crate) struct Judge {
    vars: Vars,
    name: Option<String>,
    keys: Keys,
    manager: SessionManager,
    facts: Facts,
    pub(crate) now: UnixTime,
}

/// One cookie of the input.
pub(crate) struct Cookie {
    pub(crate) sight: Sight,
    pub(crate) status: Status,
    /// The role that its key has in this configuration. `None` when no key is configured or the cookie shows none.
    pub(crate) role: Option<&'static str>,
    pub(crate) contents: Option<Contents>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The cookie opens, and a server takes it.
    Accepted,
    /// The cookie opens, but a server takes another one, which was issued later or comes first.
    Outdone,
    Refused(DecodeError),
    /// A server does not look at the cookie, since it tries only four cookies of a name.
    Untried,
    /// There is no key to open the cookie with, and nothing is wrong with it on sight.
    Unchecked,
}

/// The contents of a cookie that opened.
pub(crate) struct Contents {
    pub(crate) data: SessionData,
    pub(crate) schema: u8,
    pub(crate) absolute_end: UnixTime,
}

impl Judge {
    pub(crate) fn new(vars: Vars, name: Option<String>, at: Option<UnixTime>) -> Result<Self> {
        let keys = Keys::of(&vars);
        // A random key stands in for a missing one. A cookie that is refused on sight is refused under any key.
        let has_key = vars.text_or_file(KEY).is_some() || vars.file_of(KEY).is_some();
        let key_name = vars.full(KEY);
        let vars = if has_key { vars } else { vars.with(key_name, &Digits::generate()?.text) };
        let now = at.unwrap_or_else(|| SystemClock.now());
        let config = config(&vars, name.as_deref())?;
        let facts = Facts::learn(config)?;
        let manager = config_of_any_schema(&vars, name.as_deref())?.0.clock(move || now).build()?;
        Ok(Self { vars, name, keys, manager, facts, now })
    }

    pub(crate) fn cookie_name(&self) -> &str {
        &self.facts.cookie_name
    }

    /// Judges the cookies of one request.
    pub(crate) fn judge(&self, values: &[String]) -> Result<(Verdict, Vec<Cookie>)> {
        let session = self.manager.load(values.iter().map(|value| format!("{}={value}", self.cookie_name())));
        let mut chosen = session.rejected().is_none().then(|| session.issued_at());
        let mut cookies = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let sight = Sight::of(value);
            let role = self.has_key().then(|| sight.key_id.as_deref().map(|id| self.keys.role(id))).flatten();
            let contents = if role.is_some_and(|role| role != "unknown") { self.contents(value)? } else { None };
            let status = match self.manager.codec().decode(value) {
                _ if index >= TRIED => Status::Untried,
                // Of two cookies that were issued in the same second, a server takes the first.
                Ok(data) if chosen == Some(data.issued_at()) => {
                    chosen = None;
                    Status::Accepted
                }
                Ok(_) => Status::Outdone,
                Err(DecodeError::UnknownKey { .. }) if !self.has_key() => Status::Unchecked,
                Err(reason) => Status::Refused(reason),
            };
            cookies.push(Cookie { sight, status, role, contents });
        }
        let is_good = |cookie: &Cookie| matches!(cookie.status, Status::Accepted | Status::Unchecked);
        let verdict = if cookies.iter().any(is_good) { Verdict::Fine } else { Verdict::Doubtful };
        Ok((verdict, cookies))
    }

    fn has_key(&self) -> bool {
        self.keys.primary.is_some() || !self.keys.previous.is_empty()
    }

    /// Opens a cookie whose session may be over: without an absolute timeout or a cut-off, and with a clock that stands
    /// inside the session's life.
    fn contents(&self, value: &str) -> Result<Option<Contents>> {
        let open = |now: UnixTime| -> Result<_> {
            let (config, schema) = config_of_any_schema(&self.vars, self.name.as_deref())?;
            let config = config.absolute_timeout(ENDLESS).not_before(UnixTime::MIN).clock(move || now);
            let data = config.build_codec()?.decode(value);
            Ok(data.map(|data| (data, schema.load(Ordering::Relaxed))))
        };
        let opened = match open(UnixTime::MIN)? {
            // The cookie was issued after the epoch, and the error says when. A second before that time is within the
            // clock skew, and before the end of any session's life.
            Err(DecodeError::NotYetValid { issued_at, .. }) => open(before(issued_at))?,
            opened => opened,
        };
        Ok(opened.ok().map(|(data, schema)| {
            let absolute_end = data.created_at().as_secs().saturating_add(self.facts.absolute_timeout);
            Contents { absolute_end: UnixTime::from_secs(absolute_end).unwrap_or(UnixTime::MAX), data, schema }
        }))
    }
}

fn config(vars: &Vars, name: Option<&str>) -> Result<SessionConfig> {
    let config = vars.config()?;
    Ok(match name {
        Some(name) => config.cookie_name(name),
        None => config,
    })
}

/// Makes a configuration that takes every schema, since only the application can judge a schema. The second value holds
/// the schema of the last cookie that was opened.
fn config_of_any_schema(vars: &Vars, name: Option<&str>) -> Result<(SessionConfig, Arc<AtomicU8>)> {
    let found = Arc::new(AtomicU8::new(0));
    let noted = Arc::clone(&found);
    let config = config(vars, name)?.migrate(move |schema, _| {
        noted.store(schema, Ordering::Relaxed);
        Ok(())
    });
    Ok((config, found))
}

fn before(time: UnixTime) -> UnixTime {
    UnixTime::from_secs(time.as_secs().saturating_sub(1)).unwrap_or(UnixTime::MIN)
}

/// The number of cookies of one name that a server tries.
const TRIED: usize = 4;
