//! Who is silent. Silence is an alarm of its own and never a reason to mark anyone late. Pure.

use {
    super::Shelf,
    crate::{
        alert::{Level, Rule, Severity, Signal},
        chain::Snapshot,
    },
    blockable_sdk::{
        Pubkey,
        program::{
            state::Provider,
            transitions::{Action, next},
        },
    },
    std::collections::{BTreeMap, BTreeSet},
};

/// Seconds without a report after which a reporter is silent, where nothing else is set.
pub const SILENT_AFTER: i64 = 120;

/// The chunks that reports are due on, and since when.
#[derive(Clone, Debug, Default)]
pub struct Due(BTreeMap<(Pubkey, u32), Since>);

#[derive(Clone, Copy, Debug)]
struct Since {
    epoch: u32,
    /// The chain's clock when it was first seen to be due, in Unix seconds.
    clock: i64,
}

/// How a listed reporter has been heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The provider.
    pub provider: Pubkey,
    /// The reporter.
    pub reporter: Pubkey,
    /// The latest instant it has reported on, in Unix seconds; none in this epoch yet.
    pub newest: Option<i64>,
    /// The chunk it has longest been silent on.
    pub chunk: u32,
    /// Seconds for which it has been.
    pub silent_for: i64,
}

impl Due {
    /// Takes note of what the chain shows. A chunk's time begins when it is first seen to be due in its provider's epoch:
    /// nobody is late with what could not be known.
    pub fn see(&mut self, snapshot: &Snapshot) {
        let mut due = BTreeMap::new();
        for credit in snapshot.credits.values() {
            let Some(provider) = snapshot.providers.get(&credit.provider) else { continue };
            let metered = credit.status().is_ok_and(|status| next(Action::Meter, status).is_some());
            let chunk = credit.meter.index.checked_div(u32::from(provider.chunk_size));
            let Some(chunk) = chunk.filter(|_| metered && credit.has_index == 1) else { continue };
            let place = (credit.provider, chunk);
            let since = Since { epoch: provider.epoch, clock: snapshot.clock.get() };
            let known = self.0.get(&place).filter(|known| known.epoch == since.epoch);
            due.insert(place, known.copied().unwrap_or(since));
        }
        self.0 = due;
    }

    fn of(&self, provider: &Pubkey) -> impl Iterator<Item = (u32, Since)> + use<'_> {
        let (first, last) = ((*provider, 0), (*provider, u32::MAX));
        self.0.range(first..=last).map(|((_, chunk), since)| (*chunk, *since))
    }
}

/// How every listed reporter has been heard whose provider has credits to be metered and whose own time is not over.
pub fn heard(due: &Due, snapshot: &Snapshot, shelf: &Shelf) -> Vec<Heard> {
    let of_provider = |(address, provider): (&Pubkey, &Provider)| -> Vec<Heard> {
        let current = provider.reporters().iter().filter(|listed| snapshot.clock.get() < listed.expires_at);
        current.filter_map(|listed| of_reporter(due, snapshot, shelf, address, &listed.key)).collect()
    };
    snapshot.providers.iter().flat_map(of_provider).collect()
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
        let latest = latest.map(|latest| latest.reported_at);
        (latest, latest.unwrap_or(i64::MIN).max(since.clock), chunk)
    };
    let chunks: Vec<_> = due.of(provider).map(reported_at).collect();
    let newest = chunks.iter().filter_map(|(latest, ..)| *latest).max();
    let (_, since, chunk) = chunks.into_iter().min_by_key(|(_, since, _)| *since)?;
    let silent_for = snapshot.clock.get().saturating_sub(since).max(0);
    Some(Heard { provider: *provider, reporter: *reporter, newest, chunk, silent_for })
}

/// One signal for each reporter: raised while it is silent for longer than its provider's limit in `after`, in seconds.
/// `others` are keys that were signalled once; they are cleared where nobody waits for them any more.
pub fn signals(
    heard: &[Heard],
    after: &BTreeMap<Pubkey, i64>,
    others: impl IntoIterator<Item = Pubkey>,
) -> Vec<Signal> {
    let mut signals = BTreeMap::new();
    for heard in heard {
        let limit = after.get(&heard.provider).copied().unwrap_or(SILENT_AFTER);
        if heard.silent_for > limit {
            signals.insert(heard.reporter, silent(heard));
        } else {
            // A key may report for several providers: it is silent if it is for one of them.
            signals.entry(heard.reporter).or_insert_with(|| clear(heard.reporter, "it reports"));
        }
    }
    for other in others.into_iter().collect::<BTreeSet<_>>() {
        signals.entry(other).or_insert_with(|| clear(other, "no report of it is waited for any more"));
    }
    signals.into_values().collect()
}

fn silent(heard: &Heard) -> Signal {
    let Heard { provider, reporter, chunk, silent_for, .. } = heard;
    Signal {
        rule: Rule::ReporterSilent,
        subject: *reporter,
        level: Level::Raise,
        severity: Severity::Warning,
        parties: None,
        happened: format!(
            "reporter {reporter} of provider {provider} has not reported on chunk {chunk} for {silent_for} s"
        ),
        means: "use is not metered by it, and by nobody where fewer reporters than the quorum are left; \
                nobody is late because of it"
            .to_string(),
        next: "check that the provider's [[reporter]] endpoint can be reached, then ask the provider whether its \
               reporter runs"
            .to_string(),
    }
}

fn clear(reporter: Pubkey, why: &str) -> Signal {
    Signal {
        rule: Rule::ReporterSilent,
        subject: reporter,
        level: Level::Clear,
        severity: Severity::Warning,
        parties: None,
        happened: format!("reporter {reporter} is not silent: {why}"),
        means: "use is metered by it again, if it is listed".to_string(),
        next: "nothing".to_string(),
    }
}
