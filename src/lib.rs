#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codec;
mod config;
mod data;
mod entries;
mod env;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod key;
mod lifetime;
mod manager;
mod rules;
mod seal;
mod session;
mod set_cookie;
mod state;
mod time;
mod typed;
mod wire;

pub use codec::Codec;
pub use config::SessionConfig;
pub use data::{SessionData, SessionId};
pub use error::{ConfigError, ConfigProblem, DecodeError, EncodeError, KeyError, ProblemKind, Timeout, ValueError};
pub use key::{Key, KeyId, KeyRing};
pub use manager::SessionManager;
pub use session::Session;
pub use set_cookie::{SameSite, SetCookies};
pub use state::{Retired, Status};
pub use time::{Clock, SystemClock, UnixTime};
