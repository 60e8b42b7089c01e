//! Runs one contestant's turn: all its clients send requests at once, for a moment.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Client, Tenth};
use crate::processor::Servers;

/// The content, the kind of requests and the length of a turn.
#[derive(Clone, Copy)]
pub struct Turn {
    pub content: usize,
    pub tenth: Tenth,
    /// The time before the turn, in which nothing is counted: idle connections, threads and caches warm up.
    pub warm_up: Duration,
    pub length: Duration,
}

#[derive(Default)]
pub struct Slice {
    /// The number of requests that ended within the turn.
    pub ended: usize,
    /// The time that each request took which began within the turn, in nanoseconds.
    pub latencies: Vec<u64>,
    /// The number of all requests, also of those before the turn.
    requests: usize,
    /// The processor time that the servers took for all requests, in nanoseconds.
    processor: u64,
}

impl Slice {
    /// Returns the processor time of a request, in nanoseconds.
    pub fn processor_per_request(&self) -> f64 {
        self.processor as f64 / self.requests as f64
    }
}

/// Lets each client send its next request as soon as it has the response to the one before.
pub async fn run(clients: &mut Vec<Client>, turn: Turn, servers: &Servers) -> Slice {
    let before = servers.nanoseconds();
    let begin = Instant::now() + turn.warm_up;
    let mut running = JoinSet::new();
    for mut client in clients.drain(..) {
        running.spawn(async move {
            let slice = drive(&mut client, turn, begin).await;
            (client, slice)
        });
    }
    let mut slice = Slice::default();
    while let Some(done) = timeout(STALLED, running.join_next()).await.expect("every request is answered some time") {
        let (client, part) = done.expect("every response is as it must be");
        clients.push(client);
        slice.ended += part.ended;
        slice.latencies.extend(part.latencies);
        slice.requests += part.requests;
    }
    slice.processor = servers.nanoseconds() - before;
    slice
}

async fn drive(client: &mut Client, turn: Turn, begin: Instant) -> Slice {
    let end = begin + turn.length;
    let mut slice = Slice::default();
    let mut now = Instant::now();
    while now < end {
        client.request(turn.content, turn.tenth).await;
        slice.requests += 1;
        let done = Instant::now();
        slice.ended += usize::from((begin..end).contains(&done));
        if now >= begin {
            slice.latencies.push(u64::try_from((done - now).as_nanos()).unwrap());
        }
        now = done;
    }
    slice
}

const STALLED: Duration = Duration::from_secs(60);
