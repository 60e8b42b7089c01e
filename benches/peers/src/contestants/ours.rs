//! A contestant: this crate.

use sealed_session::tower::SessionLayer;
use sealed_session::{Codec, Key, Session, SessionConfig, SessionData, SessionManager, Typed};
use serde_json::{Map, Value};
use tower::{Layer, service_fn};

use crate::content::Content;
use crate::contestant::{COOKIE_NAME, Call, Case, Contestant, What, header, tampered, toggle};
use crate::http::{self, Request, answer};
use crate::workloads::{FIRST, Workload};

pub struct Ours;

pub const KEY: [u8; 32] = *b"thirty-two bytes that are no key";

pub fn manager(key: [u8; 32]) -> SessionManager {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    SessionConfig::new(Key::from_hex(&digits).unwrap()).cookie_name(COOKIE_NAME).max_cookie_bytes(4096).build().unwrap()
}

pub fn session(codec: &Codec, map: Map<String, Value>) -> SessionData {
    let mut data = codec.create().unwrap();
    for (key, value) in map {
        data.set(&key, value).unwrap();
    }
    data
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "sealed-session"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let manager = manager(KEY);
        let codec = manager.codec().clone();
        let data = session(&codec, workload.map());
        let value = codec.encode(&data).unwrap();
        let cookie = header(&format!("{COOKIE_NAME}={value}"));
        assert_eq!(codec.decode(&value).unwrap().data::<Map<String, Value>>().unwrap(), workload.map());
        let mut cases = values(&codec, workload, &data, &value);
        cases.extend(refusals(&codec, &data, &value));
        cases.extend(headers(&manager, &cookie));
        cases.extend(requests(&manager, &cookie));
        cases
    }

    fn search(&self, header: String) -> Option<Call> {
        let manager = manager(KEY);
        Some(Box::new(move || assert!(manager.load([&header]).is_empty())))
    }
}

fn values(codec: &Codec, workload: &'static Workload, data: &SessionData, value: &str) -> Vec<Case> {
    let encode = {
        let (codec, data) = (codec.clone(), data.clone());
        move || codec.encode(&data).unwrap()
    };
    let change = {
        let (codec, mut data, mut next) = (codec.clone(), data.clone(), toggle());
        move || {
            assert!(data.set(FIRST, next()).unwrap());
            codec.encode(&data).unwrap()
        }
    };
    let decode = {
        let (codec, value) = (codec.clone(), value.to_owned());
        move || codec.decode(&value).unwrap()
    };
    let two =
        |data: &SessionData| -> [Option<String>; 2] { [FIRST, workload.second].map(|key| data.get(key).unwrap()) };
    let [decode_two, decode_struct, decode_all] = [decode.clone(), decode.clone(), decode.clone()];
    assert_eq!(decode().data::<Content>().unwrap(), Content::of(workload));
    vec![
        Case::new(What::Encode, encode).bytes(|| format!("{COOKIE_NAME}={value}")),
        Case::new(What::Changed, change),
        Case::new(What::Opened, decode),
        Case::new(What::Two, move || two(&decode_two())),
        Case::new(What::Struct, move || decode_struct().data::<Content>().unwrap()),
        Case::new(What::All, move || decode_all().data::<Map<String, Value>>().unwrap()),
    ]
}

fn refusals(codec: &Codec, data: &SessionData, value: &str) -> Vec<Case> {
    let other = manager(*b"thirty-two more that are no key.").codec().encode(data).unwrap();
    // The first character holds six of the eight bits of the version.
    let version = value.replacen('A', "B", 1);
    [
        (What::Tampered, tampered(value)),
        (What::UnknownKey, other),
        (What::WrongVersion, version),
        (What::TooLong, "A".repeat(5000)),
    ]
    .map(|(what, value)| {
        let codec = codec.clone();
        Case::new(what, move || codec.decode(&value).unwrap_err())
    })
    .into()
}

fn headers(manager: &SessionManager, cookie: &str) -> Vec<Case> {
    let write = {
        let (manager, session, mut next) = (manager.clone(), manager.load([cookie]), toggle());
        move || {
            session.set(FIRST, next()).unwrap();
            manager.commit(&session).unwrap().into_iter().next().unwrap()
        }
    };
    let open = {
        let (manager, cookie) = (manager.clone(), cookie.to_owned());
        move || {
            let session = manager.load([&cookie]);
            assert!(!session.is_empty());
            session
        }
    };
    let leave = {
        let (manager, cookie) = (manager.clone(), cookie.to_owned());
        move || {
            let session = manager.load([&cookie]);
            manager.commit(&session).unwrap()
        }
    };
    vec![
        Case::new(What::HeaderWrite, write),
        Case::new(What::HeaderOpened, open),
        Case::new(What::HeaderUntouched, leave),
    ]
}

fn requests(manager: &SessionManager, cookie: &str) -> Vec<Case> {
    let layer = SessionLayer::new(manager.clone());
    let untouched = service_fn(async |request: Request| answer(request));
    let read = service_fn(async |request: Request| {
        let session = request.extensions().get::<Session>().unwrap();
        let user: Option<String> = session.get(FIRST).unwrap();
        assert!(user.is_some());
        answer(request)
    });
    let whole = service_fn(async |request: Request| {
        let content = Typed::<Content>::new(request.extensions().get::<Session>().unwrap().clone()).unwrap();
        assert!(!content.user_id().is_empty());
        answer(request)
    });
    let mut next = toggle();
    let write = service_fn(move |request: Request| {
        request.extensions().get::<Session>().unwrap().set(FIRST, next()).unwrap();
        std::future::ready(answer(request))
    });
    vec![
        http::case(What::HttpUntouched, cookie, layer.layer(untouched)),
        http::case(What::HttpRead, cookie, layer.layer(read)),
        http::case(What::HttpStruct, cookie, layer.layer(whole)),
        http::case(What::HttpWrite, cookie, layer.layer(write)),
    ]
}
