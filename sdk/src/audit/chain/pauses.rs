//! Reads the pauses of a market: from its account, and where there were any since, from the transactions of those who can pause.

use {
    super::{Auditor, DecodeAccount, History},
    crate::{
        audit::{Origin, Pauses},
        events::{Event, MarketChange, MarketChanged, from_transaction},
    },
    blockable_credits::{ID, state::Market},
    solana_pubkey::Pubkey,
};

/// Most transactions of guardian and admin that are searched for pauses.
const MOST: usize = 20_000;

impl<H: History> Auditor<H> {
    /// The pauses of a credit's market until now. Where not all of them are served, only their sum.
    pub(super) async fn pauses(&self, origin: &Origin, turn: usize, now: i64) -> Pauses {
        let address = origin.market();
        let Some(market) = self.market(&address, turn).await else { return Pauses::in_all(u64::MAX) };
        let clock = market.clock_at(now).ok();
        let seconds = clock.and_then(|clock| clock.seconds_paused().ok()).unwrap_or(u64::MAX);
        if seconds == 0 {
            return Pauses::in_all(0);
        }
        let mut changes = Vec::new();
        for key in [market.guardian, market.admin] {
            self.add_changes(&address, &key, turn, &mut changes).await;
        }
        changes.sort_by_key(|(slot, change)| (*slot, change.at));
        changes.dedup();
        let events = changes.iter().map(|(_, change)| change);
        Pauses::from_events(events, now, seconds).unwrap_or_else(|| Pauses::in_all(seconds))
    }

    async fn market(&self, address: &Pubkey, turn: usize) -> Option<Market> {
        for node in self.nodes_of_turn(turn) {
            let Ok((_, accounts)) = node.accounts(vec![*address]).await else { continue };
            let account = accounts.into_iter().next().flatten().filter(|account| account.owner == ID);
            let market = account.and_then(|account| Market::decode_account(&account.data));
            if market.is_some() {
                return market;
            }
        }
        None
    }

    /// Adds the pauses and their ends in a key's transactions. What is not served is missing in the sum, which shows it.
    async fn add_changes(
        &self,
        market: &Pubkey,
        key: &Pubkey,
        turn: usize,
        changes: &mut Vec<(u64, MarketChanged)>,
    ) {
        let Ok(listed) = self.list(key).await else { return };
        for entry in listed.into_iter().rev().take(MOST) {
            let Some(transaction) = self.serve(&entry, turn).await else { continue };
            for event in from_transaction(&transaction).unwrap_or_default() {
                let Event::MarketChanged(event) = event else { continue };
                let is_pause =
                    matches!(event.change, MarketChange::Paused { .. } | MarketChange::Unpaused { .. });
                if event.market == *market && is_pause {
                    changes.push((entry.slot, event));
                }
            }
        }
    }
}
