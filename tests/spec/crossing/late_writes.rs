//! Writes and extensions that come when another request moved their session to a new id, or while it does. The new
//! session is none of their business: it is as good afterwards as before.

use std::time::Duration;

use super::{HOUR, KNOWN, LISTED, List, Place, Site, Spill, SpillAndList, answer, cross, in_every_order, is_good};
use crate::backends::{commit, load, login, run};

/// A place, the seconds for which answers of its list are used again, and whether the write is too long for a cookie.
fn cases(places: &[Place]) -> impl Iterator<Item = (Place, u64, bool)> {
    let windows = |place: Place| if LISTED.contains(&place) { 0..=10 } else { 0..=0 };
    let cases = places.iter().flat_map(move |place| windows(*place).step_by(10).map(|window| (*place, window)));
    cases.flat_map(|(place, window)| [false, true].map(|is_long| (place, window, is_long && place != List)))
}

fn site_of(place: Place, window: u64) -> (Site, sealed_session::SessionManager) {
    let site = Site::new(place);
    let window = Duration::from_secs(window);
    let node = site.node_with(|config| if window.is_zero() { config } else { config.recheck_after(window) });
    (site, node)
}

#[test]
fn in_whatever_order_a_write_and_a_renewal_ask_the_renewed_session_is_good_and_has_the_write_or_it_was_refused() {
    for (place, window, is_long) in cases(&KNOWN) {
        in_every_order(|schedule| {
            let (site, node) = site_of(place, window);
            let cookie = login(&node, 42);
            assert!(is_good(&node, &cookie));
            let [renewal, late] = [(); 2].map(|()| load(&node, &cookie));
            renewal.regenerate().unwrap();
            late.set("draft", "x".repeat(if is_long { 10_000 } else { 1 })).unwrap();
            site.step();
            let (renewed, written) = cross(schedule, answer(&node, &renewal), answer(&node, &late));
            let new = load(&node, &renewed.unwrap().unwrap());
            assert_eq!(new.rejected(), None, "{place:?} {window} {is_long} {schedule:?} {written:?}");
            // Values that travel in the cookie are those of the response that comes last.
            let is_in_store = is_long || !matches!(place, List | Spill | SpillAndList);
            let is_lost = is_in_store && written.is_ok() && !new.contains("draft");
            assert!(!is_lost, "{place:?} {window} {is_long} {schedule:?}");
            assert!(site.stored() <= 1, "{place:?} {window} {is_long} {schedule:?}");
        });
    }
}

#[test]
fn in_whatever_order_an_extension_and_a_renewal_ask_the_renewed_session_is_good() {
    for (place, window, _) in cases(&KNOWN) {
        in_every_order(|schedule| {
            let (site, node) = site_of(place, window);
            let cookie = super::login(&site, &node, 42);
            site.clock.set(20 * HOUR);
            assert!(is_good(&node, &cookie));
            let [renewal, late] = [(); 2].map(|()| load(&node, &cookie));
            renewal.regenerate().unwrap();
            assert!(late.contains("user_id"));
            site.step();
            let (renewed, _) = cross(schedule, answer(&node, &renewal), answer(&node, &late));
            assert!(is_good(&node, &renewed.unwrap().unwrap()), "{place:?} {window} {schedule:?}");
        });
    }
}

#[test]
fn in_whatever_order_a_write_and_revoke_others_ask_the_device_that_revoked_stays_logged_in() {
    for (place, window, is_long) in cases(&LISTED) {
        in_every_order(|schedule| {
            let (site, node) = site_of(place, window);
            let cookie = login(&node, 42);
            assert!(is_good(&node, &cookie));
            let [session, late] = [(); 2].map(|()| load(&node, &cookie));
            late.set("draft", "x".repeat(if is_long { 10_000 } else { 1 })).unwrap();
            site.step();
            let keep = async {
                node.revoke_others(&session).await?;
                answer(&node, &session).await
            };
            let (kept, _) = cross(schedule, keep, answer(&node, &late));
            let is_in = kept.as_ref().is_ok_and(|line| is_good(&node, line.as_ref().unwrap()));
            assert!(is_in, "{place:?} {window} {is_long} {schedule:?} {kept:?}");
        });
    }
}

#[test]
fn revoke_others_of_a_session_that_is_remembered_keeps_its_device_logged_in() {
    for place in LISTED {
        let (site, node) = site_of(place, 10);
        let cookies = [(); 2].map(|()| super::login(&site, &node, 42));
        assert!(cookies.iter().all(|cookie| is_good(&node, cookie)));
        let session = load(&node, &cookies[0]);
        run(node.revoke_others(&session)).unwrap();
        let kept = commit(&node, &session).unwrap();
        assert_eq!((is_good(&node, &kept), is_good(&node, &cookies[1])), (true, false), "{place:?}");
    }
}

#[test]
fn a_renewal_of_a_remembered_session_that_a_ban_by_another_node_ended_is_refused() {
    for place in LISTED {
        let (site, node) = site_of(place, 10);
        let cookie = super::login(&site, &node, 42);
        assert!(is_good(&node, &cookie));
        let [session, other] = [(); 2].map(|()| load(&node, &cookie));
        run(node.revoke_others(&other)).unwrap();
        run(site.node().revoke_subject(&42)).unwrap();
        for session in [session, other] {
            session.regenerate().unwrap();
            let late = run(answer(&node, &session)).unwrap_or_default();
            assert!(!late.is_some_and(|cookie| is_good(&node, &cookie)), "{place:?}");
        }
    }
}
