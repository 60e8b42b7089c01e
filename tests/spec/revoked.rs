//! Revocation. The crate refuses a cookie that opens if its session was ended before (OWASP ASVS 5.0, 7.4).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, Counters, DecodeError, EncodeError, Event, FailurePolicy, MemoryRevocations, Session,
    SessionConfig, SessionManager, Status,
};

use crate::backends::{Watched, broken, commit, give_up, load, login, run, try_commit, user_id};
use crate::common::{START, TestClock, at, is_deletion, manager_with};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// The default absolute timeout.
const LIFE: u64 = 30 * DAY;
/// The number of seconds for which a list keeps the mark of a session that began at a time: the absolute timeout, the
/// clock skew, and the minute for which a request may be under way.
const MARK: u64 = LIFE + 60 + 60;
/// The number of seconds for which a list keeps a generation. It adds the clock skew once more, since the clock by
/// which a session began may be ahead, too.
const GENERATION: u64 = LIFE + 2 * 60 + 60;

type List = Arc<Watched<MemoryRevocations>>;
type Handler = fn(&Session);

fn with_list(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock, List) {
    let clock = TestClock::new();
    let list = Watched::new(MemoryRevocations::new().clock(clock.reader()));
    let (manager, _) =
        manager_with(|config| change(config.clock(clock.reader()).revocations(Arc::clone(&list)).subject("user_id")));
    (manager, clock, list)
}

