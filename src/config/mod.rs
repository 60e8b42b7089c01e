//! Takes settings from code and from the environment, checks all of them, and builds the manager.
//!
//! A configuration is checked once, when it is built. The check reports every problem at once. Settings without a
//! problem become values that can't be wrong, so no room below reads a setting or checks one again. This room knows
//! nothing of requests. It is the only one that reads environment variables.
//!
//! - `config.rs` holds [`SessionConfig`], with a method for each setting; `options.rs` holds the settings as they were
//!   given and their defaults; `presets.rs` holds the timeouts that standards name.
//! - `former.rs` holds [`FormerCookie`], a form that the session cookie had before.
//! - `check.rs` checks the settings, `check_former.rs` the former cookies, `check_import.rs` the imports, and
//!   `check_binding.rs` the binding to devices; `problems.rs` collects what they find.
//! - `build.rs` makes a manager out of checked settings.
//! - `env.rs` holds [`EnvReader`], which makes a configuration out of environment variables. `env_names.rs` holds their
//!   names, `env_reader.rs` looks each of them up, `env_settings.rs` reads what they set, and `env_backend.rs` which
//!   store and which list of revocations they ask for; `open_backend.rs` checks or opens both, at the place that
//!   `store_url.rs` finds, with what `env_redis.rs` reads about a Redis beside its URL. `secret.rs` takes values and
//!   files, and wipes them.
//! - `dev.rs` holds what is for development alone, and refuses it in production.

mod build;
mod check;
#[cfg(feature = "dbsc")]
mod check_binding;
mod check_former;
#[cfg(feature = "import")]
mod check_import;
mod config;
mod dev;
mod env;
mod env_backend;
mod env_names;
mod env_reader;
mod env_redis;
mod env_settings;
mod former;
mod open_backend;
mod options;
mod presets;
mod problems;
mod secret;
mod store_url;

pub use config::SessionConfig;
pub use env::EnvReader;
pub use former::FormerCookie;
pub use presets::TimeoutPreset;
