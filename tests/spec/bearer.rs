//! Bearer tokens: the sealed text of a session in a header, for clients that keep no cookies.

use sealed_session::{DecodeError, MemoryStore, Session, SessionManager, Status};

use crate::backends::run;
use crate::common::{NAME, manager, manager_with};

/// A client that keeps a token.
#[derive(Default)]
struct Client {
    token: String,
}

impl Client {
    fn load(&self, manager: &SessionManager) -> Session {
        let authorization = (!self.token.is_empty()).then(|| format!("Bearer {}", self.token));
        run(manager.load_async(manager.cookie_of_bearer(authorization))).unwrap()
    }

    /// Makes one request. Returns true when the client got another token.
    fn send(&mut self, manager: &SessionManager, act: impl FnOnce(&Session)) -> bool {
        let session = self.load(manager);
        act(&session);
        let token = manager.bearer_of(run(manager.commit_async(&session)).unwrap());
        token.map(|token| self.token = token).is_some()
    }
}

#[test]
fn a_client_that_keeps_no_cookies_logs_in_visits_and_logs_out() {
    for manager in [manager(), manager_with(|config| config.store(MemoryStore::new())).0] {
        let mut client = Client::default();
        assert!(client.send(&manager, |session| {
            assert_eq!(session.status(), Status::New);
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
        }));
        assert!(!client.send(&manager, |session| assert_eq!(session.get("user_id"), Ok(Some(42)))));
        let first = client.token.clone();
        assert!(client.send(&manager, |session| session.set("visits", 1).unwrap()));
        assert_ne!(client.token, first);
        assert!(client.send(&manager, |session| _ = session.destroy().unwrap()));
        assert_eq!(client.token, "");
        assert_eq!(client.load(&manager).status(), Status::New);
    }
}

#[test]
fn the_token_is_the_text_of_the_cookie() {
    let manager = manager();
    let mut client = Client::default();
    client.send(&manager, |session| session.set("user_id", 42).unwrap());
    assert_eq!(manager.codec().decode(&client.token).unwrap().get("user_id"), Ok(Some(42)));
    assert_eq!(manager.load([format!("{NAME}={}", client.token)]).get("user_id"), Ok(Some(42)));
}

#[test]
fn a_session_that_takes_two_cookies_is_one_token() {
    let (manager, _) = manager_with(|config| config.two_cookies(true));
    let mut client = Client::default();
    for size in [10, 4000, 10] {
        client.send(&manager, |session| session.set("draft", "x".repeat(size)).unwrap());
        assert!(client.token.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char)));
        assert_eq!(client.token.len() > 4096, size == 4000);
        assert_eq!(client.load(&manager).get::<String>("draft").unwrap().unwrap().len(), size);
    }
    client.send(&manager, |session| session.set("draft", "x".repeat(4000)).unwrap());
    client.send(&manager, |session| _ = session.destroy().unwrap());
    assert_eq!(client.token, "");
}

#[test]
fn the_header_is_read_as_rfc_9110_and_rfc_6750_have_it() {
    let manager = manager();
    let mut client = Client::default();
    client.send(&manager, |session| session.set("user_id", 42).unwrap());
    let token = client.token;
    let rejected = |header: String| {
        let session = manager.load(manager.cookie_of_bearer([header]));
        (session.rejected(), session.get::<u64>("user_id").unwrap())
    };
    for scheme in ["Bearer", "bearer", "BEARER", " Bearer ", "Bearer  "] {
        assert_eq!(rejected(format!("{scheme} {token}")), (None, Some(42)), "{scheme:?}");
    }
    assert_eq!(rejected(format!("Bearer {token} ")), (None, Some(42)));
    for other in [format!("Basic {token}"), format!("Bearer{token}"), token.clone(), String::new(), "Bear".to_owned()] {
        assert_eq!(manager.cookie_of_bearer([&other]), None, "{other}");
    }
    let malformed = (Some(DecodeError::Malformed), None);
    for bad in [
        format!("Bearer {token}; {NAME}={token}"),
        format!("Bearer x; {NAME}={token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}="),
        format!("Bearer {token} {token}"),
        format!("Bearer {token}, Bearer {token}"),
        "Bearer".to_owned(),
        "Bearer forged".to_owned(),
        "Bearer é".to_owned(),
    ] {
        assert_eq!(rejected(bad.clone()), malformed, "{bad}");
    }
    assert_eq!(rejected(format!("Bearer {}", "A".repeat(100_000))), (Some(DecodeError::TooLong), None));
    assert_eq!(manager.cookie_of_bearer([b"Bearer \xff".as_slice()]), Some(format!("{NAME}=!")));
}

#[test]
fn of_several_headers_the_first_bearer_token_counts() {
    let manager = manager();
    let headers = ["Basic abc", "Bearer one", "Bearer two"];
    assert_eq!(manager.cookie_of_bearer(headers), Some(format!("{NAME}=one")));
    assert_eq!(manager.cookie_of_bearer(None::<&str>), None);
}
