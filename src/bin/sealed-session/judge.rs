//! [`Judge`]: says of each cookie what the application would say, and shows what is inside all the same.

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
    /// What its key is to this configuration; `None` without a key.
    pub(crate) role: Option<&'static str>,
    pub(crate) contents: Option<Contents>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It opens, and it is the one that counts.
    Accepted,
    /// It opens, and a newer one counts.
    Outdone,
    Refused(DecodeError),
    /// It is not looked at: a server tries four cookies of a name.
    Untried,
    /// There is no key, and nothing is wrong with it on sight.
    Unchecked,
}

/// What is behind the seal.
pub(crate) struct Contents {
    pub(crate) data: SessionData,
    pub(crate) schema: u8,
    pub(crate) absolute_end: UnixTime,
}

impl Judge {
    pub(crate) fn new(vars: Vars, name: Option<String>, at: Option<UnixTime>) -> Result<Self> {
        let keys = Keys::of(&vars);
        // A key that nobody has stands in for a missing one: what is refused on sight is refused by any key.
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
                // Of two that were issued in one second, the first counts.
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

    /// Opens a cookie that may be over: no absolute timeout, no cut-off, and a clock inside its life.
    fn contents(&self, value: &str) -> Result<Option<Contents>> {
        let open = |now: UnixTime| -> Result<_> {
            let (config, schema) = config_of_any_schema(&self.vars, self.name.as_deref())?;
            let config = config.absolute_timeout(ENDLESS).not_before(UnixTime::MIN).clock(move || now);
            let data = config.build_codec()?.decode(value);
            Ok(data.map(|data| (data, schema.load(Ordering::Relaxed))))
        };
        let opened = match open(UnixTime::MIN)? {
            // It was issued after that. A second earlier is within the clock skew, and before the end of any life.
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

/// A configuration that takes every schema, which only the application can judge, and the place where it notes it.
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

/// The cookies of one name that a server tries.
const TRIED: usize = 4;
