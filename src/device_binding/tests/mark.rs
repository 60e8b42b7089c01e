//! The mark of a bound session, `~bound`: what an application can do to it.

use super::browser::Browser;
use super::site::{Site, key, log_in, page};
use crate::config::SessionConfig;
use crate::data::{BindingId, SessionId};
use crate::device_binding::Binding;
use crate::error::ValueError;

/// A browser whose session is bound.
fn bound(site: &Site) -> Browser<'_> {
    let mut browser = Browser::new(site);
    browser.log_in();
    browser
}

#[test]
fn an_application_neither_sees_nor_writes_nor_removes_the_mark() {
    let site = Site::new();
    let mut browser = bound(&site);
    browser.get(&|session| {
        assert_eq!(session.keys(), ["user"]);
        assert_eq!(session.set("~bound", 1), Err(ValueError::Reserved { key: "~bound".to_owned() }));
        assert_eq!(session.get::<String>("~bound").unwrap(), None);
        session.clear();
        session.set_data(&serde_json::json!({"theme": "dark"})).unwrap();
        assert!(!session.discard("~bound"));
    });
    let session = site.load(&browser.cookies());
    assert_eq!((session.binding(), session.keys().as_slice()), (Binding::Fresh, &["theme".to_owned()][..]));
    let mut thief = browser.stolen();
    thief.jar.remove("__Host-session-bound");
    assert_eq!(site.load(&thief.cookies()).binding(), Binding::Stale);
}

#[test]
fn the_mark_goes_with_the_id() {
    let site = Site::new();
    let acts: [super::site::Handler<'_>; 2] = [&log_in, &|session| {
        session.destroy();
        session.set("theme", "dark").unwrap();
    }];
    for act in acts {
        let mut browser = bound(&site);
        browser.get(act);
        browser.jar.remove("__Host-session-bound");
        let session = site.load(&browser.cookies());
        assert_eq!((session.binding(), session.rejected()), (Binding::Unbound, None));
    }
    let mut data = site.manager.codec().create().unwrap();
    data.set_bound(BindingId::generate().unwrap()).unwrap();
    data.set_id(data.id());
    assert!(data.is_marked());
    data.set_id(SessionId::generate().unwrap());
    assert!(!data.is_marked());
}

#[test]
fn require_binding_lets_a_fresh_session_pass_and_no_other() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    let passes = |browser: &Browser<'_>| site.load(&browser.cookies()).require_binding().is_ok();
    assert!(!passes(&browser), "nobody");
    browser.get(&log_in);
    assert!(!passes(&browser), "not bound yet");
    browser.register();
    assert!(passes(&browser), "fresh");
    site.wait(600);
    assert!(!passes(&browser), "stale");
    browser.get(&page);
    assert!(passes(&browser), "refreshed");
}

#[test]
fn each_state_of_a_binding_is_one_word() {
    let words = [Binding::Unbound, Binding::Fresh, Binding::Stale].map(Binding::as_str);
    assert_eq!(words, ["unbound", "fresh", "stale"]);
}

#[test]
fn a_mark_that_names_no_binding_is_never_fresh() {
    let site = Site::new();
    let mut browser = bound(&site);
    let codec = site.manager.codec();
    let mut data = codec.decode(&browser.jar["__Host-session"].value).unwrap();
    data.put(crate::format::Namespace::Bound, crate::format::BOUND_KEY, "\"short\"").unwrap();
    browser.jar.get_mut("__Host-session").unwrap().value = codec.encode(&data).unwrap();
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Stale);
}

#[test]
fn a_mark_that_was_lost_is_set_again_where_there_is_no_list_any_more() {
    let before = Site::with(|config| config.revocations(crate::backend::MemoryRevocations::new()));
    let mut browser = Browser::new(&before);
    browser.get(&log_in);
    let in_flight = browser.request("GET", "/", Vec::new());
    assert_eq!(browser.register(), [200]);
    browser.receive(&before.answer(&in_flight, &|session| session.set("seen", true).unwrap()));
    let site = Site::new();
    let session = site.load(&browser.cookies());
    assert_eq!(session.binding(), Binding::Fresh);
    session.set("seen", false).unwrap();
    browser.receive(&super::site::Response::of(site.manager.commit(&session).unwrap(), None));
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "the session has the id of its binding");
}

#[test]
fn a_site_that_binds_no_more_takes_bound_sessions_and_keeps_their_marks() {
    let site = Site::new();
    let browser = bound(&site);
    let now = site.now();
    let config = SessionConfig::new(key(1)).cookie_name("__Host-session");
    let plain = config.clock(move || crate::time::UnixTime::from_secs(now).unwrap()).build().unwrap();
    let session = plain.load([browser.cookies()]);
    assert_eq!((session.binding(), session.get("user").unwrap()), (Binding::Unbound, Some("ada".to_owned())));
    session.set("theme", "dark").unwrap();
    let session = plain.load(plain.commit(&session).unwrap());
    assert_eq!(session.get("theme").unwrap(), Some("dark".to_owned()));
    assert!(session.snapshot().unwrap().is_marked());
}
