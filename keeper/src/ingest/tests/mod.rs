//! A market with one provider and two reporters, and what they sign.

mod endpoints;
mod server;
mod silences;
mod streams;
mod taking;
mod validating;

use {
    super::{
        compare::{Comparison, Fall, compare},
        evidence::{Evidence, ReporterFault},
        settings::{EndpointLimits, Mode},
        *,
    },
    crate::chain::Stalls,
    blockable_sdk::{
        Keypair, Signer,
        amounts::Units,
        program::{
            state::{Credit, Market, Provider, ProviderSettings, Reporter},
            transitions::Status,
        },
        reports::{CreditReading, RecordReading, ReportScope, UsageReport},
    },
    bytemuck::Zeroable,
    std::collections::BTreeMap,
};

pub(crate) const CLOCK: i64 = 1_800_000_000;
const EPOCH: u32 = 3;
const CHUNK_SIZE: u8 = 10;
const CLUSTER_TAG: [u8; 32] = [88; 32];

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

pub(crate) fn market() -> Pubkey {
    key(1)
}

pub(crate) fn provider() -> Pubkey {
    key(2)
}

/// The key of a reporter; 0 and 1 are listed.
pub(crate) fn reporter(number: u8) -> Keypair {
    Keypair::new_from_array([100 + number; 32])
}

/// A provider with two reporters whose credits fill 4 chunks.
fn listed() -> Provider {
    let mut provider = Provider::zeroed();
    (provider.market, provider.epoch, provider.cluster_tag) = (market(), EPOCH, CLUSTER_TAG);
    provider.next_index = 40;
    let listed = [0, 1].map(|number| Reporter { key: reporter(number).pubkey(), expires_at: CLOCK + 1_000 });
    provider.settings =
        ProviderSettings { chunk_size: CHUNK_SIZE, ..ProviderSettings::with_reporters(&listed, 2) };
    provider
}

fn credit(index: u32) -> Credit {
    let mut credit = Credit::zeroed();
    (credit.provider, credit.market) = (provider(), market());
    (credit.status, credit.has_index, credit.meter.index) = (Status::Active.byte(), 1, index);
    credit
}

/// The chain with the provider and a credit in each of two chunks.
pub(crate) fn chain() -> Snapshot {
    Snapshot {
        slot: 1_000,
        clock: ChainTime(CLOCK),
        market_key: market(),
        market: Market::zeroed(),
        providers: BTreeMap::from([(provider(), listed())]),
        credits: BTreeMap::from([(key(50), Arc::new(credit(0))), (key(51), Arc::new(credit(11)))]),
        frozen_vaults: Arc::default(),
        cross_credits: Arc::default(),
        stalls: Stalls::default(),
    }
}

pub(crate) fn later(seconds: i64) -> Arc<Snapshot> {
    Arc::new(Snapshot { clock: ChainTime(CLOCK + seconds), ..chain() })
}

/// A report by a listed reporter on a chunk, with the units of its first credits.
pub(crate) fn report(by: u8, chunk: u32, reported_at: i64, units: &[u64]) -> ReportRecord {
    let scope = ReportScope::new(&listed(), provider(), chunk);
    let mut draft = UsageReport::new(scope, reported_at);
    let mut readings = Vec::new();
    for (bit, &cumulative) in (0u32..).zip(units) {
        draft.set(bit, CreditReading { cumulative, in_flight: 5 }).unwrap();
        let credit = key(u8::try_from(60 + 10 * chunk + bit).unwrap());
        readings.push(RecordReading { bit, credit, cumulative, in_flight: 5 });
    }
    let signed = draft.sign(by, &reporter(by)).unwrap();
    ReportRecord {
        seq: 1,
        cluster_tag: CLUSTER_TAG.into(),
        market: market(),
        provider: provider(),
        epoch: EPOCH,
        chunk,
        chunk_size: CHUNK_SIZE,
        reporter: reporter(by).pubkey(),
        reporter_index: by,
        reported_at,
        bitmap: signed.bitmap,
        readings,
        signature: signed.signature.into(),
    }
}

/// A report changed and then signed again by its reporter.
fn resigned(mut record: ReportRecord, change: impl FnOnce(&mut ReportRecord)) -> ReportRecord {
    change(&mut record);
    let keys = (0..9).map(reporter);
    let signer = keys.into_iter().find(|signer| signer.pubkey() == record.reporter).unwrap();
    record.signature = signer.sign_message(&record.digest());
    record
}

/// Reports with the numbers that a server gives them.
fn numbered(records: impl IntoIterator<Item = ReportRecord>) -> Vec<ReportRecord> {
    (1u64..).zip(records).map(|(seq, record)| ReportRecord { seq, ..record }).collect()
}

/// A keeper's store and what it takes in.
struct Keeper {
    folder: tempfile::TempDir,
    store: Store,
    ingest: Ingest,
}

impl Keeper {
    async fn new() -> Keeper {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let ingest = Ingest::open(store.clone(), market()).await.unwrap();
        ingest.update_chain(Arc::new(chain()));
        Keeper { folder, store, ingest }
    }

    /// The same store, opened by the next process.
    async fn restarted(self) -> Keeper {
        let Keeper { folder, store, ingest } = self;
        drop((store, ingest));
        let store = Store::open(folder.path()).unwrap();
        let ingest = Ingest::open(store.clone(), market()).await.unwrap();
        ingest.update_chain(Arc::new(chain()));
        Keeper { folder, store, ingest }
    }

    async fn take(&self, records: &[ReportRecord]) -> Taken {
        self.ingest.take(records.to_vec()).await.unwrap()
    }

    fn latest(&self, by: u8, chunk: u32) -> Option<ReportRecord> {
        let shelf = self.ingest.shelf();
        shelf.latest(&provider(), chunk, &reporter(by).pubkey()).map(|record| (**record).clone())
    }

    async fn evidence(&self) -> Vec<Evidence> {
        let read = self.store.read(|connection| rows::evidence_after(connection, 0)).await;
        read.unwrap().into_iter().map(|(_, evidence)| evidence).collect()
    }

    async fn digests(&self) -> u32 {
        let count = |connection: &rusqlite::Connection| {
            Ok(connection.query_row("SELECT count(*) FROM digests", [], |row| row.get(0))?)
        };
        self.store.read(count).await.unwrap()
    }
}
