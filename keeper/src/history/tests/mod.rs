//! A chain with credits in the test's own process, and a keeper that proves their logs.

mod backlog;
mod passes;
pub(crate) mod server;
mod written;

use {
    super::{backlog::WorkOutcome, *},
    crate::{
        chain::Stalls,
        finding::{Fact, Parties, Rule, RuleState},
    },
    blockable_sdk::{
        Signature,
        accounts::CreditStamp,
        amounts::ChainTime,
        audit::{Found, Life, Position, join},
        events::{Change as What, CreditRecord},
        program::state::{Credit, Market},
    },
    blockable_service::settings::Reader,
    bytemuck::Zeroable,
    rusqlite::{Connection, params},
    std::sync::Arc,
};

pub(crate) fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn market() -> Pubkey {
    key(1)
}

fn signature(number: u64) -> Signature {
    let mut bytes = [3; 64];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Signature::from(bytes)
}

fn record(credit: Pubkey, seq: u64, change: What) -> CreditRecord {
    CreditRecord { credit, seq, at: 1_800_000_000 + i64::try_from(seq).unwrap(), change }
}

fn late(arrears: u64) -> What {
    What::MarkedDelinquent { arrears }
}

/// The number of proven records of a credit, with the hash chain after them; `None` before any is.
fn proof(connection: &Connection, credit: &Pubkey) -> Option<CreditStamp> {
    let seq = rows::head(connection, credit).unwrap().proven;
    let last = seq.checked_sub(1)?.cast_signed();
    let sql =
        "SELECT hash FROM events WHERE credit = (SELECT id FROM addresses WHERE address = ?) AND seq = ?";
    let hash = connection.query_row(sql, params![credit.to_bytes(), last], |row| row.get(0)).unwrap();
    Some(CreditStamp { seq, hash })
}

/// Records 0, 1, 2... of a credit, each in a transaction and a slot of its own.
fn log(credit: Pubkey, count: u64) -> Vec<Found> {
    let found = |seq| Found {
        record: record(credit, seq, if seq == 0 { What::Accepted } else { late(seq) }),
        signature: signature(seq),
        slot: 100 + seq,
    };
    (0..count).map(found).collect()
}

/// The stamp of a credit's account after records.
fn stamp_of(log: &[Found]) -> CreditStamp {
    let fold = |hash: [u8; 32], found: &Found| found.record.fold(&hash).unwrap();
    CreditStamp { seq: log.len() as u64, hash: log.iter().fold([0; 32], fold) }
}

fn snapshot(clock: i64, credits: BTreeMap<Pubkey, Arc<Credit>>) -> Snapshot {
    Snapshot {
        slot: 1,
        clock: ChainTime(clock),
        market_key: market(),
        market: Market::zeroed(),
        providers: BTreeMap::new(),
        credits,
        frozen_vaults: Arc::default(),
        cross_credits: Arc::default(),
        stalls: Stalls::default(),
    }
}

#[test]
fn the_section_is_read_with_its_defaults_and_its_bounds() {
    let read = |text: &str| {
        let mut reader = Reader::new(text).unwrap();
        (HistorySettings::read(&mut reader), reader.finish())
    };
    assert_eq!(read(""), (HistorySettings::default(), vec![]));
    let (settings, mistakes) = read("[history]\nenabled = false\ncredits_per_pass = 7");
    assert_eq!((settings.enabled, settings.credits_per_pass, mistakes.len()), (false, 7, 0));
    let (_, mistakes) = read("[history]\ncredits_per_pass = 0\nevery = 1");
    assert!(mistakes[0].starts_with("history.credits_per_pass: 0 is not from 1"), "{mistakes:?}");
    assert!(mistakes[1].starts_with("history.every: no such key"), "{mistakes:?}");
}
