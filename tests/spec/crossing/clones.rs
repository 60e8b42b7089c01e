//! Commits that are dropped or fail at any question, and clones of their session that go on meanwhile. The next commit
//! does the rest, as if it had been the only one.

use std::pin::pin;

use futures_lite::future::poll_once;
use sealed_session::{EncodeError, Session, SessionManager};

use super::{KNOWN, LISTED, STORED, Site, Spill, answer, is_good, login, visit};
use crate::backends::{commit, load, run, try_commit, user_id};
use crate::common::is_deletion;

/// The deed of a request before it commits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Deed {
    Write,
    Renewal,
    Login,
    FirstLogin,
    OnlyThisDevice,
}

const DEEDS: [Deed; 5] = [Deed::Write, Deed::Renewal, Deed::Login, Deed::FirstLogin, Deed::OnlyThisDevice];

/// A session of user 42 that is about to be committed, and the cookie that it came with.
pub(super) fn begin(site: &Site, node: &SessionManager, deed: Deed) -> (Session, Option<String>) {
    let cookie = match deed {
        Deed::FirstLogin => None,
        Deed::Login => Some(visit(site, node)),
        _ => Some(login(site, node, 42)),
    };
    if LISTED.contains(&site.place) && matches!(deed, Deed::Login | Deed::FirstLogin) {
        // The revocation makes a generation, which goes into the session.
        run(node.revoke_subject(&42)).unwrap();
    }
    let session = load(node, cookie.as_deref().unwrap_or_default());
    match deed {
        Deed::Write => {}
        Deed::OnlyThisDevice => run(node.revoke_others(&session)).unwrap(),
        _ => assert_eq!(session.regenerate().unwrap().is_some(), deed != Deed::FirstLogin),
    }
    session.set("user_id", 42).unwrap();
    session.set("step", 1).unwrap();
    if site.place == Spill {
        session.set("draft", "x".repeat(10_000)).unwrap();
    }
    (session, cookie)
}

/// Each place with each deed that can be done there.
pub(super) fn cases() -> impl Iterator<Item = (super::Place, Deed)> {
    let cases = KNOWN.into_iter().flat_map(|place| DEEDS.map(|deed| (place, deed)));
    cases.filter(|(place, deed)| *deed != Deed::OnlyThisDevice || LISTED.contains(place))
}

/// Commits, lets a clone act once so many questions were asked, and then drops the commit or goes on with it. Returns
/// false when the commit was over before.
fn meanwhile(
    node: &SessionManager,
    session: &Session,
    questions: usize,
    drops: bool,
    act: impl FnOnce(&Session),
) -> (bool, Option<Result<Option<String>, EncodeError>>) {
    let mut commit = pin!(answer(node, session));
    for _ in 0..=questions {
        if let Some(answer) = run(poll_once(commit.as_mut())) {
            return (false, Some(answer));
        }
    }
    act(&session.clone());
    (true, (!drops).then(|| run(commit)))
}

/// Runs a scene for each place, each deed, each number of questions after which the clone acts, and with the commit
/// dropped or not.
fn at_every_question(act: fn(&Session), check: fn(&Site, &SessionManager, &Session, &[String], &str)) {
    for (place, deed) in cases() {
        for drops in [true, false] {
            for questions in 0.. {
                let (site, node) = Site::with_node(place);
                let (session, cookie) = begin(&site, &node, deed);
                site.step();
                let (was_under_way, sent) = meanwhile(&node, &session, questions, drops, act);
                if !was_under_way {
                    assert!(questions > 0, "{place:?} {deed:?}: there was something to ask");
                    break;
                }
                let cookies: Vec<String> =
                    cookie.into_iter().chain(sent.map(Result::unwrap).unwrap_or_default()).collect();
                check(&site, &node, &session, &cookies, &format!("{place:?} {deed:?} {questions} {drops}"));
            }
        }
    }
}

