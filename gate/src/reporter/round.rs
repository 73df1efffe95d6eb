//! One key's round: read, draft, sign, publish.

use {
    crate::{
        Gate, StoreError,
        ledger::LedgerReading,
        reporter::{
            ReportersCore,
            rows::{self, Draft},
            status::KeyState,
        },
    },
    blockable_sdk::{
        Signature,
        amounts::ChainTime,
        keys::SigningKey,
        program::state::Provider,
        reports::{RecordReading, ReportRecord},
    },
    futures_util::{StreamExt, stream},
    std::{
        collections::BTreeMap,
        sync::Arc,
        time::{Duration, Instant},
    },
};

/// Chunks drafted at once: they share a flush, and the gate's own writes wait for no more than that many.
const DRAFTS: usize = 16;
/// Signatures asked for at once.
const SIGNATURES: usize = 8;

/// Seconds by which a report is dated before the time of its signature, by the gate's clock. A gate sees a freeze sooner.
pub(crate) const REPORT_LAG_SECONDS: i64 = 3;

/// Seconds by which a report is dated before the time that the chain's clock showed last. A freeze that lands later is not dated before
/// that time, and one that landed before it has been seen by then, unless its update is slower than the clock's by as much.
const SHOWN_LAG_SECONDS: i64 = 2;

/// The gate's knowledge at one moment.
struct GateMoment {
    /// The chain's clock.
    now: ChainTime,
    provider: Provider,
    readings: Vec<LedgerReading>,
}

/// The chain's clock, as far as it has been seen to move, and the provider. Errors: [`KeyState::NoChain`] while they or the market
/// have not been seen.
pub(super) fn clock_and_provider(gate: &Gate) -> Result<(ChainTime, Provider), KeyState> {
    let view = gate.chain_view();
    let seen = view.market().and(view.confirmed_time()).zip(view.provider().copied());
    seen.filter(|(_, provider)| provider.settings.chunk_size > 0).ok_or(KeyState::NoChain)
}

/// The moment of a key's next report, after the last one that left nothing undone and the last instant it has signed for. Also
/// returns whether it is that of a freeze. Errors: [`KeyState::NoChain`], also while there are credits that have not been seen:
/// they may have freezes.
fn lagging_moment(
    gate: &Gate,
    finished: Option<(u32, ChainTime)>,
    reported: Option<ChainTime>,
) -> Result<(GateMoment, bool), KeyState> {
    let (now, provider) = clock_and_provider(gate)?;
    if !gate.has_observed_all() {
        return Err(KeyState::NoChain);
    }
    let mut dated = now.plus_seconds(-REPORT_LAG_SECONDS);
    // A chain whose blocks come late is behind the gate's clock by more.
    if let Some(reading) = gate.chain_view().last_clock() {
        dated = dated.min(reading.plus_seconds(-SHOWN_LAG_SECONDS));
    }
    // The last report was on a freeze, dated at its own time: the next one must not be dated before it.
    let is_covered = |(epoch, at): &(u32, ChainTime)| {
        *epoch == provider.epoch && (0..=REPORT_LAG_SECONDS).contains(&at.seconds_since(dated))
    };
    let until = finished.filter(is_covered).map_or(dated, |(_, at)| at);
    let (now, readings) = gate.readings_until(until, reported);
    Ok((GateMoment { now, provider, readings }, now != until))
}

impl GateMoment {
    /// The index of a key in the provider's list. Errors: [`KeyState::NotListed`], [`KeyState::Expired`].
    fn reporter_index(&self, key: &SigningKey) -> Result<u8, KeyState> {
        let not_listed = || KeyState::NotListed(key.public_key());
        let mut listed = (0..).zip(self.provider.reporters());
        let (index, reporter) =
            listed.find(|(_, reporter)| reporter.key == key.public_key()).ok_or_else(not_listed)?;
        match self.now < ChainTime(reporter.expires_at) {
            true => Ok(index),
            false => Err(KeyState::Expired(key.public_key())),
        }
    }

