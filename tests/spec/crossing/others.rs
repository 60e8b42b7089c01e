//! "Log out my other devices", beside bans and beside itself: the session of the request stays, unless it was revoked
//! as well.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{BackendErrorKind, DecodeError, EncodeError, MemoryRevocations, Session, SessionManager};

use super::{DAY, LISTED, List, Site, SpillAndList, Store, answer, cross, in_every_order, is_good, login, visit};
use crate::backends::{commit, load, run, try_commit, user_id};
use crate::common::{START, at, manager_with};

#[test]
fn no_number_of_calls_of_revoke_others_outlives_a_ban() {
    for place in LISTED {
        let site = Site::new(place);
        let (node, other) = (site.node(), site.node());
        let mut cookie = login(&site, &node, 42);
        for _ in 0..3 {
            let session = load(&node, &cookie);
            run(node.revoke_others(&session)).unwrap();
            cookie = commit(&node, &session).unwrap();
            assert_eq!(user_id(&load(&other, &cookie)), Some(42));
        }
        run(other.revoke_subject(&42)).unwrap();
        assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
    }
}

#[test]
fn revoke_others_ends_all_others_and_keeps_its_own_session() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookies = [42, 42, 42, 43].map(|user| login(&site, &node, user));
        let session = load(&node, &cookies[0]);
        let under_way = load(&node, &cookies[1]);
        run(node.revoke_others(&session)).unwrap();
        let kept = commit(&node, &session).unwrap();
        assert_eq!(cookies.each_ref().map(|cookie| is_good(&node, cookie)), [false, false, false, true], "{place:?}");
        under_way.regenerate().unwrap();
        under_way.set("cart", 1).unwrap();
        let late = try_commit(&node, &under_way).unwrap();
        assert!(!late.is_some_and(|cookie| is_good(&node, &cookie)), "{place:?}: nor what another one became");
        assert_eq!(user_id(&load(&node, &kept)), Some(42), "{place:?}");
    }
}

/// A login whose answer was lost left its user in the record of the session. The generation that this request drew is
/// that of another user, so the session would be refused at its next request.
#[test]
fn revoke_others_gives_no_generation_of_its_own_user_to_a_session_that_another_request_made_anothers() {
    let (site, node) = Site::with_node(SpillAndList);
    let visitor = load(&node, "");
    visitor.set("cart", 1).unwrap();
    let cookie = commit(&node, &visitor).unwrap();
    run(node.revoke_subject(&43)).unwrap();
    let [ada, bob] = [(); 2].map(|()| load(&node, &cookie));
    ada.set("user_id", 42).unwrap();
    assert!(commit(&node, &ada).is_some());
    bob.set("user_id", 43).unwrap();
    bob.set("cart", "x".repeat(10_000)).unwrap();
    site.list.fail(&["look id"]);
    assert!(run(node.commit_async(&bob)).is_err());
    site.list.fail(&[]);
    run(node.revoke_others(&ada)).unwrap();
    let cookie = commit(&node, &ada).unwrap();
    let session = load(&node, &cookie);
    assert_eq!((user_id(&session), session.rejected()), (Some(43), None));
    run(node.revoke_subject(&43)).unwrap();
    assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn revoke_others_begins_its_own_session_anew_without_its_longer_life_and_its_csrf_token() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        session.extend(Duration::from_secs(9 * DAY)).unwrap();
        let token = session.csrf_token().unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert!(session.verify_csrf_token(&token));
        let (id, end) = (session.id().unwrap(), session.expires_at());
        run(node.revoke_others(&session)).unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert_ne!(session.id(), Ok(id), "{place:?}");
        assert_eq!(end.as_secs() - session.expires_at().as_secs(), 8 * DAY, "{place:?}: a day is the idle timeout");
        assert!(!session.verify_csrf_token(&token), "{place:?}");
    }
}

#[test]
fn revoke_others_after_a_ban_is_an_error_and_takes_nothing_back() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        run(site.node().revoke_subject(&42)).unwrap();
        for _ in 0..2 {
            assert_eq!(run(node.revoke_others(&session)), Err(EncodeError::Ended), "{place:?}");
        }
        session.set("cart", 1).unwrap();
        let late = try_commit(&node, &session).unwrap_or_default();
        assert!(!late.is_some_and(|cookie| is_good(&node, &cookie)) && !is_good(&node, &cookie), "{place:?}");
    }
}

#[test]
fn in_whatever_order_a_ban_and_revoke_others_ask_the_user_is_out_afterwards() {
    for place in LISTED {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let session = load(&node, &cookie);
            site.step();
            let keep = async {
                node.revoke_others(&session).await?;
                answer(&node, &session).await
            };
            let (banned, kept) = cross(schedule, node.revoke_subject(&42), keep);
            banned.unwrap();
            let is_in = kept.unwrap_or_default().is_some_and(|cookie| is_good(&node, &cookie));
            assert!(!is_in && !is_good(&node, &cookie), "{place:?} {schedule:?}");
        });
    }
}

