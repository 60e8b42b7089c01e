//! Two managers in one application, each by its name; and routes that keep no session alive.

use std::sync::atomic::Ordering;

use sealed_session::{Session, SessionManager};

use crate::checks::be_ahead;
use crate::common::{Reply, Send, logged, visit, visits};

/// Names the manager of the administration.
pub(crate) enum Admin {}

/// Names the manager of the site, in an application that names both.
pub(crate) enum Site {}

/// The site's manager and that of the administration.
pub(crate) fn managers() -> [SessionManager; 2] {
    use sealed_session::{Key, SessionConfig};
    drop(crate::common::manager()); // sets the logger
    let build = |digits, name| SessionConfig::new(Key::from_hex(digits).unwrap()).cookie_name(name).build().unwrap();
    [build(crate::helpers::KEY, "site"), build(crate::helpers::OTHER_KEY, "admin")]
}

/// Both managers, by a clock that is this many seconds ahead.
#[cfg(feature = "axum")]
pub(crate) fn managers_ahead() -> (std::sync::Arc<std::sync::atomic::AtomicU64>, [SessionManager; 2]) {
    use sealed_session::{Key, SessionConfig};
    let (ahead, clock) = crate::checks::clock_ahead();
    let build = |digits, name| {
        let config = SessionConfig::new(Key::from_hex(digits).unwrap()).cookie_name(name);
        config.clock(clock.clone()).build().unwrap()
    };
    (ahead, [build(crate::helpers::KEY, "site"), build(crate::helpers::OTHER_KEY, "admin")])
}

/// A handler that visits the site's session once and the administrator's twice.
pub(crate) fn visit_both(site: &Session, admin: &Session) -> String {
    let once = visit(site).unwrap();
    visit(admin).unwrap();
    format!("{once} {}", visit(admin).unwrap())
}

/// Checks an application whose handler is `visit_both`: each session has a cookie of its own, and its own values.
pub(crate) fn each_has_its_own_session(send: &dyn Fn(&[&str]) -> Reply) {
    let mut cookies: Vec<String> = Vec::new();
    for body in ["1 2", "2 4", "3 6"] {
        let reply = send(&cookies.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((reply.status, reply.body.as_str()), (200, body));
        cookies = reply.all("set-cookie").iter().map(|line| line.split(';').next().unwrap().to_owned()).collect();
        let mut names: Vec<_> = cookies.iter().filter_map(|pair| pair.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["admin", "site"]);
    }
}

/// Checks an application whose handler is `visit_both`, and whose site and administration have one manager: it is one
/// session.
pub(crate) fn one_manager_by_two_names_has_one_session(send: &dyn Fn(&[&str]) -> Reply) {
    let reply = send(&[]);
    assert_eq!((reply.status, reply.body.as_str()), (200, "1 3"));
    assert_eq!(reply.all("set-cookie").len(), 1);
    assert_eq!(send(&[reply.cookie()]).body, "4 6");
}

/// Checks that a handler which asks for a name that no layer has is told so.
pub(crate) fn a_name_without_a_layer_is_told(reply: &Reply) {
    assert_eq!((reply.status, reply.all("set-cookie").len()), (500, 0));
    let line = logged().pop().unwrap().1;
    assert!(line.contains("no session layer around this route"), "{line}");
}

/// Checks the reply of a handler that took a session by its name and asked it nothing.
pub(crate) fn to_take_a_session_by_its_name_is_to_look_at_it(reply: &Reply) {
    assert_eq!((reply.status, reply.all("vary")), (200, vec!["Cookie"]));
}

/// `/poll` takes `KeepExpiry` and reads the session.
pub(crate) fn a_route_that_is_polled_keeps_no_session_alive(send: &Send) {
    for has_backends in [false, true] {
        let ahead =
            be_ahead(|config| if has_backends { config.store(crate::common::Small::default()) } else { config });
        let cookie = send("/visit", &[], false).cookie().to_owned();
        ahead.store(12 * 3600, Ordering::SeqCst);
        let polled = send("/poll", &[&cookie], false);
        assert_eq!((polled.status, polled.body.as_str(), polled.all("set-cookie").len()), (200, "1", 0));
        let read = send("/read", &[&cookie], false);
        assert_eq!(visits(read.cookie()), Some(1), "any other route extends the session");
        ahead.store(24 * 3600, Ordering::SeqCst);
        assert_eq!(send("/poll", &[&cookie], false).body, "0", "the session has ended");
        assert_eq!(send("/poll", &[read.cookie()], false).body, "1");
    }
}
