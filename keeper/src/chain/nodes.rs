//! All nodes together, and which of them can be used.
//!
//! A node can stop for an hour and still answer every request with HTTP 200. The other nodes give it away: a node whose slot
//! lags behind the highest one that can be believed is passed over until it has caught up. So is a node that is far ahead of that
//! slot, or of another cluster.

use {
    crate::chain::{
        Node, NodeError,
        slots::{SlotRule, TrustedSlot},
    },
    blockable_sdk::{Hash, rpc::CommitmentConfig},
    blockable_service::lock::lock,
    futures_util::future::{join, join_all},
    std::{
        ops::RangeInclusive,
        sync::{Arc, Mutex, MutexGuard},
        time::Instant,
    },
};

/// The nodes of the configuration, in order of preference. Clones share the last trusted slot, which is in memory alone and
/// behind a lock that is never held over an await.
#[derive(Clone)]
pub(crate) struct Nodes {
    nodes: Arc<Vec<Node>>,
    lag_slots: u64,
    trusted: Arc<Mutex<Option<TrustedSlot>>>,
}

impl Nodes {
    /// The nodes, of which each may lag `lag_slots` behind the highest slot that can be believed.
    pub(crate) fn new(nodes: Vec<Node>, lag_slots: u64) -> Nodes {
        Nodes { nodes: Arc::new(nodes), lag_slots, trusted: Arc::default() }
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes that answer, in order of preference; all of them where those are fewer than `least`.
    pub(crate) fn answering(&self, least: usize) -> Vec<&Node> {
        let answering: Vec<&Node> = self.nodes.iter().filter(|node| !node.is_resting()).collect();
        if answering.len() >= least { answering } else { self.nodes.iter().collect() }
    }

    /// Has the resting nodes asked in the background whether they answer again.
    fn wake_resting(&self) {
        for place in 0..self.nodes.len() {
            if self.nodes.get(place).is_some_and(Node::is_resting) {
                let nodes = self.nodes.clone();
                tokio::spawn(async move {
                    if let Some(node) = nodes.get(place) {
                        node.wake().await;
                    }
                });
            }
        }
    }

    fn trusted(&self) -> MutexGuard<'_, Option<TrustedSlot>> {
        lock(&self.trusted)
    }

    fn rule(&self, last: Option<TrustedSlot>) -> SlotRule {
        SlotRule { nodes: self.nodes.len(), lag: self.lag_slots, last }
    }

    /// The highest slot that any node of the cluster has shown recently.
    pub(crate) fn highest_slot(&self) -> u64 {
        let of_cluster = self.nodes.iter().filter(|node| !self.is_of_another_cluster(node));
        of_cluster.map(Node::highest_slot).max().unwrap_or(0)
    }

    /// Returns whether a node's cluster has another first block than that of most nodes; of two equally large groups the one
    /// with the first node counts. Slots of another cluster mean nothing here.
    fn is_of_another_cluster(&self, node: &Node) -> bool {
        node.known_genesis().is_some_and(|own| Some(own) != self.genesis())
    }

    /// Gives the hash of the cluster's first block, as most nodes name it; `None` before any has.
    pub(crate) fn genesis(&self) -> Option<Hash> {
        let known: Vec<Hash> = self.nodes.iter().filter_map(Node::known_genesis).collect();
        let count = |hash: &Hash| known.iter().filter(|other| *other == hash).count();
        // Of equals `max_by_key` takes the last.
        known.iter().rev().max_by_key(|hash| count(hash)).copied()
    }

    /// Evaluates finalized slots that several nodes show. Returns the range of those that can be believed.
    pub(crate) fn believable(&self, slots: &[u64]) -> RangeInclusive<u64> {
        self.rule(*self.trusted()).evaluate_finalized(slots, Instant::now())
    }

    /// Asks the nodes that answer for their slot. Returns those that can be used, in order of preference, and what is wrong with the
    /// others.
    pub(crate) async fn probe(&self) -> (Vec<&Node>, Vec<(&str, NodeError)>) {
        self.wake_resting();
        let asked = self.answering(1);
        let slots = self.nodes.iter().map(|node| {
            let is_asked = asked.iter().any(|other| std::ptr::eq(*other, node));
            async move {
                match is_asked {
                    true => join(node.fetch_genesis(), node.slot(CommitmentConfig::confirmed())).await.1,
                    false => Err(NodeError::Resting),
                }
            }
        });
        let slots = join_all(slots).await;
        let of_cluster =
            self.nodes.iter().zip(slots).map(|(node, slot)| match self.is_of_another_cluster(node) {
                false => (node, slot),
                true => {
                    let why = "it is of another cluster than the other nodes; check its URL";
                    (node, Err(NodeError::Unusable(why)))
                }
            });
        let answers: Vec<(&Node, Result<u64, NodeError>)> = of_cluster.collect();
        let shown: Vec<u64> = answers.iter().filter_map(|(_, slot)| slot.as_ref().ok().copied()).collect();
        let believable = self.evaluate(&shown);
        let (mut usable, mut faults) = (Vec::new(), Vec::new());
        for (node, slot) in answers {
            match slot.and_then(|slot| require(slot, &believable)) {
                Ok(()) => usable.push(node),
                Err(error) => faults.push((node.name(), error)),
            }
        }
        (usable, faults)
    }

    /// Evaluates slots that were just shown, and remembers the highest that can be trusted.
    fn evaluate(&self, shown: &[u64]) -> RangeInclusive<u64> {
        let mut trusted = self.trusted();
        let (believable, remember) = self.rule(*trusted).evaluate(shown, Instant::now());
        *trusted = remember;
        believable
    }
}

/// Requires a slot to be in a range. Errors: [`NodeError::Ahead`], [`NodeError::Stale`].
fn require(slot: u64, believable: &RangeInclusive<u64>) -> Result<(), NodeError> {
    let highest = *believable.end();
    match slot {
        slot if slot > highest => Err(NodeError::Ahead { slot, highest }),
        slot if slot < *believable.start() => Err(NodeError::Stale { slot, highest }),
        _ => Ok(()),
    }
}
