//! [`ServerProcess`]: the server as a process of its own, whose memory and descriptors Linux tells.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::places::{Entries, Place};
use crate::wire::Wire;

pub struct ServerProcess {
    pub address: SocketAddr,
    child: Child,
    place: Place,
}

/// The state of the server at one moment.
pub struct Sample {
    /// The resident memory.
    pub kib: u64,
    /// The memory that was allocated and not freed.
    pub heap_kib: u64,
    pub descriptors: usize,
}

impl ServerProcess {
    pub fn start(place: &Place) -> Self {
        let program = std::env::current_exe().expect("this program is a file");
        let mut server = Command::new(program);
        server.arg("serve").args(place.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = server.spawn().expect("it starts");
        let mut address = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut address).expect("it is text");
        let address = address.trim().parse().expect("the server says where it listens");
        Self { address, child, place: place.clone() }
    }

    /// Looks at the server. The connection `to_it` is one to the server.
    pub async fn sample(&self, to_it: &mut Wire) -> Sample {
        let answer = to_it.get("/heap", &[]).await;
        let heap: u64 = to_it.body(&answer).parse().expect("a number");
        let process = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{process}/status")).expect("the server runs, on Linux");
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        let descriptors = fs::read_dir(format!("{process}/fd")).expect("the server runs").count();
        Sample { heap_kib: heap / 1024, kib: kib.expect("proc_pid_status(5) has the line"), descriptors }
    }

    pub async fn entries(&self) -> Entries {
        self.place.entries(self.address).await
    }
}

/// The server ends when its standard input does.
impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
