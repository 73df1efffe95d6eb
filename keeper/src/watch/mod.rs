//! Measures every credit from snapshots, and finds what somebody should be told.
//!
//! [`measure`](mod@measure) says what a credit is worth, owes and uses; [`rules`] holds that against marks; [`tell`] puts it in
//! words. All three are pure. [`Watch`] keeps the record of use between passes and samples for charts.

pub mod burn;
pub mod measure;
pub mod rules;
pub mod samples;
pub mod settings;
pub mod tell;
pub mod track;
pub mod words;

#[cfg(test)]
pub(crate) mod tests;

pub use {
    measure::{Measure, Payment, Utilisation},
    samples::{Resolution, Sample},
    settings::Settings,
};

use {
    crate::{
        alert::Signal,
        chain::Snapshot,
        store::{Store, StoreError},
    },
    blockable_sdk::Pubkey,
    blockable_service::lock,
    rules::MarketState,
    samples::Keep,
    std::{
        collections::BTreeMap,
        sync::{Arc, RwLock},
    },
    tokio::{sync::Mutex, task::spawn_blocking},
    track::Track,
};

/// How far back stalls are told of, in seconds.
const STALLS_WITHIN: i64 = 3_600;
/// How often old samples are removed, in seconds.
const RETAIN_EVERY: i64 = 3_600;
const DAY: u64 = 86_400;

/// The watch on all credits of a market.
pub struct Watch {
    store: Store,
    settings: Arc<Settings>,
    /// Held over a whole pass, so that passes follow each other.
    kept: Mutex<Kept>,
    measures: RwLock<Arc<BTreeMap<Pubkey, Measure>>>,
}

/// What a pass hands to the next.
#[derive(Clone)]
struct Kept {
    tracks: Arc<BTreeMap<Pubkey, Track>>,
    /// The chain's clock when samples were last written.
    sampled_at: Option<i64>,
    /// The chain's clock when old samples were last removed.
    retained_at: Option<i64>,
    /// Number of the latest pass.
    pass: u64,
}

/// Marks what one [`Watch::see`] has found, to be acknowledged once the alerts on it are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

/// What a pass has found.
struct Pass {
    kept: Kept,
    measures: BTreeMap<Pubkey, Measure>,
    signals: Vec<Signal>,
    writing: Writing,
}

/// What a pass writes.
struct Writing {
    tracks: Vec<(Pubkey, Track)>,
    samples: Vec<(Pubkey, Sample)>,
    forgotten: Vec<Pubkey>,
    /// Credits whose old samples are removed.
    retained: Vec<Pubkey>,
    keep: Keep,
    now: i64,
}

impl Watch {
    /// Opens the watch with what the store has kept of earlier passes. Errors: [`StoreError`].
    pub async fn open(store: Store, settings: Settings) -> Result<Watch, StoreError> {
        let tracks = Arc::new(store.read(samples::read_tracks).await?);
        let kept = Mutex::new(Kept { tracks, sampled_at: None, retained_at: None, pass: 0 });
        Ok(Watch { store, settings: Arc::new(settings), kept, measures: RwLock::default() })
    }

    /// Measures every credit of a snapshot, keeps samples where they are due, and returns every rule's finding. What comes
    /// from a change is returned again until its token was given to [`Watch::acknowledge`].
    /// Errors: [`StoreError`], with nothing taken in: the next pass makes up for it.
    pub async fn see(&self, snapshot: &Arc<Snapshot>) -> Result<(Vec<Signal>, Token), StoreError> {
        let mut kept = self.kept.lock().await;
        let (snapshot, before, settings) = (snapshot.clone(), kept.clone(), self.settings.clone());
        let pass = spawn_blocking(move || pass(&snapshot, &before, &settings));
        let pass = pass.await.map_err(|_| StoreError::Panicked)?;
        let writing = pass.writing;
        if !writing.is_empty() {
            self.store.write(move |tx| writing.write(tx)).await?;
        }
        let token = Token(pass.kept.pass);
        *kept = pass.kept;
        *lock::write(&self.measures) = Arc::new(pass.measures);
        Ok((pass.signals, token))
    }

