//! The stand-in for TLS when the feature `redis-tls` is off: it encrypts nothing.

use std::convert::Infallible;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};

use crate::backend::redis::address::Address;
use crate::error::ProblemKind;

/// A type without a value, since this build takes no URL that asks for TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    never: Infallible,
}

impl Tls {
    pub(crate) fn of_the_system() -> Result<Self, (&'static str, ProblemKind)> {
        Err(("redis url", ProblemKind::NeedsFeature { feature: "the crate's feature `redis-tls` for TLS" }))
    }

    pub(crate) fn of_a_cluster(&self, _: &[Address]) -> Self {
        match self.never {}
    }

    #[expect(clippy::unused_async, reason = "the other half of this API waits")]
    pub(crate) async fn connect(
        &self,
        _: &Address,
        _: &RedisConnectionInfo,
        _: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisError> {
        match self.never {}
    }
}
