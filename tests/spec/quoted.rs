//! Cookies whose values came in quotes, as clients in Java send them. One pair around the value of any cookie that the
//! crate reads is no part of the value (RFC 6265bis section 4.1.1).

use sealed_session::{DecodeError, SessionManager, Status};

use crate::common::{NAME, commit, cookie_of, fresh, manager, manager_with, sealed};

/// The pair with quotes around its value.
fn quoted(cookie: &str) -> String {
    let (name, value) = cookie.split_once('=').unwrap();
    format!("{name}=\"{value}\"")
}

fn status(manager: &SessionManager, header: &str) -> Status {
    manager.load([header]).status()
}

#[test]
fn a_session_in_quotes_is_the_session_and_needs_no_new_cookie() {
    let manager = manager();
    let cookie = quoted(&sealed(&manager));
    for header in [cookie.clone(), format!("$Version=\"1\"; {cookie};$Path=\"/\""), format!("theme=dark; {cookie}")] {
        let session = manager.load([&header]);
        assert_eq!((session.status(), session.get("user_id")), (Status::Loaded, Ok(Some(1))), "{header}");
        assert_eq!(commit(&manager, &session), None);
    }
}

#[test]
fn what_is_no_pair_of_quotes_is_part_of_the_value_and_malformed() {
    let manager = manager();
    let good = sealed(&manager);
    let value = good.strip_prefix(&format!("{NAME}=")).unwrap();
    for value in
        [format!("\"{value}"), format!("{value}\""), format!("\"\"{value}\"\""), format!("'{value}'"), "\"".to_owned()]
    {
        let header = format!("{NAME}={value}");
        assert_eq!(status(&manager, &header), Status::Rejected(DecodeError::Malformed), "{header}");
        assert_eq!(status(&manager, &format!("{header}; {good}")), Status::Loaded, "it hides no good cookie: {header}");
    }
}

#[test]
fn of_two_cookies_each_may_be_in_quotes() {
    let (manager, _) = manager_with(|config| config.two_cookies(true));
    let session = fresh(&manager);
    session.set("long", "x".repeat(4000)).unwrap();
    let parts: Vec<String> = manager.commit(&session).unwrap().into_iter().map(|line| cookie_of(&line)).collect();
    let [second, first] = &parts[..] else { panic!("{} cookies", parts.len()) };
    for header in [
        format!("{first}; {second}"),
        format!("{}; {second}", quoted(first)),
        format!("{first}; {}", quoted(second)),
        format!("$Version=\"1\"; {}; {}", quoted(second), quoted(first)),
    ] {
        assert_eq!(status(&manager, &header), Status::Loaded, "{header}");
    }
    let lone = quoted(second).replacen('"', "", 1);
    assert_eq!(status(&manager, &format!("{first}; {lone}")), Status::Rejected(DecodeError::Incomplete));
}

#[cfg(feature = "import")]
#[test]
fn a_cookie_of_another_crate_is_imported_out_of_quotes_under_the_id_that_it_has_without_them() {
    use sealed_session::import::{self, ImportKey, PrivateImport};
    use sealed_session::{MemoryRevocations, Session};

    let old_key: Vec<u8> = (100..164).collect();
    for name in ["old", NAME] {
        let mut jar = cookie::CookieJar::new();
        let object = cookie::Cookie::new(name, r#"{"user_id":1}"#);
        jar.private_mut(&cookie::Key::from(&old_key)).add(object);
        let plain = jar.get(name).unwrap().to_string();
        let (manager, _) = manager_with(|config| {
            let old = PrivateImport::new(ImportKey::from_bytes(&old_key).unwrap(), name, import::json_object);
            config.import(old).revocations(MemoryRevocations::new())
        });
        let load = |header: &str| -> Session { futures_lite::future::block_on(manager.load_async([header])).unwrap() };
        let [bare, in_quotes] = [load(&plain), load(&quoted(&plain))];
        assert_eq!(in_quotes.get("user_id"), Ok(Some(1)), "{name}");
        assert_eq!(in_quotes.id(), bare.id(), "a logout of the one ends the other: {name}");
        assert!(load(&quoted(&plain).replacen('"', "", 1)).is_empty(), "a lone quote is part of it: {name}");
    }
}