    /// Takes note that the alerts on the findings of a pass are stored; does nothing where a later pass has been made.
    /// Errors: [`StoreError`]; the findings are then returned again.
    pub async fn acknowledge(&self, token: Token) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().await;
        if kept.pass != token.0 {
            return Ok(());
        }
        let changed = kept.tracks.iter().filter_map(|(credit, before)| {
            let mut track = *before;
            track.acknowledge();
            (track != *before).then_some((*credit, track))
        });
        let changed: Vec<(Pubkey, Track)> = changed.collect();
        if !changed.is_empty() {
            let written = changed.clone();
            self.store.write(move |tx| samples::write_tracks(tx, &written)).await?;
            Arc::make_mut(&mut kept.tracks).extend(changed);
        }
        Ok(())
    }

    /// A credit's measures as of the latest pass.
    pub fn measure(&self, credit: &Pubkey) -> Option<Measure> {
        self.measures().get(credit).cloned()
    }

    /// All credits' measures as of the latest pass.
    pub fn measures(&self) -> Arc<BTreeMap<Pubkey, Measure>> {
        lock::read(&self.measures).clone()
    }

    /// Samples of a credit from one Unix time until before another, oldest first and up to [`samples::SERIES_MAX`].
    /// Errors: [`StoreError`].
    pub async fn series(
        &self,
        credit: &Pubkey,
        from: i64,
        until: i64,
        resolution: Resolution,
    ) -> Result<Vec<Sample>, StoreError> {
        let credit = *credit;
        let read = move |connection: &_| samples::series(connection, &credit, from, until, resolution);
        self.store.read(read).await
    }
}

/// Whether something done every so many seconds is due. A clock that went back is of another node, or of a cluster that
/// was reset: then it is due as well.
fn is_due(last: Option<i64>, every: i64, now: i64) -> bool {
    last.is_none_or(|last| !(0..every).contains(&now.saturating_sub(last)))
}

fn pass(snapshot: &Snapshot, before: &Kept, settings: &Settings) -> Pass {
    let now = snapshot.clock.get();
    let sampling = is_due(before.sampled_at, seconds(settings.sample_seconds), now);
    let retaining = sampling && is_due(before.retained_at, RETAIN_EVERY, now);
    let mut writing = Writing::new(settings, now);
    let (mut tracks, mut measures) = (BTreeMap::new(), BTreeMap::new());

    for (key, credit) in &snapshot.credits {
        let known = before.tracks.get(key);
        let mut track = match known {
            Some(known) => {
                let mut track = *known;
                track.see(credit, now, settings.half_lives);
                track
            }
            None => Track::begin(credit, snapshot, settings.half_lives),
        };
        let measure = measure::measure(key, credit, snapshot, &track, settings);
        track.see_payment(measure.next_payment.map(|payment| payment.due_market_time));
        if sampling {
            writing.samples.push((*key, sample(&measure, credit.status)));
        }
        // A new credit is written at once: a keeper that stops then still clears what it has raised on it.
        if sampling || known.is_none() {
            writing.tracks.push((*key, track));
        }
        tracks.insert(*key, track);
        measures.insert(*key, measure);
    }
    if retaining {
        writing.retained.extend(snapshot.credits.keys());
    }

    let mut gone = Vec::new();
    for (key, track) in before.tracks.iter().filter(|(key, _)| !snapshot.credits.contains_key(*key)) {
        gone.push(*key);
        if sampling && track.can_be_forgotten() {
            writing.forgotten.push(*key);
        } else {
            tracks.insert(*key, track.as_gone());
        }
    }

    let lost_seconds =
        snapshot.stalls.lost_since(blockable_sdk::amounts::ChainTime(now).plus_seconds(-STALLS_WITHIN));
    let market = MarketState { key: snapshot.market_key, lost_seconds };
    let signals = rules::signals(&measures, &gone, &market, settings);
    let kept = Kept {
        tracks: Arc::new(tracks),
        sampled_at: if sampling { Some(now) } else { before.sampled_at },
        retained_at: if retaining { Some(now) } else { before.retained_at },
        pass: before.pass.saturating_add(1),
    };
    Pass { kept, measures, signals, writing }
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
    fn new(settings: &Settings, now: i64) -> Writing {
        let keep = Keep {
            fine: seconds(settings.keep_fine_days.saturating_mul(DAY)),
            hourly: seconds(settings.keep_hourly_days.saturating_mul(DAY)),
        };
        let (tracks, samples) = (Vec::new(), Vec::new());
        Writing { tracks, samples, forgotten: Vec::new(), retained: Vec::new(), keep, now }
    }

    fn is_empty(&self) -> bool {
        self.tracks.is_empty() && self.samples.is_empty() && self.forgotten.is_empty()
    }

    fn write(&self, tx: &rusqlite::Transaction) -> Result<(), StoreError> {
        samples::write_tracks(tx, &self.tracks)?;
        samples::write(tx, &self.samples)?;
        samples::forget(tx, &self.forgotten)?;
        samples::retain(tx, &self.retained, self.keep, self.now)
    }
}
