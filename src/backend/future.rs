//! [`BoxFuture`]: the answer of a backend, for any runtime.

use std::future::Future;
use std::pin::Pin;

/// The return type of the methods of [`SessionStore`](crate::SessionStore) and [`Revocations`](crate::Revocations): the
/// future that `Box::pin(async move { .. })` makes, for any runtime. So both are traits of objects.
///
/// ```
/// use sealed_session::BoxFuture;
/// fn answer() -> BoxFuture<'static, u64> {
///     Box::pin(async move { 42 })
/// }
/// # drop(answer());
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
