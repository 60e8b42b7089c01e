//! Holds [`Imports`] with the feature `import`: finds the old cookies of a request, reads them into a session, and
//! makes the texts that delete them.

use std::sync::Arc;

use percent_encoding::percent_decode;

use super::private_import::PrivateImport;
use crate::codec::TextCodec;
use crate::cookie::{Attributes, Candidates, CookieName, Cookies, header};
use crate::data::{SessionData, SessionId};
use crate::error::DecodeError;
use crate::format::wire;
use crate::time::{Times, UnixTime};

/// The imports of a configuration.
#[derive(Default)]
pub(crate) struct Imports {
    each: Vec<Import>,
    /// The names of the old cookies, each once.
    names: Vec<CookieName>,
    /// The place in `names` of the session cookie's own name, if an old cookie has it too.
    ours: Option<usize>,
}

/// The settings of one import. The configuration has checked each of them.
pub(crate) struct ImportSettings {
    pub(crate) source: Arc<PrivateImport>,
    pub(crate) name: CookieName,
    /// The attributes of the old cookie, for its deletion.
    pub(crate) attributes: Attributes,
}

struct Import {
    source: Arc<PrivateImport>,
    /// The place of the old cookie's name in `Imports::names`.
    name: usize,
    /// The text that deletes the old cookie. `None` when the new cookie replaces it.
    deletion: Option<String>,
}

/// The values that came under the old names, copied out of the headers.
#[derive(Clone, Default)]
pub(crate) struct OldCookies(Vec<OldCookie>);

#[derive(Clone)]
struct OldCookie {
    /// The place of the old cookie's name in `Imports::names`.
    name: usize,
    value: Vec<u8>,
}

impl Imports {
    /// Makes the imports beside the session cookie, which has this name and these attributes.
    pub(crate) fn new(settings: Vec<ImportSettings>, name: &CookieName, attributes: &Attributes) -> Self {
        let mut imports = Self::default();
        for old in settings {
            let deletion = (!is_replaced(&old, name, attributes)).then(|| old.attributes.deletion(&old.name));
            let place = imports.names.iter().position(|name| *name == old.name).unwrap_or_else(|| {
                imports.names.push(old.name);
                imports.names.len().saturating_sub(1)
            });
            imports.each.push(Import { source: old.source, name: place, deletion });
        }
        imports.ours = imports.names.iter().position(|old| old == name);
        imports
    }

    /// True when the configuration has an import, whether or not that has ended.
    pub(crate) fn are_there(&self) -> bool {
        !self.each.is_empty()
    }

    /// Notes the values that one Cookie header has under the old names. Values under the session cookie's own name are
    /// left out, since they are kept as candidates.
    pub(crate) fn collect(&self, header: &[u8], old: &mut OldCookies) {
        for (place, name) in self.names.iter().enumerate().filter(|(place, _)| Some(*place) != self.ours) {
            for value in header::values(header, name.as_str().as_bytes()) {
                // Browsers keep no longer value. A value that is cut does not open.
                let value = value.get(..=wire::NAME_AND_VALUE_LIMIT).unwrap_or(value);
                if old.of(place).count() < header::MAX_CANDIDATES {
                    old.0.push(OldCookie { name: place, value: value.to_vec() });
                }
            }
        }
    }

    /// Makes a session from the old cookies of a request in which no session cookie opened. Returns `None` when there
    /// is nothing to import.
    ///
    /// # Errors
    /// [`DecodeError::NotImported`] when old cookies came and make no session.
    pub(crate) fn session(
        &self,
        codec: &TextCodec,
        cookies: &Cookies,
        (candidates, old): (&Candidates, &OldCookies),
        now: UnixTime,
    ) -> Result<Option<SessionData>, DecodeError> {
        if self.each.is_empty() {
            return Ok(None);
        }
        let open = |value: &[u8]| codec.open(value, cookies.max_value(), || now).map_err(|refusal| refusal.reason);
        let Some(old) = self.tried(open, candidates, old, now).filter(|old| !old.0.is_empty()) else { return Ok(None) };
        let mut session = codec.create(SessionId::from_bytes([0; 16]), now);
        let schema = session.schema();
        // The values that were read, in the order of their names: the session's id is made of them.
        let mut read: Vec<(&Import, &OldCookie)> = Vec::new();
        for name in 0..self.names.len() {
            read.extend(self.read(old.of(name), &mut session, now)?);
        }
        let Some((first, _)) = read.first() else {
            // If a session cookie came that is no old cookie, its own refusal says more.
            let is_told = candidates.count() == 0 || self.ours.is_some_and(|ours| old.of(ours).next().is_some());
            return if is_told { Err(DecodeError::NotImported { opened: false }) } else { Ok(None) };
        };
        // An import gives content and, if it is known, the time at which the session was created. Every copy of the old
        // cookies has the same id, so that a logout of one ends them all, where there is a backend to remember it.
        let parts: Vec<String> =
            read.iter().map(|(import, cookie)| format!("{}={}", import.source.name(), cookie.text())).collect();
        let text = parts.join(";");
        if let Some(id) = first.source.key.id_of(&format!("sealed-session import id {text}")) {
            session.set_id(SessionId::from_bytes(id));
        }
        session.set_schema(schema);
        session.put_times(codec.lifetime().slide(now, session.times(), codec.lifetime().idle));
        codec.lifetime().check(now, session.times()).map_err(|_| DecodeError::NotImported { opened: true })?;
        Ok(Some(session))
    }

