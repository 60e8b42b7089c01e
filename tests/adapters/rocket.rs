//! The application on the fairing and the guards of `rocket`.

use rocket::http::uri::Origin;
use rocket::http::{Header, Method, Status};
use rocket::local::blocking::{Client, LocalRequest};
use rocket::request::{FromRequest, Outcome};
use rocket::response::status::Custom;
use rocket::response::stream::TextStream;
use rocket::response::{self, Responder};
use rocket::{Config, Request, Response, get, routes};
use sealed_session::rocket::SessionFairing;
use sealed_session::{EncodeError, Error, KeepExpiry, Session, SessionManager, Typed};

use crate::common::{
    Answer, Other, Reply, Visitor, act, acts, answer, count, fill, headers, manager, method_of, ran, read, run, stream,
    visit,
};

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    // A fairing covers a whole application in Rocket, so a route outside of it needs an application without it.
    let (method, path) = method_of(path);
    let fairings = if path.starts_with("/twice") { 2 } else { usize::from(!path.starts_with("/outside")) };
    let client = client(fairings, hooked);
    let mut request = client.req(method.parse::<Method>().unwrap(), path.to_owned());
    for cookie in cookies {
        request.add_header(Header::new("Cookie", (*cookie).to_owned()));
    }
    for (name, value) in headers() {
        request.add_header(Header::new(name, value));
    }
    reply(request)
}

fn client(fairings: usize, hooked: bool) -> Client {
    let manager = manager();
    let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    let all = routes![
        untouched,
        reading,
        visiting,
        cached,
        failing,
        filled,
        logout,
        typed,
        other,
        outside,
        twice,
        answered,
        streamed,
        refused,
        panicking,
        optional,
        result,
        outside_result,
        framework,
        fails,
        poll
    ];
    let mut app = rocket::custom(quiet).mount("/", all);
    for _ in 0..fairings {
        let fairing = SessionFairing::new(manager.clone());
        app = app.attach(if hooked { fairing.on_error(full) } else { fairing });
    }
    Client::untracked(app).unwrap()
}

fn reply(request: LocalRequest<'_>) -> Reply {
    let response = request.dispatch();
    let headers = response.headers().iter();
    let headers = headers.map(|header| (header.name().to_string(), header.value().to_owned())).collect();
    Reply { status: response.status().code, headers, body: response.into_string().unwrap_or_default() }
}

#[get("/untouched")]
fn untouched() -> &'static str {
    crate::common::untouched()
}

/// Does what comes before the handler. In Rocket a guard stands where a middleware stands elsewhere.
struct Between;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Between {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let session = request.guard::<&Session>().await.unwrap();
        act(session, &acts(request.uri().path().as_str())[0]);
        Outcome::Success(Self)
    }
}

#[get("/twice/<_>/<inside>/<after>")]
fn twice(session: &Session, _between: Between, inside: &str, after: &str) {
    act(session, inside);
    act(session, after);
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build().status(Status::new(self.status)).finalize();
        for (name, value) in self.headers {
            response.adjoin_raw_header(name, value);
        }
        Ok(response)
    }
}

#[get("/answer")]
fn answered(session: &Session, origin: &Origin<'_>) -> Answer {
    answer(session, origin.query().unwrap().as_str())
}

#[get("/stream")]
fn streamed(session: Session, origin: &Origin<'_>) -> TextStream![&'static str] {
    let query = origin.query().unwrap().as_str().to_owned();
    TextStream! { yield stream(&session, &query) }
}

/// Refuses the request after a visit.
struct Refusing;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Refusing {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        visit(request.guard::<&Session>().await.unwrap()).unwrap();
        Outcome::Error((Status::ImATeapot, ()))
    }
}

#[get("/refused")]
fn refused(_refusing: Refusing) {}

#[get("/panic")]
fn panicking(session: &Session) {
    visit(session).unwrap();
    panic!("a handler that panics");
}

#[get("/optional")]
fn optional(session: Option<&Session>) -> &'static str {
    run();
    session.map_or("none", |_| "some")
}

#[get("/result")]
fn result(session: Result<&Session, Error>) -> Custom<&'static str> {
    run();
    Custom(Status::ServiceUnavailable, session.map_or("none", |_| "some"))
}

#[get("/read")]
#[expect(clippy::needless_pass_by_value, reason = "the guard by value")]
fn reading(session: Session) -> String {
    read(&session).unwrap()
}

