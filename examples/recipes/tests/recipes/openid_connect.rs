//! A login by OpenID Connect in a browser that honours SameSite, and logouts that the provider asks for.

use sealed_session::{Key, SessionConfig};
use serde_json::{Value, json};

use crate::browser::{Browser, Initiator, Response, send};
use crate::program::{KEY, Program};
use crate::provider::{CLIENT_ID, CLIENT_SECRET, Provider};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const BACKCHANNEL: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The program, and the provider that it goes by.
struct Site {
    program: Program,
    provider: Provider,
}

impl Site {
    fn start(vars: &[(&str, &str)]) -> Self {
        let provider = Provider::start();
        let issuer = provider.shared.issuer.clone();
        let own = [("OIDC_ISSUER", &*issuer), ("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", CLIENT_SECRET)];
        let program = Program::start(env!("CARGO_BIN_EXE_openid_connect"), &[&own, vars].concat());
        Self { program, provider }
    }

    /// Begins a login in a tab, and lets this user log in at the provider. Returns the path to which the provider sends
    /// the tab back. The part behind the point names the session at the provider.
    fn begin(&self, browser: &mut Browser, user: &str) -> String {
        let response = browser.get(&self.program.address, "/login");
        let path = response.location().strip_prefix(&self.provider.shared.issuer).unwrap();
        let response = send(&self.provider.address, "GET", &format!("{path}&as={user}"), "", "");
        response.location().strip_prefix(&format!("http://{}", self.program.address)).unwrap().to_owned()
    }

    /// Lets the tab come back from the provider, which is another site.
    fn end(&self, browser: &mut Browser, path: &str) -> Response {
        browser.navigate(&self.program.address, Initiator::OtherSite, "GET", path, "")
    }

    /// Does the same, for a provider that makes the browser send a form.
    fn end_by_form(&self, browser: &mut Browser, path: &str) -> Response {
        let form = path.strip_prefix("/callback?").unwrap();
        browser.navigate(&self.program.address, Initiator::OtherSite, "POST", "/callback", form)
    }

    fn log_in(&self, user: &str) -> Browser {
        let mut browser = Browser::default();
        let path = self.begin(&mut browser, user);
        assert_eq!(self.end(&mut browser, &path).status, 303);
        browser
    }

    fn greeting(&self, browser: &mut Browser) -> String {
        browser.get(&self.program.address, "/").body
    }

    /// Sends a logout token, as the provider does, and returns the status.
    fn send_logout(&self, token: &str) -> u16 {
        send(&self.program.address, "POST", "/backchannel-logout", FORM, &format!("logout_token={token}")).status
    }

    /// Returns a good logout token with these claims, or one in which they take the place of others.
    fn logout_token(&self, claims: Value) -> String {
        let mut all = json!({ "events": { BACKCHANNEL: {} }, "jti": "1" });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        self.provider.shared.sign(all)
    }
}

const STRANGER: &str = "Hello, stranger. Access token: false.";
const ADA: &str = "Hello, ada. Access token: true.";

#[test]
fn a_login_comes_back_from_the_provider_by_a_link_with_its_state_in_a_lax_cookie() {
    let site = Site::start(&[]);
    let mut browser = site.log_in("ada.phone");
    assert_eq!(site.greeting(&mut browser), ADA);
}

#[test]
fn a_strict_cookie_is_not_sent_with_the_way_back_so_the_state_is_lost() {
    let site = Site::start(&[("TIDEWAY_SESSION_COOKIE_SAME_SITE", "strict")]);
    let mut browser = Browser::default();
    let path = site.begin(&mut browser, "ada.phone");
    assert_eq!(site.end(&mut browser, &path).status, 400);
    assert_eq!(site.greeting(&mut browser), STRANGER);
}

