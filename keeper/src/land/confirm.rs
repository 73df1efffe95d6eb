//! Confirms actions that are held against a borrower: finalized state of two nodes must call for it.
//!
//! An intent is planned on confirmed state of one node. Before it is landed, the credit, its vault, the market and the clock are
//! read anew, finalized, from every node, and the plan is made again for each. The intent goes through only where it is due by
//! the plans of enough nodes.

use {
    crate::{
        chain::{MAX_CREDITS, Node, Nodes, Snapshot, read_credits},
        land::left_out::LeftOut,
        plan::{Intent, Kind, PlanSettings, plan_credit},
    },
    blockable_sdk::{Pubkey, rpc::CommitmentConfig},
    futures_util::future::join_all,
    std::collections::HashMap,
};

/// Due intents, parted.
#[derive(Debug, Default)]
pub(crate) struct Confirmed {
    /// They go on.
    pub due: Vec<Intent>,
    /// They wait until enough nodes call for them.
    pub held: Vec<LeftOut>,
}

/// Confirms intents of enforcement; others pass as they are. `needed` nodes must agree.
pub(crate) async fn confirm(
    nodes: &Nodes,
    needed: usize,
    intents: Vec<Intent>,
    snapshot: &Snapshot,
    settings: &PlanSettings,
) -> Confirmed {
    let (enforcement, mut due): (Vec<Intent>, Vec<Intent>) =
        intents.into_iter().partition(|intent| intent.kind().is_enforcement());
    let mut held = Vec::new();
    for page in enforcement.chunks(MAX_CREDITS) {
        let addresses: Vec<Pubkey> = page.iter().map(Intent::subject).collect();
        let states = finalized_states(nodes, &addresses, snapshot).await;
        let called: Vec<HashMap<Pubkey, Kind>> =
            states.iter().map(|state| planned(state, settings)).collect();
        for intent in page {
            let agree = called
                .iter()
                .filter(|planned| planned.get(&intent.subject()) == Some(&intent.kind()))
                .count();
            match agree >= needed {
                true => due.push(intent.clone()),
                false => held.push(LeftOut {
                    intent: intent.clone(),
                    reason: format!("finalized state of {agree} nodes calls for it, and {needed} must"),
                }),
            }
        }
    }
    Confirmed { due, held }
}

/// Reads finalized state from every node, and keeps that of the nodes that can be used.
async fn finalized_states(nodes: &Nodes, addresses: &[Pubkey], snapshot: &Snapshot) -> Vec<Snapshot> {
    let finalized = CommitmentConfig::finalized();
    let read = async |node: &Node| {
        let state =
            read_credits(node, &snapshot.market_key, addresses, finalized, snapshot.stalls.clone()).await;
        match state {
            Ok(state) => Some(state),
            Err(error) => {
                tracing::warn!(node = node.name(), %error, "finalized state could not be read");
                None
            }
        }
    };
    let states: Vec<Snapshot> = join_all(nodes.all().iter().map(read)).await.into_iter().flatten().collect();
    let slots: Vec<u64> = states.iter().map(|state| state.slot).collect();
    // A node that has stopped answers as well: the others give it away.
    let usable = nodes.believable(&slots);
    states.into_iter().filter(|state| usable.contains(&state.slot)).collect()
}

/// Plans on finalized state. Returns the kind of intent that each credit calls for.
fn planned(state: &Snapshot, settings: &PlanSettings) -> HashMap<Pubkey, Kind> {
    let due = |(address, credit): (&Pubkey, &std::sync::Arc<_>)| {
        plan_credit(state, address, credit, settings).map(|intent| (*address, intent.kind()))
    };
    state.credits.iter().filter_map(due).collect()
}
