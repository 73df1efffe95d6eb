//! Finds reporters that are silent. Silence raises an alert and is never a reason to mark anyone late. Pure.

use {
    super::Shelf,
    crate::{
        chain::Snapshot,
        finding::{Fact, Finding, Rule},
    },
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{
            state::Provider,
            transitions::{Action, next},
        },
    },
    std::collections::BTreeMap,
};

/// Seconds without a report after which a reporter is silent, where nothing else is set.
pub(super) const SILENT_AFTER: i64 = 120;

/// The chunks that reports are due on, with the time since which they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Due(BTreeMap<(Pubkey, u32), Since>);

#[derive(Clone, Copy, Debug)]
struct Since {
    epoch: u32,
    /// The chain's clock when it was first seen to be due.
    clock: ChainTime,
}

/// The latest report of a listed reporter, and its longest silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// The provider.
    pub provider: Pubkey,
    /// The reporter.
    pub reporter: Pubkey,
    /// The latest instant that it has reported on; `None` before the first in this epoch.
    pub newest: Option<ChainTime>,
    /// The chunk that it has been silent on for longest.
    pub chunk: u32,
    /// Seconds without a report on that chunk.
    pub silent_for: i64,
}

impl Due {
    /// Takes in a snapshot. A chunk's time begins when it is first seen to be due in its provider's epoch: no reporter is
    /// late for a chunk that it could not know of.
    pub(super) fn update(&mut self, snapshot: &Snapshot) {
        let mut due = BTreeMap::new();
        for credit in snapshot.credits.values() {
            let Some(provider) = snapshot.providers.get(&credit.provider) else { continue };
            let metered = credit.status().is_ok_and(|status| next(Action::Meter, status).is_some());
            let chunk = credit.meter.index.checked_div(u32::from(provider.settings.chunk_size));
            let Some(chunk) = chunk.filter(|_| metered && credit.has_index == 1) else { continue };
            let place = (credit.provider, chunk);
            let since = Since { epoch: provider.epoch, clock: snapshot.clock };
            let known = self.0.get(&place).filter(|known| known.epoch == since.epoch);
            due.insert(place, known.copied().unwrap_or(since));
        }
        self.0 = due;
    }

    fn on_provider(&self, provider: &Pubkey) -> impl Iterator<Item = (u32, Since)> + use<'_> {
        let (first, last) = ((*provider, 0), (*provider, u32::MAX));
        self.0.range(first..=last).map(|((_, chunk), since)| (*chunk, *since))
    }
}

/// Finds the latest report and the longest silence of every listed reporter whose registration has not expired and whose
/// provider has credits that can be metered.
pub(super) fn heard(due: &Due, snapshot: &Snapshot, shelf: &Shelf) -> Vec<Heard> {
    let on_provider = |(address, provider): (&Pubkey, &Provider)| -> Vec<Heard> {
        let current =
            provider.reporters().iter().filter(|listed| snapshot.clock < ChainTime(listed.expires_at));
        current.filter_map(|listed| of_reporter(due, snapshot, shelf, address, &listed.key)).collect()
    };
    snapshot.providers.iter().flat_map(on_provider).collect()
}

fn of_reporter(
    due: &Due,
    snapshot: &Snapshot,
    shelf: &Shelf,
    provider: &Pubkey,
    reporter: &Pubkey,
) -> Option<Heard> {
    let reported_at = |(chunk, since): (u32, Since)| {
        let latest = shelf.latest(provider, chunk, reporter).filter(|latest| latest.epoch == since.epoch);
        let latest = latest.map(|latest| ChainTime(latest.reported_at));
        (latest, latest.map_or(since.clock, |latest| latest.max(since.clock)), chunk)
    };
    let chunks: Vec<_> = due.on_provider(provider).map(reported_at).collect();
    let newest = chunks.iter().filter_map(|(latest, ..)| *latest).max();
    let (_, since, chunk) = chunks.into_iter().min_by_key(|(_, since, _)| *since)?;
    let silent_for = snapshot.clock.seconds_since(since).max(0);
    Some(Heard { provider: *provider, reporter: *reporter, newest, chunk, silent_for })
}

/// Finds for each reporter whether it is silent for longer than its provider's limit in `after`, in seconds.
pub(super) fn findings(heard: &[Heard], after: &BTreeMap<Pubkey, i64>) -> Vec<Finding> {
    let mut findings = BTreeMap::new();
    for Heard { provider, reporter, chunk, silent_for, .. } in heard {
        let limit = after.get(provider).copied().unwrap_or(SILENT_AFTER);
        if *silent_for > limit {
            let fact = Fact::ReporterSilent { provider: *provider, chunk: *chunk, seconds: *silent_for };
            findings.insert(*reporter, Finding::is(*reporter, fact));
        } else {
            // A key may report for several providers: it is silent if it is silent for one of them.
            let over = || Finding::over(Rule::ReporterSilent, *reporter);
            findings.entry(*reporter).or_insert_with(over);
        }
    }
    findings.into_values().collect()
}
