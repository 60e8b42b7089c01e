//! Rocket 0.5, with its private cookies.

use rocket::http::CookieJar;
use rocket::local::blocking::Client;
use rocket::{get, routes};
use sealed_session::import::{self, ImportKey, PrivateImport};

use crate::browser::{Browser, manager};

#[get("/")]
fn login(jar: &CookieJar<'_>) {
    jar.add_private(("user_id", "42"));
    jar.add_private(("name", "Ada, é; +%"));
}

/// The Set-Cookie headers with which the old application answers a login.
fn logged_in(secret_key: &str) -> Vec<String> {
    let figment = rocket::Config::figment().merge(("secret_key", secret_key)).merge(("log_level", "off"));
    let client = Client::untracked(rocket::custom(figment).mount("/", routes![login])).unwrap();
    let response = client.get("/").dispatch();
    response.headers().get("Set-Cookie").map(str::to_owned).collect()
}

#[test]
fn private_cookies_of_rocket_become_one_session_whatever_its_secret_key_looks_like() {
    for secret_key in [
        // The first two are the same 32 bytes, in base64 and in hexadecimal digits, from which Rocket derives a key.
        // The third has 64 bytes, in base64.
        "hPrRyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=",
        "84fad1c95462332c69c39b010755de08c375905b030aa2af062d902710551d09",
        "hPrRyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQmE+tHJVGIzLGnDmwEHVd4Iw3WQWwMKoq8GLZAnEFUdCQ==",
    ] {
        let import =
            |name: &str| PrivateImport::new(ImportKey::from_rocket(secret_key).unwrap(), name, import::text(name));
        let browser = Browser::with(logged_in(secret_key));
        assert_eq!(browser.names(), ["name", "user_id"]);
        browser.moves(&manager(["user_id", "name"].map(import)), |session| {
            assert_eq!(session.get("user_id"), Ok(Some("42".to_owned())));
            assert_eq!(session.get("name"), Ok(Some("Ada, é; +%".to_owned())));
        });
    }
}
