//! Parts of the time that a question may take.

use std::time::Duration;

use tokio::time::Instant;

/// Returns the end of the first third of the time that is left. A step that must leave time for others gets it.
pub(super) fn part_of(deadline: Instant) -> Instant {
    let now = Instant::now();
    let part = deadline.saturating_duration_since(now).checked_div(3).unwrap_or_default();
    now.checked_add(part).unwrap_or(now)
}

/// Waits a moment before a server is asked again. Returns false, at once, when no time would be left for an answer, so
/// that the caller tells the reason of the last try rather than that the next one was cut short.
pub(super) async fn pause(deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let is_enough = left > PAUSE.saturating_mul(2);
    if is_enough {
        tokio::time::sleep(PAUSE).await;
    }
    is_enough
}

/// The time between two tries: short beside a failover, long beside an answer.
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_made_only_if_as_much_time_is_left_for_the_answer() {
        let start = Instant::now();
        assert!(!pause(start).await);
        assert!(!pause(start + 2 * PAUSE).await);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(pause(start + 2 * PAUSE + Duration::from_millis(1)).await);
        assert_eq!(start.elapsed(), PAUSE);
    }
}
