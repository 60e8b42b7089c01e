//! Finds the doubts about a configuration, which are choices weaker than the library's default, and gives advice, which
//! is where that default can be made stronger. An application may choose either, and should have a reason.

use std::path::PathBuf;

use sealed_session::{DecodeError, Key, SessionConfig, UnixTime};

use crate::facts::Facts;
use crate::instant::span;
use crate::keys::Keys;
use crate::object::printable;
use crate::outcome::{Failure, Result};
use crate::vars::{KEY, PREVIOUS_KEYS, Vars};

pub(crate) struct Doubt {
    pub(crate) name: &'static str,
    pub(crate) message: String,
    /// True when the choice is as strong as the library's default.
    pub(crate) is_advice: bool,
}

pub(crate) const NAMES: [&str; 12] = [
    "insecure_key",
    "cookie_name",
    "cookie_domain",
    "secure",
    "http_only",
    "same_site",
    "idle_timeout",
    "absolute_timeout",
    "not_before",
    "previous_keys",
    "file_mode",
    "backend",
];

/// Finds every doubt about a configuration and all advice, in the order of [`NAMES`].
pub(crate) fn of(vars: &Vars, facts: &Facts, keys: &Keys) -> Result<Vec<Doubt>> {
    let default = Facts::learn(SessionConfig::new(Key::generate().map_err(Failure::new)?))?;
    let mut doubts = Vec::new();
    let mut add = |name, message: String, is_advice| doubts.push(Doubt { name, message, is_advice });
    let cookie_name = &facts.cookie_name;
    if vars.config()?.has_insecure_key() {
        add("insecure_key", "no key is set: each start makes a random one, and logs everyone out".to_owned(), false);
    }
    if !has_prefix(cookie_name, "__Host-") {
        let why = "a neighbour host can plant a cookie of that name";
        add("cookie_name", format!("{cookie_name} does not begin with `__Host-`: {why}"), true);
    }
    let mut doubt = |name, message: &str| add(name, message.to_owned(), false);
    if facts.attribute("Domain").is_some() {
        doubt("cookie_domain", "it is set: every host below it gets the cookie");
    }
    if facts.attribute("Secure").is_none() {
        doubt("secure", "it is off: plain http carries the cookie");
    }
    if facts.attribute("HttpOnly").is_none() {
        doubt("http_only", "it is off: scripts can read the cookie");
    }
    if facts.attribute("SameSite") == Some("None") {
        doubt("same_site", "it is none: requests from other sites carry the cookie");
    }
    for (name, seconds, default, aal2) in [
        ("idle_timeout", facts.idle_timeout, default.idle_timeout, AAL2_IDLE),
        ("absolute_timeout", facts.absolute_timeout, default.absolute_timeout, AAL2_ABSOLUTE),
    ] {
        let long = |limit| format!("{} is longer than {}", span(seconds), limit);
        if seconds > default {
            add(name, long(format!("the library's default of {}", span(default))), false);
        } else if seconds > aal2 {
            add(name, long(format!("the {} of NIST SP 800-63B-4, AAL2", span(aal2))), true);
        }
    }
    let mut doubt = |name, message| add(name, message, false);
    if let Some(not_before) = cutoff_ahead(vars)? {
        doubt("not_before", format!("it is {not_before}, in the future: every session is refused until then"));
    }
    if !keys.previous.is_empty() {
        let ids: Vec<_> = keys.previous.iter().map(|key| key.id.to_string()).collect();
        let ids = ids.join(", ");
        doubt("previous_keys", format!("{ids} still open: right during a rotation, else drop them"));
    }
    for (what, path) in files(vars, keys) {
        if let Some(mode) = open_mode(&path) {
            let path = printable(&path.display().to_string());
            doubt("file_mode", format!("{what} names {path}, which others can read or change (mode {mode:03o})"));
        }
    }
    if vars.backend() == "in_memory" {
        doubt(
            "backend",
            "it is in_memory: each process has sessions of its own, and loses them when it ends".to_owned(),
        );
    }
    Ok(doubts)
}

/// True when the cookie name begins with this prefix, in any case, as browsers compare it (RFC 6265bis section 5.4).
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Returns the cut-off if it lies in the future: it then refuses a session that begins now.
fn cutoff_ahead(vars: &Vars) -> Result<Option<UnixTime>> {
    let codec = vars.config()?.build_codec()?;
    let data = codec.create().map_err(Failure::new)?;
    match codec.decode(&codec.encode(&data).map_err(Failure::new)?) {
        Err(DecodeError::BeforeCutoff { not_before, .. }) => Ok(Some(not_before)),
        _ => Ok(None),
    }
}

/// Returns the files that hold keys, each with the variable or the option that names it.
fn files(vars: &Vars, keys: &Keys) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for name in [KEY, PREVIOUS_KEYS] {
        files.extend(vars.text_or_file(name).and_then(|found| Some((format!("{}_FILE", found.name), found.file?))));
    }
    let is_inline = |found: &crate::vars::Found| found.file.is_none();
    let holds_keys = keys.primary.as_ref().is_some_and(|(_, found)| is_inline(found));
    if holds_keys || (!keys.previous.is_empty() && keys.previous_found.as_ref().is_some_and(is_inline)) {
        files.extend(vars.env_file.clone().map(|path| ("--env-file".to_owned(), path)));
    }
    files
}

/// Returns the permissions of a file if others may read it, or if others or the group may change it.
#[cfg(unix)]
fn open_mode(path: &std::path::Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o026 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_mode(_: &std::path::Path) -> Option<u32> {
    None
}

/// The longest timeouts at AAL2, in seconds: without activity, and overall (NIST SP 800-63B-4, section 2.2.3).
const AAL2_IDLE: u64 = 60 * 60;
const AAL2_ABSOLUTE: u64 = 24 * 60 * 60;
