//! Lists the transactions of a credit, from all nodes.

use {
    super::{Auditor, History, HistoryError, ListedTransaction},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{
        collections::{HashMap, HashSet},
        sync::Arc,
    },
    tokio::task::JoinSet,
};

/// Transactions in a page of the list: the most that nodes give.
const PAGE: usize = 1_000;
/// Most transactions that are listed of one credit.
const MOST: usize = 2_000_000;

impl<H: History> Auditor<H> {
    /// Lists the transactions that touched an address and succeeded, oldest first, as any of the nodes has them. Errors: no node
    /// lists anything.
    pub(super) async fn list(&self, address: &Pubkey) -> Result<Vec<ListedTransaction>, HistoryError> {
        let mut lists = JoinSet::new();
        for node in &self.nodes {
            lists.spawn(list_all(node.clone(), *address));
        }
        let (mut all, mut known, mut failure) = (Vec::new(), HashMap::new(), None);
        let mut lists_served = 0usize;
        while let Some(list) = lists.join_next().await {
            match list.map_err(|error| HistoryError::Failed(error.to_string())).and_then(|list| list) {
                Ok(list) => {
                    lists_served = lists_served.saturating_add(1);
                    merge(&mut all, &mut known, list);
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if lists_served == 0 => return Err(error),
            _ => {}
        }
        all.retain(|entry| !entry.failed);
        // Stable: within a slot, transactions stay in the order of the first list that has them.
        all.sort_by_key(|entry| entry.slot);
        Ok(all)
    }
}

/// Adds the entries that are new. Where one node takes a transaction for failed and another does not, it is fetched to see.
fn merge(
    all: &mut Vec<ListedTransaction>,
    known: &mut HashMap<Signature, usize>,
    list: Vec<ListedTransaction>,
) {
    for entry in list {
        match known.get(&entry.signature).and_then(|place| all.get_mut(*place)) {
            Some(other) => other.failed &= entry.failed,
            None => {
                known.insert(entry.signature, all.len());
                all.push(entry);
            }
        }
    }
}

/// Lists the transactions of an address from one node, oldest first.
async fn list_all<H: History>(node: Arc<H>, address: Pubkey) -> Result<Vec<ListedTransaction>, HistoryError> {
    let mut all = Vec::new();
    let take = |page| {
        all.extend(page);
        all.len() < MOST
    };
    list_back(&*node, address, take).await?;
    all.reverse();
    Ok(all)
}

/// Hands out the list of an address's transactions page by page, the latest first, until its end or until `take` wants no more.
pub(crate) async fn list_back<H: History>(
    node: &H,
    address: Pubkey,
    mut take: impl FnMut(Vec<ListedTransaction>) -> bool,
) -> Result<(), HistoryError> {
    let (mut before, mut ends) = (None, HashSet::new());
    loop {
        let page = node.list(address, before, PAGE).await?;
        let Some(last) = page.last().map(|last| last.signature) else { return Ok(()) };
        // A node that gives pages again, the same one or several in turn, would be asked for ever.
        if !ends.insert(last) || !take(page) {
            return Ok(());
        }
        before = Some(last);
    }
}
