//! A contestant: cookie 0.18's `PrivateJar` around the JSON of a map. Over HTTP it is axum-extra's `PrivateCookieJar`.

use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use axum_extra::extract::cookie::PrivateCookieJar;
use cookie::time::Duration;
use cookie::{Cookie, CookieJar, Key, SameSite};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tower::service_fn;

use crate::content::Content;
use crate::contestant::{COOKIE_NAME, Call, Case, Contestant, What, header, tampered, toggle};
use crate::http::{self, Request, answer};
use crate::workloads::{FIRST, Workload};

pub struct PrivateJar;

type Values = Map<String, Value>;

/// Seals the value and returns its cookie with the attributes.
fn seal(text: String, key: &Key) -> Cookie<'static> {
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(cookie(text));
    jar.delta().next().unwrap().clone()
}

fn cookie(text: String) -> Cookie<'static> {
    Cookie::build((COOKIE_NAME, text))
        .path("/")
        .max_age(Duration::DAY)
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .build()
}

fn open<T: DeserializeOwned>(cookie: Cookie<'static>, key: &Key) -> Option<T> {
    let mut jar = CookieJar::new();
    jar.add_original(cookie);
    parse(&jar.private(key).get(COOKIE_NAME)?)
}

fn parse<T: DeserializeOwned>(cookie: &Cookie<'_>) -> Option<T> {
    serde_json::from_str(cookie.value()).ok()
}

pub fn two(map: &Values, second: &str) -> [String; 2] {
    [FIRST, second].map(|key| serde::Deserialize::deserialize(&map[key]).unwrap())
}

impl Contestant for PrivateJar {
    fn name(&self) -> &'static str {
        "cookie PrivateJar"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let key = Key::from(&[0x5a; 64]);
        let map = workload.map();
        let sealed = seal(serde_json::to_string(&map).unwrap(), &key);
        assert_eq!(open(sealed.clone(), &key), Some(map.clone()));
        let value = sealed.value().to_owned();
        let pair = sealed.stripped().encoded().to_string();

        let encode = {
            let (key, map) = (key.clone(), map.clone());
            move || seal(serde_json::to_string(&map).unwrap(), &key)
        };
        let mut change = {
            let (key, mut map, mut next) = (key.clone(), map, toggle());
            move || {
                map.insert(FIRST.to_owned(), next().into());
                seal(serde_json::to_string(&map).unwrap(), &key)
            }
        };
        let decode = |value: String| {
            let key = key.clone();
            move || open::<Values>(Cookie::new(COOKIE_NAME, value.clone()), &key)
        };
        let whole = {
            let (key, value) = (key.clone(), value.clone());
            move || open::<Content>(Cookie::new(COOKIE_NAME, value.clone()), &key).unwrap()
        };
        assert_eq!(whole(), Content::of(workload));
        let [opened, two_of, forged] = [value.clone(), value.clone(), tampered(&value)].map(decode);
        let cookie = header(&pair);
        let mut cases = vec![
            Case::new(What::Encode, encode.clone()).bytes(|| encode().stripped().encoded().to_string()),
            Case::new(What::Changed, change.clone()),
            Case::new(What::Struct, whole),
            Case::new(What::All, opened.clone()),
            Case::new(What::Opened, opened),
            Case::new(What::Two, move || two(&two_of().unwrap(), workload.second)),
            Case::new(What::Tampered, move || assert!(forged().is_none())),
            Case::new(What::HeaderWrite, move || change().encoded().to_string()),
        ];
        let (header_key, header) = (key.clone(), cookie.clone());
        cases.push(Case::new(What::HeaderOpened, move || open::<Values>(find(&header).unwrap(), &header_key).unwrap()));
        cases.extend(requests(&key, &cookie));
        cases
    }

    fn search(&self, header: String) -> Option<Call> {
        Some(Box::new(move || assert!(find(&header).is_none())))
    }
}

fn find(header: &str) -> Option<Cookie<'static>> {
    let mut cookies = Cookie::split_parse_encoded(header).flatten();
    cookies.find(|cookie| cookie.name() == COOKIE_NAME).map(Cookie::into_owned)
}

fn requests(key: &Key, cookie_header: &str) -> Vec<Case> {
    let for_read = key.clone();
    let read = service_fn(move |request: Request| {
        let key = for_read.clone();
        async move {
            let (mut parts, _) = request.into_parts();
            let Ok(jar) = PrivateCookieJar::<Key>::from_request_parts(&mut parts, &key).await;
            assert!(parse::<Values>(&jar.get(COOKIE_NAME).unwrap()).unwrap()[FIRST].is_string());
            answer(Request::from_parts(parts, ()))
        }
    });
    let for_whole = key.clone();
    let whole = service_fn(move |request: Request| {
        let key = for_whole.clone();
        async move {
            let (mut parts, _) = request.into_parts();
            let Ok(jar) = PrivateCookieJar::<Key>::from_request_parts(&mut parts, &key).await;
            assert!(!parse::<Content>(&jar.get(COOKIE_NAME).unwrap()).unwrap().user_id().is_empty());
            answer(Request::from_parts(parts, ()))
        }
    });
    let (for_write, mut next) = (key.clone(), toggle());
    let write = service_fn(move |request: Request| {
        let (key, user) = (for_write.clone(), next());
        async move {
            let (mut parts, _) = request.into_parts();
            let Ok(jar) = PrivateCookieJar::<Key>::from_request_parts(&mut parts, &key).await;
            let mut map: Values = parse(&jar.get(COOKIE_NAME).unwrap()).unwrap();
            map.insert(FIRST.to_owned(), user.into());
            Ok((jar.add(cookie(serde_json::to_string(&map).unwrap())), ()).into_response())
        }
    });
    vec![
        http::case(What::HttpRead, cookie_header, read),
        http::case(What::HttpStruct, cookie_header, whole),
        http::case(What::HttpWrite, cookie_header, write),
    ]
}
