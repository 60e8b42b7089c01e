//! TLS to Redis, by rustls with AWS-LC.
//!
//! The TLS of the `redis` crate is not used. It takes the provider of cryptography that some crate installed for the
//! whole process, and panics in a request when there is none; it reads the trusted certificates anew for each
//! connection; and a feature that any crate may turn on lets it verify nothing.

#[cfg(not(feature = "redis-tls"))]
mod disabled;
#[cfg(feature = "redis-tls")]
mod enabled;
#[cfg(feature = "redis-tls")]
mod options;

#[cfg(not(feature = "redis-tls"))]
pub(super) use disabled::Tls;
#[cfg(feature = "redis-tls")]
pub(super) use enabled::Tls;
#[cfg(feature = "redis-tls")]
pub use options::RedisTls;
