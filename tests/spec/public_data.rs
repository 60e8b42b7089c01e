//! Published data sets of other projects, which this repository does not contain. A test whose data set is missing says
//! so on standard error and passes without a check.

use std::fs;
use std::path::Path;

use sealed_session::{SessionConfig, SessionManager, Status};
use serde::Deserialize;
use serde_json::Value;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};

use crate::common::{FIRST_KEY, NAME, commit, cookie_of, fresh, key, manager, manager_with, sealed};

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
/// The text of a data file. `None`, with a line that says so, when the file is not there.
fn data(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: there is no {name} beside this checkout");
    }
    text
}

fn hex(record: &Value, field: &str) -> Vec<u8> {
    hex::decode(record[field].as_str().unwrap()).unwrap()
}

#[test]
fn the_cipher_agrees_with_500_records_of_the_published_stream() {
    let Some(text) = data("crypto/xaes256gcm_stream_0_499.jsonl") else { return };
    let mut count = 0;
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let key: [u8; 32] = hex(&record, "key").try_into().unwrap();
        let nonce: [u8; 24] = hex(&record, "nonce").try_into().unwrap();
        let mut message = hex(&record, "pt");
        let tag = Xaes256Gcm::new((&key).into())
            .encrypt_inout_detached((&nonce).into(), &hex(&record, "aad"), message.as_mut_slice().into())
            .unwrap();
        message.extend_from_slice(&tag);
        assert_eq!(message, hex(&record, "ct_tag"), "{}", record["i"]);
        count += 1;
    }
    assert_eq!(count, 500);
}

#[test]
fn our_cookie_is_found_at_every_place_of_real_headers() {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        hex: String,
    }
    let Some(text) = data("cookie/request_headers.json") else { return };
    let rows: Vec<Row> = serde_json::from_str(&text).unwrap();
    assert!(rows.len() >= 50);
    let manager = manager();
    let cookie = sealed(&manager).into_bytes();
    let is_loaded = |header: Vec<u8>| manager.load([header]).status() == Status::Loaded;
    for row in rows {
        let header = hex::decode(&row.hex).unwrap();
        assert_eq!(manager.load([&header]).status(), Status::New, "{}", row.id);
        assert!(is_loaded([&cookie, &b"; "[..], &header].concat()), "{} start", row.id);
        assert!(is_loaded([&header, &b"; "[..], &cookie].concat()), "{} end", row.id);
        for (at, _) in header.iter().enumerate().filter(|(_, byte)| **byte == b';') {
            let (before, after) = header.split_at(at);
            assert!(is_loaded([before, b"; ", &cookie, after].concat()), "{} {at}", row.id);
        }
        assert_eq!(manager.load([&header, &cookie]).status(), Status::Loaded, "{} two headers", row.id);
    }
}

#[test]
fn the_largest_cookie_we_send_is_the_largest_that_browsers_store() {
    let Some(text) = data("cookie/wpt_set_cookie.json") else { return };
    let rows: Value = serde_json::from_str(&text).unwrap();
    let length = |row: &Value| row["name_len"].as_u64().unwrap() + row["value_len"].as_u64().unwrap();
    let stored = rows["size"].as_array().unwrap().iter().filter(|row| row["stored"] == true).map(length).max().unwrap();
    // The name has 16 characters and the value 4080, which 3060 bytes fill exactly.
    let (manager, _) =
        manager_with(|config| config.cookie_name("n".repeat(16)).padding_block(1).max_cookie_bytes(usize::MAX));
    let session = fresh(&manager);
    session.set("k", "x".repeat(session.remaining_bytes() - 6)).unwrap();
    let ours = cookie_of(&commit(&manager, &session).unwrap()).len() - 1;
    assert_eq!(u64::try_from(ours).unwrap(), stored);
}

#[test]
fn a_host_prefix_that_browsers_would_drop_is_refused_when_it_is_configured() {
    let Some(text) = data("cookie/wpt_set_cookie.json") else { return };
    let rows: Value = serde_json::from_str(&text).unwrap();
    let rows = rows["host_prefix_https"].as_array().unwrap();
    assert!(rows.len() >= 5);
    for row in rows {
        let params = row["params"].as_str().unwrap();
        let value = |name: &str| params.split(';').find_map(|param| param.trim().strip_prefix(name));
        let mut config = SessionConfig::new(key(FIRST_KEY)).cookie_name("__Host-sid").secure(params.contains("Secure"));
        // The crate always sends a Path. A row without one is about the path that browsers take in its place.
        let Some(path) = value("Path=") else { continue };
        config = config.path(path);
        if let Some(domain) = value("Domain=") {
            config = config.domain(domain);
        }
        assert_eq!(config.build().is_ok(), row["stored"] == true, "{row}");
    }
}

#[test]
fn naughty_strings_come_back_as_keys_values_and_flash_values() {
    fn crosses(manager: &SessionManager, key: &str, text: &str) {
        let session = fresh(manager);
        session.set(key, text).unwrap();
        session.set_flash(key, [text]).unwrap();
        let next = manager.load([cookie_of(&commit(manager, &session).unwrap())]);
        assert_eq!(next.get(key), Ok(Some(text.to_owned())));
        assert_eq!(next.keys(), [key]);
        assert_eq!(next.take_flash(key), Ok(Some(vec![text.to_owned()])));
    }
    let Some(text) = data("payload/blns.json") else { return };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    assert!(strings.len() >= 500);
    let manager = manager();
    for text in &strings {
        crosses(&manager, "key", &text.chars().take(600).collect::<String>());
        if (1..=127).contains(&text.len()) {
            crosses(&manager, text, text);
        }
        // Each string is sent as a whole Cookie header and as the value of the session cookie.
        let session = manager.load([text.as_str(), &format!("{NAME}={text}")]);
        assert!(session.is_empty() && session.rejected().is_some());
    }
}
