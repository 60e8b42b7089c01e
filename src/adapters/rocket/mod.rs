//! The session of each request to a Rocket application, and request guards for it. Feature `rocket`.
//!
//! ```
//! use rocket::{get, routes};
//! use sealed_session::rocket::SessionFairing;
//! use sealed_session::{Error, Session, SessionConfig};
//!
//! #[get("/")]
//! fn visits(session: &Session) -> Result<String, Error> {
//!     let visits = session.get::<u64>("visits")?.unwrap_or(0) + 1;
//!     session.set("visits", visits)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app = rocket::build().attach(SessionFairing::new(manager)).mount("/", routes![visits]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// `fairing` gives each request its session, `loaded` keeps it in the request, and `guards` hand it to handlers.

mod fairing;
mod guards;
mod loaded;

pub use fairing::SessionFairing;
