//! The two texts that tell a browser of the bound cookie. If they differ, the browser waits for a refresh at every
//! request, and says so to nobody.

use super::browser::{Attributes, Browser};
use super::site::{Site, key, log_in};
use crate::cookie::SameSite;
use crate::device_binding::DeviceBinding;

#[test]
fn the_instructions_name_the_attributes_of_the_bound_cookie_in_every_configuration() {
    let mut count = 0;
    for name in ["sid", "__Host-sid", "__Secure-sid", "__Http-sid", "__Host-Http-sid"] {
        for same_site in [SameSite::Lax, SameSite::Strict] {
            for http_only in [true, false].into_iter().filter(|on| *on || !name.contains("Http")) {
                for persistent in [true, false] {
                    let site = Site::under(key(1), DeviceBinding::new(), |config| {
                        let config = config.cookie_name(name).same_site(same_site).http_only(http_only);
                        config.persistent(persistent)
                    });
                    let mut browser = Browser::new(&site);
                    browser.get(&log_in);
                    assert_eq!(browser.register(), [200]);
                    let (dbsc, cookie) = (&browser.dbsc[0], &browser.jar[&format!("{name}-bound")]);
                    assert_eq!(dbsc.name, format!("{name}-bound"));
                    assert!(dbsc.attributes.match_those_of(&cookie.attributes), "{dbsc:?} {cookie:?}");
                    assert_eq!(cookie.attributes.max_age, Some(600));
                    // Chromium asks the same of the instructions as of the prefix.
                    assert!(dbsc.attributes.secure && dbsc.attributes.path.as_deref() == Some("/"));
                    assert_eq!(dbsc.attributes.domain, None);
                    browser.page();
                    assert!(browser.refreshes.is_empty(), "nothing waits for a refresh");
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 3 * 2 * 2 * 2 + 2 * 2 * 2);
}

#[test]
fn the_comparison_sees_each_difference() {
    let cookie = Attributes::parse("Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");
    let is_found = |instructions: &str| Attributes::parse(instructions).match_those_of(&cookie);
    assert!(is_found("samesite=lax; httponly; secure; path=/"));
    for instructions in [
        "Path=/; Secure; HttpOnly",
        "Path=/; Secure; HttpOnly; SameSite=Strict",
        "Path=/; Secure; SameSite=Lax",
        "Path=/; HttpOnly; SameSite=Lax",
        "Secure; HttpOnly; SameSite=Lax",
        "Path=/; Secure; HttpOnly; SameSite=Lax; Domain=example.com",
    ] {
        assert!(!is_found(instructions), "{instructions}");
    }
}