/// Checks that after one more commit the session is good, with what it held before, and has one record at most.
fn check_that_the_next_commit_keeps_it(
    site: &Site,
    node: &SessionManager,
    session: &Session,
    cookies: &[String],
    scene: &str,
) {
    let sent = try_commit(node, session).unwrap_or_else(|error| panic!("{scene}: {error}"));
    let cookie = sent.or_else(|| cookies.last().cloned()).unwrap();
    let session = load(node, &cookie);
    assert_eq!((user_id(&session), session.get("step")), (Some(42), Ok(Some(1))), "{scene}");
    assert!(site.stored() <= 1, "{scene}");
}

#[test]
fn a_commit_that_was_dropped_at_any_question_ends_as_if_it_had_run_once() {
    at_every_question(|_| {}, check_that_the_next_commit_keeps_it);
}

#[test]
fn what_a_clone_writes_while_a_commit_waits_is_for_the_next_one() {
    at_every_question(
        |clone| {
            clone.set("more", 2).unwrap();
            clone.set("step", 3).unwrap();
        },
        |_, node, session, _, scene| {
            assert_eq!((session.get("more"), session.get("step")), (Ok(Some(2)), Ok(Some(3))), "{scene}");
            let session = load(node, &commit(node, session).unwrap());
            let values = ["user_id", "more", "step"].map(|key| session.get::<u64>(key).unwrap());
            assert_eq!(values, [Some(42), Some(2), Some(3)], "{scene}");
        },
    );
}

#[test]
fn a_session_that_a_clone_destroys_while_a_commit_waits_ends_with_the_next_one_and_leaves_nothing() {
    at_every_question(
        |clone| {
            let _ = clone.destroy();
        },
        |_, node, session, cookies, scene| {
            assert!(session.is_empty(), "{scene}");
            assert!(is_deletion(&commit(node, session).unwrap()), "{scene}");
            assert!(!cookies.iter().any(|cookie| is_good(node, cookie)), "{scene}");
            assert_eq!(try_commit(node, session), Ok(None), "{scene}");
        },
    );
}

#[test]
fn a_session_that_begins_anew_while_a_commit_waits_has_nothing_of_the_old_one() {
    at_every_question(
        |clone| {
            clone.regenerate_empty().unwrap();
            clone.set("new", 1).unwrap();
        },
        |_, node, session, cookies, scene| {
            let session = load(node, &commit(node, session).unwrap());
            assert_eq!(
                (session.keys(), session.flashes::<String>()),
                (vec!["new".to_owned()], Ok(Vec::new())),
                "{scene}"
            );
            assert!(!cookies.iter().any(|cookie| is_good(node, cookie)), "{scene}");
        },
    );
}

#[test]
fn a_session_that_a_clone_regenerates_while_a_commit_waits_is_good_after_the_next_one() {
    at_every_question(
        |clone| {
            let _ = clone.regenerate().unwrap();
        },
        check_that_the_next_commit_keeps_it,
    );
}

#[test]
fn what_others_stored_and_a_commit_took_over_is_seen_beside_what_a_clone_wrote() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let (session, other) = (load(&node, &cookie), load(&node, &cookie));
        session.set("step", 1).unwrap();
        other.set("theirs", 2).unwrap();
        assert!(commit(&node, &other).is_some());
        site.step();
        let (was_under_way, sent) = meanwhile(&node, &session, 1, false, |clone| clone.set("more", 3).unwrap());
        assert!(was_under_way && sent.unwrap().unwrap().is_some());
        let values = ["step", "theirs", "more"].map(|key| session.get::<u64>(key).unwrap());
        assert_eq!(values, [Some(1), Some(2), Some(3)], "{place:?}");
    }
}

#[test]
fn what_others_stored_and_a_commit_took_over_is_gone_with_the_session_that_a_clone_destroyed() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let (session, other) = (load(&node, &cookie), load(&node, &cookie));
        session.set("step", 1).unwrap();
        other.set("secret", 2).unwrap();
        assert!(commit(&node, &other).is_some());
        site.step();
        let (was_under_way, sent) = meanwhile(&node, &session, 1, false, |clone| {
            let _ = clone.destroy();
        });
        assert!(was_under_way && sent.unwrap().unwrap().is_some());
        assert!(session.is_empty(), "{place:?}");
        assert!(is_deletion(&commit(&node, &session).unwrap()), "{place:?}");
        assert_eq!((site.stored(), is_good(&node, &cookie)), (0, false), "{place:?}");
    }
}
