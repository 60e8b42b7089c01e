//! A CSRF token in the session: the synchronizer token pattern of the OWASP CSRF Prevention Cheat Sheet.
//!
//! Secret here: the token, from other sites. Not secret: its length, and whether there is one.

use ctutils::CtEq;

use super::session::Session;
use crate::data::{SessionData, SessionId};
use crate::error::ValueError;
use crate::format::{CSRF_KEY, Namespace, wire};

impl Session {
    /// The CSRF token of this session, for a hidden field of each form and a header of each script's request: 22
    /// characters of base64url, 128 random bits of the operating system.
    ///
    /// The first call draws the token. The sealed session keeps it, and it stays the same until the session gets
    /// another id: [`Session::regenerate`] and [`Session::destroy`] drop it, and forms shown before are refused. With a
    /// list of revocations, so does another value of the subject
    /// ([`SessionConfig::subject`](crate::SessionConfig::subject)). The token is none of the values: neither
    /// [`Session::keys`], [`Session::clear`] nor [`Session::set_data`] touches it. The token takes 32 bytes of the
    /// cookie.
    ///
    /// The first call in a session changes the session, which begins one for a visitor who has none. Call it once at
    /// login, after `regenerate`, so that two tabs opened at once get one token.
    ///
    /// The token is not masked anew for each response. If a page that is compressed also repeats what the client sent
    /// (BREACH), don't compress it, or send the token in a header of a response of its own. Don't put it in a URL.
    ///
    /// # Errors
    /// [`ValueError::Random`] when the operating system's random number generator fails, [`ValueError::Full`] when
    /// there is no room; the session has no token then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// let token = session.csrf_token()?;
    /// let form = format!("<input type=hidden name=csrf value={token}>");
    ///
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert!(session.verify_csrf_token(&token));
    /// session.regenerate()?;
    /// assert!(!session.verify_csrf_token(&token));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "xsrf")]
    #[doc(alias = "synchronizer_token")]
    pub fn csrf_token(&self) -> Result<String, ValueError> {
        self.with(|state, engine| {
            // A commit after a change of the subject would drop the token of the id before, which the caller is about
            // to hand out.
            state.leave_former_subject(engine).map_err(|_| ValueError::Random)?;
            if let Some(token) = stored(&state.data) {
                return Ok(token.to_owned());
            }
            // The token goes with the id, so the id comes first.
            state.id().map_err(|_| ValueError::Random)?;
            let token = generate()?;
            state.change(|data| data.put(Namespace::Csrf, CSRF_KEY, &format!("\"{token}\"")))?;
            Ok(token)
        })
    }

    /// Returns true when `token` is the CSRF token of this session. Refuse a request that changes something (any but
    /// GET, HEAD and OPTIONS) and has no such token: the empty text that stands for a missing token is never right.
    ///
    /// The comparison takes the same time for every token of the right length. This call never begins or changes a
    /// session.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(!session.verify_csrf_token(""), "no token was drawn yet");
    /// assert!(manager.commit(&session)?.is_empty(), "and none by asking");
    /// let token = session.csrf_token()?;
    /// assert!(session.verify_csrf_token(&token));
    /// assert!(!manager.load(None::<&str>).verify_csrf_token(&token), "another session has another one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn verify_csrf_token(&self, token: &str) -> bool {
        self.with(|state, _| {
            stored(&state.data).is_some_and(|stored| stored.as_bytes().ct_eq(token.as_bytes()).to_bool())
        })
    }
}

/// The token that the session holds. A text of another length is none, whoever sealed it.
fn stored(data: &SessionData) -> Option<&str> {
    let token = data.json(Namespace::Csrf, CSRF_KEY)?.strip_prefix('"')?.strip_suffix('"')?;
    (token.len() == TOKEN_CHARS).then_some(token)
}

fn generate() -> Result<String, ValueError> {
    // As random and as long as an id, which OWASP's "Synchronizer Token Pattern" asks for: 128 bits can't be guessed.
    let bytes = SessionId::generate().map_err(|_| ValueError::Random)?.to_bytes();
    let mut token = String::with_capacity(TOKEN_CHARS);
    wire::write_text(&bytes, &mut token);
    Ok(token)
}

const TOKEN_CHARS: usize = wire::text_len(wire::ID_LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SessionConfig;
    use crate::crypto::Key;

    #[test]
    fn a_token_of_another_length_is_none_and_is_replaced() {
        let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
        for json in [r#""""#, "", "\"", "1", r#""short""#] {
            let mut data = manager.codec().create().unwrap();
            data.put(Namespace::Csrf, CSRF_KEY, json).unwrap();
            let session = manager.load([format!("tideway_session={}", manager.codec().encode(&data).unwrap())]);
            for token in ["", "short", json] {
                assert!(!session.verify_csrf_token(token), "{json} {token}");
            }
            let token = session.csrf_token().unwrap();
            assert_eq!(token.len(), 22);
            assert!(session.verify_csrf_token(&token));
        }
    }

    #[test]
    fn a_token_takes_32_bytes() {
        let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
        let session = manager.load(None::<&str>);
        let before = session.remaining_bytes();
        session.csrf_token().unwrap();
        assert_eq!(session.remaining_bytes(), before - 32);
    }
}
