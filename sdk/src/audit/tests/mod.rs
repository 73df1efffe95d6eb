//! Logs that are made up: joined, proven, redone, and tampered with.

mod joining;

use {
    super::{Found, Joined, Life, Position, ProofError, join, kind, prove},
    crate::{
        accounts::CreditStamp,
        events::{Change, CreditRecord},
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
};

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn signature(number: u64) -> Signature {
    let mut bytes = [3; 64];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Signature::from(bytes)
}

fn record(credit: Pubkey, seq: u64, change: Change) -> CreditRecord {
    CreditRecord { credit, seq, at: 1_800_000_000 + i64::try_from(seq).unwrap(), change }
}

fn late(arrears: u64) -> Change {
    Change::MarkedDelinquent { arrears }
}

/// Records 0, 1, 2... of a credit, each in a transaction and a slot of its own.
fn log(credit: Pubkey, count: u64) -> Vec<Found> {
    let found = |seq| Found {
        record: record(credit, seq, if seq == 0 { Change::Accepted } else { late(seq) }),
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
