//! Decides when a session is good, when it is sealed again, and when it ends.

use std::time::Duration;

use crate::error::{DecodeError, EncodeError, Timeout};
use crate::time::{Times, UnixTime};

/// The timeouts of a configuration, in seconds. The configuration has checked that `0 < idle <= absolute` and that
/// `extend_after < idle`.
#[derive(Clone, Debug)]
pub(crate) struct Lifetime {
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
    pub(crate) extend_after: u64,
    pub(crate) clock_skew: u64,
    pub(crate) not_before: UnixTime,
}

/// The longest idle timeout, in seconds, of a session that is in a store and holds no value: an hour. It is the session
/// of a visitor who was shown a form and a token. Anybody can make any number of them, and each takes room in the
/// store.
pub(crate) const IDLE_WITHOUT_VALUES: u64 = 60 * 60;

/// The seconds for which a load or a commit asks backends, by its own clock. After them it asks nothing more.
pub(crate) const UNDER_WAY_SECONDS: u64 = 60;

impl Lifetime {
    /// Checks that a session whose seal is good may be used at `now`.
    pub(crate) fn check(&self, now: UnixTime, times: &Times) -> Result<(), DecodeError> {
        let Times { created_at, issued_at, expires_at } = *times;
        if issued_at > now.saturating_add(self.clock_skew) {
            return Err(DecodeError::NotYetValid { now, issued_at });
        }
        let absolute_end = self.absolute_end(times);
        if now >= absolute_end {
            return Err(DecodeError::Expired { timeout: Timeout::Absolute, now, expires_at: absolute_end });
        }
        if now >= expires_at {
            return Err(DecodeError::Expired { timeout: Timeout::Idle, now, expires_at });
        }
        if created_at < self.not_before {
            return Err(DecodeError::BeforeCutoff { created_at, not_before: self.not_before });
        }
        Ok(())
    }

    /// Returns the times of a session created at `now`.
    pub(crate) fn start(&self, now: UnixTime) -> Times {
        let expires_at = now.saturating_add(self.idle);
        Times { created_at: now, issued_at: now, expires_at }
    }

    /// Returns the times of a session that is sealed again at `now`: its idle timeout slides, the absolute timeout does
    /// not.
    ///
    /// A later end that the application asked for is kept.
    pub(crate) fn slide(&self, now: UnixTime, times: &Times, idle: u64) -> Times {
        let times = self.reissue(now, times);
        Times { expires_at: self.end(&times, now.saturating_add(idle)), ..times }
    }

    /// Returns the times of a session that is sealed again at `now` and ends no later for it.
    pub(crate) fn reissue(&self, now: UnixTime, times: &Times) -> Times {
        // A clock that went back, within the skew, must not put issued_at before created_at.
        let issued_at = now.max(times.created_at);
        Times { issued_at, expires_at: self.end(&Times { issued_at, ..*times }, times.expires_at), ..*times }
    }

    /// Returns the times of a session whose idle timeout is another one from `now` on. The new end may be earlier.
    pub(crate) fn restart(&self, now: UnixTime, times: &Times, idle: u64) -> Times {
        let end = now.saturating_add(idle).min(self.absolute_end(times));
        Times { expires_at: end.max(times.issued_at), ..*times }
    }

    /// Returns the timeouts of a session that is in a store and holds no value.
    pub(crate) fn without_values(&self) -> Self {
        if self.idle <= IDLE_WITHOUT_VALUES {
            return self.clone();
        }
        let extend_after = self.extend_after.min(IDLE_WITHOUT_VALUES / 2);
        Self { idle: IDLE_WITHOUT_VALUES, extend_after, ..self.clone() }
    }

    /// Returns the end of a session that is to live for `ttl` (whole seconds) from `now`. The end is never earlier than
    /// before, and never past the absolute timeout.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `ttl` is under a second or its end is past what the format can carry.
    pub(crate) fn extend(&self, now: UnixTime, times: &Times, ttl: Duration) -> Result<UnixTime, EncodeError> {
        Ok(self.end(times, end_of(now, ttl)?))
    }

