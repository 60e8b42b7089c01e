//! [`Session::require_recent`]: whether the login is recent enough for what matters most.

use std::time::Duration;

use super::session::Session;
use crate::error::StaleLogin;

impl Session {
    /// Checks that the login is less than `limit` (whole seconds) ago. Call this before what matters most, such as a
    /// new password or a payment, even within a live session (ASVS 5.0, 7.5.1 and 7.5.3; OWASP Authentication Cheat
    /// Sheet, "Require Re-authentication for Sensitive Features").
    ///
    /// The age is the time since [`Session::created_at`]: since the last [`Session::regenerate`], which a login and
    /// every further authentication call, or else since the session was created. So a session that nobody has logged
    /// into can be recent too: look up who is logged in as well. Nothing else makes a session recent, no use and no
    /// extension of it.
    ///
    /// The time is the configured clock's at this call. A session created on a server whose clock is ahead, within
    /// [`clock_skew`](crate::SessionConfig::clock_skew), has the age 0.
    ///
    /// # Errors
    /// [`StaleLogin::TooOld`] from `limit` on, and [`StaleLogin::NoSession`] when no good cookie came (a session that
    /// is new, or whose cookie was refused) or the session was destroyed, unless it was regenerated in this request.
    ///
    /// ```
    /// use sealed_session::StaleLogin;
    /// use std::time::Duration;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.regenerate()?; // the login
    /// session.set("user_id", 42)?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert_eq!(session.require_recent(Duration::from_secs(300)), Ok(()));
    /// assert!(matches!(session.require_recent(Duration::ZERO), Err(StaleLogin::TooOld { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "reauthenticate")]
    #[doc(alias = "step_up")]
    pub fn require_recent(&self, limit: Duration) -> Result<(), StaleLogin> {
        let age = self.with(|state, engine| state.age(engine)).ok_or(StaleLogin::NoSession)?;
        let age = Duration::from_secs(age);
        // In whole seconds on both sides, so that a fraction never lets an older session in.
        if age.as_secs() < limit.as_secs() { Ok(()) } else { Err(StaleLogin::TooOld { age, limit }) }
    }
}
