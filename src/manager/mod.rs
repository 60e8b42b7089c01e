//! What an application holds: it loads and commits sessions, and ends them from outside of their requests.

mod admin;
mod manager;

pub use manager::SessionManager;
