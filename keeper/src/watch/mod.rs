//! Measures every credit from snapshots, and finds the facts for the rules on loans.
//!
//! [`measure`](mod@measure) works out value, debt and use of a credit, [`findings`] the facts for the alert rules. Both are
//! pure. [`Watch`] keeps the record of use between passes, and samples for charts.

pub(crate) mod burn;
mod elsewhere;
pub(crate) mod findings;
pub(crate) mod measure;
pub(crate) mod samples;
pub(crate) mod settings;
pub(crate) mod times;
pub(crate) mod totals;
pub(crate) mod track;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use {
    measure::{Measure, Payment},
    samples::{Resolution, Sample},
    settings::WatchSettings,
};

use {
    crate::{
        chain::Snapshot,
        finding::Finding,
        store::{Store, StoreError},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    blockable_service::lock,
    findings::MarketState,
    samples::Keep,
    std::{
        collections::BTreeMap,
        sync::{Arc, RwLock},
    },
    tokio::{sync::Mutex, task::spawn_blocking},
    totals::Totals,
    track::Track,
};

/// Span in which stalls count for the alert rule, in seconds.
const STALLS_WITHIN: i64 = 3_600;
/// Pause between two removals of old samples, in seconds.
const RETAIN_EVERY: i64 = 3_600;
const DAY: u64 = 86_400;

/// The measures of all credits of a market, and the record of their use.
///
/// A pass works on a copy of the record. The copy takes effect once it is written, so that a pass that fails changes nothing. `kept`
/// is held over a whole pass; `measures` is replaced at its end and read by the API at any time. A crash loses what was recorded since
/// the last samples, a few minutes of use at most.
pub(crate) struct Watch {
    store: Store,
    settings: Arc<WatchSettings>,
    /// Held over a whole pass, so that passes follow each other.
    kept: Mutex<Kept>,
    measures: RwLock<Arc<BTreeMap<Pubkey, Measure>>>,
}

/// The record that a pass hands to the next.
#[derive(Clone)]
struct Kept {
    tracks: Arc<BTreeMap<Pubkey, Track>>,
    /// The chain's clock when samples were last written.
    sampled_at: Option<ChainTime>,
    /// The chain's clock when old samples were last removed.
    retained_at: Option<ChainTime>,
}

/// The result of [`Watch::observe`].
pub(crate) struct Observed {
    /// The state of every rule on loans.
    pub(crate) findings: Vec<Finding>,
    /// The result of writing what is kept.
    pub(crate) written: Result<(), StoreError>,
}

/// The result of a pass.
struct Pass {
    kept: Kept,
    measures: BTreeMap<Pubkey, Measure>,
    findings: Vec<Finding>,
    writing: Writing,
}

/// The rows that a pass writes.
struct Writing {
    tracks: Vec<(Pubkey, Track)>,
    samples: Vec<(Pubkey, Sample)>,
    forgotten: Vec<Pubkey>,
    /// Credits whose old samples are removed.
    retained: Vec<Pubkey>,
    /// Sums over the loans of each lender, where samples are written.
    totals: BTreeMap<Pubkey, Totals>,
    keep: Keep,
    now: ChainTime,
}

impl Watch {
    /// Opens the watch with the record of earlier passes. Errors: [`StoreError`].
    pub(crate) async fn open(store: Store, settings: WatchSettings) -> Result<Watch, StoreError> {
        let tracks = Arc::new(store.read(samples::read_tracks).await?);
        let kept = Mutex::new(Kept { tracks, sampled_at: None, retained_at: None });
        Ok(Watch { store, settings: Arc::new(settings), kept, measures: RwLock::default() })
    }

    /// Measures every credit of a snapshot, keeps samples where they are due, and returns the state of every rule on loans, also where
    /// the samples cannot be written. Nothing is taken in then: the next pass makes up for it. Errors: [`StoreError`] where measuring
    /// panicked.
    pub(crate) async fn observe(&self, snapshot: &Arc<Snapshot>) -> Result<Observed, StoreError> {
        let mut kept = self.kept.lock().await;
        let (snapshot, before, settings) = (snapshot.clone(), kept.clone(), self.settings.clone());
        let pass = spawn_blocking(move || pass(&snapshot, &before, &settings));
        let pass = pass.await.map_err(|_| StoreError::Panicked)?;
        let Pass { writing, findings, .. } = pass;
        if !writing.is_empty()
            && let Err(error) = self.store.write(move |tx| writing.write(tx)).await
        {
            return Ok(Observed { findings, written: Err(error) });
        }
        *kept = pass.kept;
        *lock::write(&self.measures) = Arc::new(pass.measures);
        Ok(Observed { findings, written: Ok(()) })
    }

    /// The measures of a credit at the latest pass.
    pub(crate) fn measure(&self, credit: &Pubkey) -> Option<Measure> {
        self.measures().get(credit).cloned()
    }

    /// The measures of all credits at the latest pass.
    pub(crate) fn measures(&self) -> Arc<BTreeMap<Pubkey, Measure>> {
        lock::read(&self.measures).clone()
    }

    /// Reads samples of a credit from one time until before another, oldest first and up to [`samples::SERIES_MAX`].
    /// Errors: [`StoreError`].
    pub(crate) async fn series(
        &self,
        credit: &Pubkey,
        from: ChainTime,
        until: ChainTime,
        resolution: Resolution,
    ) -> Result<Vec<Sample>, StoreError> {
        let credit = *credit;
        let read = move |connection: &_| samples::series(connection, &credit, from, until, resolution);
        self.store.read(read).await
    }
}

/// Tests whether something that is done every so many seconds is due. It is due as well after a clock that went back: that comes from
/// another node, or from a cluster that was reset.
fn is_due(last: Option<ChainTime>, every: i64, now: ChainTime) -> bool {
    last.is_none_or(|last| !(0..every).contains(&now.seconds_since(last)))
}

fn pass(snapshot: &Snapshot, before: &Kept, settings: &WatchSettings) -> Pass {
    let now = snapshot.clock;
    let sampling = is_due(before.sampled_at, seconds(settings.sample_seconds), now);
    let retaining = sampling && is_due(before.retained_at, RETAIN_EVERY, now);
    let mut writing = Writing::new(settings, now);
    let (mut tracks, mut measures) = (BTreeMap::new(), BTreeMap::new());

    for (key, credit) in &snapshot.credits {
        let known = before.tracks.get(key);
        let track = match known {
            Some(known) => {
                let mut track = *known;
                track.update(credit, now, settings.half_lives);
                track
            }
            None => Track::begin(credit, snapshot, settings.half_lives),
        };
        let measure = measure::measure(key, credit, snapshot, &track, settings);
        if sampling {
            writing.samples.push((*key, sample(&measure, credit.status)));
        }
        if sampling || known.is_none() {
            writing.tracks.push((*key, track));
        }
        tracks.insert(*key, track);
        measures.insert(*key, measure);
    }
    if retaining {
        writing.retained.extend(snapshot.credits.keys());
    }

    for (key, track) in before.tracks.iter().filter(|(key, _)| !snapshot.credits.contains_key(*key)) {
        if sampling && track.is_gone() {
            writing.forgotten.push(*key);
        } else {
            tracks.insert(*key, track.as_gone());
        }
    }

    if sampling {
        writing.totals = totals::sum(snapshot.market_key, measures.values());
    }
    let lost_seconds = snapshot.stalls.lost_since(now.plus_seconds(-STALLS_WITHIN));
    let market = MarketState { key: snapshot.market_key, lost_seconds };
    let findings = findings::findings(&measures, &market, settings.covenant_margin_bps);
    let kept = Kept {
        tracks: Arc::new(tracks),
        sampled_at: if sampling { Some(now) } else { before.sampled_at },
        retained_at: if retaining { Some(now) } else { before.retained_at },
    };
    Pass { kept, measures, findings, writing }
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn sample(measure: &Measure, status: u8) -> Sample {
    Sample {
        at: measure.at,
        consumed: measure.consumed,
        available: measure.available,
        frozen: measure.frozen,
        lien: measure.lien,
        debt: measure.debt,
        arrears: measure.arrears,
        status,
    }
}

impl Writing {
    fn new(settings: &WatchSettings, now: ChainTime) -> Writing {
        let keep = Keep {
            fine: seconds(settings.keep_fine_days.saturating_mul(DAY)),
            hourly: seconds(settings.keep_hourly_days.saturating_mul(DAY)),
        };
        let (tracks, samples) = (Vec::new(), Vec::new());
        let totals = BTreeMap::new();
        Writing { tracks, samples, forgotten: Vec::new(), retained: Vec::new(), totals, keep, now }
    }

    fn is_empty(&self) -> bool {
        self.tracks.is_empty() && self.samples.is_empty() && self.forgotten.is_empty()
    }

    fn write(&self, tx: &rusqlite::Transaction) -> Result<(), StoreError> {
        samples::write_tracks(tx, &self.tracks)?;
        samples::write(tx, &self.samples)?;
        totals::write(tx, &self.totals, self.now)?;
        samples::forget(tx, &self.forgotten)?;
        if !self.retained.is_empty() {
            totals::retain(tx, self.keep, self.now)?;
        }
        samples::retain(tx, &self.retained, self.keep, self.now)
    }
}
