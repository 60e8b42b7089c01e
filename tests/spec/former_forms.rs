//! A deployment changes the name, the Path, the Domain or Partitioned of the cookie, and visitors come back with the
//! old one.

use std::collections::BTreeMap;

use futures_lite::future::block_on;
use sealed_session::{
    Counters, FormerCookie, MemoryRevocations, MemoryStore, ProblemKind, SameSite, Session, SessionConfig,
    SessionManager,
};

use crate::common::{FIRST_KEY, NAME, key, manager_with};

/// The cookies of a browser that visits `https://www.shop.example/app/`, as RFC 6265bis section 5.7 and CHIPS say: a
/// cookie replaces another one if the name, the Path, the Domain or host, and the partition are the same.
#[derive(Default)]
struct Jar(BTreeMap<(String, String, Option<String>, bool), String>);

impl Jar {
    const HOST: &str = "www.shop.example";
    const PATH: &str = "/app/";

    fn take(&mut self, set_cookies: impl IntoIterator<Item = String>) {
        for line in set_cookies {
            let mut parts = line.split("; ").map(|part| part.split_once('=').unwrap_or((part, "")));
            let (name, value) = parts.next().unwrap();
            let attributes: BTreeMap<_, _> = parts.collect();
            let domain = attributes.get("Domain").map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
            let place =
                (name.to_owned(), attributes["Path"].to_owned(), domain, attributes.contains_key("Partitioned"));
            if place.2.as_ref().is_some_and(|domain| !Self::HOST.ends_with(domain)) {
                continue;
            }
            match attributes.get("Max-Age") {
                Some(&"0") => drop(self.0.remove(&place)),
                _ => drop(self.0.insert(place, value.to_owned())),
            }
        }
    }

