//! A market at one slot, as one node shows it.

use {
    crate::chain::Stalls,
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime},
        program::state::{Credit, Market, Provider},
    },
    std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    },
};

/// A market with all its providers and credits. Cheap to clone: accounts are shared.
#[derive(Clone)]
pub struct Snapshot {
    /// The slot that every account is at least as new as.
    pub slot: u64,
    /// The chain's clock.
    pub clock: ChainTime,
    /// The market's address.
    pub market_key: Pubkey,
    /// The market.
    pub market: Market,
    /// Providers by address.
    pub providers: BTreeMap<Pubkey, Provider>,
    /// Credits by address. Their debts are as of their last change; [`Credit::accrue`] brings them up to now.
    pub credits: BTreeMap<Pubkey, Arc<Credit>>,
    /// Credits whose vaults the payment token's issuer has frozen, as last read; see the mirror for when that is.
    pub frozen_vaults: Arc<BTreeSet<Pubkey>>,
    /// Credits outside the market that freezes for cross-default rest on; `None` for one that has been closed.
    pub cross_credits: Arc<BTreeMap<Pubkey, Option<Credit>>>,
    /// Times at which the cluster produced no blocks.
    pub stalls: Stalls,
}

/// The credit that a freeze for cross-default rests on.
#[derive(Clone, Copy)]
pub(crate) enum OtherCredit<'a> {
    /// Its account, of this market or another.
    Open(&'a Credit),
    /// It has been closed.
    Closed,
    /// It has not been read.
    Unread,
}

impl Snapshot {
    /// Finds the credit that a freeze for cross-default rests on.
    pub(crate) fn other_credit(&self, address: &Pubkey) -> OtherCredit<'_> {
        match (self.credits.get(address), self.cross_credits.get(address)) {
            (Some(credit), _) => OtherCredit::Open(credit),
            (None, Some(Some(credit))) => OtherCredit::Open(credit),
            (None, Some(None)) => OtherCredit::Closed,
            (None, None) => OtherCredit::Unread,
        }
    }

    /// Market time now: the chain's clock less all pauses. Saturates for accounts the program cannot have written.
    pub fn market_time(&self) -> MarketTime {
        let clock = self.clock.get();
        MarketTime(self.market.market_time(clock).unwrap_or(clock))
    }

    /// Returns whether the market is paused now.
    pub fn is_paused(&self) -> bool {
        self.market.is_paused(self.clock.get())
    }

    /// Copies a credit with its debt accrued to now; as it is where its amounts are out of range.
    pub fn accrued(&self, credit: &Credit) -> Credit {
        let mut now = *credit;
        match now.accrue(self.market_time().get()) {
            Ok(()) => now,
            Err(_) => *credit,
        }
    }
}
