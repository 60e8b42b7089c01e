//! Times cases in rounds. Each round runs a batch of every case, so that other work of the machine slows all cases
//! alike.

use std::time::{Duration, Instant};

/// Returns the median time of one call of each case, in nanoseconds.
pub(crate) fn medians(cases: &mut [Box<dyn FnMut()>], rounds: usize, batch_time: Duration) -> Vec<f64> {
    let batches: Vec<u32> = cases.iter_mut().map(|case| batch(case, batch_time)).collect();
    let mut samples = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..rounds {
        let mut turn: Vec<_> = cases.iter_mut().zip(&batches).zip(&mut samples).collect();
        // The order alternates between forwards and backwards, so that no case always follows the same one.
        if round % 2 == 1 {
            turn.reverse();
        }
        for ((case, batch), samples) in turn {
            samples.push(time(case, *batch).as_secs_f64() * 1e9 / f64::from(*batch));
        }
    }
    samples.into_iter().map(median).collect()
}

/// Returns the middle sample.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Finds the number of calls that take about `batch_time`, and warms the case up.
fn batch(case: &mut dyn FnMut(), batch_time: Duration) -> u32 {
    let mut calls = 1;
    // The shortest of three times counts, since other work of the machine would make the batches too small.
    while (0..3).map(|_| time(case, calls)).min() < Some(batch_time / 2) && calls < 1 << 20 {
        calls *= 2;
    }
    calls
}

fn time(case: &mut dyn FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        case();
    }
    start.elapsed()
}
