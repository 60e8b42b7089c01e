//! These tests merge, key by key, the values that two requests wrote to one session.

use std::collections::BTreeMap;

use sealed_session::{EncodeError, Session};

use super::writes::number;
use super::{STORED, Site, Spill, SpillAndList, StoreAndList, answer, cross, in_every_order, login, visit};
use crate::backends::{commit, load, run, try_commit, user_id};

#[test]
fn in_whatever_order_two_writers_of_different_keys_ask_both_writes_are_kept() {
    for place in STORED {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            for key in ["old", "gone"] {
                session.set(key, 0).unwrap();
            }
            let cookie = commit(&node, &session).unwrap();
            let (one, other) = (load(&node, &cookie), load(&node, &cookie));
            one.set("one", 1).unwrap();
            one.discard("gone");
            other.set("other", 2).unwrap();
            other.set("old", 3).unwrap();
            site.step();
            let (first, second) = cross(schedule, answer(&node, &one), answer(&node, &other));
            for cookie in [first, second] {
                let session = load(&node, &cookie.unwrap().unwrap());
                let values = ["one", "other", "old", "gone"].map(|key| session.get::<u64>(key).unwrap());
                assert_eq!(values, [Some(1), Some(2), Some(3), None], "{place:?} {schedule:?}");
            }
        });
    }
}

#[test]
fn of_one_key_the_later_commit_wins_and_a_removal_is_a_write() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        session.set("k", 0).unwrap();
        let cookie = commit(&node, &session).unwrap();
        let [first, second, third] = [(); 3].map(|()| load(&node, &cookie));
        first.set("k", 1).unwrap();
        second.discard("k");
        third.set("k", 3).unwrap();
        for (session, expected) in [(&third, Some(3)), (&first, Some(1)), (&second, None)] {
            let cookie = commit(&node, session).unwrap();
            assert_eq!(number(&node, &cookie, "k"), expected, "{place:?}");
            assert_eq!(session.get("k"), Ok(expected), "{place:?}: and the handler sees it");
        }
    }
}

#[test]
fn a_flash_value_that_one_request_took_is_not_brought_back_and_a_newer_one_is_not_taken_with_it() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        session.set_flash("notice", "Saved").unwrap();
        let cookie = commit(&node, &session).unwrap();
        let [taker, other, newer, late] = [(); 4].map(|()| load(&node, &cookie));
        assert_eq!(taker.take_flash("notice"), Ok(Some("Saved".to_owned())));
        other.set("cart", 1).unwrap();
        assert!(commit(&node, &taker).is_some() && commit(&node, &other).is_some());
        let session = load(&node, &cookie);
        assert_eq!((session.take_flash::<String>("notice"), session.get("cart")), (Ok(None), Ok(Some(1))), "{place:?}");

        newer.set_flash("notice", "Sent").unwrap();
        assert!(commit(&node, &newer).is_some());
        assert_eq!(late.take_flash("notice"), Ok(Some("Saved".to_owned())), "as it was loaded");
        assert!(commit(&node, &late).is_some());
        assert_eq!(load(&node, &cookie).take_flash("notice"), Ok(Some("Sent".to_owned())), "{place:?}");
    }
}

#[test]
fn clear_removes_what_others_added_and_set_data_writes_what_differs() {
    for place in STORED {
        for clears in [true, false] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            for key in ["same", "changed", "gone"] {
                session.set(key, 0).unwrap();
            }
            let cookie = commit(&node, &session).unwrap();
            let (one, other) = (load(&node, &cookie), load(&node, &cookie));
            other.set("added", 1).unwrap();
            other.set("same", 2).unwrap();
            other.set_flash("notice", "Saved").unwrap();
            assert!(commit(&node, &other).is_some());
            let data = BTreeMap::from([("user_id", 42), ("same", 0), ("changed", 7)]);
            if clears {
                one.clear();
                one.set("changed", 7).unwrap();
            } else {
                one.set_data(&data).unwrap();
            }
            let session = load(&node, &commit(&node, &one).unwrap());
            let mut keys = session.keys();
            keys.sort();
            if clears {
                assert_eq!(keys, ["changed"], "{place:?}");
            } else {
                assert_eq!(keys, ["added", "changed", "same", "user_id"], "{place:?}");
                assert_eq!((session.get("same"), session.get("changed")), (Ok(Some(2)), Ok(Some(7))), "{place:?}");
            }
            assert_eq!(session.take_flash("notice"), Ok(Some("Saved".to_owned())), "{place:?}: no value of the data");
        }
    }
}

#[test]
fn two_writes_that_do_not_fit_together_are_too_large_for_the_second() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let (one, other) = (load(&node, &cookie), load(&node, &cookie));
        one.set("one", "x".repeat(40_000)).unwrap();
        other.set("other", "x".repeat(40_000)).unwrap();
        assert!(commit(&node, &one).is_some());
        for _ in 0..2 {
            assert!(matches!(try_commit(&node, &other), Err(EncodeError::TooLarge { .. })), "{place:?}");
        }
        other.discard("other");
        other.set("small", 1).unwrap();
        let session = load(&node, &commit(&node, &other).unwrap());
        assert_eq!(
            (session.get("small"), session.contains("one"), session.contains("other")),
            (Ok(Some(1)), true, false)
        );
    }
}

#[test]
fn what_another_request_wrote_during_a_renewal_goes_where_all_values_fit_or_stays_where_they_are() {
    let draft = |session: &Session, key: &str| session.get::<String>(key).unwrap().map(|text| text.len());
    for place in [Spill, SpillAndList] {
        let renew = |renewal: fn(&Session), write: fn(&Session)| {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            session.set("user_id", 42).unwrap();
            session.set("draft", "x".repeat(10_000)).unwrap();
            let cookie = commit(&node, &session).unwrap();
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            renewal(&session);
            write(&writer);
            assert!(commit(&node, &writer).is_some());
            let new = commit(&node, &session).unwrap();
            (load(&node, &new), site.stored())
        };
        // The record of the new id is there already when it turns out that the values fit into the cookie.
        let (session, stored) = renew(|_| {}, |session| session.set("draft", "x".repeat(100)).unwrap());
        assert_eq!((draft(&session, "draft"), stored), (Some(100), 1), "{place:?}");
        // The values seemed to fit into the cookie.
        let shrink = |session: &Session| assert!(session.discard("draft"));
        let (session, stored) = renew(shrink, |session| session.set("other", "x".repeat(10_000)).unwrap());
        assert_eq!((draft(&session, "draft"), draft(&session, "other")), (None, Some(10_000)), "{place:?}");
        assert_eq!(stored, 1, "{place:?}");
    }
}

#[test]
fn a_session_keeps_the_generation_of_the_user_whom_the_last_writer_of_the_subject_stored() {
    // User 42 logged in after a revocation, so that the sessions of 42 have a generation, and those of 43 have none.
    for (user, expected) in [(None, 42), (Some(43), 43)] {
        let (site, node) = Site::with_node(StoreAndList);
        run(node.revoke_subject(&42)).unwrap();
        let cookie = visit(&site, &node);
        let [first, second] = [(); 2].map(|()| load(&node, &cookie));
        first.set("user_id", 42).unwrap();
        second.set("cart", 1).unwrap();
        if let Some(user) = user {
            second.set("user_id", user).unwrap();
        }
        for session in [&first, &second] {
            assert!(commit(&node, session).is_some());
        }
        let session = load(&node, &cookie);
        assert_eq!((session.rejected(), user_id(&session)), (None, Some(expected)), "{user:?}");
        assert_eq!(session.get("cart"), Ok(Some(1)), "{user:?}");
    }
}