    /// Returns the old cookies to try. Returns `None` when a session cookie came that another node may open, since its
    /// session would be lost.
    fn tried<T>(
        &self,
        open: impl Fn(&[u8]) -> Result<T, DecodeError>,
        candidates: &Candidates,
        old: &OldCookies,
        now: UnixTime,
    ) -> Option<OldCookies> {
        let mut old = old.clone();
        for value in candidates.values() {
            let reason = open(value).err()?;
            let cookie = self.ours.map(|name| OldCookie { name, value: value.to_vec() });
            match reason {
                DecodeError::Malformed => old.0.extend(cookie),
                reason if reason.may_open_elsewhere() => old.0.push(cookie.filter(|it| self.open(it, now).is_some())?),
                _ => {}
            }
        }
        let is_active = |cookie: &OldCookie| self.active(cookie.name, now).next().is_some();
        old.0.retain(is_active);
        (!candidates.is_cut()).then_some(old)
    }

    /// Reads the first cookie of a name that opens and can be read, and returns it.
    fn read<'c>(
        &self,
        cookies: impl Iterator<Item = &'c OldCookie>,
        session: &mut SessionData,
        now: UnixTime,
    ) -> Result<Option<(&Import, &'c OldCookie)>, DecodeError> {
        let mut is_unread = false;
        for (cookie, (import, text)) in cookies.filter_map(|cookie| Some((cookie, self.open(cookie, now)?))) {
            let mut attempt = session.clone();
            if (import.source.read)(&text, &mut attempt).is_ok() {
                // Of several creation times, the earliest counts. Other times that the function set are dropped.
                let created_at = attempt.created_at().min(session.created_at());
                attempt.put_times(Times { created_at, ..*session.times() });
                *session = attempt;
                return Ok(Some((import, cookie)));
            }
            is_unread = true;
        }
        if is_unread { Err(DecodeError::NotImported { opened: true }) } else { Ok(None) }
    }

    /// Returns the old cookies of a request that may have to be deleted. Values under the session cookie's own name are
    /// among them when the new cookie does not replace that old cookie.
    pub(crate) fn to_delete(&self, candidates: &Candidates, old: &OldCookies) -> OldCookies {
        let mut old = old.clone();
        if let Some(name) = self.ours
            && self.each.iter().any(|import| import.name == name && import.deletion.is_some())
        {
            old.0.extend(candidates.values().map(|value| OldCookie { name, value: value.to_vec() }));
        }
        old
    }

    /// Returns the texts that delete those of the old cookies that open, each text once.
    pub(crate) fn deletions(&self, old: &OldCookies, now: UnixTime) -> Vec<String> {
        let mut deletions: Vec<String> = Vec::new();
        for (import, _) in old.0.iter().filter_map(|cookie| self.open(cookie, now)) {
            let deletion = import.deletion.as_ref().filter(|deletion| !deletions.contains(deletion));
            deletions.extend(deletion.cloned());
        }
        deletions
    }

    /// Returns the text of an old cookie, and the first import whose key opens it.
    fn open(&self, cookie: &OldCookie, now: UnixTime) -> Option<(&Import, String)> {
        self.active(cookie.name, now).find_map(|import| {
            let source = &*import.source;
            Some((import, source.key.open(source.name(), &cookie.value)?))
        })
    }

    /// Returns the imports of a name that have not ended.
    fn active(&self, name: usize, now: UnixTime) -> impl Iterator<Item = &Import> {
        self.each.iter().filter(move |import| import.name == name && now < import.source.until)
    }
}

impl OldCookie {
    /// The value as its framework wrote it, before it was encoded for the header.
    fn text(&self) -> String {
        percent_decode(&self.value).decode_utf8_lossy().into_owned()
    }
}

impl OldCookies {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, name: usize) -> impl Iterator<Item = &OldCookie> {
        self.0.iter().filter(move |cookie| cookie.name == name)
    }
}

/// True when the new cookie takes the place of the old one: browsers know a cookie by its name, its path and its domain
/// (RFC 6265bis section 5.7).
fn is_replaced(old: &ImportSettings, name: &CookieName, ours: &Attributes) -> bool {
    old.name == *name && old.attributes.are_of_one_cookie(ours)
}
