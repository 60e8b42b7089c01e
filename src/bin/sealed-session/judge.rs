//! [`Judge`]: judges each cookie as the application would, and opens the cookies that the application would refuse too,
//! to show what is in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use sealed_session::{Clock, DecodeError, Session, SessionConfig, SessionData, SessionManager, SystemClock, UnixTime};

use crate::candidates::{Found, SECOND};
use crate::facts::{ENDLESS, Facts};
use crate::keys::{Digits, Keys};
use crate::outcome::{Result, Verdict};
use crate::sight::{FIRST_OF_TWO, Sight};
use crate::vars::{KEY, Vars};

pub(crate) struct Judge {
    vars: Vars,
    name: Option<String>,
    keys: Keys,
    manager: SessionManager,
    facts: Facts,
    pub(crate) now: UnixTime,
}

/// One cookie of the input, together with its second one if it is the first of two.
pub(crate) struct Cookie {
    pub(crate) sight: Sight,
    /// True when the session is in two cookies, and both are there.
    pub(crate) is_pair: bool,
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
    /// A server does not look at the cookie, since it tries only four cookies of a name, and four pairs of cookies.
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
    pub(crate) fn judge(&self, found: &Found) -> Result<(Verdict, Vec<Cookie>)> {
        let session = self.load(&found.values, &found.seconds);
        let is_any_good = session.rejected().is_none();
        let mut chosen = is_any_good.then(|| session.issued_at());
        let mut cookies = Vec::new();
        for (index, value) in found.values.iter().enumerate() {
            let pair = self.pair(value, &found.seconds);
            let text = pair.as_ref().unwrap_or(value);
            let sight = Sight::of(text);
            let role = self.has_key().then(|| sight.key_id.as_deref().map(|id| self.keys.role(id))).flatten();
            let contents = if role.is_some_and(|role| role != "unknown") { self.contents(text)? } else { None };
            let alone = self.load(std::slice::from_ref(value), &found.seconds);
            let status = match alone.rejected() {
                _ if index >= TRIED => Status::Untried,
                None if !is_any_good => Status::Untried,
                // Of two cookies that were issued in the same second, a server takes the first.
                None if chosen == Some(alone.issued_at()) => {
                    chosen = None;
                    Status::Accepted
                }
                None => Status::Outdone,
                Some(DecodeError::UnknownKey { .. }) if !self.has_key() => Status::Unchecked,
                Some(reason) => Status::Refused(reason),
            };
            cookies.push(Cookie { sight, is_pair: pair.is_some(), status, role, contents });
        }
        let is_good = |cookie: &Cookie| matches!(cookie.status, Status::Accepted | Status::Unchecked);
        let verdict = if cookies.iter().any(is_good) { Verdict::Fine } else { Verdict::Doubtful };
        Ok((verdict, cookies))
    }

    /// Loads the session of a request with these cookies. The quotes around each value keep the library from taking
    /// another pair off.
    fn load(&self, values: &[String], seconds: &[String]) -> Session {
        let name = self.cookie_name();
        let pair = |end, value| format!("{name}{end}=\"{value}\"");
        let values = values.iter().map(|value| pair("", value));
        self.manager.load(values.chain(seconds.iter().map(|value| pair(SECOND, value))))
    }

    /// Returns the text of a session in two cookies, if `value` is the first of them and a second one is there. Of
    /// several, that is the one that belongs to the first, or else the one that came first.
    fn pair(&self, value: &str, seconds: &[String]) -> Option<String> {
        let first = value.strip_prefix(FIRST_OF_TWO)?;
        let mut texts = seconds.iter().map(|second| format!("{first}{second}")).collect::<Vec<_>>();
        let is_whole = |text: &String| {
            use DecodeError::{Malformed, NotAuthentic, TooLong};
            !matches!(self.manager.codec().decode(text), Err(NotAuthentic | Malformed | TooLong))
        };
        let index = texts.iter().position(is_whole).unwrap_or_default();
        (index < texts.len()).then(|| texts.swap_remove(index))
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

/// Makes a configuration that takes every schema, and a session in two cookies, since only the application knows what
/// it takes. The second value holds the schema of the last cookie that was opened.
fn config_of_any_schema(vars: &Vars, name: Option<&str>) -> Result<(SessionConfig, Arc<AtomicU8>)> {
    let found = Arc::new(AtomicU8::new(0));
    let noted = Arc::clone(&found);
    let config = config(vars, name)?.migrate(move |schema, _| {
        noted.store(schema, Ordering::Relaxed);
        Ok(())
    });
    let name_len = Facts::learn(self::config(vars, name)?)?.cookie_name.len();
    // The name of the second cookie must be no longer than a name may be.
    Ok((config.two_cookies(name_len <= LONGEST_NAME_OF_TWO), found))
}

fn before(time: UnixTime) -> UnixTime {
    UnixTime::from_secs(time.as_secs().saturating_sub(1)).unwrap_or(UnixTime::MIN)
}

/// In bytes, for the first of two cookies.
const LONGEST_NAME_OF_TWO: usize = 254;
/// The number of cookies of one name that a server tries.
const TRIED: usize = 4;