#[test]
fn of_two_devices_that_revoke_each_other_at_once_at_most_one_stays() {
    for place in LISTED {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let devices = [(); 2].map(|()| load(&node, &login(&site, &node, 42)));
            site.step();
            let keep = async |session: &Session| {
                node.revoke_others(session).await?;
                answer(&node, session).await
            };
            let (one, other) = cross(schedule, keep(&devices[0]), keep(&devices[1]));
            let is_in = |kept: Result<Option<String>, EncodeError>| {
                kept.ok().flatten().is_some_and(|cookie| is_good(&node, &cookie))
            };
            assert!(!(is_in(one) && is_in(other)), "{place:?} {schedule:?}");
        });
    }
}

#[test]
fn revoke_others_can_be_called_again_before_its_commit_and_after_its_answer_was_lost() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let (cookie, other) = (login(&site, &node, 42), login(&site, &node, 42));
        let session = load(&node, &cookie);
        site.list.hang(&["revoke_subject"]);
        let mut lost = Box::pin(node.revoke_others(&session));
        assert!(run(futures_lite::future::poll_once(lost.as_mut())).is_none());
        drop(lost);
        site.list.hang(&[]);
        for _ in 0..2 {
            assert_eq!(run(node.revoke_others(&session)), Ok(()), "{place:?}");
        }
        let kept = commit(&node, &session).unwrap();
        assert_eq!((user_id(&load(&node, &kept)), is_good(&node, &other)), (Some(42), false), "{place:?}");
    }
}

#[test]
fn revoke_others_of_a_session_that_was_kept_before_ends_who_logged_in_since() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        let mut kept = String::new();
        for _ in 0..2 {
            let other = login(&site, &node, 42);
            run(node.revoke_others(&session)).unwrap();
            kept = commit(&node, &session).unwrap();
            assert!(!is_good(&node, &other), "{place:?}");
        }
        assert_eq!(user_id(&load(&node, &kept)), Some(42), "{place:?}");
    }
}

#[test]
fn revoke_others_without_a_user_a_list_or_an_answer_is_an_error_that_says_so() {
    let kind = |node: &SessionManager, session: &Session| match run(node.revoke_others(session)) {
        Err(EncodeError::Backend(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        for nobody in [load(&node, ""), load(&node, &visit(&site, &node))] {
            nobody.set("user_id", 42).unwrap(); // is not in the session as it was loaded
            assert_eq!(kind(&node, &nobody), BackendErrorKind::Unsupported, "{place:?}");
        }
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        site.list.fail(&["revoke_subject"]);
        assert_eq!(kind(&node, &session), BackendErrorKind::Unavailable, "{place:?}");
        site.list.fail(&[]);
        assert!(is_good(&node, &cookie), "{place:?}");
    }
    let (site, node) = Site::with_node(Store);
    assert_eq!(kind(&node, &load(&node, &login(&site, &node, 42))), BackendErrorKind::Unsupported);
    let (node, _) = manager_with(|config| config.revocations(MemoryRevocations::new()));
    assert_eq!(kind(&node, &load(&node, &login(&Site::new(List), &node, 42))), BackendErrorKind::Unsupported);
}

#[test]
fn revoke_others_counts_as_a_new_login() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        site.clock.set(3600);
        let session = load(&node, &cookie);
        let (limit, created_at) = (Duration::from_secs(600), session.created_at());
        assert!(session.require_recent(limit).is_err(), "{place:?}");
        run(node.revoke_others(&session)).unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert_eq!(session.require_recent(limit), Ok(()), "{place:?}");
        assert_eq!(
            session.created_at().as_secs() - created_at.as_secs(),
            3600,
            "{place:?}: the absolute timeout begins anew"
        );
    }
}

#[test]
fn managers_that_share_a_list_share_its_subjects() {
    let list = Arc::new(MemoryRevocations::new().clock(|| at(START)));
    let managers = ["site", "admin"].map(|name| {
        let list = Arc::clone(&list);
        manager_with(|config| config.cookie_name(name).revocations(list).subject("user_id")).0
    });
    let [site, admin] = &managers;
    let session = load(site, "");
    session.set("user_id", 42).unwrap();
    let cookie = commit(site, &session).unwrap();
    run(admin.revoke_subject(&42)).unwrap();
    assert_eq!(load(site, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_login_that_begins_after_a_ban_does_not_let_revoke_others_take_the_ban_back() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        run(site.node().revoke_subject(&42)).unwrap();
        // The generation that the login took is that of the user by now, and it is not that of the session.
        run(node.begin_login(&session, &42)).unwrap();
        assert_eq!(run(node.revoke_others(&session)), Err(EncodeError::Ended), "{place:?}");
    }
}

#[test]
fn a_login_that_begins_after_a_ban_does_not_bring_the_session_from_before_the_ban_back() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        run(site.node().revoke_subject(&42)).unwrap();
        run(node.begin_login(&session, &42)).unwrap();
        session.regenerate().unwrap();
        let late = try_commit(&node, &session).unwrap_or_default();
        assert!(!late.is_some_and(|cookie| is_good(&node, &cookie)), "{place:?}");
    }
}
