//! A contestant: the floor, which is the parts that this crate can't do without, over the same bytes.

use crate::contestant::{COOKIE_NAME, Case, Contestant, What};
use crate::contestants::ours;
use crate::floor::Floor;
use crate::workloads::Workload;

pub struct ItsFloor;

impl Contestant for ItsFloor {
    fn name(&self) -> &'static str {
        "its floor"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let manager = ours::manager(ours::KEY);
        let codec = manager.codec();
        let value = codec.encode(&ours::session(codec, workload.map())).unwrap();
        let floor = || Floor::new(&ours::KEY, COOKIE_NAME, &value);
        let (for_encode, for_decode, plaintext, bytes) = (floor(), floor(), floor().decode(&value), value.clone());
        let mut scratch = Vec::new();
        vec![
            Case::new(What::Encode, move || for_encode.encode(&plaintext, &mut scratch))
                .bytes(|| format!("{COOKIE_NAME}={bytes}")),
            Case::new(What::Opened, move || for_decode.decode(&value)),
        ]
    }
}
