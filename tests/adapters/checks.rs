//! The checks that every adapter must pass. Each function checks one behaviour.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sealed_session::{FailurePolicy, SessionConfig};

use crate::common::{Send, Small, be, config, visits, with_backends};

/// Visits the application once, and returns the cookie.
fn visited(send: &Send) -> String {
    send("/visit", &[], false).cookie().to_owned()
}

pub(crate) fn a_session_nobody_looks_at_adds_no_header(send: &Send) {
    for cookies in [&[][..], &["sid=garbage"], &[visited(send).as_str()]] {
        let reply = send("/untouched", cookies, false);
        assert_eq!((reply.status, reply.body.as_str()), (200, "untouched"));
        for header in ["set-cookie", "vary", "cache-control"] {
            assert!(reply.all(header).is_empty(), "{reply:?}");
        }
    }
}

pub(crate) fn a_session_that_is_read_varies_by_cookie_and_sends_none(send: &Send) {
    let reply = send("/read", &[&visited(send)], false);
    assert_eq!((reply.status, reply.body.as_str()), (200, "1"));
    assert_eq!(reply.all("vary"), ["Cookie"]);
    assert!(reply.all("set-cookie").is_empty() && reply.all("cache-control").is_empty(), "{reply:?}");
}

pub(crate) fn a_change_is_sealed_and_kept_from_caches(send: &Send) {
    let reply = send("/visit", &[&visited(send)], false);
    assert_eq!(visits(reply.cookie()), Some(2));
    assert_eq!((reply.all("vary"), reply.all("cache-control")), (vec!["Cookie"], vec!["private, no-store"]));
    assert_eq!((reply.status, reply.body.as_str()), (200, "2"));
}

pub(crate) fn what_the_handler_says_of_caching_stands(send: &Send) {
    let reply = send("/cached", &[], false);
    assert_eq!(reply.all("cache-control"), ["max-age=60"]);
    assert_eq!(visits(reply.cookie()), Some(1));
}

pub(crate) fn the_cookie_comes_back_whichever_header_it_is_in(send: &Send) {
    let cookie = visited(send);
    for cookies in [[cookie.as_str(), "theme=dark"], ["theme=dark", &cookie], ["sid=garbage", &cookie]] {
        assert_eq!(send("/read", &cookies, false).body, "1", "{cookies:?}");
    }
}

pub(crate) fn a_handler_that_fails_keeps_its_changes(send: &Send) {
    let reply = send("/failing", &[], false);
    assert_eq!(reply.status, 418);
    assert_eq!(visits(reply.cookie()), Some(1));
}

pub(crate) fn a_logout_deletes(send: &Send) {
    let reply = send("/logout", &[&visited(send)], false);
    assert_eq!(reply.cookie(), "sid=");
    assert!(reply.all("set-cookie").iter().all(|line| line.contains("; Max-Age=0")), "{reply:?}");
    assert_eq!(reply.all("cache-control"), ["private, no-store"]);
}

pub(crate) fn a_session_that_can_not_be_kept_is_an_empty_500_and_no_cookie(send: &Send) {
    let reply = send("/fill", &[&visited(send)], false);
    assert_eq!((reply.status, reply.body.as_str()), (500, ""));
    assert!(reply.all("set-cookie").is_empty() && reply.all("x-handler").is_empty(), "{reply:?}");
    assert_eq!(reply.all("vary"), ["Cookie"]);
}

pub(crate) fn the_application_may_answer_that_in_its_own_way(send: &Send) {
    let reply = send("/fill", &[], true);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (507, "full", 0));
    assert_eq!(send("/visit", &[], true).body, "1", "and is asked for nothing else");
}

pub(crate) fn a_typed_session_is_read_and_saved(send: &Send) {
    let reply = send("/typed", &[&visited(send)], false);
    assert_eq!(reply.body, "2");
    assert_eq!(visits(reply.cookie()), Some(2));
}

pub(crate) fn values_of_another_type_are_an_empty_500_and_stay(send: &Send) {
    let reply = send("/other", &[&visited(send)], false);
    assert_eq!((reply.status, reply.all("set-cookie").len()), (500, 0));
    assert!(!reply.body.contains("visits"), "{reply:?}");
}

pub(crate) fn a_route_outside_the_adapter_is_a_500(send: &Send) {
    let reply = send("/outside", &[&visited(send)], false);
    assert_eq!((reply.status, reply.all("set-cookie").len()), (500, 0));
    assert!(!reply.body.contains("session"), "the reason is for the log: {reply:?}");
}

/// Makes the applications of this test use a store, and returns the switch that breaks the store.
fn breakable(change: impl FnOnce(SessionConfig) -> SessionConfig) -> Arc<std::sync::atomic::AtomicBool> {
    let store = Small::default();
    let is_broken = Arc::clone(&store.is_broken);
    be(change(config().store(store)).build().unwrap());
    is_broken
}

pub(crate) fn the_values_go_to_the_store_before_the_cookie_goes_out(send: &Send) {
    be(with_backends());
    let cookie = visited(send);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
    assert_eq!(visits(&cookie), Some(2), "under the same id");
}

pub(crate) fn a_logout_ends_every_copy_of_the_cookie(send: &Send) {
    be(with_backends());
    let cookie = visited(send);
    assert_eq!(send("/logout", &[&cookie], false).cookie(), "sid=");
    let reply = send("/read", &[&cookie], false);
    assert_eq!((reply.body.as_str(), reply.all("set-cookie").len()), ("0", 0));
}

pub(crate) fn a_store_that_fails_gives_an_empty_session_in_which_nothing_can_be_kept(send: &Send) {
    let is_broken = breakable(|config| config);
    let cookie = visited(send);
    is_broken.store(true, Ordering::SeqCst);
    let reply = send("/read", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (200, "0", 0));
    let reply = send("/visit", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (500, "", 0));
    assert_eq!(send("/visit", &[&cookie], true).status, 507);
    assert_eq!(send("/untouched", &[&cookie], false).body, "untouched");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
}

pub(crate) fn a_store_that_fails_is_an_error_without_a_handler_on_request(send: &Send) {
    let is_broken = breakable(|config| config.on_backend_failure(FailurePolicy::Fail));
    let cookie = visited(send);
    is_broken.store(true, Ordering::SeqCst);
    let reply = send("/visit", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (500, "", 0));
    assert_eq!(send("/visit", &[&cookie], true).status, 507);
    assert_eq!(send("/read", &[], false).body, "0", "who brings no session needs no store");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
}
