//! Orders the credits whose logs are behind: the ones to work on next, and the outcome for those that were. Pure.

use {
    crate::{chain::Snapshot, history::rows::Head},
    blockable_sdk::{Pubkey, accounts::CreditStamp, amounts::ChainTime, audit::Life},
    std::collections::{BTreeMap, BTreeSet},
};

/// Pause after the first failure, in seconds; doubles with each.
const RETRY: i64 = 10;
/// The longest pause.
const RETRY_MAX: i64 = 3_600;
/// Failures in a row after which missing records count as lost to this keeper's nodes.
const PATIENCE: u32 = 4;

/// A credit whose log is behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Behind {
    /// Time since which it waits for its turn.
    since: ChainTime,
    /// Failures in a row.
    failures: u32,
    /// Time before which it is not tried again.
    retry_at: ChainTime,
    /// The reason for which its records cannot be had.
    lost: Option<String>,
}

/// The outcome of work on a credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkOutcome {
    /// Its log is complete.
    Done,
    /// Records were added, and there are more.
    Further,
    /// Nothing is known yet.
    Later,
    /// Records are missing that may come.
    Missing(String),
    /// Records are missing that will not come.
    Lost(String),
    /// Its log does not hash to its account's event hash.
    Mismatch,
}

/// The credits that are behind. Pure, and in memory alone: a new process derives it from the store.
#[derive(Default)]
pub(crate) struct Backlog {
    behind: BTreeMap<Pubkey, Behind>,
    /// Credits that are gone, with logs that are complete as far as can be known.
    ended: BTreeSet<Pubkey>,
    /// Credits that were behind at the start and have not been worked on.
    first_round: Option<BTreeSet<Pubkey>>,
}

impl Backlog {
    /// Finds the credits that are behind at a snapshot: those whose state differs from the stored one, and those that are gone
    /// with an unfinished log.
    pub(crate) fn update(&mut self, snapshot: &Snapshot, heads: &BTreeMap<Pubkey, Head>) {
        self.ended.retain(|credit| !snapshot.credits.contains_key(credit));
        let is_behind = |credit: &Pubkey| match (snapshot.credits.get(credit), heads.get(credit)) {
            (Some(account), head) => {
                let head = head.copied().unwrap_or_default();
                let stamp = CreditStamp { seq: head.end.seq, hash: head.end.hash };
                CreditStamp::new(account) != stamp || head.proven != head.end.seq
            }
            (None, Some(head)) => head.life != Life::Closed && !self.ended.contains(credit),
            (None, None) => false,
        };
        let all: BTreeSet<&Pubkey> = snapshot.credits.keys().chain(heads.keys()).collect();
        let behind: Vec<Pubkey> = all.into_iter().filter(|credit| is_behind(credit)).copied().collect();
        let mut before = std::mem::take(&mut self.behind);
        for credit in behind {
            let new = Behind { since: snapshot.clock, ..Behind::default() };
            self.behind.insert(credit, before.remove(&credit).unwrap_or(new));
        }
        let round = self.first_round.get_or_insert_with(|| self.behind.keys().copied().collect());
        round.retain(|credit| self.behind.contains_key(credit));
    }

    /// Chooses the credits to work on now, at most `most`: those that have waited longest, and among them those of one chunk
    /// together, as their records are in the same transactions.
    pub(crate) fn choose(&self, snapshot: &Snapshot, most: usize) -> Vec<Pubkey> {
        let due = self.behind.iter().filter(|(_, behind)| behind.retry_at <= snapshot.clock);
        let mut due: Vec<_> = due
            .map(|(credit, behind)| {
                let account = snapshot.credits.get(credit);
                let place = account.map(|account| (account.provider, account.meter.index));
                (behind.since, place, *credit)
            })
            .collect();
        due.sort_unstable();
        due.truncate(most);
        due.into_iter().map(|(.., credit)| credit).collect()
    }

    /// Notes the outcome of work on a credit at a time. `is_gone` is set where its account no longer exists.
    pub(crate) fn note(&mut self, credit: &Pubkey, outcome: &WorkOutcome, is_gone: bool, clock: ChainTime) {
        if let Some(round) = &mut self.first_round {
            round.remove(credit);
        }
        if *outcome == WorkOutcome::Done {
            self.behind.remove(credit);
            if is_gone {
                self.ended.insert(*credit);
            }
            return;
        }
        let Some(behind) = self.behind.get_mut(credit) else { return };
        behind.since = clock;
        let reason = match outcome {
            WorkOutcome::Done | WorkOutcome::Later => return,
            WorkOutcome::Further => {
                (behind.failures, behind.lost) = (0, None);
                return;
            }
            WorkOutcome::Missing(reason) => Some(reason),
            WorkOutcome::Lost(reason) => {
                behind.failures = behind.failures.max(PATIENCE.saturating_sub(1));
                Some(reason)
            }
            WorkOutcome::Mismatch => None,
        };
        let doubled = RETRY.saturating_mul(1i64.checked_shl(behind.failures).unwrap_or(RETRY_MAX));
        behind.failures = behind.failures.saturating_add(1);
        behind.retry_at = clock.plus_seconds(doubled.clamp(RETRY, RETRY_MAX));
        behind.lost = reason.filter(|_| behind.failures >= PATIENCE).cloned();
    }

    /// Tests whether a credit is behind.
    pub(crate) fn is_behind(&self, credit: &Pubkey) -> bool {
        self.behind.contains_key(credit)
    }

    /// Counts the credits that are behind.
    pub(crate) fn behind(&self) -> usize {
        self.behind.len()
    }

    /// Lists the credits whose records cannot be had, with the reason.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (&Pubkey, &str)> {
        self.behind
            .iter()
            .filter_map(|(credit, behind)| behind.lost.as_deref().map(|reason| (credit, reason)))
    }

    /// Returns true once every credit that was behind at the start has been worked on.
    pub(crate) fn is_first_round_done(&self) -> bool {
        self.first_round.as_ref().is_some_and(BTreeSet::is_empty)
    }
}
