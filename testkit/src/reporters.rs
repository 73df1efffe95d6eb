//! Reporters of a provider as keepers meet them: servers that hand out signed reports, honest or not.

use {
    crate::{
        Parties,
        http::{Reply, Request, Server},
    },
    blockable_sdk::{
        Pubkey,
        reports::{CreditReading, RecordReading, ReportPage, ReportRecord, ReportScope, UsageReport},
    },
    solana_sdk::signer::Signer,
    std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
    },
};

/// The lie of a reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// No lie: signs its readings as they are.
    Honest,
    /// Says nothing new.
    Silent,
    /// Reads a thousand times as much.
    High,
    /// Reads a tenth.
    Low,
    /// Hands out its first report again and again, as if it were new.
    Replay,
    /// Signs for the epoch before.
    OldEpoch,
    /// Signs for another market.
    OtherMarket,
    /// Hands out every second report before the one that it signed earlier.
    Reorder,
    /// Sends bytes that are no report.
    Garbage,
}

/// The reporters of one provider with one chunk size, each behind a server of its own; they end when dropped.
pub struct Reporters {
    scope: ReportScope,
    chunk_size: u8,
    reporters: Vec<Reporter>,
    /// Cumulative units and units in flight by credit and index.
    meters: BTreeMap<u32, (Pubkey, u64, u64)>,
}

struct Reporter {
    index: u8,
    /// Number of its key, see [`Parties::reporter`].
    key: u8,
    server: Server,
    inner: Arc<Inner>,
    lie: Lie,
}

#[derive(Default)]
struct Inner {
    reports: Mutex<Vec<ReportRecord>>,
    /// Signed and not handed out yet.
    held: Mutex<Vec<ReportRecord>>,
    garbage: AtomicBool,
}

impl Reporters {
    /// `count` reporters, the first of [`Parties::reporter`], for a provider's scope.
    pub fn start(scope: ReportScope, chunk_size: u8, count: u8) -> Reporters {
        Reporters {
            scope,
            chunk_size,
            reporters: (0..count).map(Reporter::start).collect(),
            meters: BTreeMap::new(),
        }
    }

    /// The URLs of the reporters.
    pub fn urls(&self) -> Vec<String> {
        self.reporters.iter().map(|reporter| reporter.server.url()).collect()
    }

    /// Sets the units that a credit has used and those that its jobs hold.
    pub fn set(&mut self, index: u32, credit: Pubkey, cumulative: u64, in_flight: u64) {
        self.meters.insert(index, (credit, cumulative, in_flight));
    }

    /// The units that a credit has used.
    pub fn used(&self, index: u32) -> u64 {
        self.meters.get(&index).map_or(0, |(_, cumulative, _)| *cumulative)
    }

    /// Makes a reporter lie, or be honest again.
    pub fn lie(&mut self, reporter: usize, lie: Lie) {
        self.reporters[reporter].lie = lie;
        self.reporters[reporter].inner.garbage.store(lie == Lie::Garbage, Ordering::Relaxed);
    }

    /// Reports from another epoch on.
    pub fn set_epoch(&mut self, epoch: u32) {
        self.scope.epoch = epoch;
    }

    /// Every reporter's latest report on each chunk.
    pub fn latest(&self) -> Vec<ReportRecord> {
        let latest = |reporter: &Reporter| {
            let reports = reporter.inner.reports.lock().expect("no panic");
            let latest: BTreeMap<u32, ReportRecord> =
                reports.iter().map(|report| (report.chunk, report.clone())).collect();
            latest.into_values()
        };
        self.reporters.iter().flat_map(latest).collect()
    }

    /// Reports from another epoch on with other keys: those of [`Parties::reporter`] from `first_key`.
    pub fn rotate(&mut self, epoch: u32, first_key: u8) {
        self.set_epoch(epoch);
        self.reporters.iter_mut().for_each(|reporter| reporter.key = first_key + reporter.index);
    }

    /// Has every reporter sign what is set, as of a time of the chain's clock.
    pub fn report(&self, at: i64) {
        let mut chunks: BTreeMap<u32, Vec<(u32, Pubkey, CreditReading)>> = BTreeMap::new();
        for (index, (credit, cumulative, in_flight)) in &self.meters {
            let (chunk, bit) = (index / u32::from(self.chunk_size), index % u32::from(self.chunk_size));
            let reading = CreditReading { cumulative: *cumulative, in_flight: *in_flight };
            chunks.entry(chunk).or_default().push((bit, *credit, reading));
        }
        for reporter in &self.reporters {
            for (chunk, readings) in &chunks {
                let scope = ReportScope { chunk: *chunk, ..self.scope };
                reporter.report(scope, self.chunk_size, at, readings);
            }
        }
    }
}

