//! Takes settings from code and from the environment, checks all of them, and builds the manager.
//!
//! A configuration is checked once, when it is built. The check reports every problem at once. Settings without a
//! problem become values that can't be wrong, so no room below reads a setting or checks one again. This room knows
//! nothing of requests. It is the only one that reads environment variables.
//!
//! - `config.rs` holds [`SessionConfig`], with a method for each setting; `options.rs` holds the settings as they were
//!   given and their defaults; `presets.rs` holds the timeouts that standards name.
//! - `check.rs` checks the settings, and `check_import.rs` those of imports; `problems.rs` collects what they find.
//! - `build.rs` makes a manager out of checked settings.
//! - `env.rs` makes a configuration out of environment variables, `env_backend.rs` opens the store that they name, and
//!   `env_reader.rs` looks each of them up.

mod build;
mod check;
#[cfg(feature = "import")]
mod check_import;
mod config;
mod env;
mod env_backend;
mod env_reader;
mod options;
mod presets;
mod problems;

pub use config::SessionConfig;
pub use presets::TimeoutPreset;
