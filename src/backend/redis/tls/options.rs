//! [`RedisTls`]: what an application says about TLS.

use std::fmt;

use zeroize::Zeroizing;

/// Says which certificates Redis must show over TLS, and which one the client shows (feature `redis-tls`).
///
/// Without it, a `rediss://` URL trusts the certificates that the system trusts, and shows none. Nothing turns the
/// verification off: for a certificate of your own, name its authority by [`RedisTls::ca_pem`].
///
/// TLS is done by rustls with AWS-LC, in versions 1.3 and 1.2. Nothing is installed for the process, so other parts of
/// the application may use rustls as they like.
///
/// ```
/// use sealed_session::{RedisPool, RedisTls};
/// # let ca_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem"));
/// let tls = RedisTls::new().ca_pem(ca_pem).server_name("redis.internal");
/// let pool = RedisPool::open_with_tls("rediss://10.0.0.7:6380", &tls)?;
/// # let _ = pool;
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct RedisTls {
    pub(super) ca: Option<Vec<u8>>,
    pub(super) client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    pub(super) server_name: Option<String>,
}

impl RedisTls {
    /// Trusts what the system trusts, and shows no certificate.
    ///
    /// ```
    /// use sealed_session::{RedisPool, RedisTls};
    /// # let tls = RedisTls::new().ca_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem")));
    /// # let pool = RedisPool::open_with_tls("rediss://redis.internal", &tls)?;
    /// # let _ = pool;
    /// let tls = RedisTls::new();
    /// # let _ = tls;
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificates of this PEM text, and none of the system's. There may be several, one after another.
    ///
    /// ```
    /// use sealed_session::{RedisPool, RedisTls};
    /// # let ca_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem"));
    /// RedisPool::open_with_tls("rediss://redis.internal", &RedisTls::new().ca_pem(ca_pem))?;
    /// let error = RedisPool::open_with_tls("rediss://redis.internal", &RedisTls::new().ca_pem("")).unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "ca_pem");
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[must_use]
    pub fn ca_pem(self, certificates: impl Into<Vec<u8>>) -> Self {
        Self { ca: Some(certificates.into()), ..self }
    }

    /// Shows this certificate to a Redis that asks for one (mutual TLS). `certificates` is the PEM text of the
    /// certificate and of those between it and its authority, in this order; `key` is the PEM text of its private key.
    ///
    /// ```no_run
    /// use sealed_session::{RedisPool, RedisTls};
    /// let tls = RedisTls::new().client_pem(std::fs::read("client.crt")?, std::fs::read("client.key")?);
    /// let pool = RedisPool::open_with_tls("rediss://redis.internal", &tls)?;
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client_pem(self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self { client: Some((certificates.into(), Zeroizing::new(key.into()))), ..self }
    }

    /// Expects this name, or IP address, in the certificate of Redis, instead of the host in the URL.
    ///
    /// ```
    /// use sealed_session::{RedisPool, RedisTls};
    /// # let ca_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem"));
    /// let tls = RedisTls::new().ca_pem(ca_pem).server_name("redis.internal");
    /// RedisPool::open_with_tls("rediss://10.0.0.7", &tls)?;
    /// assert!(RedisPool::open_with_tls("rediss://10.0.0.7", &tls.server_name("two words")).is_err());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[must_use]
    pub fn server_name(self, name: impl Into<String>) -> Self {
        Self { server_name: Some(name.into()), ..self }
    }
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTls")
            .field("has_ca", &self.ca.is_some())
            .field("has_client_certificate", &self.client.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}
