//! All nodes together: which of them is to be believed.
//!
//! A node can stand still for an hour and answer every request with HTTP 200. What tells is the others: a node whose slot
//! lags behind the highest that can be believed is passed over until it has caught up, and so is one that is far ahead of
//! it or of another cluster.

use {
    crate::chain::{
        Node, NodeError,
        belief::{Belief, Believed},
    },
    blockable_sdk::{Hash, rpc::CommitmentConfig},
    futures_util::future::{join, join_all},
    std::{
        ops::RangeInclusive,
        sync::{Arc, Mutex, MutexGuard, PoisonError},
        time::Instant,
    },
};

/// The nodes a keeper was given, in order of preference.
#[derive(Clone)]
pub struct Nodes {
    nodes: Arc<Vec<Node>>,
    lag_slots: u64,
    believed: Arc<Mutex<Option<Believed>>>,
}

impl Nodes {
    /// `lag_slots` is how far a node may lag behind the highest slot that can be believed.
    pub fn new(nodes: Vec<Node>, lag_slots: u64) -> Nodes {
        Nodes { nodes: Arc::new(nodes), lag_slots, believed: Arc::default() }
    }

    /// All of them.
    pub fn all(&self) -> &[Node] {
        &self.nodes
    }

    fn believed(&self) -> MutexGuard<'_, Option<Believed>> {
        self.believed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn belief(&self, last: Option<Believed>) -> Belief {
        Belief { nodes: self.nodes.len(), lag: self.lag_slots, last }
    }

    /// The highest slot that any of the cluster has shown of late.
    pub fn highest_slot(&self) -> u64 {
        let of_cluster = self.nodes.iter().filter(|node| !self.is_of_another_cluster(node));
        of_cluster.map(Node::highest_slot).max().unwrap_or(0)
    }

    /// Whether a node's cluster began otherwise than that of most; where as many say one thing as another, than that of the
    /// first of them. Its slots mean nothing here.
    fn is_of_another_cluster(&self, node: &Node) -> bool {
        let told: Vec<Hash> = self.nodes.iter().filter_map(Node::known_genesis).collect();
        let count = |hash: &Hash| told.iter().filter(|other| *other == hash).count();
        // Of equals `max_by_key` takes the last.
        let most = told.iter().rev().max_by_key(|hash| count(hash));
        node.known_genesis().is_some_and(|own| Some(&own) != most)
    }

    /// The slots that can be believed of finalized ones that several nodes show.
    pub fn believable(&self, slots: &[u64]) -> RangeInclusive<u64> {
        self.belief(*self.believed()).judge_older(slots, Instant::now())
    }

    /// Asks all nodes for their slot. Returns those that can be believed, in order of preference, and what is wrong with
    /// the others.
    pub async fn look(&self) -> (Vec<&Node>, Vec<(&str, NodeError)>) {
        let ask = async |node: &Node| join(node.genesis(), node.slot(CommitmentConfig::confirmed())).await.1;
        let slots = join_all(self.nodes.iter().map(ask)).await;
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
        let sound_slots = self.judge(&shown);
        let (mut sound, mut faults) = (Vec::new(), Vec::new());
        for (node, slot) in answers {
            match slot.and_then(|slot| require(slot, &sound_slots)) {
                Ok(()) => sound.push(node),
                Err(error) => faults.push((node.name(), error)),
            }
        }
        (sound, faults)
    }

    fn judge(&self, shown: &[u64]) -> RangeInclusive<u64> {
        let mut believed = self.believed();
        let (sound, remember) = self.belief(*believed).judge(shown, Instant::now());
        *believed = remember;
        sound
    }
}

fn require(slot: u64, sound: &RangeInclusive<u64>) -> Result<(), NodeError> {
    let highest = *sound.end();
    match slot {
        slot if slot > highest => Err(NodeError::Ahead { slot, highest }),
        slot if slot < *sound.start() => Err(NodeError::Stale { slot, highest }),
        _ => Ok(()),
    }
}
