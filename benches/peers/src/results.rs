//! [`Results`]: the measurements of one launch. They go from one process to the other as lines, with tabs between the
//! fields.

use std::collections::BTreeMap;

use crate::rounds::median;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    pub contestant: String,
    pub what: String,
    pub workload: String,
}

impl Key {
    pub fn new(contestant: &str, what: &str, workload: &str) -> Self {
        let [contestant, what, workload] = [contestant, what, workload].map(str::to_owned);
        Self { contestant, what, workload }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub ns: f64,
    pub allocations: u64,
    pub bytes: usize,
}

#[derive(Default)]
pub struct Results(BTreeMap<Key, Measured>);

impl Results {
    pub fn put(&mut self, key: Key, measured: Measured) {
        self.0.insert(key, measured);
    }

    pub fn write(&self) {
        for (Key { contestant, what, workload }, Measured { ns, allocations, bytes }) in &self.0 {
            println!("{contestant}\t{what}\t{workload}\t{ns}\t{allocations}\t{bytes}");
        }
    }

    pub fn read(text: &str) -> Self {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [contestant, what, workload, ns, allocations, bytes] = fields.try_into().ok()?;
            let key = Key::new(contestant, what, workload);
            Some((
                key,
                Measured { ns: ns.parse().ok()?, allocations: allocations.parse().ok()?, bytes: bytes.parse().ok()? },
            ))
        };
        Self(text.lines().map(|text| line(text).expect("a line of a launch")).collect())
    }
}

/// Returns the median over the launches of a value that each of them measured.
pub fn over(launches: &[Results], of: impl Fn(&dyn Fn(&Key) -> Option<Measured>) -> Option<f64>) -> Option<f64> {
    let each = launches.iter().map(|results| of(&|key| results.0.get(key).copied()));
    each.collect::<Option<Vec<f64>>>().map(median).filter(|value| value.is_finite())
}

pub fn ns(launches: &[Results], key: &Key) -> Option<f64> {
    over(launches, |get| Some(get(key)?.ns))
}

/// Returns the median of the ratios, each taken within one launch.
pub fn ratio(launches: &[Results], above: &Key, below: &Key) -> Option<f64> {
    ratio_between(launches, above, launches, below)
}

/// Returns the median of the ratios of two builds, each taken between launches that followed one another.
pub fn ratio_between(launches: &[Results], above: &Key, others: &[Results], below: &Key) -> Option<f64> {
    let of = |results: &Results, key: &Key| Some(results.0.get(key)?.ns);
    let each = launches.iter().zip(others).map(|(one, other)| Some(of(one, above)? / of(other, below)?));
    each.collect::<Option<Vec<f64>>>().map(median).filter(|value| value.is_finite())
}

/// Returns the allocations and the bytes, which are the same in each launch.
pub fn counted(launches: &[Results], key: &Key) -> Option<Measured> {
    launches.last()?.0.get(key).copied()
}
