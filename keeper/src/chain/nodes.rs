//! All nodes together: which of them is to be believed.
//!
//! A node can stand still for an hour and answer every request with HTTP 200. What tells is the others: a node whose slot
//! lags behind the highest that any node has shown is passed over until it has caught up.

use {
    crate::chain::{Node, NodeError},
    futures_util::future::{join, join_all},
    solana_client::rpc_config::CommitmentConfig,
    std::sync::Arc,
};

/// The nodes a keeper was given, in order of preference.
#[derive(Clone)]
pub struct Nodes {
    nodes: Arc<Vec<Node>>,
    lag_slots: u64,
}

impl Nodes {
    /// `lag_slots` is how far a node may lag behind the highest slot seen.
    pub fn new(nodes: Vec<Node>, lag_slots: u64) -> Nodes {
        Nodes { nodes: Arc::new(nodes), lag_slots }
    }

    /// All of them.
    pub fn all(&self) -> &[Node] {
        &self.nodes
    }

    /// The highest slot that any has shown.
    pub fn highest_slot(&self) -> u64 {
        let of_cluster = self.nodes.iter().filter(|node| !self.is_of_another_cluster(node));
        of_cluster.map(Node::highest_slot).max().unwrap_or(0)
    }

    /// Whether a node's cluster began otherwise than that of the first node that has told. Its slots mean nothing here.
    fn is_of_another_cluster(&self, node: &Node) -> bool {
        let first = self.nodes.iter().find_map(Node::known_genesis);
        node.known_genesis().is_some_and(|own| Some(own) != first)
    }

    /// Requires an answer that does not lag. Errors: [`NodeError::Stale`].
    pub fn require_fresh(&self, slot: u64) -> Result<(), NodeError> {
        let highest = self.highest_slot();
        if self.within_lag(slot, highest) { Ok(()) } else { Err(NodeError::Stale { slot, highest }) }
    }

    /// Whether a slot lags no further behind another than a node may.
    pub fn within_lag(&self, slot: u64, highest: u64) -> bool {
        slot.saturating_add(self.lag_slots) >= highest
    }

    /// Asks all nodes for their slot. Returns those that can be believed, in order of preference, and what is wrong with
    /// the others.
    pub async fn look(&self) -> (Vec<&Node>, Vec<(&str, NodeError)>) {
        let ask = async |node: &Node| join(node.genesis(), node.slot(CommitmentConfig::confirmed())).await.1;
        let slots = join_all(self.nodes.iter().map(ask)).await;
        let (mut sound, mut faults) = (Vec::new(), Vec::new());
        for (node, slot) in self.nodes.iter().zip(slots) {
            let of_cluster = match self.is_of_another_cluster(node) {
                false => Ok(()),
                true => {
                    Err(NodeError::Unusable("it is of another cluster than the first node; check its URL"))
                }
            };
            match of_cluster.and(slot).and_then(|slot| self.require_fresh(slot)) {
                Ok(()) => sound.push(node),
                Err(error) => faults.push((node.name(), error)),
            }
        }
        (sound, faults)
    }
}
