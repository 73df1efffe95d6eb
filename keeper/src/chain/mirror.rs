//! A market's accounts as they are on the chain, brought up to date by fetching what has changed.

use {
    crate::chain::{
        Node, NodeError, Snapshot, Stalls,
        node::{CLOCK, MAX_ACCOUNTS, read_clock},
        slots::REMEMBERED,
        vaults::{Vaults, is_frozen},
    },
    blockable_sdk::{
        Clock, PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, CreditStamp, provider_market_filter, type_filter},
        amounts::{ChainTime, MarketTime},
        program::state::{Credit, Market, Provider},
        rpc::{CommitmentConfig, UiAccount},
    },
    futures_util::{StreamExt, TryStreamExt, stream},
    std::{
        collections::{BTreeMap, BTreeSet, HashMap},
        sync::Arc,
        time::Instant,
    },
};

/// Fetches that run at once.
const AT_ONCE: usize = 4;

/// A market's accounts as they were last read. Owned by the cycle alone.
///
/// It changes only once a refresh has read everything, so that one that fails half-way leaves it as it was. Nothing of it is
/// stored: a new process fetches every credit once.
pub(crate) struct Mirror {
    market: Pubkey,
    credits: BTreeMap<Pubkey, Arc<Credit>>,
    vaults: Vaults,
    slot: u64,
    /// The moment at which it was brought up to that slot.
    pub(super) read: Option<Instant>,
}

/// The outcome of a refresh.
pub(crate) struct Refreshed {
    /// The market now.
    pub snapshot: Snapshot,
    /// The clock's own account, whose slot and time belong together.
    pub clock: Clock,
    /// The number of credits that were fetched.
    pub fetched: usize,
}

impl Mirror {
    /// An empty mirror of a market.
    pub(crate) fn new(market: Pubkey) -> Mirror {
        Mirror { market, credits: BTreeMap::new(), vaults: Vaults::default(), slot: 0, read: None }
    }

    /// Updates the mirror from a node. Errors: [`NodeError`], with the mirror as it was.
    pub(crate) async fn refresh(&mut self, node: &Node, stalls: Stalls) -> Result<Refreshed, NodeError> {
        let commitment = CommitmentConfig::confirmed();
        let (slot, stamps) = node.list_credits(&self.market, commitment).await?;
        if slot < self.slot && self.read.is_some_and(|read| read.elapsed() < REMEMBERED) {
            // Another node, a little behind: nothing goes back. A wrong slot must not stand in the way for ever.
            return Err(NodeError::Stale { slot, highest: self.slot });
        }
        let changed = self.changed(&stamps);
        let fetched = changed.len();
        let mut credits: BTreeMap<Pubkey, Arc<Credit>> = self
            .credits
            .iter()
            .filter(|(address, _)| stamps.contains_key(*address))
            .map(|(address, credit)| (*address, credit.clone()))
            .collect();
        let pages = changed.chunks(MAX_ACCOUNTS).map(|addresses| fetch(node, addresses, commitment, slot));
        let pages: Vec<Vec<(Pubkey, Option<Credit>)>> =
            stream::iter(pages).buffer_unordered(AT_ONCE).try_collect().await?;
        for (address, credit) in pages.into_iter().flatten() {
            match credit.filter(|credit| credit.market == self.market) {
                Some(credit) => drop(credits.insert(address, Arc::new(credit))),
                None => drop(credits.remove(&address)),
            }
        }
        let cross_credits = Arc::new(fetch_cross_credits(node, &credits, commitment, slot).await?);
        // Last, so that the clock is not from before the credits were listed.
        let (market, providers, clock) = self.heads(node, commitment, slot).await?;
        let market_time = market.market_time(clock.unix_timestamp).unwrap_or(clock.unix_timestamp);
        let reads = self.vaults.choose(&credits, MarketTime(market_time));
        let vaults = self.vaults.read(node, &credits, reads, commitment, slot).await?;
        (self.credits, self.vaults, self.slot, self.read) = (credits, vaults, slot, Some(Instant::now()));
        let snapshot = Snapshot {
            slot,
            clock: ChainTime(clock.unix_timestamp),
            market_key: self.market,
            market,
            providers,
            credits: self.credits.clone(),
            frozen_vaults: self.vaults.frozen(),
            cross_credits,
            stalls,
        };
        Ok(Refreshed { snapshot, clock, fetched })
    }

    fn changed(&self, stamps: &HashMap<Pubkey, CreditStamp>) -> Vec<Pubkey> {
        let known = |address: &Pubkey| self.credits.get(address).map(|credit| CreditStamp::new(credit));
        let differs = stamps.iter().filter(|(address, stamp)| known(address) != Some(**stamp));
        let mut changed: Vec<Pubkey> = differs.map(|(address, _)| *address).collect();
        changed.sort_unstable();
        changed
    }

