//! actix-session 0.11, with its `CookieSessionStore`. Its actix-web seals with cookie 0.16.

use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::http::header::SET_COOKIE;
use actix_web::{App, HttpResponse, test, web};
use sealed_session::import::{self, ImportKey, PrivateImport};

use crate::browser::{Browser, manager, old_key};

async fn login(session: Session) -> HttpResponse {
    session.insert("user_id", 42).unwrap();
    session.insert("name", "Ada \"é\" + % / = ;").unwrap();
    session.insert("roles", ["editor", "billing"]).unwrap();
    HttpResponse::Ok().finish()
}

/// The Set-Cookie headers with which the old application answers a login.
fn logged_in() -> Vec<String> {
    actix_web::rt::System::new().block_on(async {
        let sessions = SessionMiddleware::new(CookieSessionStore::default(), Key::from(&old_key()));
        let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(login))).await;
        let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
        response.headers().get_all(SET_COOKIE).map(|line| line.to_str().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_session_of_actix_session_goes_on_with_its_values() {
    let key = ImportKey::from_bytes(&old_key()).unwrap();
    let manager = manager([PrivateImport::new(key, "id", import::actix_session)]);
    // actix-web percent-encodes a `/` or a `=` in the cookie, which nearly every one has.
    let browser = std::iter::repeat_with(|| Browser::with(logged_in())).find(|browser| browser.header().contains('%'));
    let browser = browser.unwrap();
    assert_eq!(browser.names(), ["id"]);
    browser.moves(&manager, |session| {
        assert_eq!(session.get("user_id"), Ok(Some(42)));
        assert_eq!(session.get("name"), Ok(Some("Ada \"é\" + % / = ;".to_owned())));
        assert_eq!(session.get::<Vec<String>>("roles").unwrap().unwrap(), ["editor", "billing"]);
        assert_eq!(session.len(), 3);
    });
}
