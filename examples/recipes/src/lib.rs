//! Holds what every recipe needs besides its recipe: a configuration from the environment, a clock that a test can
//! move, and a server.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, iter, process};

use axum::Router;
use sealed_session::{Clock, SessionConfig, SystemClock, UnixTime};

/// Returns the configuration that the environment describes. If the environment is wrong, the process ends with a
/// report.
pub fn config() -> SessionConfig {
    // An example must run without a key too. This variable comes first, so that one that is set overrides it.
    let allow_random_key = iter::once(("TIDEWAY_SESSION_ALLOW_INSECURE_KEY".into(), "true".into()));
    let config = or_exit(SessionConfig::from_vars("TIDEWAY_", allow_random_key.chain(env::vars_os())));
    if config.has_insecure_key() {
        eprintln!("TIDEWAY_SESSION_ENCRYPTION_KEY is not set: made a key, and all sessions end with this run.");
    }
    config.clock(clock())
}

/// Returns the clock of the system. If `CLOCK_OFFSET_FILE` names a file, the clock is ahead by the seconds in the file,
/// and a test writes them: so nothing has to wait for a timeout.
fn clock() -> impl Clock {
    let file = env::var_os("CLOCK_OFFSET_FILE").map(PathBuf::from);
    move || {
        let offset = file.as_ref().map_or(0, |path| {
            fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).expect("the file holds seconds")
        });
        SystemClock.now().checked_add(Duration::from_secs(offset)).unwrap_or(UnixTime::MAX)
    }
}

/// Serves the routes.
pub async fn serve(router: Router) {
    let (listener, _) = listen();
    serve_on(listener, router).await;
}

/// Listens on 127.0.0.1, on the port in `PORT` or on 3000, and prints the address. With the port 0 the system picks
/// one. Returns the listener and the origin of the site, such as `http://127.0.0.1:3000`.
pub fn listen() -> (TcpListener, String) {
    let listen = || -> io::Result<_> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number("PORT", 3000)))?;
        listener.set_nonblocking(true)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "Listening on {origin}")?;
        stdout.flush()?;
        Ok((listener, origin))
    };
    or_exit(listen())
}

/// Serves the routes on a listener.
pub async fn serve_on(listener: TcpListener, router: Router) {
    env_logger::init(); // says why a session was not kept
    let listener = or_exit(tokio::net::TcpListener::from_std(listener));
    or_exit(axum::serve(listener, router).await);
}

/// Returns the whole number in a variable, or the default.
pub fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(text) = env::var(name) else { return default };
    or_exit(text.parse().map_err(|_| format!("{name} takes a whole number")))
}

/// Returns the value, or prints the error and ends the process.
pub fn or_exit<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2)
    })
}