    async fn heads(
        &self,
        node: &Node,
        commitment: CommitmentConfig,
        least_slot: u64,
    ) -> Result<(Market, BTreeMap<Pubkey, Provider>, Clock), NodeError> {
        let (slot, accounts) = node.fetch(&[self.market, CLOCK], commitment).await?;
        require(slot, least_slot)?;
        let market = accounts.first().and_then(Option::as_ref).and_then(read::<Market>);
        let market = market.ok_or(NodeError::Unusable("there is no market at the address"))?;
        let clock = accounts.get(1).and_then(|account| read_clock(account.as_ref()));
        let clock = clock.ok_or(NodeError::Unusable("the clock cannot be read"))?;
        let providers = list_providers(node, &self.market, commitment, slot).await?;
        Ok((market, providers, clock))
    }
}

/// Most credits that [`read_credits`] reads at once: each with its vault, next to market and clock.
pub(crate) const MAX_CREDITS: usize = (MAX_ACCOUNTS - 2) / 2;

/// Reads credits and their vaults with market and clock, all of one slot, at a commitment; at most [`MAX_CREDITS`].
/// Errors: [`NodeError`].
pub(crate) async fn read_credits(
    node: &Node,
    market: &Pubkey,
    addresses: &[Pubkey],
    commitment: CommitmentConfig,
    stalls: Stalls,
) -> Result<Snapshot, NodeError> {
    let vaults = addresses.iter().map(blockable_sdk::addresses::vault);
    let asked: Vec<Pubkey> =
        [*market, CLOCK].into_iter().chain(addresses.iter().copied()).chain(vaults).collect();
    let (slot, accounts) = node.fetch(&asked, commitment).await?;
    let mut accounts = accounts.iter().map(Option::as_ref);
    let read_market = accounts.next().flatten().and_then(read::<Market>);
    let clock =
        read_clock(accounts.next().flatten()).ok_or(NodeError::Unusable("the clock cannot be read"))?;
    let credits = addresses.iter().zip(accounts.by_ref()).filter_map(|(address, account)| {
        let credit = read::<Credit>(account?).filter(|credit| credit.market == *market)?;
        Some((*address, Arc::new(credit)))
    });
    let credits: BTreeMap<Pubkey, Arc<Credit>> = credits.collect();
    let vaults = addresses.iter().zip(accounts);
    let frozen = vaults.filter(|(_, account)| is_frozen(*account)).map(|(address, _)| *address).collect();
    Ok(Snapshot {
        slot,
        clock: ChainTime(clock.unix_timestamp),
        market_key: *market,
        market: read_market.ok_or(NodeError::Unusable("there is no market at the address"))?,
        providers: BTreeMap::new(),
        credits,
        frozen_vaults: Arc::new(frozen),
        cross_credits: Arc::default(),
        stalls,
    })
}

/// Requires an answer of a slot or a later one. Errors: [`NodeError::Stale`].
fn require(slot: u64, least_slot: u64) -> Result<(), NodeError> {
    if slot < least_slot { Err(NodeError::Stale { slot, highest: least_slot }) } else { Ok(()) }
}

async fn fetch(
    node: &Node,
    addresses: &[Pubkey],
    commitment: CommitmentConfig,
    least_slot: u64,
) -> Result<Vec<(Pubkey, Option<Credit>)>, NodeError> {
    let (slot, accounts) = node.fetch(addresses, commitment).await?;
    // A pool of machines behind one address need not agree.
    require(slot, least_slot)?;
    Ok(addresses
        .iter()
        .zip(accounts)
        .map(|(address, account)| (*address, account.as_ref().and_then(read)))
        .collect())
}

/// Reads the credits that freezes for cross-default rest on and the market does not have: those of other markets, and those that
/// have been closed. Errors: [`NodeError`].
async fn fetch_cross_credits(
    node: &Node,
    credits: &BTreeMap<Pubkey, Arc<Credit>>,
    commitment: CommitmentConfig,
    least_slot: u64,
) -> Result<BTreeMap<Pubkey, Option<Credit>>, NodeError> {
    let rests_on =
        |credit: &Arc<Credit>| (credit.collateral.frozen_for_cross > 0).then_some(credit.cross_credit);
    let others: BTreeSet<Pubkey> = credits.values().filter_map(rests_on).collect();
    let others: Vec<Pubkey> = others.into_iter().filter(|other| !credits.contains_key(other)).collect();
    let pages = others.chunks(MAX_ACCOUNTS).map(|page| fetch(node, page, commitment, least_slot));
    let pages: Vec<Vec<(Pubkey, Option<Credit>)>> =
        stream::iter(pages).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(pages.into_iter().flatten().collect())
}

async fn list_providers(
    node: &Node,
    market: &Pubkey,
    commitment: CommitmentConfig,
    least_slot: u64,
) -> Result<BTreeMap<Pubkey, Provider>, NodeError> {
    let filters = vec![type_filter::<Provider>(), provider_market_filter(market)];
    let (slot, listed) = node.list_accounts(filters, None, commitment).await?;
    // An epoch or a reporter that is gone would come back.
    require(slot, least_slot)?;
    Ok(listed.into_iter().filter_map(|(address, account)| Some((address, read(&account)?))).collect())
}

/// Reads an account of the program, `None` where it is no such account.
fn read<T: BlockableAccount>(account: &UiAccount) -> Option<T> {
    let ours = account.lamports > 0 && account.owner.parse() == Ok(PROGRAM_ID);
    ours.then(|| T::decode(&account.data.decode()?).ok())?
}
