//! The behaviour of the crate through its public API. Each module tests one subject. The tests set the clock
//! themselves, so nothing here sleeps.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod anonymous;
mod backends;
mod bearer;
mod coming_from;
mod commit;
mod common;
mod cookies;
mod crossing;
mod csrf;
mod data_model;
mod decode;
mod environment;
mod environment_lists;
mod environment_names;
mod environment_values;
mod expired_or_new;
mod foreign;
mod former_forms;
#[path = "../helpers/mod.rs"]
mod helpers;
#[cfg(feature = "import")]
mod import;
mod live_keys;
mod login;
mod long_connection;
mod many_values;
mod null;
mod observe;
mod of_0_1;
mod operations_page;
mod pages;
mod properties;
mod public_data;
mod quoted;
mod recheck;
mod remember_me;
mod revoked;
mod rolling_upgrade;
mod secrets;
mod security_page;
mod size;
mod stored;
mod tamper;
#[cfg(feature = "tracing")]
mod tracing;
mod two_cookies;
mod typed;
mod values;
mod vectors;
