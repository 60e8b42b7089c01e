//! Holds the parts of the application that need no framework: its start, and its handlers over a [`Session`]. Every
//! example uses them.

use std::env;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::iter;
use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::time::Duration;

use sealed_session::{Clock, EncodeError, Session, SessionConfig, SessionManager, SystemClock, UnixTime, ValueError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The headers that one handler sets itself. Those of other cookies and of Vary must stay beside those of
/// the session, and nothing that lets caches store the response may.
pub const OWN_HEADERS: [(&str, &str); 3] =
    [("cache-control", "public, max-age=60"), ("vary", "Accept-Language"), ("set-cookie", "theme=dark; Path=/")];

/// Makes the manager that the environment describes. If the environment is wrong, the process ends with a report.
pub fn manager() -> SessionManager {
    or_exit(configured())
}

/// Returns the port to listen on: `PORT`, or 3000. With 0 the system picks a free port.
pub fn port() -> u16 {
    or_exit(number("PORT", 3000))
}

/// Listens on 127.0.0.1 and prints the address.
pub fn listen() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port())).and_then(|listener| {
        announce(listener.local_addr()?.port())?;
        Ok(listener)
    });
    or_exit(listener.map_err(|error| format!("can't listen: {error}")))
}

/// Does what [`listen`] does, for servers that run on tokio.
pub fn listen_async() -> tokio::net::TcpListener {
    let listener = listen();
    or_exit(listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener)))
}

/// Prints the address on which the server listens.
pub fn announce(port: u16) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "Listening on http://127.0.0.1:{port}")?;
    stdout.flush()
}

fn configured() -> Result<SessionManager, String> {
    let offset = Duration::from_secs(number("CLOCK_OFFSET_SECONDS", 0)?);
    // An example must run without a key too. This variable comes first, so that one that is set overrides it.
    let allow_random_key = iter::once(("TIDEWAY_SESSION_ALLOW_INSECURE_KEY".into(), "true".into()));
    let config = SessionConfig::from_vars("TIDEWAY_", allow_random_key.chain(env::vars_os()))
        .map_err(|error| error.to_string())?;
    if config.has_insecure_key() {
        eprintln!("TIDEWAY_SESSION_ENCRYPTION_KEY is not set: made a key, and all sessions end with this run.");
    }
    let clock = move || SystemClock.now().checked_add(offset).unwrap_or(UnixTime::MAX);
    config.clock(clock).build().map_err(|error| error.to_string())
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Result<T, String> {
    let Some(text) = env::var_os(name) else { return Ok(default) };
    text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{name} takes a whole number"))
}

/// Returns the value, or prints the error and ends the process.
pub fn or_exit<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2)
    })
}

/// The reason why a handler gave up, as the client is told.
#[derive(Debug)]
pub enum Error {
    BadRequest(String),
    Internal,
}

impl Error {
    /// Returns the status of the response.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Internal => 500,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest(reason) => f.write_str(reason),
            Self::Internal => f.write_str("something went wrong"),
        }
    }
}

impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        eprintln!("{error}");
        Self::Internal
    }
}

/// The form of `POST /login`.
#[derive(Deserialize)]
pub struct Login {
    pub name: String,
}

/// The form of `POST /set`.
#[derive(Deserialize)]
pub struct Entry {
    pub key: String,
    pub value: String,
}

/// The form of `POST /flash`.
#[derive(Deserialize)]
pub struct Flash {
    pub message: String,
}

/// The values of a session as a type: a counter, and every other value as it is.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Visitor {
    pub visits: u64,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Logs a visitor in under a new id. This handler and the next ones return the page to go to.
pub fn login(session: &Session, name: &str) -> Result<&'static str, Error> {
    // The id changes first, so that an id from before the login is worth nothing after it.
    session.regenerate()?;
    session.set("name", name)?;
    session.set_flash("welcome", format!("Welcome, {name}."))?;
    Ok("/")
}

/// Stores a value.
pub fn set(session: &Session, key: &str, value: &str) -> Result<&'static str, Error> {
    session.set(key, value)?;
    Ok("/")
}

/// Stores a message that is shown once.
pub fn flash(session: &Session, message: &str) -> Result<&'static str, Error> {
    session.set_flash("message", message)?;
    Ok("/")
}

/// Ends the session.
pub fn logout(session: &Session) -> &'static str {
    session.destroy();
    "/"
}

/// Returns a greeting and the flash values, and takes the flash values from the session.
pub fn page(session: &Session) -> Result<String, Error> {
    let name = session.get::<String>("name")?.unwrap_or_else(|| "stranger".to_owned());
    let flashes = session.flashes::<String>()?.into_iter().map(|(key, text)| format!("{key}: {text}\n"));
    Ok(iter::once(format!("Hello, {name}.\n")).chain(flashes).collect())
}

/// Returns everything that can be asked of the session, and changes nothing.
pub fn api(session: &Session) -> Result<Value, Error> {
    let status = session.status().as_str();
    // Taking the flash values of a copy leaves those of the session.
    let mut copy = session.snapshot()?;
    Ok(json!({
        "id": copy.id().to_string(),
        "created_at": copy.created_at().as_secs(),
        "issued_at": copy.issued_at().as_secs(),
        "expires_at": copy.expires_at().as_secs(),
        "status": status,
        "rejected": session.rejected().map(|reason| reason.as_str()),
        "data": copy.data::<Map<String, Value>>()?,
        "flash": copy.flashes()?.into_iter().collect::<Map<String, Value>>(),
        "cookie_bytes": session.cookie_bytes(),
    }))
}

/// Changes the session in a handler that then refuses the request.
pub fn early(session: &Session) -> Result<(), Error> {
    Ok(session.set("early", true)?)
}

/// Changes the session in a handler that then fails.
pub fn fail(session: &Session) -> Result<&'static str, Error> {
    session.set("failed", true)?;
    Err(Error::Internal)
}

/// Counts a visit.
pub fn visit(session: &Session) -> Result<u64, Error> {
    let visits = session.get("visits")?.unwrap_or(0) + 1;
    session.set("visits", visits)?;
    Ok(visits)
}

/// Makes a body in four pieces of some 20 kB.
pub fn pieces(visits: u64) -> impl Iterator<Item = String> + Send + Sync + 'static {
    (0..4).map(move |piece| format!("visit {visits}, piece {piece} {}\n", ".".repeat(20_000)))
}
