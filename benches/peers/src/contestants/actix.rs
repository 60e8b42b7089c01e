//! Two contestants: actix-session 0.11 with its `CookieSessionStore`, and this crate in actix-web.
//!
//! In actix-session, the store makes JSON of the session, and the middleware encrypts the JSON with the cookie crate's
//! private jar. The value level does the same with the same parts.

use std::cell::RefCell;
use std::collections::HashMap;

use actix_session::SessionMiddleware;
use actix_session::config::PersistentSession;
use actix_session::storage::{CookieSessionStore, SessionKey, SessionStore};
use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{App, Error, HttpResponse, test, web};
use serde_json::Value;

use crate::contestant::{COOKIE_NAME, Case, Contestant, What, header, tampered, toggle};
use crate::contestants::ours;
use crate::http::ready;
use crate::workloads::{FIRST, Workload};

pub struct ActixSession;

pub struct OursInActix;

type State = HashMap<String, String>;

thread_local!(static TOGGLE: RefCell<Box<dyn FnMut() -> &'static str>> = RefCell::new(Box::new(toggle())));

fn next() -> &'static str {
    TOGGLE.with_borrow_mut(|toggle| toggle())
}

fn encode(state: &State, key: &Key) -> String {
    let text: String = ready(CookieSessionStore::default().save(state.clone(), &Duration::DAY)).unwrap().into();
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(Cookie::new(COOKIE_NAME, text));
    jar.delta().next().unwrap().value().to_owned()
}

fn decode(value: &str, key: &Key) -> Option<State> {
    let mut jar = CookieJar::new();
    jar.add_original(Cookie::new(COOKIE_NAME, value.to_owned()));
    let text = jar.private(key).get(COOKIE_NAME)?.value().to_owned();
    let session_key: SessionKey = text.try_into().ok()?;
    ready(CookieSessionStore::default().load(&session_key)).ok()?
}

impl Contestant for ActixSession {
    fn name(&self) -> &'static str {
        "actix-session"
    }

    fn keeps_text(&self) -> bool {
        true
    }

    fn bare(&self) -> &'static str {
        "no layer (actix-web)"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let key = Key::from(&[0x5a; 64]);
        let state: State = workload.map().into_iter().map(|(key, value)| (key, value.to_string())).collect();
        let value = encode(&state, &key);
        assert_eq!(decode(&value, &key), Some(state.clone()));
        let pair = |value: String| Cookie::new(COOKIE_NAME, value).encoded().to_string();
        let cookie = header(&pair(value.clone()));
        let forged = tampered(&value);

        let text = |state: &State, key: &str| -> Option<String> { serde_json::from_str(&state[key]).ok() };
        let all = |state: State| -> HashMap<String, Value> {
            state.into_iter().map(|(key, text)| (key, serde_json::from_str(&text).unwrap())).collect()
        };
        let change = {
            let (key, mut state) = (key.clone(), state.clone());
            move || {
                state.insert(FIRST.to_owned(), serde_json::to_string(next()).unwrap());
                encode(&state, &key)
            }
        };
        let with = |what, run: Box<dyn Fn(State) -> usize>| {
            let (key, value) = (key.clone(), value.clone());
            Case::new(what, move || run(decode(&value, &key).unwrap()))
        };
        let second = workload.second;
        let encode = {
            let (key, state) = (key.clone(), state);
            move || encode(&state, &key)
        };
        let refuse_key = key.clone();
        let mut cases = vec![
            Case::new(What::Encode, encode.clone()).bytes(|| pair(encode())),
            Case::new(What::Changed, change),
            with(What::Opened, Box::new(|state| state.len())),
            with(What::Two, Box::new(move |state| [FIRST, second].iter().flat_map(|key| text(&state, key)).count())),
            with(What::All, Box::new(move |state| all(state).len())),
            Case::new(What::Tampered, move || assert!(decode(&forged, &refuse_key).is_none())),
        ];
        cases.extend(requests(&key, &cookie));
        cases
    }
}

fn requests(key: &Key, cookie: &str) -> Vec<Case> {
    let app = || {
        let lifecycle = PersistentSession::default().session_ttl(Duration::DAY);
        let middleware = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
            .cookie_name(COOKIE_NAME.to_owned())
            .cookie_same_site(SameSite::Lax)
            .session_lifecycle(lifecycle)
            .build();
        App::new().wrap(middleware)
    };
    let read = async |session: actix_session::Session| {
        assert!(session.get::<String>(FIRST).unwrap().is_some());
        HttpResponse::Ok().finish()
    };
    let write = async |session: actix_session::Session| {
        session.insert(FIRST, next()).unwrap();
        HttpResponse::Ok().finish()
    };
    vec![
        case(What::HttpUntouched, cookie, app().route("/", web::get().to(HttpResponse::Ok))),
        case(What::HttpRead, cookie, app().route("/", web::get().to(read))),
        case(What::HttpWrite, cookie, app().route("/", web::get().to(write))),
    ]
}

impl Contestant for OursInActix {
    fn name(&self) -> &'static str {
        "sealed-session (actix-web)"
    }

    fn bare(&self) -> &'static str {
        "no layer (actix-web)"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let manager = ours::manager(ours::KEY);
        let value = manager.codec().encode(&ours::session(manager.codec(), workload.map())).unwrap();
        let cookie = header(&format!("{COOKIE_NAME}={value}"));
        let app = || App::new().wrap(sealed_session::actix_web::SessionMiddleware::new(manager.clone()));
        let read = async |session: sealed_session::Session| {
            assert!(session.get::<String>(FIRST).unwrap().is_some());
            HttpResponse::Ok().finish()
        };
        let write = async |session: sealed_session::Session| {
            session.set(FIRST, next()).unwrap();
            HttpResponse::Ok().finish()
        };
        vec![
            case(What::HttpUntouched, &cookie, app().route("/", web::get().to(HttpResponse::Ok))),
            case(What::HttpRead, &cookie, app().route("/", web::get().to(read))),
            case(What::HttpWrite, &cookie, app().route("/", web::get().to(write))),
        ]
    }
}

/// Makes a case: a request with this Cookie header goes through the application.
pub fn case<F, B>(what: What, cookie: &str, app: App<F>) -> Case
where
    F: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    B: MessageBody + 'static,
{
    let service = actix_web::rt::System::new().block_on(test::init_service(app));
    let cookie = HeaderValue::from_str(cookie).unwrap();
    let call = move || {
        let request = test::TestRequest::get().insert_header((COOKIE, cookie.clone())).to_request();
        ready(service.call(request)).unwrap()
    };
    assert_eq!(call().headers().contains_key(SET_COOKIE), what == What::HttpWrite, "{what:?}");
    Case::new(what, call)
}