#[test]
fn the_list_is_asked_once_before_the_handler_and_never_for_what_does_not_open() {
    let (manager, _, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    assert_eq!(
        list.calls(),
        ["look 42"],
        "a login takes the generation of its subject, and there is no id to ask about"
    );
    for foreign in ["", "a=1", "tideway_session=garbage", "tideway_session=AQAAAAA"] {
        let session = load(&manager, foreign);
        assert_eq!(user_id(&session), None);
    }
    assert!(list.calls().is_empty(), "{:?}", list.calls());
    let session = load(&manager, &cookie);
    assert_eq!(list.calls(), ["look id and 42"]);
    assert!(!session.is_opened(), "no handler has looked");
    assert_eq!(user_id(&session), Some(42));
    assert_eq!(commit(&manager, &session), None);
    assert!(list.calls().is_empty());
}

#[test]
fn a_request_that_nobody_looks_at_sends_nothing_though_it_was_asked_about() {
    let (manager, clock, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    clock.set(20 * HOUR);
    list.calls();
    let session = load(&manager, &cookie);
    assert_eq!(list.calls(), ["look id and 42"]);
    assert_eq!(commit(&manager, &session), None, "it is due for extension, but unused");
    assert!(manager.commit(&session).unwrap().is_empty());
    assert!(list.calls().is_empty(), "and nobody is asked again");
    let _ = user_id(&session);
    assert!(commit(&manager, &session).is_some());
    assert_eq!(list.calls(), ["look id and 42"]);
}

#[test]
fn a_revoked_session_is_empty_and_its_cookie_is_left_alone() {
    let (manager, clock, _) = with_list(|config| config);
    let cookie = login(&manager, 42);
    let id = load(&manager, &cookie).id().unwrap();
    run(manager.revoke(id, at(START + LIFE))).unwrap();
    clock.set(1);
    let session = load(&manager, &cookie);
    assert_eq!((user_id(&session), session.status()), (None, Status::Rejected(DecodeError::Revoked)));
    assert_ne!(session.id().unwrap(), id);
    // The browser may hold the successor of this cookie by now, and a deletion would take that with it.
    assert_eq!(commit(&manager, &session), None);
    session.set("cart", 1).unwrap();
    assert!(!is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn a_logout_ends_every_copy_of_the_cookie_until_none_could_open() {
    let (manager, clock, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    clock.set(60);
    let session = load(&manager, &cookie);
    session.destroy();
    list.calls();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(list.calls(), [format!("revoke until {}", START + MARK)]);
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    list.calls();
    assert_eq!(commit(&manager, &session), None);
    assert!(list.calls().is_empty(), "it is told once");
}

#[test]
fn a_regenerated_session_lives_on_and_its_old_cookie_does_not() {
    let (manager, _, list) = with_list(|config| config);
    let old = login(&manager, 42);
    let session = load(&manager, &old);
    session.regenerate().unwrap();
    list.calls();
    let new = commit(&manager, &session).unwrap();
    assert_eq!(list.calls(), [format!("revoke until {}", START + MARK)]);
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    assert_eq!(user_id(&load(&manager, &new)), Some(42));
}

#[test]
fn a_session_that_another_one_became_stays_on_the_list_as_long_as_if_it_had_begun_at_its_end() {
    let (manager, clock, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    let [late, session] = [(); 2].map(|()| load(&manager, &cookie));
    session.regenerate().unwrap();
    let new = commit(&manager, &session).unwrap();
    clock.set(100);
    late.destroy();
    list.calls();
    assert!(is_deletion(&commit(&manager, &late).unwrap()));
    // When the new session began is not known here, and its clock may have been ahead.
    let untils = [START + MARK, START + 100 + GENERATION];
    assert_eq!(list.calls(), untils.map(|until| format!("revoke until {until}")));
    assert_eq!(load(&manager, &new).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_that_begins_anew_after_its_end_revokes_the_old_one() {
    let (manager, _, list) = with_list(|config| config);
    let old = login(&manager, 42);
    let session = load(&manager, &old);
    session.destroy();
    session.set("user_id", 43).unwrap();
    list.calls();
    let new = commit(&manager, &session).unwrap();
    assert_eq!(list.calls(), ["look 43".to_owned(), format!("revoke until {}", START + MARK)]);
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    assert_eq!(user_id(&load(&manager, &new)), Some(43));
}

#[test]
fn a_session_that_never_was_in_a_cookie_is_not_put_on_the_list() {
    let (manager, _, list) = with_list(|config| config);
    let session = load(&manager, "");
    session.set("user_id", 42).unwrap();
    session.regenerate().unwrap();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(list.calls(), ["look 42"]);
    let session = load(&manager, "");
    session.set("user_id", 42).unwrap();
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert!(list.calls().is_empty());
}

#[test]
fn a_session_past_its_absolute_timeout_is_not_put_on_the_list_and_what_was_written_to_it_is_an_error() {
    let (manager, clock, list) = with_list(|config| config.idle_timeout(Duration::from_secs(LIFE)));
    let cookie = login(&manager, 42);
    let handlers: [(Handler, _); 4] = [
        (|session| session.set("a", 1).unwrap(), Err(EncodeError::Ended)),
        (|session| assert_eq!(user_id(session), Some(42)), Ok(None)),
        (|session| assert!(session.regenerate().unwrap().is_some()), Ok(None)),
        (
            |session| {
                session.regenerate().unwrap();
                session.set("a", 1).unwrap();
            },
            Err(EncodeError::Ended),
        ),
    ];
    for (number, (handler, expected)) in handlers.into_iter().enumerate() {
        clock.set(LIFE - 1);
        let session = load(&manager, &cookie);
        handler(&session);
        clock.set(LIFE); // the handler took one second
        list.calls();
        assert_eq!(try_commit(&manager, &session), expected, "{number}");
        assert!(list.calls().is_empty(), "{number}");
    }
    // A login that owes the session nothing goes on.
    clock.set(0);
    let visitor = load(&manager, "");
    visitor.set("cart", 1).unwrap();
    let cookie = commit(&manager, &visitor).unwrap();
    clock.set(LIFE - 1);
    let session = load(&manager, &cookie);
    session.regenerate().unwrap();
    session.set("user_id", 42).unwrap();
    clock.set(LIFE);
    let new = commit(&manager, &session).unwrap();
    assert_eq!(user_id(&load(&manager, &new)), Some(42));
}

#[test]
fn a_subject_is_logged_out_everywhere_and_nobody_else_is_and_a_login_after_it_is_good() {
    let (manager, clock, list) = with_list(|config| config);
    let (phone, other) = (login(&manager, 42), login(&manager, 43));
    clock.set(100);
    let laptop = login(&manager, 42);
    list.calls();
    run(manager.revoke_subject(&42)).unwrap();
    assert_eq!(list.calls(), [format!("revoke_subject 42 until {}", START + 100 + GENERATION)]);
    for cookie in [&phone, &laptop] {
        assert_eq!(load(&manager, cookie).rejected(), Some(DecodeError::Revoked));
    }
    assert_eq!(user_id(&load(&manager, &other)), Some(43));
    for now in [100, 101] {
        clock.set(now);
        let later = login(&manager, 42);
        assert_eq!(user_id(&load(&manager, &later)), Some(42), "{now}");
    }
}

#[test]
fn a_subject_is_the_value_as_it_was_stored() {
    let (manager, _, _) = with_list(|config| config);
    let session = load(&manager, "");
    session.set("user_id", "42").unwrap();
    let cookie = commit(&manager, &session).unwrap();
    run(manager.revoke_subject(&42)).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), None);
    run(manager.revoke_subject("42")).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_regenerated_after_its_subject_was_revoked_is_refused_unless_the_others_alone_were_revoked() {
    for revoked_at in [10, 15] {
        let (manager, clock, _) = with_list(|config| config);
        let (cookie, other) = (login(&manager, 42), login(&manager, 42));
        clock.set(10);
        let (session, keeper) = (load(&manager, &cookie), load(&manager, &other));
        assert_eq!(user_id(&session), Some(42));
        clock.set(revoked_at);
        run(manager.revoke_others(&keeper)).unwrap();
        let kept = commit(&manager, &keeper).unwrap();
        session.regenerate().unwrap();
        let late = commit(&manager, &session).unwrap();
        assert_eq!(user_id(&load(&manager, &kept)), Some(42), "{revoked_at}");
        assert_eq!(load(&manager, &late).rejected(), Some(DecodeError::Revoked), "{revoked_at}");
        // A login that was under way when the subject was revoked is not concerned.
        let session = load(&manager, &late);
        session.set("user_id", 42).unwrap();
        run(manager.revoke_subject(&42)).unwrap();
        session.regenerate().unwrap();
        let new = commit(&manager, &session).unwrap();
        assert_eq!(user_id(&load(&manager, &new)), Some(42), "{revoked_at}");
        assert_eq!(load(&manager, &kept).rejected(), Some(DecodeError::Revoked), "{revoked_at}");
    }
}

#[test]
fn a_subject_revoked_twice_within_a_second_is_logged_out_twice_and_its_last_login_stays() {
    let (manager, _, list) = with_list(|config| config);
    run(manager.revoke_subject(&43)).unwrap(); // this is another user
    let mut ended = vec![login(&manager, 42)];
    for _ in 0..3 {
        list.calls();
        run(manager.revoke_subject(&42)).unwrap();
        assert_eq!(list.calls(), [format!("revoke_subject 42 until {}", START + GENERATION)], "no call is dated ahead");
        let session = load(&manager, "");
        session.set("user_id", 42).unwrap();
        session.regenerate().unwrap();
        let cookie = commit(&manager, &session).unwrap();
        assert_eq!((user_id(&load(&manager, &cookie)), session.created_at()), (Some(42), at(START)));
        for cookie in &ended {
            assert_eq!(load(&manager, cookie).rejected(), Some(DecodeError::Revoked));
        }
        ended.push(cookie);
    }
}

#[test]
fn the_revocation_of_one_subject_puts_off_nobody_elses_session() {
    let (manager, _, _) = with_list(|config| config);
    run(manager.revoke_subject(&42)).unwrap();
    let session = load(&manager, "");
    session.set("user_id", 43).unwrap();
    session.regenerate().unwrap();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(session.created_at(), at(START));
    run(manager.revoke_subject(&43)).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_slow_login_after_a_revocation_stays_though_others_were_revoked_meanwhile() {
    let (manager, clock, _) = with_list(|config| config);
    let session = load(&manager, "");
    session.set("user_id", 42).unwrap();
    session.extend(Duration::from_secs(9 * DAY)).unwrap();
    run(manager.revoke_subject(&42)).unwrap();
    session.regenerate().unwrap();
    session.extend(Duration::from_secs(8 * DAY)).unwrap();
    clock.set(300);
    run(manager.revoke_subject(&43)).unwrap();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
    assert_eq!((session.created_at(), session.expires_at()), (at(START), at(START + 8 * DAY)));
}

#[test]
fn a_session_regenerated_before_its_subject_was_revoked_is_ended_with_the_rest() {
    let (manager, _, _) = with_list(|config| config);
    let session = load(&manager, &login(&manager, 42));
    session.regenerate().unwrap();
    run(manager.revoke_subject(&42)).unwrap();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_list_that_fails_refuses_everyone_by_default_and_nobody_loses_a_session() {
    let (manager, clock, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    clock.set(20 * HOUR);
    list.fail(&["look"]);
    let session = load(&manager, &cookie);
    assert_eq!((user_id(&session), session.status()), (None, Status::Rejected(DecodeError::Unavailable)));
    assert_eq!(commit(&manager, &session), None);
    // A cookie for this value would take the place of a session that may still be good, so nothing is sent.
    session.set("notice", "please log in").unwrap();
    let error = try_commit(&manager, &session).unwrap_err();
    assert!(matches!(error, EncodeError::Backend(error) if error.kind() == BackendErrorKind::NotAsked));
    list.fail(&[]);
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42), "it recovers by itself");
}

#[test]
fn a_list_that_fails_admits_everyone_who_opens_on_request() {
    let counters = Counters::new();
    let (manager, _, list) =
        with_list(|config| config.on_backend_failure(FailurePolicy::Admit).observer(counters.clone()));
    let cookie = login(&manager, 42);
    list.fail(&["look", "revoke"]);
    let session = load(&manager, &cookie);
    assert_eq!(user_id(&session), Some(42));
    assert_eq!(counters.snapshot().backend_failures, 1, "it is told all the same");
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()), "the browser forgets it, though a copy stays good");
    list.fail(&[]);
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
}

#[test]
fn a_login_that_can_not_ask_the_list_is_good_on_request_until_the_list_remembers_a_revocation() {
    for begins in [false, true] {
        let (manager, _, list) = with_list(|config| config.on_backend_failure(FailurePolicy::Admit));
        run(manager.revoke_subject(&42)).unwrap();
        list.fail(&["look"]);
        let [revoked, other] = [42, 43].map(|user| {
            let session = load(&manager, "");
            if begins {
                run(manager.begin_login(&session, &user)).unwrap();
            }
            session.set("user_id", user).unwrap();
            commit(&manager, &session).unwrap()
        });
        assert_eq!(user_id(&load(&manager, &revoked)), Some(42));
        list.fail(&[]);
        assert_eq!(load(&manager, &revoked).rejected(), Some(DecodeError::Revoked), "it took no generation");
        assert_eq!(user_id(&load(&manager, &other)), Some(43));
    }
}

#[test]
fn whoever_revokes_from_outside_hears_that_it_failed_under_every_policy() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit] {
        let (manager, _, list) = with_list(|config| config.on_backend_failure(policy));
        let id = load(&manager, &login(&manager, 42)).id().unwrap();
        let session = load(&manager, &login(&manager, 42));
        list.fail(&["revoke", "revoke_subject"]);
        assert_eq!(run(manager.revoke_others(&session)), Err(EncodeError::Backend(broken())), "{policy:?}");
        assert_eq!(run(manager.revoke(id, at(START + LIFE))), Err(broken()), "{policy:?}");
        assert_eq!(run(manager.revoke_subject(&42)), Err(broken()), "{policy:?}");
    }
}

#[test]
fn a_list_that_fails_is_an_error_on_request() {
    let (manager, _, list) = with_list(|config| config.on_backend_failure(FailurePolicy::Fail));
    let cookie = login(&manager, 42);
    list.fail(&["look"]);
    assert_eq!(run(manager.load_async([&cookie])).unwrap_err(), broken());
    assert!(run(manager.load_async(["a=1"])).is_ok(), "a visitor without a session needs no list");
}

#[test]
fn a_logout_that_can_not_be_put_on_the_list_is_an_error_and_may_be_tried_again() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail] {
        let (manager, _, list) = with_list(|config| config.on_backend_failure(policy));
        let cookie = login(&manager, 42);
        let session = load(&manager, &cookie);
        session.destroy();
        list.fail(&["revoke"]);
        assert_eq!(try_commit(&manager, &session), Err(EncodeError::Backend(broken())));
        list.fail(&[]);
        assert_eq!(user_id(&load(&manager, &cookie)), Some(42), "it is not over yet");
        assert!(is_deletion(&commit(&manager, &session).unwrap()));
        assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn a_logout_that_was_given_up_is_recorded_by_the_next_commit() {
    let (manager, _, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    session.destroy();
    list.hang(&["revoke"]);
    give_up(&manager, &session);
    list.hang(&[]);
    list.calls();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(list.calls(), [format!("revoke until {}", START + MARK)]);
}

#[test]
fn a_regeneration_that_can_not_be_put_on_the_list_is_an_error_and_may_be_tried_again() {
    let (manager, _, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    session.regenerate().unwrap();
    session.set("role", "admin").unwrap();
    list.fail(&["revoke"]);
    assert_eq!(try_commit(&manager, &session), Err(EncodeError::Backend(broken())));
    assert_eq!(session.status(), Status::Regenerated);
    list.fail(&[]);
    let new = commit(&manager, &session).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    assert_eq!(load(&manager, &new).get("role"), Ok(Some("admin".to_owned())));
}

#[test]
fn a_session_that_nobody_could_ask_about_can_still_be_ended() {
    let (manager, _, list) = with_list(|config| config);
    let cookie = login(&manager, 42);
    list.fail(&["look"]);
    let session = load(&manager, &cookie);
    session.destroy();
    list.calls();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(list.calls(), [format!("revoke until {}", START + MARK)]);
    list.fail(&[]);
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_loaded_without_asking_is_refused_and_nothing_takes_its_place() {
    let (manager, _, _) = with_list(|config| config);
    let cookie = login(&manager, 42);
    let session = manager.load([&cookie]);
    assert!(manager.commit(&session).unwrap().is_empty(), "nobody looked");
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::NotAsked)));
    assert!(manager.commit(&session).unwrap().is_empty(), "and the cookie stays");
    session.set("a", 1).unwrap();
    let not_asked = |error| matches!(error, EncodeError::Backend(error) if error.kind() == BackendErrorKind::NotAsked);
    assert!(not_asked(manager.commit(&session).unwrap_err()));
    assert!(not_asked(try_commit(&manager, &session).unwrap_err()));

    let session = load(&manager, &cookie);
    session.destroy();
    assert!(not_asked(manager.commit(&session).unwrap_err()), "a logout must be put on the list");
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn without_a_backend_the_methods_that_ask_do_what_the_others_do() {
    let (manager, _) = manager_with(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    assert!(!session.is_opened(), "it is opened when it is looked at");
    assert_eq!(user_id(&session), Some(42));
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    for done in [run(manager.revoke(session.id().unwrap(), at(START))), run(manager.revoke_subject(&42))] {
        let error = done.unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    }
    let session = load(&manager, &login(&manager, 42));
    for done in [run(manager.revoke_subject(&42)).map_err(EncodeError::Backend), run(manager.revoke_others(&session))] {
        let text = done.unwrap_err().to_string();
        assert!(text.ends_with("no list of revocations is configured"), "{text}");
    }
    assert!(!manager.supports_revocation() && !manager.has_backend() && run(manager.is_healthy()));
}

#[test]
fn a_subject_needs_a_list_and_a_key() {
    let problems = |config: SessionConfig| {
        let error = config.build().unwrap_err();
        error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>()
    };
    let config = || SessionConfig::new(crate::common::key(crate::common::FIRST_KEY));
    assert_eq!(problems(config().subject("user_id")), ["subject"]);
    for key in ["", &"k".repeat(128)] {
        assert_eq!(problems(config().subject(key).revocations(MemoryRevocations::new())), ["subject"]);
    }
    let manager = config().revocations(MemoryRevocations::new()).build().unwrap();
    assert_eq!(run(manager.revoke_subject(&42)).unwrap_err().kind(), BackendErrorKind::Unsupported);
    assert!(manager.supports_revocation());
}

#[test]
fn observers_hear_of_the_refusal_and_of_the_failure_behind_it() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let (manager, _, list) =
        with_list(|config| config.observer(move |event: &Event| heard.lock().unwrap().push(event.clone())));
    let take = || std::mem::take(&mut *events.lock().unwrap());
    let cookie = login(&manager, 42);
    take();
    list.fail(&["look"]);
    let session = load(&manager, &cookie);
    let [Event::BackendFailed { error, .. }, Event::Refused { reason, key_id, .. }] = &take()[..] else { panic!() };
    assert_eq!((error, reason), (&broken(), &DecodeError::Unavailable));
    assert!(key_id.is_some());
    list.fail(&["revoke"]);
    session.destroy();
    assert!(try_commit(&manager, &session).is_err());
    let [Event::BackendFailed { error: told, .. }, Event::Failed { error, .. }] = &take()[..] else { panic!() };
    assert_eq!((told, error), (&broken(), &EncodeError::Backend(broken())));
    list.fail(&[]);
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert!(matches!(take()[..], [Event::Deleted { .. }]));
    let _ = load(&manager, &cookie);
    assert!(matches!(take()[..], [Event::Refused { reason: DecodeError::Revoked, .. }]));
}

#[test]
fn a_list_that_is_down_is_not_healthy() {
    let (manager, _, list) = with_list(|config| config);
    assert!(run(manager.is_healthy()));
    list.fail(&["is_healthy"]);
    assert!(!run(manager.is_healthy()));
}

#[test]
fn the_settings_show_what_stands_behind_the_cookies() {
    let config = SessionConfig::new(crate::common::key(crate::common::FIRST_KEY));
    let shown = format!("{:?}", config.revocations(MemoryRevocations::new()).subject("user_id"));
    let backend = r#"Backend { placement: Cookie, revocations: true, subject: Some("user_id"), policy: Refuse, .. }"#;
    assert!(shown.contains(backend), "{shown}");
}