    fn header(&self) -> String {
        let is_sent = |path: &str| Self::PATH.starts_with(path);
        let sent = self.0.iter().filter(|((_, path, ..), _)| is_sent(path));
        sent.map(|((name, ..), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn load(&self, manager: &SessionManager) -> Session {
        block_on(manager.load_async([self.header()])).unwrap()
    }

    fn visit<R>(&mut self, manager: &SessionManager, handle: impl FnOnce(&Session) -> R) {
        let session = self.load(manager);
        handle(&session);
        // Where there is no backend, both ways of a commit are taken in turn.
        let set_cookies = if manager.has_backend() || self.0.len().is_multiple_of(2) {
            block_on(manager.commit_async(&session)).unwrap()
        } else {
            manager.commit(&session).unwrap()
        };
        self.take(set_cookies);
    }
}

type Change = fn(SessionConfig) -> SessionConfig;

/// Deployments, each with the configuration before and after it. The last part is what the new configuration says of
/// the former cookie.
fn deployments() -> Vec<(&'static str, Change, Change, Option<FormerCookie>)> {
    let former = || FormerCookie::new(NAME);
    vec![
        ("a Domain is added", |c| c, |c| c.domain("shop.example"), None),
        ("a Domain is dropped", |c| c.domain("shop.example"), |c| c, Some(former().domain("shop.example"))),
        (
            "a Domain is changed",
            |c| c.domain("www.shop.example"),
            |c| c.domain("shop.example"),
            Some(former().domain(".WWW.Shop.Example")),
        ),
        ("the Path is shorter", |c| c.path("/app"), |c| c, Some(former().path("/app"))),
        ("the Path is longer", |c| c, |c| c.path("/app"), Some(former())),
        ("the Path is longer and a Domain is added", |c| c, |c| c.path("/app").domain("shop.example"), Some(former())),
        ("Partitioned is added", |c| c, |c| c.partitioned(true).same_site(SameSite::None), Some(former())),
        ("Partitioned is dropped", |c| c.partitioned(true), |c| c, Some(former().partitioned(true))),
        (
            "the name is changed",
            |c| c.cookie_name("sid"),
            |c| c.cookie_name("__Host-sid"),
            Some(FormerCookie::new("sid")),
        ),
        (
            "a prefixed name is dropped",
            |c| c.cookie_name("__Host-sid"),
            |c| c.cookie_name("sid").domain("shop.example"),
            Some(FormerCookie::new("__Host-sid")),
        ),
    ]
}

/// Ways to keep a session, each with the value that a handler stores in it.
fn placements() -> Vec<(Change, usize)> {
    vec![
        (|c| c, 10),
        (|c| c.two_cookies(true), 10),
        // This one takes two cookies.
        (|c| c.two_cookies(true), 4000),
        (|c| c.revocations(MemoryRevocations::new()).subject("user_id"), 10),
        (|c| c.store(MemoryStore::new()), 10),
    ]
}

/// A browser that was logged in before the deployment, and the managers before and after it.
fn deployed(
    (before, after, former): (Change, Change, Option<FormerCookie>),
    (placement, len): (Change, usize),
) -> (Jar, [SessionManager; 2]) {
    let (old, _) = manager_with(|config| placement(before(config)));
    let (new, _) = manager_with(|config| {
        let config = placement(after(config));
        former.into_iter().fold(config, SessionConfig::formerly)
    });
    let mut jar = Jar::default();
    jar.visit(&old, |session| login(session, 1, len));
    assert!(jar.load(&old).contains("user_id"));
    (jar, [old, new])
}

fn login(session: &Session, user: u64, len: usize) {
    session.regenerate().unwrap();
    session.set("user_id", user).unwrap();
    session.set("text", "x".repeat(len)).unwrap();
}

#[test]
fn a_logout_deletes_the_cookie_in_every_form_that_it_had() {
    for (name, before, after, former) in deployments() {
        for placement in placements() {
            for has_new_cookie in [false, true] {
                let (mut jar, [old, new]) = deployed((before, after, former.clone()), placement);
                if has_new_cookie {
                    jar.visit(&new, |session| session.set("text", "y".repeat(placement.1)).unwrap());
                }
                jar.visit(&new, Session::destroy);
                assert_eq!(jar.0.keys().next(), None, "{name}, {has_new_cookie}");
                assert!(!jar.load(&new).contains("user_id") && !jar.load(&old).contains("user_id"), "{name}");
            }
        }
    }
}

#[test]
fn without_the_former_form_the_visitor_stays_logged_in() {
    for (name, before, after, former) in deployments() {
        let (mut jar, [old, new]) = deployed((before, after, None), (|c| c, 10));
        jar.visit(&new, |session| session.set("text", "y").unwrap());
        jar.visit(&new, Session::destroy);
        let stays = jar.load(&new).contains("user_id") || jar.load(&old).contains("user_id");
        assert_eq!(stays, former.is_some(), "{name}");
    }
}

#[test]
fn a_login_deletes_the_cookie_in_every_other_form() {
    for (name, before, after, former) in deployments() {
        for placement in placements() {
            let (mut jar, [_, new]) = deployed((before, after, former.clone()), placement);
            jar.visit(&new, |session| login(session, 2, placement.1));
            assert_eq!(jar.load(&new).get("user_id"), Ok(Some(2)));
            let forms: Vec<_> =
                jar.0.keys().map(|(_, path, domain, partitioned)| (path, domain, partitioned)).collect();
            assert!(forms.iter().all(|form| *form == forms[0]), "{name}: {forms:?}");
            assert_eq!(forms.len(), 1 + usize::from(placement.1 > 3000), "{name}");
        }
    }
}

#[test]
fn a_login_that_stores_nothing_deletes_the_cookie_in_every_other_form() {
    for (name, before, after, former) in deployments() {
        let (mut jar, [old, _]) = deployed((before, after, former.clone()), (|c| c, 10));
        let counters = Counters::new();
        let (new, _) = manager_with(|config| {
            let config = after(config).save_uninitialized(true).observer(counters.clone());
            former.into_iter().fold(config, SessionConfig::formerly)
        });
        jar.visit(&new, |session| session.regenerate_empty().unwrap());
        assert!(!jar.load(&old).contains("user_id") && !jar.load(&new).contains("user_id"), "{name}");
        assert!(counters.snapshot().seals.contains(&("regenerated", 1)), "{name}");
    }
}

#[test]
fn a_farewell_after_a_logout_takes_the_place_of_every_other_form() {
    for (name, before, after, former) in deployments() {
        for placement in placements() {
            let (mut jar, [old, new]) = deployed((before, after, former.clone()), placement);
            jar.visit(&new, |session| {
                session.destroy();
                session.set_flash("notice", "Goodbye").unwrap();
            });
            assert_eq!(jar.0.len(), 1, "{name}");
            let session = jar.load(&new);
            assert_eq!(session.take_flash("notice"), Ok(Some("Goodbye".to_owned())));
            assert!(!session.contains("user_id") && !jar.load(&old).contains("user_id"), "{name}");
        }
    }
}

#[test]
fn a_response_that_is_neither_a_login_nor_a_logout_deletes_nothing() {
    let (manager, clock) = manager_with(|config| config.domain("shop.example").formerly(FormerCookie::new("sid")));
    let mut jar = Jar::default();
    for seconds in [0, 10_000, 20_000] {
        clock.set(seconds);
        let session = jar.load(&manager);
        session.set("seconds", seconds).unwrap();
        let set_cookies = manager.commit(&session).unwrap();
        assert_eq!(set_cookies.iter().count(), 1);
        jar.take(set_cookies);
    }
    clock.set(40_000);
    let session = jar.load(&manager);
    assert!(session.contains("seconds"));
    assert_eq!(manager.commit(&session).unwrap().iter().count(), 1, "it is extended");
}

#[test]
fn each_form_is_deleted_once_and_never_the_one_that_is_set() {
    let (manager, _) = manager_with(|config| {
        let ours = || FormerCookie::new(NAME).domain("shop.example");
        config
            .domain("shop.example")
            .formerly(ours())
            .formerly(ours().domain(".SHOP.example"))
            .formerly(ours().path("/app"))
    });
    let session = manager.load(None::<&str>);
    session.regenerate().unwrap();
    session.set("user_id", 1).unwrap();
    let lines: Vec<String> = manager.commit(&session).unwrap().into_iter().collect();
    let places: Vec<_> = lines.iter().map(|line| line.split("; Secure; ").nth(1).unwrap()).collect();
    let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let expected = [
        format!("Path=/; {end}"),
        format!("Path=/app; Domain=shop.example; {end}"),
        format!("Path=/app; {end}"),
        "Path=/; Domain=shop.example; Max-Age=86400".to_owned(),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_former_form_that_no_browser_would_have_kept_is_refused() {
    let kinds = |change: fn(SessionConfig) -> SessionConfig| {
        let error = change(SessionConfig::new(key(FIRST_KEY))).build().unwrap_err();
        assert!(error.problems().iter().all(|problem| problem.setting() == "formerly"), "{error}");
        let is_conflict = |kind: &ProblemKind| matches!(kind, ProblemKind::Conflict { .. });
        error.problems().iter().map(|problem| is_conflict(problem.kind())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(|c| c.formerly(FormerCookie::new("two words"))), [false]);
    assert_eq!(kinds(|c| c.formerly(FormerCookie::new("sid").path("app"))), [false]);
    assert_eq!(kinds(|c| c.formerly(FormerCookie::new("sid").domain("com"))), [false]);
    assert_eq!(kinds(|c| c.formerly(FormerCookie::new("__Host-sid").path("/app"))), [true]);
    assert_eq!(kinds(|c| c.formerly(FormerCookie::new("__host-http-sid").domain("shop.example"))), [true]);
    assert_eq!(kinds(|c| c.secure(false).formerly(FormerCookie::new("__Secure-sid"))), [true]);
    assert_eq!(kinds(|c| c.secure(false).formerly(FormerCookie::new("sid").partitioned(true))), [true]);
    let two = |c: SessionConfig| c.formerly(FormerCookie::new("")).formerly(FormerCookie::new("a").domain("?"));
    assert_eq!(kinds(two), [false, false]);
}

#[test]
fn a_former_cookie_has_not_the_name_of_a_cookie_that_stands_beside_ours() {
    let of = |name: &str, change: Change| {
        let config = change(SessionConfig::new(key(FIRST_KEY)).cookie_name("sid").formerly(FormerCookie::new(name)));
        config.build().err().map(|error| error.problems()[0].to_string())
    };
    let same: Change = |config| config;
    let rule = "formerly: must not be the name of the second of two cookies or of the bound cookie, which are the cookie's own \
                with `-2` or `-bound` behind it";
    assert_eq!(of("sid-2", |config| config.two_cookies(true)).as_deref(), Some(rule));
    assert_eq!(of("sid-2", same), None, "a session took two cookies before, and takes one now");
    assert_eq!(of("old-2", |config| config.two_cookies(true)), None);
    #[cfg(feature = "dbsc")]
    {
        let binding: Change = |config| config.device_binding(sealed_session::DeviceBinding::new());
        assert_eq!(of("sid-bound", binding).as_deref(), Some(rule));
        assert_eq!(of("sid-2", binding), None);
    }
    assert_eq!(of("sid-bound", same), None, "sessions were bound before, and are not now");
}
