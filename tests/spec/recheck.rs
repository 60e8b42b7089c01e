//! A list that is asked less often: which answers count for a while, and what is asked about all the same.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::poll_once;
use sealed_session::{
    DecodeError, EncodeError, FailurePolicy, Key, MemoryRevocations, MemoryStore, Session, SessionConfig,
    SessionManager, UnixTime,
};

use crate::backends::{Watched, answer, commit, give_up, load, login, run, try_commit, user_id};
use crate::common::{FIRST_KEY, TestClock, key};

const WINDOW: u64 = 60;

/// Two nodes with one list, and the clock of both. `here` remembers answers, and `elsewhere` asks each time.
struct Site {
    list: Arc<Watched<MemoryRevocations>>,
    clock: TestClock,
    here: SessionManager,
    elsewhere: SessionManager,
}

impl Site {
    fn new(change: impl Fn(SessionConfig) -> SessionConfig) -> Self {
        let (list, clock) = (Watched::new(MemoryRevocations::new()), TestClock::new());
        let node = || {
            let config = SessionConfig::new(key(FIRST_KEY)).clock(clock.reader()).subject("user_id");
            change(config.revocations(Arc::clone(&list)))
        };
        let here = node().recheck_after(Duration::from_secs(WINDOW)).build().unwrap();
        let elsewhere = node().build().unwrap();
        Self { list, clock, here, elsewhere }
    }

    fn with_list() -> Self {
        Self::new(|config| config)
    }

    fn with_store() -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::new(move |config| config.store(Arc::clone(&store)))
    }

    /// Logs user 42 in, and lets this node ask about the session once.
    fn remembered(&self) -> String {
        let cookie = login(&self.here, 42);
        assert!(self.is_good(&cookie));
        self.list.calls();
        cookie
    }

    fn is_good(&self, cookie: &str) -> bool {
        user_id(&load(&self.here, cookie)) == Some(42)
    }

    fn asked(&self) -> usize {
        self.list.calls().len()
    }

    fn id_of(&self, cookie: &str) -> sealed_session::SessionId {
        load(&self.elsewhere, cookie).id().unwrap()
    }
}

#[test]
fn an_answer_that_a_session_is_not_revoked_counts_for_the_window_and_no_longer() {
    let site = Site::with_list();
    let cookie = site.remembered();
    for (seconds, asked) in [(0, 0), (59, 0), (60, 1), (61, 0), (119, 0), (120, 1)] {
        site.clock.set(seconds);
        assert!(site.is_good(&cookie));
        assert_eq!(site.asked(), asked, "{seconds}");
    }
}