    /// True when a session that was looked at at `now` is to be sealed again, to push its end forward.
    ///
    /// That is so once it was sealed `extend_after` ago. Two kinds of seal give a session less than its idle timeout,
    /// and the session might be over before `extend_after` has passed:
    ///
    /// - Its first seal, for a session that began with a shorter life: the application encoded it itself, or it held no
    ///   value yet. It is due after half of what that seal gave it. It is not due sooner, or each of its requests would
    ///   seal it.
    /// - A later seal, which left the end where it was ([`Session::keep_expiry`](crate::Session::keep_expiry)). Such a
    ///   seal must not put an extension off, however often a page polls. So the session is also due, whatever the age
    ///   of the seal, if its end would move by `extend_after`.
    ///
    /// `idle` gives the idle timeout of the session, which is never shorter than the configured one, and is mostly not
    /// called.
    pub(crate) fn is_due(&self, now: UnixTime, times: &Times, idle: impl Fn() -> u64) -> bool {
        let given = times.expires_at.seconds_since(times.issued_at);
        let is_short = given < self.idle;
        let after = if is_short { self.extend_after.min(given / 2) } else { self.extend_after };
        let is_old = now.seconds_since(times.issued_at) >= after;
        // A session that was given more than the configured idle timeout may have a longer one of its own.
        let is_below_its_own = || given > self.idle && given < idle();
        let was_kept = times.issued_at > times.created_at && (is_short || is_below_its_own());
        if !is_old && !was_kept {
            return false;
        }
        let gained = self.slide(now, times, idle()).expires_at.seconds_since(times.expires_at);
        gained > 0 && (is_old || gained >= self.extend_after)
    }

    /// Returns the time at which the session ends, whatever is done to it.
    pub(crate) fn absolute_end(&self, times: &Times) -> UnixTime {
        times.created_at.saturating_add(self.absolute)
    }

    /// The time from which no cookie of the session opens by any clock, and no request that loaded one is under way:
    /// until then a list keeps the mark of the session.
    pub(crate) fn mark_end(&self, absolute_end: UnixTime) -> UnixTime {
        absolute_end.saturating_add(self.clock_skew).saturating_add(UNDER_WAY_SECONDS)
    }

    /// The same of every session that began by now, by a clock that may be as far ahead as another one is behind.
    pub(crate) fn all_end(&self, now: UnixTime) -> UnixTime {
        self.mark_end(now.saturating_add(self.absolute).saturating_add(self.clock_skew))
    }

    /// The time until which a store keeps the record of a session: longer than its cookie opens by any clock.
    pub(crate) fn record_end(&self, expires_at: UnixTime) -> UnixTime {
        expires_at.saturating_add(self.clock_skew).saturating_add(UNDER_WAY_SECONDS)
    }

    /// Returns the later of two ends, but never one past the absolute timeout.
    fn end(&self, times: &Times, wanted: UnixTime) -> UnixTime {
        let end = times.expires_at.max(wanted).min(self.absolute_end(times));
        end.max(times.issued_at)
    }
}

