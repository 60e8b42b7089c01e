//! A handler, or a clone of the session, does something beside a commit that does not concern it. The commit neither
//! forgets nor undoes it.

use std::pin::pin;

use futures_lite::future::poll_once;

use super::{LISTED, List, STORED, Site, SpillAndList, answer, is_good, login, visit};
use crate::backends::{commit, load, run, try_commit};

#[test]
fn a_ban_after_begin_login_ends_the_login_whatever_was_committed_in_between() {
    for place in LISTED {
        for is_under_way in [true, false] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &visit(&site, &node));
            session.set("step", 1).unwrap();
            if is_under_way {
                site.step();
                let mut first = pin!(answer(&node, &session));
                assert!(run(poll_once(first.as_mut())).is_none());
                run(node.begin_login(&session.clone(), &42)).unwrap();
                assert!(run(first).unwrap().is_some());
            } else {
                run(node.begin_login(&session, &42)).unwrap();
                assert!(commit(&node, &session).is_some());
            }
            run(node.revoke_subject(&42)).unwrap();
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            let cookie = commit(&node, &session).unwrap();
            assert!(!is_good(&node, &cookie), "{place:?} {is_under_way}");
        }
    }
}

#[test]
fn a_login_after_a_ban_is_good_although_an_earlier_login_of_the_request_began_before_it() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &visit(&site, &node));
        for _ in 0..2 {
            run(node.begin_login(&session, &42)).unwrap();
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            assert!(is_good(&node, &commit(&node, &session).unwrap()), "{place:?}");
            session.destroy();
            assert!(commit(&node, &session).is_some());
            run(node.revoke_subject(&42)).unwrap();
        }
        session.set("user_id", 42).unwrap();
        assert!(is_good(&node, &commit(&node, &session).unwrap()), "{place:?}: nothing began this login earlier");
    }
}

#[test]
fn revoke_others_by_a_clone_while_a_commit_is_under_way_keeps_its_device_logged_in() {
    for place in LISTED {
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            session.set("step", 1).unwrap();
            site.step();
            let mut first = pin!(answer(&node, &session));
            if (0..=questions).any(|_| run(poll_once(first.as_mut())).is_some()) {
                assert!(questions > 0);
                break;
            }
            run(node.revoke_others(&session.clone())).unwrap();
            // Beside a list alone, the list refuses what is sealed for the session from before.
            assert!(run(first).is_ok() || matches!(place, List | SpillAndList));
            assert!(is_good(&node, &commit(&node, &session).unwrap()), "{place:?} {questions}");
        }
    }
}

#[test]
fn revoke_others_whose_answer_was_lost_may_be_called_again_after_a_commit() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookies = [(); 2].map(|()| login(&site, &node, 42));
        let session = load(&node, &cookies[0]);
        site.list.hang(&["revoke_subject"]);
        assert!(run(poll_once(pin!(node.revoke_others(&session)))).is_none());
        site.list.hang(&[]);
        session.set_flash("notice", "Try again").unwrap();
        // The list may refuse the commit: it has the new generation by now.
        let _ = try_commit(&node, &session);
        run(node.revoke_others(&session)).unwrap();
        let kept = commit(&node, &session).unwrap();
        assert_eq!((is_good(&node, &kept), is_good(&node, &cookies[1])), (true, false), "{place:?}");
    }
}

#[test]
fn a_clone_that_removes_all_values_while_a_commit_waits_removes_what_the_commit_takes_over() {
    for place in STORED {
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let [session, other] = [(); 2].map(|()| load(&node, &cookie));
            session.set("step", 1).unwrap();
            other.set("theirs", 2).unwrap();
            assert!(commit(&node, &other).is_some());
            site.step();
            let mut first = pin!(answer(&node, &session));
            if (0..=questions).any(|_| run(poll_once(first.as_mut())).is_some()) {
                assert!(questions > 2, "{place:?}: it took over what the other request stored");
                break;
            }
            session.clone().clear();
            run(first).unwrap();
            assert!(!session.contains("theirs"), "{place:?} {questions}");
            assert!(!load(&node, &commit(&node, &session).unwrap()).contains("theirs"), "{place:?} {questions}");
        }
    }
}
