//! Requests that cross in ways that are seldom seen, and connections that outlive what they began with.

use super::races::clobbered;
use super::site::sites;

#[test]
fn a_session_whose_mark_was_lost_outlives_a_refresh_that_comes_before_its_bound_cookie_ends() {
    for (name, site) in sites() {
        let mut browser = clobbered(&site);
        site.wait(500);
        // Chromium refreshes in the last two minutes. No other request sets the mark again.
        let identifier = browser.dbsc[0].identifier.clone();
        browser.refresh_one(&identifier);
        assert_eq!(browser.refreshes, [200], "{name}");
        for _ in 0..3 {
            assert_eq!(browser.page(), "ada", "{name}: {:?}", site.load(&browser.cookies()).rejected());
            site.wait(600);
        }
    }
}