#[get("/visit")]
fn visiting(session: &Session) -> String {
    visit(session).unwrap()
}

#[derive(Responder)]
struct With<T> {
    body: String,
    header: T,
}

#[get("/cached")]
fn cached(session: &Session) -> With<Header<'static>> {
    With { body: visit(session).unwrap(), header: Header::new("Cache-Control", "max-age=60") }
}

#[get("/failing")]
fn failing(session: &Session) -> Result<String, Custom<String>> {
    Err(Custom(Status::ImATeapot, visit(session).unwrap()))
}

#[get("/fill")]
fn filled(session: &Session) -> With<Header<'static>> {
    With { body: fill(session).unwrap(), header: Header::new("X-Handler", "here") }
}

#[get("/logout")]
fn logout(session: &Session) {
    session.destroy();
}

#[get("/typed")]
fn typed(mut visitor: Typed<Visitor>) -> String {
    count(&mut visitor)
}

#[get("/other")]
fn other(_other: Typed<Other>) {}

#[get("/outside")]
fn outside(_session: &Session) {}

#[get("/poll")]
#[expect(clippy::needless_pass_by_value, reason = "a guard by value")]
fn poll(_keep: KeepExpiry, session: Session) -> String {
    read(&session).unwrap()
}

#[get("/outside/result")]
fn outside_result(session: Result<&Session, Error>) -> Result<(), Error> {
    session.map(drop)
}

#[get("/framework")]
fn framework() -> &'static str {
    "rocket"
}

#[get("/fails/<how>")]
fn fails(session: &Session, how: &str) -> Result<String, Error> {
    crate::errors::fail(session, how)
}

fn full(error: &EncodeError) -> Response<'static> {
    assert!(matches!(error, EncodeError::TooLarge { .. } | EncodeError::Backend(_)));
    let body = std::io::Cursor::new("full");
    Response::build().status(Status::InsufficientStorage).sized_body(None, body).finalize()
}

#[test]
fn the_local_client_of_rocket_brings_its_cookies_too() {
    let client = client(1, false);
    let visited = reply(client.get("/visit"));
    let (name, value) = visited.cookie().split_once('=').unwrap();
    let again = client.get("/read").cookie((name.to_owned(), value.to_owned()));
    assert_eq!(reply(again).body, "1");
}

#[test]
fn debug_shows_the_manager() {
    assert!(format!("{:?}", SessionFairing::new(manager())).starts_with("SessionFairing { manager: "));
}

#[test]
fn a_handler_runs_that_asks_for_no_session_or_takes_it_as_an_option_or_a_result() {
    let cookie = crate::checks::break_under_fail(&send);
    for hooked in [false, true] {
        for (path, status, body, vary) in [
            ("/untouched", 200, "untouched", &[][..]),
            ("/optional", 200, "none", &["Cookie"]),
            ("/result", 503, "none", &["Cookie"]),
        ] {
            let reply = send(path, &[&cookie], hooked);
            assert_eq!((reply.status, reply.body.as_str(), ran()), (status, body, 1));
            assert_eq!(reply.all("vary"), vary);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "guards by value")]
mod several {
    use sealed_session::{Session, SessionOf};

    use crate::several::{Admin, Site, visit_both};

    #[rocket::get("/")]
    pub(super) fn by_name(site: &Session, admin: SessionOf<Admin>) -> String {
        visit_both(site, &admin)
    }

    #[rocket::get("/both")]
    pub(super) fn both(site: SessionOf<Site>, admin: SessionOf<Admin>) -> String {
        visit_both(&site, &admin)
    }

    #[rocket::get("/taken")]
    pub(super) fn taken(_admin: SessionOf<Admin>) {}
}

#[test]
fn two_managers_are_told_apart_by_name() {
    use crate::several::{Admin, Site};
    let [site, admin] = crate::several::managers();
    let send = |first: SessionFairing, second: SessionFairing, path: &'static str, cookies: &[&str]| {
        let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
        let app = rocket::custom(quiet).attach(first).attach(second);
        let client =
            Client::untracked(app.mount("/", routes![several::by_name, several::both, several::taken])).unwrap();
        let mut request = client.get(path);
        for cookie in cookies {
            request.add_header(Header::new("Cookie", (*cookie).to_owned()));
        }
        reply(request)
    };
    let of = |manager: &SessionManager| SessionFairing::new(manager.clone());
    crate::several::each_has_its_own_session(&|cookies| send(of(&admin).of::<Admin>(), of(&site), "/", cookies));
    crate::several::each_has_its_own_session(&|cookies| send(of(&site), of(&admin).of::<Admin>(), "/", cookies));
    crate::several::each_has_its_own_session(&|cookies| {
        send(of(&site).of::<Site>(), of(&admin).of::<Admin>(), "/both", cookies)
    });
    for is_first in [false, true] {
        crate::several::one_manager_by_two_names_has_one_session(&|cookies| {
            let [named, unnamed] = [of(&site).of::<Admin>(), of(&site)];
            if is_first { send(named, unnamed, "/", cookies) } else { send(unnamed, named, "/", cookies) }
        });
    }
    let taken = send(of(&site), of(&admin).of::<Admin>(), "/taken", &[]);
    crate::several::to_take_a_session_by_its_name_is_to_look_at_it(&taken);
    crate::several::a_name_without_a_layer_is_told(&send(of(&site).of::<Site>(), of(&admin), "/both", &[]));
}

