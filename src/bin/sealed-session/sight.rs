//! [`Sight`]: reads what anyone can see of a cookie, without a key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The public facts about a cookie's value. None of them is secret (SECURITY.md, "What is protected").
pub(crate) struct Sight {
    pub(crate) characters: usize,
    /// The length of the value in bytes after base64url decoding. `None` when the value is not base64url.
    pub(crate) bytes: Option<usize>,
    pub(crate) version: Option<u8>,
    /// The id of the key that sealed the cookie, as eight hexadecimal digits.
    pub(crate) key_id: Option<String>,
    /// The reason why no server can open the text. `None` when it is well-formed.
    pub(crate) flaw: Option<String>,
}

impl Sight {
    /// Looks at a sealed text: the value of a cookie, or the two parts of one together.
    pub(crate) fn of(value: &str) -> Self {
        let envelope = URL_SAFE_NO_PAD.decode(value).ok();
        let bytes = envelope.as_deref().unwrap_or_default();
        // Only in version 1 do these four bytes hold a key id.
        let key_id = bytes.get(1..5).filter(|_| bytes.first() == Some(&1)).map(hex::encode);
        let flaw = flaw(value, envelope.is_some());
        Self {
            characters: value.chars().count(),
            bytes: envelope.as_ref().map(Vec::len),
            version: bytes.first().copied().filter(|_| flaw.is_none()),
            key_id: key_id.filter(|_| flaw.is_none()),
            flaw,
        }
    }
}

/// Says in which way a text breaks the form of docs/wire-format.md, section 1.
fn flaw(value: &str, is_decoded: bool) -> Option<String> {
    let is_foreign = |char: &char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '_'));
    if value.is_empty() {
        return Some("it is empty, as in a deletion".to_owned());
    }
    if value.starts_with(FIRST_OF_TWO) {
        return Some(
            "it is the first of two cookies of one session, and the second one is not in the input".to_owned(),
        );
    }
    if let Some((position, char)) = (1..).zip(value.chars()).find(|(_, char)| is_foreign(char)) {
        return Some(format!("character {position} is {char:?}, which base64url without padding does not have"));
    }
    if value.len() < SHORTEST {
        return Some(format!("it is cut short: {} characters, and the shortest cookie has {SHORTEST}", value.len()));
    }
    match value.len() % 4 {
        1 => Some("no base64url text has its length: it is cut short, or one character too long".to_owned()),
        _ if !is_decoded => Some("its last character has stray bits: it is cut short, or changed".to_owned()),
        _ => None,
    }
}

/// The beginning of the value of the first of two cookies (docs/wire-format.md, section 10).
pub(crate) const FIRST_OF_TWO: &str = "2~";
/// The length of the value of an empty session without padding, in characters.
const SHORTEST: usize = 104;
