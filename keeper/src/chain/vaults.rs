//! Vaults that the payment token's issuer has frozen: while one is, the program refuses marks and seizures on its credit.

use {
    crate::chain::{Node, NodeError, node::MAX_ACCOUNTS},
    blockable_sdk::{
        Pubkey,
        amounts::MarketTime,
        program::{state::Credit, transitions::Status},
        rpc::{CommitmentConfig, UiAccount},
        tokens,
    },
    futures_util::{StreamExt, TryStreamExt, stream},
    std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    },
};

/// Fetches that run at once.
const AT_ONCE: usize = 4;

/// The credits whose vaults were frozen when they were last read.
///
/// The first refresh reads every vault. Later ones read the vaults that matter now: those known as frozen, and those of credits
/// that may be unpaid. The room left in their requests goes to the other vaults in turn. So a refresh needs one request where
/// nothing is unpaid.
#[derive(Clone, Default)]
pub(super) struct Vaults {
    pub(super) frozen: Arc<BTreeSet<Pubkey>>,
    /// The credit whose vault was read last in turn; `None` before the first refresh.
    pub(super) turn: Option<Pubkey>,
}

/// The vaults that one refresh reads, by credit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VaultReads {
    /// Credit and vault.
    pub(super) vaults: Vec<(Pubkey, Pubkey)>,
    /// The credit after which the next turn goes on.
    pub(super) turn: Option<Pubkey>,
}

impl Vaults {
    /// The credits whose vaults are frozen.
    pub(super) fn frozen(&self) -> Arc<BTreeSet<Pubkey>> {
        self.frozen.clone()
    }

    /// Chooses the vaults to read.
    pub(super) fn choose(&self, credits: &BTreeMap<Pubkey, Arc<Credit>>, now: MarketTime) -> VaultReads {
        let is_due = |address: &Pubkey, credit: &Credit| {
            self.turn.is_none() || self.frozen.contains(address) || may_be_unpaid(credit, now)
        };
        let with_vault = |(address, credit): (&Pubkey, &Arc<Credit>)| {
            has_vault(credit).then_some((*address, credit.vault, is_due(address, credit)))
        };
        let all: Vec<(Pubkey, Pubkey, bool)> = credits.iter().filter_map(with_vault).collect();
        let mut vaults: Vec<(Pubkey, Pubkey)> =
            all.iter().filter(|(.., due)| *due).map(|(credit, vault, _)| (*credit, *vault)).collect();
        // The last request is filled up.
        let room = MAX_ACCOUNTS - vaults.len() % MAX_ACCOUNTS;
        let after = self.turn.map_or(0, |turn| all.partition_point(|(credit, ..)| *credit <= turn));
        let (earlier, later) = all.split_at(after);
        let in_turn = later.iter().chain(earlier).filter(|(.., due)| !due).take(room);
        let in_turn: Vec<(Pubkey, Pubkey)> = in_turn.map(|(credit, vault, _)| (*credit, *vault)).collect();
        let turn = in_turn.last().map(|(credit, _)| *credit).or(self.turn);
        vaults.extend(in_turn);
        // Where all vaults were due, the next turn begins with the first credit.
        VaultReads { vaults, turn: turn.or(Some(Pubkey::default())) }
    }

    /// Reads vaults from a node, and keeps those that are frozen. Errors: [`NodeError`].
    pub(super) async fn read(
        &self,
        node: &Node,
        credits: &BTreeMap<Pubkey, Arc<Credit>>,
        reads: VaultReads,
        commitment: CommitmentConfig,
        least_slot: u64,
    ) -> Result<Vaults, NodeError> {
        let page = async |page: &[(Pubkey, Pubkey)]| {
            let addresses: Vec<Pubkey> = page.iter().map(|(_, vault)| *vault).collect();
            let (slot, accounts) = node.fetch(&addresses, commitment).await?;
            if slot < least_slot {
                return Err(NodeError::Stale { slot, highest: least_slot });
            }
            let frozen = page.iter().zip(&accounts);
            Ok(frozen
                .map(|((credit, _), account)| (*credit, is_frozen(account.as_ref())))
                .collect::<Vec<_>>())
        };
        let pages: Vec<Vec<(Pubkey, bool)>> = stream::iter(reads.vaults.chunks(MAX_ACCOUNTS).map(page))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut frozen: BTreeSet<Pubkey> =
            self.frozen.iter().filter(|credit| credits.contains_key(*credit)).copied().collect();
        for (credit, is_frozen) in pages.into_iter().flatten() {
            if is_frozen {
                frozen.insert(credit)
            } else {
                frozen.remove(&credit)
            };
        }
        Ok(Vaults { frozen: Arc::new(frozen), turn: reads.turn })
    }
}

/// Returns whether an account is a token account that the mint's issuer has frozen.
pub(super) fn is_frozen(account: Option<&UiAccount>) -> bool {
    account.and_then(|account| tokens::is_frozen(&account.data.decode()?)).unwrap_or(false)
}

fn has_vault(credit: &Credit) -> bool {
    credit.vault != Pubkey::default() && credit.vault_closed == 0
}

/// Returns whether an instalment may be unpaid; a mark can be due on no other credit.
fn may_be_unpaid(credit: &Credit, now: MarketTime) -> bool {
    let billed = usize::from(credit.debt.instalments_billed);
    let next_date = credit.schedule().due_date(billed).ok().flatten();
    let can_be_marked = matches!(Status::from_byte(credit.status), Some(Status::Active | Status::Delinquent));
    can_be_marked && (credit.debt.arrears_since != 0 || next_date.is_none_or(|date| MarketTime(date) <= now))
}
