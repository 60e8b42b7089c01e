//! [`at_once`]: many calls that wait for each other, without a runtime.

use std::future::{self, Future};
use std::pin::Pin;
use std::task::Poll;

/// Polls all futures until each has ended, and returns what each gave. The suites thus start no thread and no task.
pub(super) async fn at_once<F: Future + Unpin>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Some(future), None)).collect();
    future::poll_fn(|context| {
        for (future, output) in &mut running {
            if let Some(Poll::Ready(value)) = future.as_mut().map(|future| Pin::new(future).poll(context)) {
                *output = Some(value);
                *future = None;
            }
        }
        if running.iter().all(|(future, _)| future.is_none()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
