//! All schedules of a small world, depth first: each run goes one way at each step, and the tree remembers which ways
//! are left.
//!
//! Two steps that do not concern each other come to the same in either order, so only one of the orders is run (sleep
//! sets: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996).

use crate::event::{Event, Footprint};

#[derive(Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// The number of steps that this run has made.
    depth: usize,
}

struct Node {
    events: Vec<Event>,
    /// The index of the event that happens in this run.
    current: usize,
    /// The things that this event touched.
    touched: Footprint,
    /// The events that happened here in earlier runs, and those that did before and concern nothing that happened
    /// since: whatever follows them was seen.
    asleep: Vec<(Event, Footprint)>,
}

impl Tree {
    /// The event that happens next; `None` if every way on was seen.
    pub(crate) fn choose(&mut self, events: &[Event]) -> Option<Event> {
        if self.depth == self.nodes.len() {
            let asleep = self.nodes.last().map_or_else(Vec::new, Node::asleep_after);
            let current = events.iter().position(|event| !asleep.iter().any(|(other, _)| other == event))?;
            self.nodes.push(Node { events: events.to_vec(), current, touched: Footprint::Everything, asleep });
        }
        let node = &self.nodes[self.depth];
        self.depth += 1;
        Some(node.events[node.current])
    }

    /// Notes what the event touched.
    pub(crate) fn note(&mut self, touched: Footprint) {
        self.nodes[self.depth - 1].touched = touched;
    }

    /// The events of this run.
    pub(crate) fn path(&self) -> Vec<Event> {
        self.nodes.iter().map(|node| node.events[node.current]).collect()
    }

    /// Makes ready for the next run. Returns false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.depth = 0;
        while let Some(node) = self.nodes.last_mut() {
            node.asleep.push((node.events[node.current], node.touched.clone()));
            let is_awake = |event: &Event| !node.asleep.iter().any(|(other, _)| other == event);
            if let Some(next) = node.events.iter().position(is_awake) {
                node.current = next;
                return true;
            }
            self.nodes.pop();
        }
        false
    }
}

impl Node {
    fn asleep_after(&self) -> Vec<(Event, Footprint)> {
        self.asleep.iter().filter(|(_, touched)| touched.is_apart_from(&self.touched)).cloned().collect()
    }
}