#[test]
fn a_form_from_the_provider_brings_no_lax_cookie_so_the_state_is_lost_unless_the_cookie_is_none() {
    for (same_site, status, greeting) in [("lax", 400, STRANGER), ("none", 303, ADA)] {
        let site = Site::start(&[("TIDEWAY_SESSION_COOKIE_SAME_SITE", same_site)]);
        let mut browser = Browser::default();
        let path = site.begin(&mut browser, "ada.phone");
        assert_eq!(site.end_by_form(&mut browser, &path).status, status, "{same_site}");
        assert_eq!(site.greeting(&mut browser), greeting, "{same_site}");
    }
}

#[test]
fn two_tabs_log_in_at_once_in_either_order() {
    for order in [[0, 1], [1, 0]] {
        let site = Site::start(&[]);
        let mut browser = Browser::default();
        let tabs = [site.begin(&mut browser, "ada.phone"), site.begin(&mut browser, "ada.phone")];
        for tab in order {
            assert_eq!(site.end(&mut browser, &tabs[tab]).status, 303);
            assert_eq!(site.greeting(&mut browser), ADA);
        }
    }
}

#[test]
fn of_many_tabs_the_last_four_can_log_in() {
    let site = Site::start(&[]);
    let mut browser = Browser::default();
    let tabs: Vec<_> = (0..6).map(|_| site.begin(&mut browser, "ada.phone")).collect();
    let statuses: Vec<_> = tabs.iter().map(|path| site.end(&mut browser, path).status).collect();
    assert_eq!(statuses, [400, 400, 303, 303, 303, 303]);
}

#[test]
fn a_way_back_is_good_once_and_in_the_browser_in_which_it_began() {
    let site = Site::start(&[]);
    let (mut mallory, mut victim) = (Browser::default(), Browser::default());
    let path = site.begin(&mut mallory, "mallory.phone");
    assert_eq!(site.end(&mut victim, &path).status, 400);
    assert_eq!(site.greeting(&mut victim), STRANGER);
    assert_eq!(site.end(&mut mallory, &path).status, 303);
    assert_eq!(site.end(&mut mallory, &path).status, 400);
    let refused = site.end(&mut victim, &format!("/callback?state={}", "x".repeat(1000)));
    assert_eq!(refused.status, 400, "a state that is too long for a key is one that nobody knows");
}

#[test]
fn a_code_of_another_login_is_refused_for_its_verifier() {
    let site = Site::start(&[]);
    let (mut mallory, mut ada) = (Browser::default(), Browser::default());
    let stolen = site.begin(&mut ada, "ada.phone");
    let own = site.begin(&mut mallory, "mallory.phone");
    let (code, _) = stolen.split_once('&').unwrap();
    let (_, state) = own.split_once('&').unwrap();
    assert_eq!(site.end(&mut mallory, &format!("{code}&{state}")).status, 502);
    assert_eq!(site.greeting(&mut mallory), STRANGER);
}

#[test]
fn an_id_token_for_another_nonce_is_refused() {
    let site = Site::start(&[]);
    site.provider.set(|quirks| quirks.nonce = Some("another".into()));
    let mut browser = Browser::default();
    let path = site.begin(&mut browser, "ada.phone");
    assert_eq!(site.end(&mut browser, &path).status, 502);
    assert_eq!(site.greeting(&mut browser), STRANGER);
}

#[test]
fn a_visitor_whom_the_provider_does_not_log_in_stays_a_stranger_and_may_try_again() {
    let site = Site::start(&[]);
    let mut browser = Browser::default();
    let path = site.begin(&mut browser, "ada.phone");
    let (_, state) = path.split_once('&').unwrap();
    assert_eq!(site.end(&mut browser, &format!("/callback?error=access_denied&{state}")).status, 403);
    assert_eq!(site.greeting(&mut browser), STRANGER);
    let path = site.begin(&mut browser, "ada.phone");
    assert_eq!(site.end(&mut browser, &path).status, 303);
}

