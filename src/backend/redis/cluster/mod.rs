//! A Redis Cluster: its keys are spread over servers, each of which is the primary of some slots.
//!
//! - `cluster.rs` holds [`Cluster`], which finds the server of a key, and asks again where nothing can have happened.
//! - `slot_map.rs` says which server is the primary of which slots; `slot.rs` computes the slot of a key.
//!
//! The cluster client of the `redis` crate is not used: it sends a write again after a lost answer, so that `SET NX` of
//! a new key says that the key was there, and between two tries it waits longer than a request may take.

mod cluster;
mod slot;
mod slot_map;

pub(super) use cluster::Cluster;
