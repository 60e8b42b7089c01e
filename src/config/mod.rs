//! Settings: the builder, the checks, and the environment, which is met in this folder alone.
//!
//! A configuration is checked once, in `check.rs`, which reports every problem at once and turns what is good into values that
//! can't be wrong. `build.rs` makes the parts of a manager out of them. Nothing below knows an option.

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
