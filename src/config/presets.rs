//! [`TimeoutPreset`]: the timeouts that standards name.

use std::time::Duration;

use super::config::SessionConfig;

/// A pair of timeouts from a standard, for [`SessionConfig::timeouts`].
///
/// Each timeout is an upper bound, so a shorter one keeps to its source too. The idle timeout counts from the last
/// seal, which is up to [`extend_after`](SessionConfig::extend_after) before the last use: a session may end that much
/// sooner, and never later. [`Session::extend`](crate::Session::extend) can give a session a life past the idle
/// timeout, and never past the absolute one.
///
/// Timeouts are one of many requirements of an assurance level, so no preset reaches a level by itself.
///
/// | preset | idle | absolute | source |
/// |---|---|---|---|
/// | `OwaspHighValue` | 5 minutes | 4 hours | OWASP Session Management Cheat Sheet, "Session Expiration" |
/// | `OwaspLowRisk` | 30 minutes | 8 hours | the same |
/// | `NistAal1` | 30 days | 30 days | NIST SP 800-63B-4, section 2.1.3 |
/// | `NistAal2` | 1 hour | 24 hours | NIST SP 800-63B-4, section 2.2.3 |
/// | `NistAal3` | 15 minutes | 12 hours | NIST SP 800-63B-4, section 2.3.3 |
///
/// ```
/// use sealed_session::{Key, SessionConfig, TimeoutPreset};
/// let manager = SessionConfig::new(Key::generate()?).timeouts(TimeoutPreset::NistAal2).build()?;
/// let data = manager.codec().create()?;
/// assert_eq!(data.created_at().checked_add(TimeoutPreset::NistAal2.idle_timeout()), Some(data.expires_at()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPreset {
    /// OWASP Session Management Cheat Sheet, "Session Expiration". It names 2 to 5 minutes idle for a high-value
    /// application; this preset takes 5. It leaves the absolute timeout to how long people use the application, and
    /// gives 4 to 8 hours for an office worker's day as an example; this preset takes 4.
    OwaspHighValue,
    /// OWASP Session Management Cheat Sheet, "Session Expiration". It names 15 to 30 minutes idle for a low-risk
    /// application; this preset takes 30. It gives 4 to 8 hours as an example of an absolute timeout; this preset takes
    /// 8.
    OwaspLowRisk,
    /// NIST SP 800-63B-4, section 2.1.3: an overall timeout, which should be 30 days at most. The section asks for no
    /// inactivity timeout, so this preset sets the idle timeout to the overall one; a later call of
    /// [`SessionConfig::idle_timeout`] sets a shorter one.
    NistAal1,
    /// NIST SP 800-63B-4, section 2.2.3: an overall timeout, which should be 24 hours at most, and an inactivity
    /// timeout, which should be an hour at most.
    NistAal2,
    /// NIST SP 800-63B-4, section 2.3.3: an overall timeout, which shall be 12 hours at most, and an inactivity
    /// timeout, which should be 15 minutes at most.
    NistAal3,
}

impl TimeoutPreset {
    /// Returns how long a session lives unused.
    ///
    /// ```
    /// use sealed_session::TimeoutPreset;
    /// assert_eq!(TimeoutPreset::OwaspHighValue.idle_timeout().as_secs(), 5 * 60);
    /// ```
    #[must_use]
    pub const fn idle_timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::OwaspHighValue => 5 * MINUTE,
            Self::OwaspLowRisk => 30 * MINUTE,
            Self::NistAal1 => 30 * DAY,
            Self::NistAal2 => HOUR,
            Self::NistAal3 => 15 * MINUTE,
        })
    }

    /// Returns how long a session lives at most, counted from its creation or its last
    /// [`Session::regenerate`](crate::Session::regenerate).
    ///
    /// ```
    /// use sealed_session::TimeoutPreset;
    /// assert_eq!(TimeoutPreset::NistAal3.absolute_timeout().as_secs(), 12 * 60 * 60);
    /// ```
    #[must_use]
    pub const fn absolute_timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::OwaspHighValue => 4 * HOUR,
            Self::OwaspLowRisk => 8 * HOUR,
            Self::NistAal1 => 30 * DAY,
            Self::NistAal2 => DAY,
            Self::NistAal3 => 12 * HOUR,
        })
    }
}

impl SessionConfig {
    /// Sets the idle and the absolute timeout to those of a standard; see [`TimeoutPreset`]. Without a preset they are
    /// 24 hours and 30 days.
    ///
    /// The last of several calls of this method, [`SessionConfig::idle_timeout`] and
    /// [`SessionConfig::absolute_timeout`] counts. It also overrides what was read from the environment before.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, TimeoutPreset};
    /// use std::time::Duration;
    /// let config = SessionConfig::new(Key::generate()?).timeouts(TimeoutPreset::OwaspLowRisk);
    /// let codec = config.idle_timeout(Duration::from_secs(15 * 60)).build_codec()?;
    /// let data = codec.create()?;
    /// assert_eq!(data.created_at().checked_add(Duration::from_secs(15 * 60)), Some(data.expires_at()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn timeouts(self, preset: TimeoutPreset) -> Self {
        self.idle_timeout(preset.idle_timeout()).absolute_timeout(preset.absolute_timeout())
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
