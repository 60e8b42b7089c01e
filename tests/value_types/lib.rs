//! A package of its own: its tests need many crates that the crate itself does not.
