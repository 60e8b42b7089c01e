//! Finds the doubts about a configuration: choices that it may make, and should have a reason for.

use std::path::PathBuf;

use sealed_session::{DecodeError, UnixTime};

use crate::facts::Facts;
use crate::instant::span;
use crate::keys::Keys;
use crate::object::shown_path;
use crate::outcome::{Failure, Result};
use crate::vars::{KEY, PREVIOUS_KEYS, Vars};

pub(crate) struct Doubt {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

pub(crate) const NAMES: [&str; 11] = [
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
];

/// Finds every doubt about a configuration, in the order of [`NAMES`].
pub(crate) fn of(vars: &Vars, facts: &Facts, keys: &Keys) -> Result<Vec<Doubt>> {
    let mut doubts = Vec::new();
    let mut doubt = |name, message: String| doubts.push(Doubt { name, message });
    let Facts { cookie_name, idle_timeout, absolute_timeout, .. } = facts;
    if vars.config()?.has_insecure_key() {
        doubt("insecure_key", "no key is set: each start makes a random one, and logs everyone out".to_owned());
    }
    if !has_prefix(cookie_name, "__Host-") {
        let why = "a neighbour host can plant a cookie of that name";
        doubt("cookie_name", format!("{cookie_name} does not begin with `__Host-`: {why}"));
    }
    if facts.attribute("Domain").is_some() {
        doubt("cookie_domain", "it is set: every host below it gets the cookie".to_owned());
    }
    if facts.attribute("Secure").is_none() {
        doubt("secure", "it is off: plain http carries the cookie".to_owned());
    }
    if facts.attribute("HttpOnly").is_none() {
        doubt("http_only", "it is off: scripts can read the cookie".to_owned());
    }
    if facts.attribute("SameSite") == Some("None") {
        doubt("same_site", "it is none: requests from other sites carry the cookie".to_owned());
    }
    let long = |seconds: u64, limit: u64| {
        (seconds > limit)
            .then(|| format!("{} is longer than the {} of NIST SP 800-63B-4, AAL2", span(seconds), span(limit)))
    };
    if let Some(message) = long(*idle_timeout, AAL2_IDLE) {
        doubt("idle_timeout", message);
    }
    if let Some(message) = long(*absolute_timeout, AAL2_ABSOLUTE) {
        doubt("absolute_timeout", message);
    }
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
            let path = shown_path(&path.display().to_string());
            doubt("file_mode", format!("{what} names {path}, which others can read or change (mode {mode:03o})"));
        }
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
