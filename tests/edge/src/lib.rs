//! The crate on WebAssembly without an operating system. There is a small site as a fetch-style handler, and a check of
//! every test vector.

pub mod site;
#[cfg(feature = "vectors")]
pub mod vectors;
#[cfg(feature = "vectors")]
pub mod walk;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod javascript;
