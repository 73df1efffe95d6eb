//! Which credits are worked on next, and how those stand that were. Pure.

use {
    crate::{
        chain::Snapshot,
        history::{kinds::Life, rows::Head},
    },
    blockable_sdk::{Pubkey, accounts::CreditStamp},
    std::collections::{BTreeMap, BTreeSet},
};

/// Pause after the first failure, in seconds; doubles with each.
const RETRY: i64 = 10;
/// The longest pause.
const RETRY_MAX: i64 = 3_600;
/// Failures in a row after which what is missing counts as lost to this keeper's nodes.
const PATIENCE: u32 = 4;

/// How a credit stands whose log is behind. Times are the chain's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// Since when it waits for its turn.
    since: i64,
    failures: u32,
    retry_at: i64,
    /// Why its records cannot be had.
    lost: Option<String>,
}

/// What became of work on a credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its log is all there.
    Done,
    /// It has come further, and there is more.
    Further,
    /// Nothing can be said yet.
    Later,
    /// Records are missing that may come.
    Missing(String),
    /// Records are missing that will not come.
    Lost(String),
    /// Its log is not what the chain says.
    Mismatch,
}

/// How all credits stand.
#[derive(Default)]
pub struct Order {
    behind: BTreeMap<Pubkey, Standing>,
    /// Credits that are gone and whose logs are all there as far as can be known.
    ended: BTreeSet<Pubkey>,
    /// Credits that were behind at the start and have not been worked on.
    first_round: Option<BTreeSet<Pubkey>>,
}

impl Order {
    /// Notes which credits are behind at `snapshot`: those that show another state than is written, and those that are gone
    /// with their logs open.
    pub fn see(&mut self, snapshot: &Snapshot, heads: &BTreeMap<Pubkey, Head>) {
        self.ended.retain(|credit| !snapshot.credits.contains_key(credit));
        let is_behind = |credit: &Pubkey| match (snapshot.credits.get(credit), heads.get(credit)) {
            (Some(account), head) => {
                let head = head.copied().unwrap_or_default();
                let stamp = CreditStamp { seq: head.end.seq, hash: head.end.hash };
                CreditStamp::of(account) != stamp || head.proven != head.end.seq
            }
            (None, Some(head)) => head.life != Life::Closed && !self.ended.contains(credit),
            (None, None) => false,
        };
        let all: BTreeSet<&Pubkey> = snapshot.credits.keys().chain(heads.keys()).collect();
        let behind: Vec<Pubkey> = all.into_iter().filter(|credit| is_behind(credit)).copied().collect();
        let mut before = std::mem::take(&mut self.behind);
        for credit in behind {
            let new = Standing { since: snapshot.clock, ..Standing::default() };
            self.behind.insert(credit, before.remove(&credit).unwrap_or(new));
        }
        let round = self.first_round.get_or_insert_with(|| self.behind.keys().copied().collect());
        round.retain(|credit| self.behind.contains_key(credit));
    }

    /// The credits to work on now, at most `most`: those that have waited longest, and among them those of one chunk
    /// together, as their records are in the same transactions.
    pub fn next(&self, snapshot: &Snapshot, most: usize) -> Vec<Pubkey> {
        let due = self.behind.iter().filter(|(_, standing)| standing.retry_at <= snapshot.clock);
        let mut due: Vec<_> = due
            .map(|(credit, standing)| {
                let account = snapshot.credits.get(credit);
                let place = account.map(|account| (account.provider, account.meter.index));
                (standing.since, place, *credit)
            })
            .collect();
        due.sort_unstable();
        due.truncate(most);
        due.into_iter().map(|(.., credit)| credit).collect()
    }

    /// Notes what became of a credit that was worked on. `is_gone` says that its account is no more.
    pub fn note(&mut self, credit: &Pubkey, outcome: &Outcome, is_gone: bool, clock: i64) {
        if let Some(round) = &mut self.first_round {
            round.remove(credit);
        }
        if *outcome == Outcome::Done {
            self.behind.remove(credit);
            if is_gone {
                self.ended.insert(*credit);
            }
            return;
        }
        let Some(standing) = self.behind.get_mut(credit) else { return };
        standing.since = clock;
        let reason = match outcome {
            Outcome::Done | Outcome::Later => return,
            Outcome::Further => {
                (standing.failures, standing.lost) = (0, None);
                return;
            }
            Outcome::Missing(reason) => Some(reason),
            Outcome::Lost(reason) => {
                standing.failures = standing.failures.max(PATIENCE.saturating_sub(1));
                Some(reason)
            }
            Outcome::Mismatch => None,
        };
        let doubled = RETRY.saturating_mul(1i64.checked_shl(standing.failures).unwrap_or(RETRY_MAX));
        standing.failures = standing.failures.saturating_add(1);
        standing.retry_at = clock.saturating_add(doubled.clamp(RETRY, RETRY_MAX));
        standing.lost = reason.filter(|_| standing.failures >= PATIENCE).cloned();
    }

    /// Credits that are behind.
    pub fn behind(&self) -> usize {
        self.behind.len()
    }

    /// Credits whose records cannot be had, and why.
    pub fn lost(&self) -> impl Iterator<Item = (&Pubkey, &str)> {
        self.behind
            .iter()
            .filter_map(|(credit, standing)| standing.lost.as_deref().map(|reason| (credit, reason)))
    }

    /// Whether every credit that was behind at the start has been worked on.
    pub fn has_gone_round(&self) -> bool {
        self.first_round.as_ref().is_some_and(BTreeSet::is_empty)
    }
}
