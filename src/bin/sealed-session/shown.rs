//! Writes a judged cookie as text and as JSON.

use std::fmt::Write;

use sealed_session::{DecodeError, SessionData, UnixTime};
use serde_json::value::RawValue;

use crate::instant;
use crate::judge::{Contents, Cookie, Status};
use crate::object::{Object, printable};

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Outdone => "outdone",
            Self::Refused(_) => "refused",
            Self::Untried => "untried",
            Self::Unchecked => "unchecked",
        }
    }

    fn reason(self) -> Option<DecodeError> {
        if let Self::Refused(reason) = self { Some(reason) } else { None }
    }

    fn text(self) -> String {
        match self {
            Self::Accepted => "accepted".to_owned(),
            Self::Outdone => {
                "outdone: a server takes another cookie of the input, which was issued later or comes first".to_owned()
            }
            Self::Refused(reason) => format!("refused ({}): {reason}", reason.as_str()),
            Self::Untried => {
                "untried: a server tries the first four cookies of a name, and four pairs of two".to_owned()
            }
            Self::Unchecked => "unchecked: nothing is wrong on sight, and there is no key to open it".to_owned(),
        }
    }
}

/// Writes a few lines for people.
pub(crate) fn text(cookie: &Cookie, now: UnixTime) -> String {
    let Cookie { sight, is_pair, status, role, contents } = cookie;
    let mut lines = vec![("status", status.text())];
    lines.extend(because(cookie).map(|cause| ("because", cause.to_owned())));
    lines.extend(sight.version.map(|version| ("version", version.to_string())));
    let role = role.map_or_else(String::new, |role| format!(" ({role})"));
    lines.extend(sight.key_id.as_ref().map(|id| ("key id", format!("{id}{role}"))));
    let bytes = sight.bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
    let cookies = if *is_pair { ", in two cookies" } else { "" };
    lines.push(("size", format!("{} characters{bytes}{cookies}", sight.characters)));
    if let Some(Contents { data, schema, absolute_end }) = contents {
        let time = |time| instant::text(time, now);
        lines.push(("session id", data.id().to_string()));
        lines.push(("created at", time(data.created_at())));
        lines.push(("issued at", time(data.issued_at())));
        lines.push(("expires at", time(data.expires_at())));
        lines.push(("absolute end", time(*absolute_end)));
        let is_kept = if data.is_persistent() { "persistent" } else { "until the browser is closed" };
        lines.push(("flags", is_kept.to_owned()));
        lines.push(("schema", schema.to_string()));
        if may_be_stored(data) {
            lines.push(("data", "none in the cookie; if the application has a store, it may be there".to_owned()));
        } else {
            lines.extend(entries("data", data.entries()));
        }
        lines.extend(entries("flash", data.flash()));
    }
    lines.iter().fold(String::new(), |mut shown, (label, text)| {
        // Writing to a String never fails.
        let _ = writeln!(shown, "{label:<13} {text}");
        shown
    })
}

/// True when the values may be in a store: the cookie of such a session has none.
fn may_be_stored(data: &SessionData) -> bool {
    data.entries().next().is_none() && data.flash().next().is_none()
}

fn entries<'d>(label: &'static str, entries: impl Iterator<Item = (&'d str, &'d str)>) -> Vec<(&'static str, String)> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let shown = entries.map(|(key, json)| match as_json(json) {
        Some(json) => format!("{key:?} = {}", printable(json.get())),
        None => format!("{key:?} is not JSON: {json:?}"),
    });
    let lines: Vec<_> = labels.zip(shown).collect();
    if lines.is_empty() { vec![(label, "none".to_owned())] } else { lines }
}

pub(crate) fn json(cookie: &Cookie, now: UnixTime) -> Object {
    let Cookie { sight, is_pair, status, role, contents } = cookie;
    Object::default()
        .with("status", status.as_str())
        .with("reason", status.reason().map(|reason| reason.as_str()))
        .with("message", status.reason().map(|reason| reason.to_string()))
        .with("because", because(cookie))
        .with("version", sight.version)
        .with("key_id", &sight.key_id)
        .with("key", role)
        .with("characters", sight.characters)
        .with("bytes", sight.bytes)
        .with("parts", if *is_pair { 2 } else { 1 })
        .with("session", contents.as_ref().map(|contents| session(contents, now)))
}

fn session(Contents { data, schema, absolute_end }: &Contents, now: UnixTime) -> Object {
    let time = |time| instant::json(time, now);
    Object::default()
        .with("id", data.id().to_string())
        .with("created_at", time(data.created_at()))
        .with("issued_at", time(data.issued_at()))
        .with("expires_at", time(data.expires_at()))
        .with("absolute_end", time(*absolute_end))
        .with("persistent", data.is_persistent())
        .with("schema", schema)
        .with("data", object(data.entries()))
        .with("flash", object(data.flash()))
        .with("not_json", not_json(data))
        .with("may_be_stored", may_be_stored(data))
}

fn object<'d>(entries: impl Iterator<Item = (&'d str, &'d str)>) -> Object {
    entries.fold(Object::default(), |object, (key, json)| match as_json(json) {
        Some(json) => object.with(key, json),
        None => object.with(key, json),
    })
}

/// Returns the keys of values that are not JSON. Another writer of the format stored them, and they are shown as
/// strings.
fn not_json(data: &SessionData) -> Vec<&str> {
    data.entries().chain(data.flash()).filter(|(_, json)| as_json(json).is_none()).map(|(key, _)| key).collect()
}

fn as_json(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// Says more about a refusal than its reason does, if more is known.
fn because(cookie: &Cookie) -> Option<&str> {
    match cookie.status.reason()? {
        DecodeError::Incomplete if cookie.is_pair => Some("no second cookie of the input belongs to it"),
        DecodeError::Malformed | DecodeError::Incomplete => cookie.sight.flaw.as_deref(),
        DecodeError::NotAuthentic => Some("it was changed, or sealed for another cookie name (see --name) or audience"),
        DecodeError::UnknownKey { .. } => Some("its key is neither the primary nor a previous one of these variables"),
        _ => None,
    }
}
