//! Settings: the builder, its checks and the environment, which is met in this folder alone.

pub(crate) mod check;
mod config;
mod env;
mod env_backend;
mod env_reader;
mod presets;

pub(crate) use check::{Budget, ReadLimits};
pub(crate) use config::{Migrate, Options};
pub use config::{SameSite, SessionConfig};
pub use presets::TimeoutPreset;
