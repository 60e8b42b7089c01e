//! A contestant: tower-sessions over tower-sessions-cookie-store. Its value level is the store's record format in a
//! private cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, CookieJar, Key};
use serde_json::Value;
use tower::{Layer, service_fn};
use tower_sessions_cookie_store::{
    CookieSessionConfig, CookieSessionManagerLayer, Expiry, SameSite, Session, decode_record, encode_record,
};
use tower_sessions_core::session::{Id, Record};

use crate::contestant::{COOKIE_NAME, Case, Contestant, What, header, tampered, toggle};
use crate::http::{self, Request, answer};
use crate::workloads::{FIRST, Workload};

pub struct CookieStore;

fn encode(record: &Record, key: &Key) -> String {
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(Cookie::new(COOKIE_NAME, encode_record(record).unwrap()));
    jar.delta().next().unwrap().value().to_owned()
}

fn decode(value: &str, key: &Key) -> Option<HashMap<String, Value>> {
    let mut jar = CookieJar::new();
    jar.add_original(Cookie::new(COOKIE_NAME, value.to_owned()));
    let record = decode_record(jar.private(key).get(COOKIE_NAME)?.value()).ok()?;
    (record.expiry_date > OffsetDateTime::now_utc()).then_some(record.data)
}

impl Contestant for CookieStore {
    fn name(&self) -> &'static str {
        "tower-sessions-cookie-store"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let key = Key::from(&[0x5a; 64]);
        let record = Record {
            id: Id::default(),
            data: workload.map().into_iter().collect(),
            expiry_date: OffsetDateTime::now_utc() + Duration::DAY,
        };
        let value = encode(&record, &key);
        assert_eq!(decode(&value, &key).as_ref(), Some(&record.data));
        let pair = |value: String| Cookie::new(COOKIE_NAME, value).encoded().to_string();
        let cookie = header(&pair(value.clone()));

        let opened = |value: String| {
            let key = key.clone();
            move || decode(&value, &key)
        };
        let (two_of, forged) = (opened(value.clone()), opened(tampered(&value)));
        let two = move || -> [String; 2] {
            let map = two_of().unwrap();
            [FIRST, workload.second].map(|key| serde::Deserialize::deserialize(&map[key]).unwrap())
        };
        let change = {
            let (key, mut record, mut next) = (key.clone(), record.clone(), toggle());
            move || {
                record.data.insert(FIRST.to_owned(), next().into());
                encode(&record, &key)
            }
        };
        let encode = {
            let (key, record) = (key.clone(), record);
            move || encode(&record, &key)
        };
        let mut cases = vec![
            Case::new(What::Encode, encode.clone()).bytes(|| pair(encode())),
            Case::new(What::Changed, change),
            Case::new(What::All, opened(value.clone())),
            Case::new(What::Opened, opened(value)),
            Case::new(What::Two, two),
            Case::new(What::Tampered, move || assert!(forged().is_none())),
        ];
        cases.extend(requests(&key, &cookie));
        cases
    }
}

fn requests(key: &Key, cookie: &str) -> Vec<Case> {
    let config = CookieSessionConfig::default()
        .with_name(COOKIE_NAME)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::DAY))
        // The default limit of 4096 bytes refuses the largest session.
        .with_max_cookie_bytes(8192);
    let layer = CookieSessionManagerLayer::private(key.clone()).with_config(config);
    let untouched = service_fn(async |request: Request| answer(request));
    let read = service_fn(async |request: Request| {
        let session = request.extensions().get::<Session>().unwrap();
        assert!(session.get::<String>(FIRST).await.unwrap().is_some());
        answer(request)
    });
    let next = Arc::new(Mutex::new(toggle()));
    let write = service_fn(move |request: Request| {
        let user = next.lock().unwrap()();
        async move {
            request.extensions().get::<Session>().unwrap().insert(FIRST, user).await.unwrap();
            answer(request)
        }
    });
    vec![
        http::case(What::HttpUntouched, cookie, layer.layer(untouched)),
        http::case(What::HttpRead, cookie, layer.layer(read)),
        http::case(What::HttpWrite, cookie, layer.layer(write)),
    ]
}