impl Reporter {
    fn start(index: u8) -> Reporter {
        let inner = Arc::<Inner>::default();
        let served = inner.clone();
        let server = Server::start(move |request| reply(request, &served));
        Reporter { index, key: index, server, inner, lie: Lie::Honest }
    }

    fn report(&self, scope: ReportScope, chunk_size: u8, at: i64, readings: &[(u32, Pubkey, CreditReading)]) {
        let mut reports = self.inner.reports.lock().expect("no panic");
        let seq = reports.last().map_or(0, |last| last.seq) + 1;
        let signed_scope = match self.lie {
            Lie::OldEpoch => ReportScope { epoch: scope.epoch - 1, ..scope },
            Lie::OtherMarket => ReportScope { market: Pubkey::new_from_array([7; 32]), ..scope },
            Lie::Silent | Lie::Garbage => return,
            Lie::Replay => {
                let first = reports.iter().find(|report| report.chunk == scope.chunk).cloned();
                reports.extend(first.map(|first| ReportRecord { seq, ..first }));
                return;
            }
            Lie::Honest | Lie::High | Lie::Low | Lie::Reorder => scope,
        };
        let mut report = UsageReport::new(signed_scope, at);
        let reported = |reading: &CreditReading| match self.lie {
            Lie::High => CreditReading { cumulative: reading.cumulative * 1_000, ..*reading },
            Lie::Low => CreditReading { cumulative: reading.cumulative / 10, ..*reading },
            _ => *reading,
        };
        for (bit, _, reading) in readings {
            report.set(*bit, reported(reading)).expect("a bit of the chunk");
        }
        let key = Parties::reporter(self.key);
        let signed = report.sign(self.index, &key).expect("the key signs");
        let reading = |(bit, credit, reading): &(u32, Pubkey, CreditReading)| {
            let reported = reported(reading);
            RecordReading {
                bit: *bit,
                credit: *credit,
                cumulative: reported.cumulative,
                in_flight: reported.in_flight,
            }
        };
        let record = ReportRecord {
            seq,
            cluster_tag: scope.cluster_tag.into(),
            market: scope.market,
            provider: scope.provider,
            epoch: signed_scope.epoch,
            chunk: scope.chunk,
            chunk_size,
            reporter: key.pubkey(),
            reporter_index: self.index,
            reported_at: at,
            bitmap: signed.bitmap,
            readings: readings.iter().map(reading).collect(),
            signature: signed.signature.into(),
        };
        let mut held = self.inner.held.lock().expect("no panic");
        match self.lie {
            Lie::Reorder if held.is_empty() => held.push(record),
            _ => {
                reports.push(record);
                let late = (seq + 1..).zip(held.drain(..)).map(|(seq, late)| ReportRecord { seq, ..late });
                reports.extend(late);
            }
        }
    }
}

fn reply(request: &Request, inner: &Inner) -> Reply {
    if inner.garbage.load(Ordering::Relaxed) {
        return Reply::Body("\u{1}\u{2}{\"reports\": [[[".to_string());
    }
    serde_json::to_string(&page(request.head.lines().next().unwrap_or_default(), inner))
        .map_or(Reply::HangUp, Reply::Body)
}

/// The reports that a request asks for: those after a number, or the latest of each chunk.
fn page(request: &str, inner: &Inner) -> ReportPage {
    let number = |name: &str| {
        let value = request.split(['?', '&', ' ']).find_map(|part| part.strip_prefix(name))?;
        value.parse::<u64>().ok()
    };
    let reports = inner.reports.lock().expect("no panic");
    if request.contains("/latest") {
        let latest: BTreeMap<u32, &ReportRecord> =
            reports.iter().map(|report| (report.chunk, report)).collect();
        let next = reports.last().map_or(0, |report| report.seq);
        return ReportPage { reports: latest.into_values().cloned().collect(), next };
    }
    let after = number("after=").unwrap_or(0);
    let most = usize::try_from(number("most=").unwrap_or(100)).unwrap_or(100);
    let page: Vec<ReportRecord> =
        reports.iter().filter(|report| report.seq > after).take(most).cloned().collect();
    let next = page.last().map_or(after.min(reports.last().map_or(0, |last| last.seq)), |last| last.seq);
    ReportPage { reports: page, next }
}