    /// One unsigned report per chunk that has a credit to be metered.
    fn reports(&self, gate: &Gate, key: &SigningKey) -> Result<Vec<ReportRecord>, KeyState> {
        let reporter_index = self.reporter_index(key)?;
        let chunk_size = self.provider.settings.chunk_size;
        let mut chunks: BTreeMap<u32, BTreeMap<u32, RecordReading>> = BTreeMap::new();
        for reading in &self.readings {
            let (chunk, bit) = (reading.index / u32::from(chunk_size), reading.index % u32::from(chunk_size));
            let &LedgerReading { credit, cumulative, in_flight, .. } = reading;
            chunks.entry(chunk).or_default().insert(
                bit,
                RecordReading { bit, credit, cumulative: cumulative.get(), in_flight: in_flight.get() },
            );
        }
        let report = |(chunk, readings): (u32, BTreeMap<u32, RecordReading>)| ReportRecord {
            seq: 0,
            cluster_tag: self.provider.cluster_tag.into(),
            market: gate.config().market,
            provider: gate.config().provider,
            epoch: self.provider.epoch,
            chunk,
            chunk_size,
            reporter: key.public_key(),
            reporter_index,
            reported_at: self.now.get(),
            bitmap: readings.keys().fold(0, |bitmap, bit| bitmap | 1 << bit),
            readings: readings.into_values().collect(),
            signature: Signature::default(),
        };
        Ok(chunks.into_iter().map(report).collect())
    }
}

/// The instant from which on reports are kept at `now`.
pub(super) fn keep_from(now: ChainTime, keep: Duration) -> ChainTime {
    now.plus_seconds(-i64::try_from(keep.as_secs()).unwrap_or(i64::MAX))
}

/// A key and the end of its last round.
pub(super) struct ReportingKey {
    pub key: SigningKey,
    /// One round at a time; epoch and instant of the last one that left nothing undone.
    pub finished: tokio::sync::Mutex<Option<(u32, ChainTime)>>,
    pub last: std::sync::Mutex<LastRound>,
}

/// The outcome of a key's last round.
pub(super) struct LastRound {
    pub state: KeyState,
    pub reported: Option<(ChainTime, Instant)>,
}

impl ReportingKey {
    pub(super) fn new(key: SigningKey) -> ReportingKey {
        let last = LastRound { state: KeyState::NoChain, reported: None };
        ReportingKey { key, finished: tokio::sync::Mutex::new(None), last: std::sync::Mutex::new(last) }
    }
}

impl ReportersCore {
    /// Reports on this moment, unless its second has been reported on. Returns the instant.
    ///
    /// The report is dated [`REPORT_LAG_SECONDS`] ago: a freeze that has landed and has not been seen yet is then later than the
    /// report, and can still have one of its own. Freezes that have been seen and wait for theirs get it first: a gate that
    /// starts finds those of the time without it, and a report on now would rule theirs out.
    pub(super) async fn report(&self, signer: &ReportingKey) -> Result<ChainTime, KeyState> {
        let mut reported = self.last_instant(signer);
        loop {
            let mut finished = signer.finished.lock().await;
            let moment = lagging_moment(&self.gate, *finished, reported);
            let is_of_freeze = moment.as_ref().is_ok_and(|(_, is_of_freeze)| *is_of_freeze);
            match self.report_moment(signer, moment.map(|(moment, _)| moment), &mut finished).await {
                // Also where a later draft, which its key has not signed, has ruled the freeze's out.
                Ok(at) | Err(KeyState::ClockBehind { now: at }) if is_of_freeze => reported = Some(at),
                outcome => return outcome,
            }
        }
    }

    /// The latest instant that a key has signed a report for.
    pub(super) fn last_instant(&self, signer: &ReportingKey) -> Option<ChainTime> {
        let reporter = signer.key.public_key();
        let latest = super::lock(&self.latest);
        let ours = latest.values().filter(|record| record.reporter == reporter);
        ours.map(|record| ChainTime(record.reported_at)).max()
    }

    /// Reports with the instant and the provider that `as_of` gives, unless that instant has been reported on. Returns it.
    pub(super) async fn report_as_of(
        &self,
        signer: &ReportingKey,
        as_of: impl Fn(&Gate) -> Result<(ChainTime, Provider), KeyState>,
    ) -> Result<ChainTime, KeyState> {
        let mut finished = signer.finished.lock().await;
        let moment = as_of(&self.gate).map(|(now, provider)| {
            let readings = self.gate.readings_dated(now);
            GateMoment { now, provider, readings }
        });
        self.report_moment(signer, moment, &mut finished).await
    }

