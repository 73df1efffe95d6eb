//! Fills a store as a keeper does over days, by the keeper's own functions, so that its size can be measured.

use {
    crate::{
        history::{archive, rows},
        ingest,
        land::{
            flight::{Carried, Flight, writes},
            journal::{self, TransactionEnd},
        },
        plan::{Intent, IntentAction, IntentId, Kind, Reason, Role},
        store::{Store, StoreError},
        watch::{Sample, samples},
    },
    blockable_sdk::{
        Hash, Keypair, Pubkey, Signature, Signer,
        amounts::{ChainTime, Lamports, MicroUsd, Units},
        audit::{Found, Joined, Life, Link, Position},
        events::{Change, CreditRecord},
        program::metering::Metered,
        reports::ReportRecord,
        transactions,
    },
    rusqlite::Transaction,
    std::collections::BTreeMap,
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Rows that go in one step.
const BATCH: usize = 500;

/// A market whose store is filled, day by day.
pub struct FilledMarket {
    store: Store,
    credits: Vec<Pubkey>,
    provider: Pubkey,
    payer: Keypair,
    heads: BTreeMap<Pubkey, (Position, u64)>,
    transactions: u64,
}

/// The work of a day.
#[derive(Clone, Copy, Debug)]
pub struct DayOfWork {
    /// Readings of each credit that are metered.
    pub readings: u32,
    /// Transactions that carry them.
    pub transactions: u32,
    /// Seconds between two samples.
    pub sample_seconds: i64,
}

/// The time for which rows stay.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Days of ended transactions and intents.
    pub transactions: i64,
    /// Days of records of metering in the database.
    pub events: i64,
}

impl FilledMarket {
    /// A market with these credits in an empty store.
    pub fn new(store: Store, credits: Vec<Pubkey>, provider: Pubkey) -> FilledMarket {
        let payer = Keypair::new_from_array([77; 32]);
        FilledMarket { store, credits, provider, payer, heads: BTreeMap::new(), transactions: 0 }
    }

    /// Writes the events, transactions and samples of a day that begins at a time. Errors: [`StoreError`].
    pub async fn day(&mut self, began: i64, work: DayOfWork) -> Result<(), StoreError> {
        let readings = i64::from(work.readings.max(1));
        for reading in 0..readings {
            let at = began.saturating_add(DAY / readings * reading);
            self.events(at).await?;
        }
        self.transactions(began, work.transactions).await?;
        if work.sample_seconds > 0 {
            for at in (began..began.saturating_add(DAY))
                .step_by(usize::try_from(work.sample_seconds).unwrap_or(300))
            {
                self.samples(at).await?;
            }
        }
        Ok(())
    }

    /// Removes and archives what is too old at a time, as the keeper does. Errors: [`StoreError`].
    pub async fn keep_house(&self, now: i64, kept: Kept) -> Result<(), StoreError> {
        let before = ChainTime(now.saturating_sub(kept.transactions.saturating_mul(DAY)));
        while self.store.write(move |tx| journal::prune_transactions(tx, before, BATCH)).await? >= BATCH {}
        while self.store.write(move |tx| journal::prune_intents(tx, before, BATCH)).await? >= BATCH {}
        let before = ChainTime(now.saturating_sub(kept.events.saturating_mul(DAY)));
        while archive::archive_some(&self.store, before, ChainTime(now)).await? > 0 {}
        Ok(())
    }

    /// Writes the digests of reports. Errors: [`StoreError`].
    pub async fn digests(&self, reports: Vec<ReportRecord>) -> Result<(), StoreError> {
        self.store.write(move |tx| ingest::remember_all(tx, reports)).await
    }

