#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codec;
mod config;
mod config_error;
mod data;
mod decode_error;
mod entries;
mod env;
mod env_reader;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod key;
mod key_id;
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
pub use config::{SameSite, SessionConfig};
pub use config_error::{ConfigError, ConfigProblem, KeyError, ProblemKind};
pub use data::{SessionData, SessionId};
pub use decode_error::{DecodeError, Timeout};
pub use error::{EncodeError, ValueError};
pub use key::{Key, KeyRing};
pub use key_id::KeyId;
pub use manager::SessionManager;
pub use session::Session;
pub use set_cookie::SetCookies;
pub use state::{Retired, Status};
pub use time::{Clock, SystemClock, UnixTime};
