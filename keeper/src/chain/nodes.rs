//! All nodes together: which of them is to be believed.
//!
//! A node can stand still for an hour and answer every request with HTTP 200. What tells is the others: a node whose slot
//! lags behind the highest that any node has shown is passed over until it has caught up.

use {
    crate::chain::{Node, NodeError},
    futures_util::future::join_all,
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
        self.nodes.iter().map(Node::highest_slot).max().unwrap_or(0)
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
        let asked = self.nodes.iter().map(|node| node.slot(CommitmentConfig::confirmed()));
        let slots = join_all(asked).await;
        let (mut sound, mut faults) = (Vec::new(), Vec::new());
        for (node, slot) in self.nodes.iter().zip(slots) {
            match slot.and_then(|slot| self.require_fresh(slot)) {
                Ok(()) => sound.push(node),
                Err(error) => faults.push((node.name(), error)),
            }
        }
        (sound, faults)
    }
}
