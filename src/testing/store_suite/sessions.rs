//! The rule of a store for whole sessions, which a manager keeps in it.

use std::sync::Arc;

use super::verdict::{FAR, Verdict, at, must};
use crate::backend::SessionStore;
use crate::config::SessionConfig;
use crate::crypto::Key;
use crate::error::DecodeError;
use crate::testing::{TestBrowser, TestClock, TestCookies};

pub(super) const NAME: &str = "whole_sessions_are_kept_and_ended";

/// A visitor comes, fills a cart, logs in, and logs out. What was stored is there in the next request, and no copy of
/// an earlier cookie opens after an end.
pub(super) async fn whole_sessions_are_kept_and_ended(store: Arc<dyn SessionStore>) -> Verdict {
    let key = Key::generate()?;
    let clock = TestClock::fixed(at(FAR));
    let manager = SessionConfig::new(key).clock(clock).store(store).build()?;
    let mut browser = TestBrowser::new(&manager);

    let session = browser.load_async().await?;
    session.set("cart", ["apple"])?;
    browser.commit_async(&session).await?;
    let visitor = browser.clone();
    let session = browser.load_async().await?;
    must(session.contains("cart"), "a session that begins is not there in the next request")?;

    session.regenerate()?;
    session.set("user_id", 42)?;
    browser.commit_async(&session).await?;
    let user = browser.clone();
    let session = browser.load_async().await?;
    must(session.contains("cart"), "a login loses a value")?;
    must(session.get("user_id")? == Some(42), "what a login stores is not there in the next request")?;
    must_be_over(&visitor, "a cookie opens from before the login").await?;

    session.set("visits", 1)?;
    browser.commit_async(&session).await?;
    let session = user.load_async().await?;
    must(session.get("visits")? == Some(1), "a change does not reach a copy of the cookie")?;

    session.destroy();
    browser.commit_async(&session).await?;
    must_be_over(&user, "a cookie opens after the logout").await?;

    // A cookie from before the application had a store holds its values itself. Its end stays in the store as a record
    // of 16 bytes.
    let before = TestBrowser::new(&manager).with_cookie(TestCookies::new(&manager).with("user_id", 42).logged_in());
    let session = before.load_async().await?;
    must(session.contains("user_id"), "a cookie from before there was a store does not open")?;
    session.destroy();
    before.clone().commit_async(&session).await?;
    must_be_over(&before, "a cookie from before there was a store opens after its logout").await
}

async fn must_be_over(browser: &TestBrowser, otherwise: &str) -> Verdict {
    let session = browser.load_async().await?;
    let is_over = matches!(session.rejected(), Some(DecodeError::Revoked | DecodeError::NotStored));
    must(is_over, format_args!("{otherwise}: {:?}", session.rejected()))
}