#[cfg(feature = "dbsc")]
#[test]
fn two_fairings_of_one_manager_answer_a_request_to_the_route_once() {
    let counters = sealed_session::Counters::new();
    let config = crate::common::config().device_binding(sealed_session::DeviceBinding::new());
    crate::common::be(config.observer(counters.clone()).build().unwrap());
    let client = client(2, false);
    assert_eq!(reply(client.post("/device-binding")).status, 400, "it has no proof");
    let refused = counters.snapshot().bindings.into_iter().find(|(outcome, _)| *outcome == "refused");
    assert_eq!(refused, Some(("refused", 1)));
}

#[cfg(feature = "dbsc")]
#[test]
fn a_manager_with_two_names_answers_a_request_to_the_route_once() {
    drop(manager()); // sets the logger
    let counters = sealed_session::Counters::new();
    let config = crate::common::config().device_binding(sealed_session::DeviceBinding::new());
    let manager = config.observer(counters.clone()).build().unwrap();
    let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    let named = SessionFairing::new(manager.clone()).of::<crate::several::Site>();
    let app = rocket::custom(quiet).attach(SessionFairing::new(manager)).attach(named);
    let client = Client::untracked(app).unwrap();
    assert_eq!(reply(client.post("/device-binding")).status, 400, "it has no proof");
    let refused = counters.snapshot().bindings.into_iter().find(|(outcome, _)| *outcome == "refused");
    assert_eq!(refused, Some(("refused", 1)));
}

#[test]
fn a_session_without_a_name_is_that_of_the_fairing_attached_last() {
    drop(manager()); // sets the logger
    let [ours, theirs] = crate::checks::two_managers();
    for ([first, second, third], last) in [
        ([&ours, &ours, &theirs], "theirs="),
        ([&ours, &theirs, &theirs], "theirs="),
        ([&ours, &theirs, &ours], "sid="),
        ([&theirs, &ours, &theirs], "theirs="),
    ] {
        let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
        let app = [first, second, third]
            .into_iter()
            .fold(rocket::custom(quiet), |app, manager| app.attach(SessionFairing::new(manager.clone())));
        let client = Client::untracked(app.mount("/", routes![visiting])).unwrap();
        let reply = reply(client.get("/visit"));
        assert!(reply.cookie().starts_with(last), "{last}: {reply:?}");
    }
}

#[test]
fn of_two_fairings_of_one_manager_one_commits() {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    drop(manager()); // sets the logger
    let store = crate::common::Small::default();
    let is_broken = Arc::clone(&store.is_broken);
    is_broken.store(true, Ordering::SeqCst);
    let manager = crate::common::config().store(store).build().unwrap();
    let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    // The store is back when the first commit has failed.
    let first = SessionFairing::new(manager.clone()).on_error(move |error| {
        is_broken.store(false, Ordering::SeqCst);
        full(error)
    });
    let app = rocket::custom(quiet).attach(first).attach(SessionFairing::new(manager).of::<crate::several::Site>());
    let client = Client::untracked(app.mount("/", routes![visiting])).unwrap();
    let reply = reply(client.get("/visit"));
    assert_eq!((reply.status, reply.all("set-cookie")), (507, vec![]));
}
