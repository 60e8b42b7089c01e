//! A contestant: Tideway 0.9's `CookieSessionStore`. It holds strings only, so a text is stored as it is, and any other
//! value as its JSON.

use std::time::Duration;

use ::tideway::session::{CookieSessionStore, SessionConfig};
use ::tideway::{SessionData, SessionStore};

use crate::contestant::{COOKIE_NAME, Case, Contestant, What, tampered, toggle};
use crate::http::ready;
use crate::workloads::{FIRST, Workload};

pub struct Tideway;

impl Contestant for Tideway {
    fn name(&self) -> &'static str {
        "tideway"
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let config = SessionConfig {
            cookie_name: COOKIE_NAME.to_owned(),
            encryption_key: Some("5a".repeat(64)),
            ..SessionConfig::default()
        };
        let store = CookieSessionStore::new(&config).unwrap();
        let mut data = SessionData::new(Duration::from_secs(24 * 3600));
        for (key, value) in workload.map() {
            data.set(key, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        let value = store.encrypt(&data).unwrap();

        // `load` does what `decrypt` does, and checks the time too.
        let decode = |value: String| {
            let store = store.clone();
            move || ready(store.load(&value)).unwrap()
        };
        let [opened, two_of, forged] = [value.clone(), value.clone(), tampered(&value)].map(decode);
        let (encode_store, encode_data) = (store.clone(), data.clone());
        let pair = || store.build_cookie(&data).unwrap().stripped().encoded().to_string();
        let change = |write: fn(&CookieSessionStore, &SessionData) -> String| {
            let (store, mut data, mut next) = (store.clone(), data.clone(), toggle());
            move || {
                data.set(FIRST.to_owned(), next().to_owned());
                write(&store, &data)
            }
        };
        let value_of = change(|store, data| store.encrypt(data).unwrap());
        let header_of = change(|store, data| store.build_cookie(data).unwrap().to_string());
        vec![
            Case::new(What::Encode, move || encode_store.encrypt(&encode_data).unwrap()).bytes(pair),
            Case::new(What::Opened, move || opened().unwrap()),
            Case::new(What::Two, move || {
                let data = two_of().unwrap();
                [FIRST, workload.second].map(|key| data.get(key).unwrap().clone())
            }),
            Case::new(What::Tampered, move || assert!(forged().is_none())),
            Case::new(What::Changed, value_of),
            Case::new(What::HeaderWrite, header_of),
        ]
    }
}
