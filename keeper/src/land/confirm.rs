//! Confirms actions that are held against a borrower: finalized state of two nodes must call for it.
//!
//! An intent is planned on confirmed state of one node. Before it is landed, the credit, its vault, the market and the clock are
//! read anew, finalized, from every node, and the plan is made again for each. The intent goes through only where it is due by
//! the plans of enough nodes.

use {
    crate::{
        chain::{MAX_CREDITS, Node, NodeError, Nodes, Snapshot, read_credits},
        land::left_out::LeftOut,
        plan::{Intent, Kind, PlanSettings, plan_credit},
    },
    blockable_sdk::{Pubkey, rpc::CommitmentConfig},
    futures_util::{
        StreamExt,
        stream::{self, FuturesUnordered},
    },
    std::collections::HashMap,
};

/// Pages that are read at once.
const AT_ONCE: usize = 4;

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
    let pages = enforcement.chunks(MAX_CREDITS).map(|page| {
        let page = Page { intents: page, needed, settings };
        async move { (page.intents, page.agreement(nodes, snapshot).await) }
    });
    let mut held = Vec::new();
    let pages: Vec<(&[Intent], Vec<usize>)> = stream::iter(pages).buffered(AT_ONCE).collect().await;
    for (page, agreement) in pages {
        for (intent, agree) in page.iter().zip(agreement) {
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

/// Intents that are read again together.
struct Page<'a> {
    intents: &'a [Intent],
    needed: usize,
    settings: &'a PlanSettings,
}

impl Page<'_> {
    /// Reads finalized state from every node that answers, until enough of them call for all of the intents or none is left. Returns
    /// for each intent the number of nodes that call for it.
    async fn agreement(&self, nodes: &Nodes, snapshot: &Snapshot) -> Vec<usize> {
        let addresses: Vec<Pubkey> = self.intents.iter().map(Intent::subject).collect();
        let asked = nodes.answering(self.needed).into_iter();
        let mut reading: FuturesUnordered<_> =
            asked.map(|node| finalized_state(node, &addresses, snapshot)).collect();
        let (mut states, mut agreement) = (Vec::new(), vec![0; self.intents.len()]);
        while let Some(state) = reading.next().await {
            states.extend(state);
            agreement = self.count(nodes, &states);
            if agreement.iter().all(|agree| *agree >= self.needed) {
                break;
            }
        }
        agreement
    }

    /// Counts for each intent the believable states that call for it.
    fn count(&self, nodes: &Nodes, states: &[Snapshot]) -> Vec<usize> {
        let slots: Vec<u64> = states.iter().map(|state| state.slot).collect();
        // A node that has stopped answers as well: the others give it away.
        let believable = nodes.believable(&slots);
        let usable = states.iter().filter(|state| believable.contains(&state.slot));
        let called: Vec<HashMap<Pubkey, Kind>> = usable.map(|state| planned(state, self.settings)).collect();
        let agree = |intent: &Intent| {
            let calls =
                |planned: &&HashMap<Pubkey, Kind>| planned.get(&intent.subject()) == Some(&intent.kind());
            called.iter().filter(calls).count()
        };
        self.intents.iter().map(agree).collect()
    }
}

/// Reads finalized state from a node; `None` where that fails.
async fn finalized_state(node: &Node, addresses: &[Pubkey], snapshot: &Snapshot) -> Option<Snapshot> {
    let (market, stalls) = (&snapshot.market_key, snapshot.stalls.clone());
    let state = read_credits(node, market, addresses, CommitmentConfig::finalized(), stalls).await;
    let failed = |error: &NodeError| {
        tracing::warn!(node = node.name(), %error, "finalized state could not be read");
    };
    state.inspect_err(failed).ok()
}

/// Plans on finalized state. Returns the kind of intent that each credit calls for.
fn planned(state: &Snapshot, settings: &PlanSettings) -> HashMap<Pubkey, Kind> {
    let due = |(address, credit): (&Pubkey, &std::sync::Arc<_>)| {
        plan_credit(state, address, credit, settings).map(|intent| (*address, intent.kind()))
    };
    state.credits.iter().filter_map(due).collect()
}