#[test]
fn an_access_token_that_does_not_fit_is_left_out_and_the_login_goes_on() {
    let site = Site::start(&[]);
    for (len, kept) in [(1000, true), (4000, false), (100_000, false), (30, true)] {
        site.provider.set(|quirks| quirks.access_token_len = len);
        let mut browser = site.log_in("ada.phone");
        assert_eq!(site.greeting(&mut browser), format!("Hello, ada. Access token: {kept}."), "{len} bytes");
    }
}

#[test]
fn a_session_without_room_for_a_login_is_told_so_before_the_provider_is_asked() {
    let site = Site::start(&[]);
    let codec = SessionConfig::new(Key::from_hex(KEY).unwrap()).build_codec().unwrap();
    for (len, status) in [(1500, 303), (2400, 507)] {
        let mut data = codec.create().unwrap();
        data.set("cart", "x".repeat(len)).unwrap();
        let cookie = format!("Cookie: tideway_session={}\r\n", codec.encode(&data).unwrap());
        assert_eq!(send(&site.program.address, "GET", "/login", &cookie, "").status, status, "{len} bytes");
    }
}

#[test]
fn a_logout_by_sid_ends_that_session_alone() {
    let site = Site::start(&[]);
    let (mut phone, mut laptop) = (site.log_in("ada.phone"), site.log_in("ada.laptop"));
    let token = site.logout_token(json!({ "sub": "ada", "sid": "ada.phone" }));
    assert_eq!(site.send_logout(&token), 200);
    assert_eq!(site.greeting(&mut phone), STRANGER);
    assert_eq!(site.greeting(&mut laptop), ADA);
    assert_eq!(site.send_logout(&token), 200, "a provider that did not hear the answer sends it again");
}

#[test]
fn a_logout_by_sub_ends_every_session_of_the_user_and_a_login_after_it_is_good() {
    let site = Site::start(&[]);
    let (mut phone, mut laptop, mut other) =
        (site.log_in("ada.phone"), site.log_in("ada.laptop"), site.log_in("bob.phone"));
    assert_eq!(site.send_logout(&site.logout_token(json!({ "sub": "ada" }))), 200);
    assert_eq!(site.greeting(&mut phone), STRANGER);
    assert_eq!(site.greeting(&mut laptop), STRANGER);
    assert_eq!(site.greeting(&mut other), "Hello, bob. Access token: true.");
    assert_eq!(site.greeting(&mut site.log_in("ada.phone")), ADA);
}

#[test]
fn a_logout_token_that_is_not_one_ends_nothing() {
    let site = Site::start(&[]);
    let mut ada = site.log_in("ada.phone");
    let good = site.logout_token(json!({ "sub": "ada" }));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = message.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{claims}."); // {"alg":"none","kid":"one"}
    let wrong = [
        ("no token", "forged".to_owned()),
        ("another signature", format!("{message}.{}", signature.chars().rev().collect::<String>())),
        ("no signature", unsigned),
        ("another issuer", site.logout_token(json!({ "sub": "ada", "iss": "https://elsewhere.example" }))),
        ("another client", site.logout_token(json!({ "sub": "ada", "aud": ["forum"] }))),
        ("expired", site.logout_token(json!({ "sub": "ada", "exp": 1_700_000_000 }))),
        ("from the future", site.logout_token(json!({ "sub": "ada", "iat": 100_000_000_000_u64 }))),
        ("no event", site.logout_token(json!({ "sub": "ada", "events": {} }))),
        ("an ID token", site.logout_token(json!({ "sub": "ada", "nonce": "n" }))),
        ("nobody", site.logout_token(json!({}))),
    ];
    for (what, token) in wrong {
        assert_eq!(site.send_logout(&token), 400, "{what}");
        assert_eq!(site.greeting(&mut ada), ADA, "{what}");
    }
    assert_eq!(site.send_logout(&site.logout_token(json!({ "sub": "ada", "aud": ["forum", CLIENT_ID] }))), 200);
    assert_eq!(site.greeting(&mut ada), STRANGER);
}
