//! Writes what a browser is told: the offer to register, the session instructions, and challenges.

use serde_json::json;

use super::binder::Binder;

impl Binder {
    /// Returns the value of the header `Secure-Session-Registration`, a structured field (draft, section
    /// "Secure-Session-Registration HTTP header field"). ES256 is the one algorithm that this crate verifies.
    pub(crate) fn offer(&self, challenge: &str) -> String {
        format!("(ES256);path=\"{}\";challenge=\"{challenge}\"", self.path)
    }

    /// Returns the value of the header `Secure-Session-Challenge`, which the browser signs at its next refresh.
    pub(crate) fn challenge(challenge: &str, identifier: &str) -> String {
        format!("\"{challenge}\";id=\"{identifier}\"")
    }

    /// Returns the session instructions (draft, section "JSON Session Instruction Format"). The binding covers this
    /// origin alone.
    pub(crate) fn instructions(&self, identifier: &str) -> String {
        let credential =
            json!({ "type": "cookie", "name": self.cookie.name(), "attributes": self.cookie.attributes() });
        json!({
            "session_identifier": identifier,
            "refresh_url": self.path,
            "scope": { "include_site": false },
            "credentials": [credential],
        })
        .to_string()
    }

    /// Returns the session instructions that end the DBSC session in the browser.
    pub(crate) fn ending(identifier: Option<&str>) -> String {
        match identifier {
            Some(identifier) => json!({ "session_identifier": identifier, "continue": false }),
            None => json!({ "continue": false }),
        }
        .to_string()
    }
}

/// The header by which a browser is offered to register a key.
pub(crate) const OFFER: &str = "secure-session-registration";

/// The header by which a browser gets the challenge of its next refresh.
pub(crate) const CHALLENGE: &str = "secure-session-challenge";
