//! What is held against a borrower must be finalized, and two nodes must say so.
//!
//! An intent is planned on confirmed state of one node. Before it is landed, the credit, the market and the clock are read
//! anew, finalized, from every node, and planned on again: it goes through only where enough of them call for the same.

use {
    crate::{
        chain::{FETCH, Node, Nodes, Snapshot, read_few},
        plan::{Intent, Kind, PlanSettings, plan_credit},
    },
    blockable_sdk::{Pubkey, rpc::CommitmentConfig},
    futures_util::future::join_all,
    std::collections::HashMap,
};

/// Accounts that are read beside the credits: the market and the clock.
const HEADS: usize = 2;

/// An intent that does not go through, and why.
#[derive(Clone, Debug)]
pub struct Held {
    /// The intent.
    pub intent: Intent,
    /// Why, for people.
    pub reason: String,
}

/// What enough nodes call for, and what they do not.
pub struct Confirmed {
    /// Goes through.
    pub due: Vec<Intent>,
    /// Waits.
    pub held: Vec<Held>,
}

/// Confirms intents of enforcement; others pass as they are. `needed` nodes must agree.
pub async fn confirm(
    nodes: &Nodes,
    needed: usize,
    intents: Vec<Intent>,
    snapshot: &Snapshot,
    settings: &PlanSettings,
) -> Confirmed {
    let (enforcement, mut due): (Vec<Intent>, Vec<Intent>) =
        intents.into_iter().partition(|intent| intent.kind().is_enforcement());
    let mut held = Vec::new();
    for page in enforcement.chunks(FETCH - HEADS) {
        let addresses: Vec<Pubkey> = page.iter().map(Intent::subject).collect();
        let views = views(nodes, &addresses, snapshot).await;
        let called: Vec<HashMap<Pubkey, Kind>> = views.iter().map(|view| calls(view, settings)).collect();
        for intent in page {
            let agree =
                called.iter().filter(|calls| calls.get(&intent.subject()) == Some(&intent.kind())).count();
            match agree >= needed {
                true => due.push(intent.clone()),
                false => held.push(Held {
                    intent: intent.clone(),
                    reason: format!("finalized state of {agree} nodes calls for it, and {needed} must"),
                }),
            }
        }
    }
    Confirmed { due, held }
}

/// What the nodes that can be believed show as finalized.
async fn views(nodes: &Nodes, addresses: &[Pubkey], snapshot: &Snapshot) -> Vec<Snapshot> {
    let finalized = CommitmentConfig::finalized();
    let read = async |node: &Node| {
        let view = read_few(node, &snapshot.market_key, addresses, finalized, snapshot.stalls.clone()).await;
        match view {
            Ok(view) => Some(view),
            Err(error) => {
                tracing::warn!(node = node.name(), %error, "finalized state could not be read");
                None
            }
        }
    };
    let views: Vec<Snapshot> = join_all(nodes.all().iter().map(read)).await.into_iter().flatten().collect();
    let slots: Vec<u64> = views.iter().map(|view| view.slot).collect();
    // A node that stands still answers as well: it is known by the others.
    let sound = nodes.believable(&slots);
    views.into_iter().filter(|view| sound.contains(&view.slot)).collect()
}

fn calls(view: &Snapshot, settings: &PlanSettings) -> HashMap<Pubkey, Kind> {
    let due = |(address, credit): (&Pubkey, &std::sync::Arc<_>)| {
        plan_credit(view, address, credit, settings).map(|intent| (*address, intent.kind()))
    };
    view.credits.iter().filter_map(due).collect()
}
