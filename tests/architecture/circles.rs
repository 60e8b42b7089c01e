//! Circles of imports between the files of one room. Between rooms the ranks allow none.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::finding::{Finding, Rule};
use crate::house::House;
use crate::source::Source;

/// The number of re-exports of re-exports that are followed at most to the file that defines a name.
const MAX_HOPS: usize = 8;

/// For each file, the files of its room that it imports from, each with the line of the first such import.
type Graph<'h> = BTreeMap<&'h str, BTreeMap<&'h str, usize>>;

/// Finds a shortest circle of every group of files that import each other.
pub(crate) fn findings(house: &House) -> Vec<Finding> {
    let graph = graph(house);
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut findings = Vec::new();
    for file in graph.keys() {
        let Some(circle) = circle(&graph, file).filter(|_| !told.contains(file)) else { continue };
        told.extend(graph.keys().filter(|other| is_reached(&graph, file, other) && is_reached(&graph, other, file)));
        let way: Vec<String> = circle.iter().map(|(file, line)| format!("{file}:{line}")).collect();
        let line = circle.first().map_or(0, |(_, line)| *line);
        findings.push(Finding::new(file, line, Rule::Circle, format!("{} → {file}", way.join(" → "))));
    }
    findings
}

fn graph(house: &House) -> Graph<'_> {
    let mut graph = Graph::new();
    for file in house.files.iter().filter(|file| !house.is_facade(file) && !house.is_test(file)) {
        let edges = graph.entry(&file.path).or_default();
        for name in file.names.iter().filter(|name| !name.is_test) {
            let target = name.inside().and_then(|path| defining_file(house, path, MAX_HOPS));
            if let Some(target) = target.filter(|target| target.room == file.room && target.path != file.path) {
                let line = edges.entry(&target.path).or_insert(name.line);
                *line = name.line.min(*line);
            }
        }
    }
    graph
}

/// Returns the file that a path leads to. If the path names something that a façade re-exports, that is the file of the
/// re-export; `None` when the façade re-exports no such name, as with `*`.
fn defining_file<'h>(house: &'h House, path: &[String], hops: usize) -> Option<&'h Source> {
    let (rest, file) = (1..=path.len()).rev().find_map(|len| {
        let (module, rest) = path.split_at_checked(len)?;
        Some((rest, house.files.iter().find(|file| file.module == module)?))
    })?;
    if !house.is_facade(file) {
        return Some(file);
    }
    let (name, rest) = rest.split_first()?;
    let reexport = file.names.iter().find(|reexport| reexport.bound.as_ref() == Some(name))?;
    let path: Vec<String> = reexport.inside()?.iter().chain(rest).cloned().collect();
    defining_file(house, &path, hops.checked_sub(1)?)
}

/// Returns a shortest way from a file back to itself: each file of it, and the line that imports the next.
fn circle<'h>(graph: &Graph<'h>, start: &'h str) -> Option<Vec<(&'h str, usize)>> {
    let mut came_from: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for (&next, &line) in graph.get(file).into_iter().flatten() {
            if came_from.contains_key(next) {
                continue;
            }
            came_from.insert(next, (file, line));
            if next == start {
                return Some(way_back(&came_from, start));
            }
            queue.push_back(next);
        }
    }
    None
}

fn way_back<'h>(came_from: &BTreeMap<&'h str, (&'h str, usize)>, start: &'h str) -> Vec<(&'h str, usize)> {
    let mut way = Vec::new();
    let mut file = start;
    while let Some(&(before, line)) = came_from.get(file) {
        way.push((before, line));
        file = before;
        if file == start {
            break;
        }
    }
    way.reverse();
    way
}

fn is_reached(graph: &Graph<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for &next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}