#[test]
fn an_answer_that_a_session_is_revoked_is_never_taken_for_one_that_it_is_not() {
    let site = Site::with_list();
    let cookie = login(&site.elsewhere, 42);
    run(site.elsewhere.revoke(site.id_of(&cookie), UnixTime::MAX)).unwrap();
    for _ in 0..3 {
        assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn without_the_setting_every_request_asks() {
    let site = Site::with_list();
    let cookie = site.remembered();
    for _ in 0..3 {
        assert_eq!(user_id(&load(&site.elsewhere, &cookie)), Some(42));
        assert_eq!(site.asked(), 1);
    }
}

#[test]
fn what_another_process_revokes_takes_effect_here_within_the_window() {
    type Revoke = fn(&Site, &str);
    let revocations: [Revoke; 3] = [
        |site, cookie| run(site.elsewhere.revoke(site.id_of(cookie), UnixTime::MAX)).unwrap(),
        |site, _| run(site.elsewhere.revoke_subject(&42)).unwrap(),
        |site, cookie| {
            let session = load(&site.elsewhere, cookie);
            session.destroy();
            let _ = commit(&site.elsewhere, &session);
        },
    ];
    for revoke in revocations {
        let site = Site::with_list();
        let cookie = site.remembered();
        revoke(&site, &cookie);
        site.clock.set(WINDOW - 1);
        assert!(site.is_good(&cookie), "this is what the window costs");
        site.clock.set(WINDOW);
        assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn what_this_process_revokes_takes_effect_here_at_once() {
    type Revoke = fn(&Site, &str);
    let revocations: [Revoke; 5] = [
        |site, cookie| run(site.here.revoke(site.id_of(cookie), UnixTime::MAX)).unwrap(),
        |site, _| run(site.here.revoke_subject(&42)).unwrap(),
        |site, cookie| {
            let session = load(&site.here, cookie);
            session.destroy();
            let _ = commit(&site.here, &session);
        },
        |site, cookie| {
            let session = load(&site.here, cookie);
            session.regenerate().unwrap();
            let _ = commit(&site.here, &session);
        },
        |site, _| {
            let session = load(&site.here, &login(&site.here, 42));
            run(site.here.revoke_others(&session)).unwrap();
        },
    ];
    for (number, revoke) in revocations.into_iter().enumerate() {
        let site = Site::with_list();
        let cookie = site.remembered();
        revoke(&site, &cookie);
        assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked), "{number}");
    }
}

#[test]
fn a_revocation_whose_answer_was_lost_takes_effect_here_at_once_too() {
    let site = Site::with_list();
    let cookie = site.remembered();
    let session = load(&site.here, &cookie);
    session.destroy();
    site.list.hang(&["revoke"]); // the list does what it is asked, and nobody hears of it
    give_up(&site.here, &session);
    assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_refusal_takes_effect_here_at_once_even_before_the_request_that_ended_the_session_is_answered() {
    let site = Site::with_list();
    let cookie = login(&site.here, 42);
    site.list.step();
    // This request asks the list itself, since it sets out before another one has an answer that could be remembered.
    let mut late = pin!(site.here.load_async([&cookie]));
    assert!(run(poll_once(late.as_mut())).is_none());
    let session = load(&site.here, &cookie);
    session.destroy();
    site.list.hang(&["revoke"]);
    let mut logout = pin!(answer(&site.here, &session));
    for _ in 0..2 {
        assert!(run(poll_once(logout.as_mut())).is_none());
    }
    assert_eq!(run(late).unwrap().rejected(), Some(DecodeError::Revoked));
    assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_that_logs_out_the_others_goes_on_whatever_is_remembered_of_it() {
    for site in [Site::with_list(), Site::with_store()] {
        let other = login(&site.here, 42);
        let cookie = site.remembered();
        let session = load(&site.here, &cookie);
        run(site.here.revoke_others(&session)).unwrap();
        let cookie = commit(&site.here, &session).unwrap();
        assert!(site.is_good(&cookie));
        assert_eq!(load(&site.here, &other).rejected(), Some(DecodeError::Revoked));

        // Another revocation that comes before the commit ends this session, too.
        let session = load(&site.here, &cookie);
        run(site.here.revoke_others(&session)).unwrap();
        run(site.elsewhere.revoke_subject(&42)).unwrap();
        assert_eq!(try_commit(&site.here, &session), Err(EncodeError::Ended));
    }
}

#[test]
fn a_refusal_is_not_remembered_so_a_login_after_a_ban_is_good_at_once() {
    let site = Site::with_list();
    let cookie = site.remembered();
    run(site.here.revoke_subject(&42)).unwrap();
    assert!(!site.is_good(&cookie));
    assert!(site.is_good(&login(&site.elsewhere, 42)), "another generation is another session to ask about");
}

#[test]
fn an_answer_that_a_failing_list_did_not_give_is_not_remembered() {
    let site = Site::new(|config| config.on_backend_failure(FailurePolicy::Admit));
    let cookie = login(&site.here, 42);
    run(site.elsewhere.revoke_subject(&42)).unwrap();
    site.list.fail(&["look"]);
    assert!(site.is_good(&cookie), "the policy admits it");
    site.list.fail(&[]);
    assert!(!site.is_good(&cookie));
}

#[test]
fn while_the_list_fails_a_remembered_session_goes_on_for_the_window() {
    let site = Site::with_list();
    let cookie = site.remembered();
    site.list.fail(&["look"]);
    assert!(site.is_good(&cookie));
    assert!(!run(site.here.is_healthy()) || site.asked() > 0, "health is asked of the list itself");
    site.clock.set(WINDOW);
    assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Unavailable));
}

#[test]
fn health_is_asked_of_the_list_and_not_of_what_is_remembered() {
    let site = Site::with_list();
    let _ = site.remembered();
    site.list.fail(&["is_healthy"]);
    assert!(!run(site.here.is_healthy()));
}

/// A change, and its name.
type Change = (&'static str, fn(&Session));

/// The act of a request on a session that another process ended within the window, and that the request took for a good
/// one.
fn changes() -> [Change; 3] {
    [
        ("a write", |session| session.set("more", 1).unwrap()),
        ("a renewal", |session| session.regenerate().map(drop).unwrap()),
        ("another subject", |session| session.set("user_id", 43).unwrap()),
    ]
}

#[test]
fn a_change_asks_the_list_so_that_none_is_made_to_a_session_that_ended() {
    type Revoke = fn(&Site, &str);
    let revocations: [(&str, Revoke); 2] = [
        ("revoke", |site, cookie| run(site.elsewhere.revoke(site.id_of(cookie), UnixTime::MAX)).unwrap()),
        ("revoke_subject", |site, _| run(site.elsewhere.revoke_subject(&42)).unwrap()),
    ];
    for make in [Site::with_list, Site::with_store] {
        for (what, change) in changes() {
            for (how, revoke) in revocations {
                let site = make();
                let cookie = site.remembered();
                revoke(&site, &cookie);
                let session = load(&site.here, &cookie);
                if session.rejected().is_some() {
                    continue; // a store was asked about the id, and remembers nothing
                }
                change(&session);
                // A renewal that lost wrote nothing that could be missed, so it sends nothing and is no error.
                let expected = if (what, how) == ("a renewal", "revoke") { Ok(None) } else { Err(EncodeError::Ended) };
                assert_eq!(try_commit(&site.here, &session), expected, "{what} after {how}");
            }
        }
    }
}

#[test]
fn a_change_to_a_session_that_is_good_succeeds_and_asks_once_more_than_it_did() {
    for make in [Site::with_list, Site::with_store] {
        for (what, change) in changes() {
            let site = make();
            let cookie = site.remembered();
            let session = load(&site.here, &cookie);
            assert_eq!(site.asked(), 0, "the load went by what is remembered");
            change(&session);
            assert!(commit(&site.here, &session).is_some(), "{what}");
            assert!(site.asked() >= 1, "{what} asked the list");
        }
    }
}

#[test]
fn an_extension_asks_the_list_and_is_left_out_for_a_session_that_ended() {
    for make in [Site::with_list, Site::with_store] {
        let site = make();
        let cookie = login(&site.here, 42);
        site.clock.set(20 * 60 * 60);
        assert!(site.is_good(&cookie));
        run(site.elsewhere.revoke_subject(&42)).unwrap();
        let session = load(&site.here, &cookie);
        assert_eq!(user_id(&session), Some(42));
        assert_eq!(commit(&site.here, &session), None);
    }
}

#[test]
fn a_sensitive_route_asks_whatever_is_remembered_and_then_everybody_knows() {
    let site = Site::with_list();
    let cookie = site.remembered();
    run(site.elsewhere.revoke_subject(&42)).unwrap();
    let session = load(&site.here, &cookie);
    assert_eq!(user_id(&session), Some(42));
    assert_eq!(run(site.here.recheck(&session)), Ok(Some(DecodeError::Revoked)));
    assert_eq!(load(&site.here, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_recheck_tells_each_way_in_which_a_session_can_be_over() {
    for make in [Site::with_list, Site::with_store] {
        let over = |end: &dyn Fn(&Site, &Session)| {
            let site = make();
            let session = load(&site.here, &login(&site.here, 42));
            assert_eq!(run(site.here.recheck(&session)), Ok(None));
            end(&site, &session);
            run(site.here.recheck(&session)).unwrap().map(|reason| reason.as_str())
        };
        assert_eq!(over(&|_, _| ()), None);
        assert_eq!(
            over(&|site, session| run(site.here.revoke(session.id().unwrap(), UnixTime::MAX)).unwrap()),
            Some("revoked")
        );
        assert_eq!(over(&|site, _| run(site.here.revoke_subject(&42)).unwrap()), Some("revoked"));
        assert_eq!(over(&|site, _| site.clock.set(24 * 60 * 60)), Some("expired_idle"));
        assert_eq!(over(&|site, _| site.clock.set(30 * 24 * 60 * 60)), Some("expired_absolute"));
        let destroyed = |site: &Site, session: &Session| {
            session.destroy();
            let _ = commit(&site.here, session);
        };
        assert_eq!(over(&destroyed), Some("revoked"));
    }
    let site = Site::with_store();
    let session = load(&site.here, &login(&site.here, 42));
    run(site.here.clear()).unwrap();
    assert_eq!(run(site.here.recheck(&session)), Ok(Some(DecodeError::NotStored)));
}

#[test]
fn a_recheck_of_what_no_cookie_holds_asks_nothing_and_of_a_refused_cookie_gives_the_reason() {
    let site = Site::with_list();
    let session = load(&site.here, "");
    session.set("user_id", 42).unwrap();
    site.list.calls();
    assert_eq!(run(site.here.recheck(&session)), Ok(None));
    assert_eq!(site.asked(), 0);
    let refused = load(&site.here, "tideway_session=forged");
    assert_eq!(run(site.here.recheck(&refused)), Ok(Some(DecodeError::Malformed)));
    let alone = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
    let session = load(&alone, &login(&alone, 42));
    assert_eq!(run(alone.recheck(&session)), Ok(None), "there is nobody to ask");
}

#[test]
fn a_recheck_that_nobody_answers_is_an_error_under_every_policy() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit] {
        let site = Site::new(|config| config.on_backend_failure(policy));
        let cookie = site.remembered();
        let session = load(&site.here, &cookie);
        site.list.fail(&["look"]);
        assert!(run(site.here.recheck(&session)).is_err(), "{policy:?}");
    }
}