/// Returns the end of a life of `ttl` (whole seconds) from `now`.
pub(crate) fn end_of(now: UnixTime, ttl: Duration) -> Result<UnixTime, EncodeError> {
    if ttl.as_secs() == 0 {
        return Err(EncodeError::TimeOutOfRange);
    }
    now.checked_add(ttl).ok_or(EncodeError::TimeOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Lifetime =
        Lifetime { idle: 1000, absolute: 5000, extend_after: 100, clock_skew: 60, not_before: UnixTime::MIN };

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds).unwrap()
    }

    fn slide(now: UnixTime, times: &Times) -> Times {
        LIFETIME.slide(now, times, LIFETIME.idle)
    }

    fn is_due(now: UnixTime, times: &Times) -> bool {
        LIFETIME.is_due(now, times, || LIFETIME.idle)
    }

    fn times(created_at: u64, issued_at: u64, expires_at: u64) -> Times {
        Times { created_at: at(created_at), issued_at: at(issued_at), expires_at: at(expires_at) }
    }

    #[test]
    fn a_session_is_good_until_one_second_before_its_idle_timeout() {
        let session = times(10_000, 10_000, 11_000);
        assert_eq!(LIFETIME.check(at(10_999), &session), Ok(()));
        for now in [11_000, 11_001] {
            let expected = DecodeError::Expired { timeout: Timeout::Idle, now: at(now), expires_at: at(11_000) };
            assert_eq!(LIFETIME.check(at(now), &session), Err(expected));
        }
    }

    #[test]
    fn a_session_is_good_until_one_second_before_its_absolute_timeout() {
        let session = times(10_000, 14_900, 20_000);
        assert_eq!(LIFETIME.check(at(14_999), &session), Ok(()));
        for now in [15_000, 15_001] {
            let expected = DecodeError::Expired { timeout: Timeout::Absolute, now: at(now), expires_at: at(15_000) };
            assert_eq!(LIFETIME.check(at(now), &session), Err(expected));
        }
    }

    #[test]
    fn a_lower_absolute_timeout_ends_sessions_already_out() {
        let lower = Lifetime { absolute: 2000, ..LIFETIME };
        let session = times(10_000, 11_950, 12_950);
        assert_eq!(lower.check(at(11_999), &session), Ok(()));
        assert!(lower.check(at(12_000), &session).is_err_and(|reason| reason.is_expired()));
    }

    #[test]
    fn a_session_from_the_future_is_good_within_the_clock_skew() {
        let session = times(10_000, 10_000, 11_000);
        for now in [9_940, 9_941] {
            assert_eq!(LIFETIME.check(at(now), &session), Ok(()));
        }
        let expected = DecodeError::NotYetValid { now: at(9_939), issued_at: at(10_000) };
        assert_eq!(LIFETIME.check(at(9_939), &session), Err(expected));
    }

    #[test]
    fn a_session_created_before_the_cut_off_is_refused() {
        let cut = Lifetime { not_before: at(10_000), ..LIFETIME };
        for created_at in [10_000, 10_001] {
            assert_eq!(cut.check(at(10_500), &times(created_at, 10_100, 11_000)), Ok(()));
        }
        let expected = DecodeError::BeforeCutoff { created_at: at(9_999), not_before: at(10_000) };
        assert_eq!(cut.check(at(10_500), &times(9_999, 10_100, 11_000)), Err(expected));
    }

    #[test]
    fn a_session_is_due_once_extend_after_has_passed() {
        let session = times(10_000, 10_000, 11_000);
        assert!(!is_due(at(10_099), &session));
        assert!(is_due(at(10_100), &session));
        assert!(is_due(at(10_101), &session));
    }

    #[test]
    fn a_session_that_can_live_no_longer_is_not_due() {
        assert!(is_due(at(14_100), &times(10_000, 13_999, 14_999)));
        assert!(!is_due(at(14_100), &times(10_000, 14_000, 15_000)));
    }

    #[test]
    fn a_session_whose_seal_gave_it_less_than_an_idle_timeout_is_due_after_half_of_that() {
        let rare = Lifetime { idle: 1000, extend_after: 900, ..LIFETIME };
        let is_due_rarely = |now, times: &Times| rare.is_due(at(now), times, || 1000);
        assert!(!is_due_rarely(10_899, &times(10_000, 10_000, 11_000)));
        for (expires_at, due) in [(10_100, 10_050), (10_101, 10_050), (10_999, 10_499)] {
            let session = times(10_000, 10_000, expires_at);
            assert!(!is_due_rarely(due - 1, &session), "{expires_at}");
            assert!(is_due_rarely(due, &session), "{expires_at}");
        }
        assert!(!is_due(at(10_099), &times(10_000, 10_000, 10_900)), "and never later than it was");
        assert!(is_due(at(10_100), &times(10_000, 10_000, 10_900)));
    }

    #[test]
    fn a_session_without_values_lives_an_hour_at_most_and_is_due_in_time() {
        for (idle, extend_after, expected) in [
            (1_209_600, 86_400, (3_600, 1_800)),
            (1_209_600, 60, (3_600, 60)),
            (3_601, 3_600, (3_600, 1_800)),
            (3_600, 3_599, (3_600, 3_599)),
            (60, 50, (60, 50)),
        ] {
            let lifetime = Lifetime { idle, extend_after, absolute: 2_000_000, ..LIFETIME }.without_values();
            assert_eq!((lifetime.idle, lifetime.extend_after), expected, "{idle} {extend_after}");
            assert_eq!(lifetime.absolute, 2_000_000);
        }
    }

    #[test]
    fn sliding_moves_the_expiry_to_the_idle_timeout_and_never_past_the_absolute_one() {
        let session = times(10_000, 10_000, 11_000);
        assert_eq!(slide(at(10_500), &session), times(10_000, 10_500, 11_500));
        let old = times(10_000, 14_000, 15_000);
        assert_eq!(slide(at(14_500), &old), times(10_000, 14_500, 15_000));
    }

    #[test]
    fn sliding_keeps_a_longer_life_and_extending_never_shortens_one() {
        let session = times(10_000, 10_000, 11_000);
        let extend = |times: &Times, ttl| LIFETIME.extend(at(10_500), times, Duration::from_secs(ttl));
        assert_eq!(extend(&session, 3000), Ok(at(13_500)));
        let long = times(10_000, 10_000, 13_500);
        assert_eq!(slide(at(10_600), &long), times(10_000, 10_600, 13_500));
        assert_eq!(extend(&long, 1), Ok(at(13_500)));
    }

    #[test]
    fn extending_stops_at_the_absolute_timeout() {
        let session = times(10_000, 10_000, 11_000);
        assert_eq!(LIFETIME.extend(at(10_000), &session, Duration::from_secs(9000)), Ok(at(15_000)));
    }

    #[test]
    fn a_ttl_that_is_too_short_or_overflows_is_an_error() {
        let session = times(10_000, 10_000, 11_000);
        for ttl in [Duration::ZERO, Duration::from_millis(999), Duration::MAX, Duration::from_secs(1 << 40)] {
            assert_eq!(LIFETIME.extend(at(10_000), &session, ttl), Err(EncodeError::TimeOutOfRange), "{ttl:?}");
        }
        assert!(LIFETIME.extend(at(10_000), &session, Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn times_at_the_end_of_the_range_never_overflow() {
        let last = times(UnixTime::MAX.as_secs(), UnixTime::MAX.as_secs(), UnixTime::MAX.as_secs());
        assert_eq!(slide(UnixTime::MAX, &last), last);
        assert_eq!(LIFETIME.start(UnixTime::MAX), last);
        assert!(LIFETIME.check(UnixTime::MAX, &last).is_err_and(|reason| reason.is_expired()));
    }

    #[test]
    fn a_clock_that_went_back_keeps_the_times_in_order() {
        assert!(slide(at(9_950), &times(10_000, 10_000, 11_000)).are_in_order());
    }

    #[test]
    fn a_seal_that_keeps_the_end_puts_no_extension_off() {
        // Sealed at 10_500 without a later end: at 10_510 the end would move by 510 seconds, although the seal is
        // young.
        let kept = LIFETIME.reissue(at(10_500), &times(10_000, 10_000, 11_000));
        assert_eq!(kept, times(10_000, 10_500, 11_000));
        assert!(is_due(at(10_510), &kept));
        // It would move by less than `extend_after`.
        let kept = LIFETIME.reissue(at(10_050), &times(10_000, 10_000, 11_000));
        assert!(!is_due(at(10_099), &kept));
        assert!(is_due(at(10_100), &kept));
        // This session never had the whole idle timeout.
        let short = times(10_000, 10_000, 10_300);
        assert!(!is_due(at(10_099), &short));
        assert!(is_due(at(10_100), &short));
    }

    #[test]
    fn a_seal_that_keeps_the_end_of_a_session_with_a_longer_idle_timeout_puts_no_extension_off() {
        let kept = LIFETIME.reissue(at(10_500), &times(10_000, 10_000, 13_000));
        assert_eq!(kept, times(10_000, 10_500, 13_000));
        assert!(LIFETIME.is_due(at(10_510), &kept, || 3000), "the end would move by 510 seconds");
        // A life that `extend` gave once does not slide.
        assert!(!LIFETIME.is_due(at(10_510), &kept, || LIFETIME.idle));
    }

    #[test]
    fn seals_that_keep_a_short_end_put_no_extension_off_either() {
        // It began without values, for 300 seconds, and a page that polls stores something every second.
        let rare = Lifetime { extend_after: 400, ..LIFETIME };
        let kept = rare.reissue(at(10_250), &times(10_000, 10_000, 10_300));
        assert_eq!(kept, times(10_000, 10_250, 10_300));
        assert!(rare.is_due(at(10_251), &kept, || 1000), "the end would move by 951 seconds");
    }

    #[test]
    fn a_session_is_never_due_for_an_end_that_would_not_move() {
        let always = Lifetime { extend_after: 0, ..LIFETIME };
        for session in [times(10_000, 10_000, 11_000), times(10_000, 14_500, 15_000)] {
            let now = session.issued_at;
            assert!(!always.is_due(now, &session, || 1000), "{session:?}");
        }
    }

    #[test]
    fn a_session_that_is_over_is_reissued_with_its_times_in_order() {
        assert_eq!(LIFETIME.reissue(at(11_500), &times(10_000, 10_000, 11_000)), times(10_000, 11_500, 11_500));
        assert_eq!(LIFETIME.reissue(at(9_950), &times(10_000, 10_000, 11_000)), times(10_000, 10_000, 11_000));
    }

    #[test]
    fn a_longer_idle_timeout_slides_at_most_once_per_extend_after_and_stops_at_the_absolute_timeout() {
        let long = times(10_000, 10_000, 13_000);
        let is_due = |now| LIFETIME.is_due(at(now), &long, || 3000);
        assert!(!is_due(10_099));
        assert!(is_due(10_100));
        assert_eq!(LIFETIME.slide(at(10_100), &long, 3000), times(10_000, 10_100, 13_100));
        assert_eq!(LIFETIME.slide(at(12_500), &long, 3000), times(10_000, 12_500, 15_000));
    }

    #[test]
    fn another_idle_timeout_counts_from_now_and_may_end_the_session_earlier() {
        let long = times(10_000, 10_000, 13_000);
        assert_eq!(LIFETIME.restart(at(10_500), &long, 1000), times(10_000, 10_000, 11_500));
        assert_eq!(LIFETIME.restart(at(10_500), &long, 9000), times(10_000, 10_000, 15_000));
        assert_eq!(LIFETIME.restart(at(9_000), &long, 1), times(10_000, 10_000, 10_000), "the times stay in order");
    }
}