    /// The bytes of the store's files.
    pub fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    async fn events(&mut self, at: i64) -> Result<(), StoreError> {
        let mut changes = Vec::with_capacity(self.credits.len());
        for (number, credit) in self.credits.iter().enumerate() {
            let (end, used) = self.heads.entry(*credit).or_default();
            *used = used.saturating_add(1_000);
            let metered = Metered { consumed: 1_000, overrun: 0, deferred: 0 };
            let change = Change::Metered { cumulative: *used, in_flight: 40, reported_at: at, metered };
            let record = CreditRecord { credit: *credit, seq: end.seq, at, change };
            let hash = record.fold(&end.hash).map_err(|_| StoreError::Content("a record".to_string()))?;
            // A chunk's credits share a transaction.
            let signature = signature(at, number / 32);
            *end = Position { seq: end.seq.saturating_add(1), hash };
            let found = Found { record, signature, slot: at.unsigned_abs() };
            let joined = Joined {
                links: vec![Link { found, hash }],
                end: *end,
                life: Life::Open,
                ..Joined::default()
            };
            changes.push((*credit, joined));
        }
        let write = move |tx: &Transaction| {
            changes.iter().try_for_each(|(credit, joined)| rows::append(tx, credit, joined, true))
        };
        self.store.write(write).await
    }

    async fn transactions(&mut self, began: i64, count: u32) -> Result<(), StoreError> {
        for batch in (0..count).collect::<Vec<_>>().chunks(BATCH) {
            let made: Vec<(Flight, Intent)> =
                batch.iter().map(|_| self.transaction(began)).collect::<Result<_, _>>()?;
            let write = move |tx: &Transaction| {
                for (flight, intent) in &made {
                    journal::write_ahead(tx, flight, std::slice::from_ref(intent))?;
                    let end = TransactionEnd::Landed { slot: flight.from_slot };
                    journal::record_end(tx, flight, &end, flight.written_at)?;
                }
                Ok(())
            };
            self.store.write(write).await?;
        }
        Ok(())
    }

    /// A transaction that meters a chunk, as far as the store goes.
    fn transaction(&mut self, at: i64) -> Result<(Flight, Intent), StoreError> {
        self.transactions = self.transactions.saturating_add(1);
        let number = self.transactions;
        let nothing =
            solana_system_interface::instruction::transfer(&self.payer.pubkey(), &self.provider, number);
        let transaction = transactions::sign_v0(&[nothing], &self.payer, &[], Hash::default())
            .map_err(|error| StoreError::Content(error.to_string()))?;
        let chunk = u32::try_from(number % 313).unwrap_or(0);
        let action = IntentAction::Meter {
            provider: self.provider,
            chunk,
            reports: Vec::new(),
            credits: self.credits.iter().take(32).copied().collect(),
        };
        let reason = Reason::ReportsToMeter { reports: 3, until: ChainTime(at), credits: 32, chunk };
        let id = IntentId::from_parts(Kind::Meter, &self.provider, &[&number.to_le_bytes()]);
        let intent = Intent { id, action, due_at: ChainTime(at), reason };
        let flight = Flight {
            signature: transaction.signatures.first().copied().unwrap_or_default(),
            writes: writes(&transaction),
            transaction,
            role: Role::Metering,
            last_valid_height: number,
            lamports: Lamports(5_000),
            compute_units: 108_000,
            carried: vec![Carried::from_intent(&intent)],
            written_at: ChainTime(at),
            from_slot: number,
            sent: None,
            expired_since: None,
            signed: None,
        };
        Ok((flight, intent))
    }

    async fn samples(&self, at: i64) -> Result<(), StoreError> {
        let sample = Sample {
            at: ChainTime(at),
            consumed: Units(at.unsigned_abs()),
            available: Units(900_000_000),
            frozen: Units(0),
            lien: Units(800_000_000),
            debt: MicroUsd(90_000_000_000),
            arrears: MicroUsd(0),
            status: 2,
        };
        let all: Vec<(Pubkey, Sample)> = self.credits.iter().map(|credit| (*credit, sample)).collect();
        self.store.write(move |tx| samples::write(tx, &all)).await
    }
}

fn signature(at: i64, chunk: usize) -> Signature {
    let mut bytes = [0; 64];
    // Bytes that do not compress, as those of signatures do not.
    let mut state = at.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (chunk as u64);
    for byte in &mut bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = state.to_be_bytes().first().copied().unwrap_or(0);
    }
    Signature::from(bytes)
}
