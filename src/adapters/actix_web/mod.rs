//! The session of each request to an actix-web application, and extractors for it. Feature `actix-web`.
//!
//! ```
//! use actix_web::{App, web};
//! use sealed_session::actix_web::SessionMiddleware;
//! use sealed_session::{Error, Session, SessionConfig};
//!
//! async fn visits(session: Session) -> Result<String, Error> {
//!     let visits = session.get::<u64>("visits")?.unwrap_or(0) + 1;
//!     session.set("visits", visits)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app = App::new().wrap(SessionMiddleware::new(manager)).route("/", web::get().to(visits));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// `middleware` gives each request its session, `answer` is what leaves it, and `extractors` hand the session to
// handlers.

mod answer;
mod extractors;
mod middleware;

pub use middleware::{SessionFuture, SessionMiddleware, SessionService};