    async fn report_moment(
        &self,
        signer: &ReportingKey,
        moment: Result<GateMoment, KeyState>,
        finished: &mut Option<(u32, ChainTime)>,
    ) -> Result<ChainTime, KeyState> {
        let outcome = match moment {
            Ok(moment) if *finished == Some((moment.provider.epoch, moment.now)) => return Ok(moment.now),
            Ok(moment) => self.round(&signer.key, &moment, finished).await,
            Err(state) => Err(state),
        };
        self.set_outcome(signer, &outcome);
        outcome
    }

    /// Reports on a moment. Returns its instant.
    async fn round(
        &self,
        key: &SigningKey,
        moment: &GateMoment,
        finished: &mut Option<(u32, ChainTime)>,
    ) -> Result<ChainTime, KeyState> {
        // A full store keeps the reports of this instant alone.
        let keep = if self.gate.storage_is_full() { Duration::ZERO } else { self.config.keep };
        let keep_from = keep_from(moment.now, keep);
        let drafts = self.draft(moment.reports(&self.gate, key)?, keep_from).await?;
        let behind = drafts.contains(&Draft::Behind);
        let unsigned: Vec<ReportRecord> = drafts
            .into_iter()
            .filter_map(|draft| match draft {
                Draft::Sign(record) => Some(record),
                Draft::Signed(_) | Draft::Behind => None,
            })
            .collect();
        let (signed, failed) = sign(key, unsigned).await;
        self.publish(signed).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        if behind {
            return Err(KeyState::ClockBehind { now: moment.now });
        }
        *finished = Some((moment.provider.epoch, moment.now));
        Ok(moment.now)
    }

    /// Writes a draft, with all use that it reports, so that both survive a loss of power.
    async fn draft(
        &self,
        reports: Vec<ReportRecord>,
        keep_from: ChainTime,
    ) -> Result<Vec<Draft>, StoreError> {
        let drafting = reports.into_iter().map(|report| {
            self.gate.write_for_good(move |connection| rows::draft(connection, &report, keep_from))
        });
        let drafts: Vec<_> = stream::iter(drafting).buffered(DRAFTS).collect().await;
        drafts.into_iter().collect()
    }

    /// Numbers signed reports and hands them out, in the order of their numbers.
    async fn publish(&self, records: Vec<ReportRecord>) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let _turn = self.publishing.lock().await;
        // For good, so that a number is never given twice.
        let work = move |connection: &rusqlite::Connection| rows::publish(connection, &records);
        for record in self.gate.write_for_good(work).await? {
            self.hand_out(record);
        }
        Ok(())
    }

    /// Keeps the outcome of a round, and logs it where it differs from the last one.
    fn set_outcome(&self, signer: &ReportingKey, outcome: &Result<ChainTime, KeyState>) {
        let mut last = super::lock(&signer.last);
        let state = match outcome {
            Ok(reported_at) => {
                last.reported = Some((*reported_at, Instant::now()));
                KeyState::Signing
            }
            Err(state) => state.clone(),
        };
        if last.state.code() != state.code() {
            match &state {
                KeyState::Signing => tracing::info!(reporter = %signer.key, "the reporter signs reports"),
                state => tracing::error!(reporter = %signer.key, %state, "the reporter signs nothing"),
            }
        }
        last.state = state;
    }
}

/// Signs until one fails. Returns the signed ones and why it stopped.
async fn sign(key: &SigningKey, reports: Vec<ReportRecord>) -> (Vec<ReportRecord>, Option<KeyState>) {
    let signing = reports.into_iter().map(|report| async move {
        // A key in memory never waits by itself: many chunks must not keep other tasks from their turn.
        tokio::task::yield_now().await;
        let signature = key.sign(&report.digest()).await?;
        Ok(ReportRecord { signature, ..report })
    });
    let mut signatures = stream::iter(signing).buffered(SIGNATURES);
    let mut signed = Vec::new();
    while let Some(next) = signatures.next().await {
        match next {
            Ok(report) => signed.push(report),
            Err(error) => return (signed, Some(KeyState::Key(error))),
        }
    }
    (signed, None)
}

/// A report as listeners share it.
pub(super) type SharedReport = Arc<ReportRecord>;
