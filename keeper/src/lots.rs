//! The lots on sale in a market, read apart from the cycle: what is for sale decides nothing that the keeper does.

use {
    crate::{
        chain::{Node, NodeError, Nodes, Snapshot},
        health::Beat,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, LotFilter, type_filter},
        program::state::Lot,
        rpc::{CommitmentConfig, UiAccount},
    },
    std::{collections::BTreeMap, sync::Arc, time::Duration},
    tokio::{
        sync::watch,
        time::{Instant, sleep},
    },
};

/// Longest time between two readings.
const EVERY: Duration = Duration::from_secs(60);
/// Pause after a reading: many credits can change in a row.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest round before the loop counts as stalled.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// The lots of a market at one slot.
#[derive(Clone, Default)]
pub(crate) struct LotBook {
    /// The slot that they are of.
    pub(crate) slot: u64,
    /// The lots by address.
    pub(crate) lots: BTreeMap<Pubkey, Lot>,
}

/// Reads the lots of a market whenever one of its credits has changed, and from time to time, until `stop` is true. `latest` gets
/// each book; it stays `None` until one has been read.
pub(crate) async fn run(
    nodes: Nodes,
    market: Pubkey,
    mut snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    latest: watch::Sender<Option<Arc<LotBook>>>,
    mut stop: watch::Receiver<bool>,
    beat: Beat,
) {
    let mut read: Option<(u64, Instant)> = None;
    loop {
        beat.beat();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            changed = snapshot.changed() => if changed.is_err() { return },
            () = sleep(EVERY) => {}
        }
        let Some(current) = snapshot.borrow_and_update().clone() else { continue };
        let events = events(&current);
        if read.is_some_and(|(known, at)| known == events && at.elapsed() < EVERY) {
            continue;
        }
        match read_any(&nodes, &market, current.slot).await {
            Ok(book) => {
                read = Some((events, Instant::now()));
                latest.send_replace(Some(Arc::new(book)));
            }
            Err(error) => tracing::warn!(%error, "the lots cannot be read; trying again"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(PAUSE) => {}
        }
    }
}

/// The number of events of all credits: it changes with each of them.
fn events(snapshot: &Snapshot) -> u64 {
    snapshot.credits.values().fold(0, |sum, credit| sum.wrapping_add(credit.event_seq))
}

/// Reads the lots from the first node that answers as of a slot or later. Errors: that of the last node.
async fn read_any(nodes: &Nodes, market: &Pubkey, least_slot: u64) -> Result<LotBook, NodeError> {
    let mut last = NodeError::Unusable("there is no node");
    for node in nodes.all() {
        match read_book(node, market).await {
            Ok(book) if book.slot >= least_slot => return Ok(book),
            Ok(book) => last = NodeError::Stale { slot: book.slot, highest: least_slot },
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn read_book(node: &Node, market: &Pubkey) -> Result<LotBook, NodeError> {
    let filters = vec![type_filter::<Lot>(), LotFilter::Market(*market).to_rpc()];
    let (slot, listed) = node.list_accounts(filters, None, CommitmentConfig::confirmed()).await?;
    let lots = listed.into_iter().filter_map(|(address, account)| Some((address, decode(&account)?)));
    Ok(LotBook { slot, lots: lots.collect() })
}

fn decode(account: &UiAccount) -> Option<Lot> {
    let ours = account.lamports > 0 && account.owner.parse() == Ok(PROGRAM_ID);
    ours.then(|| Lot::decode(&account.data.decode()?).ok())?
}
