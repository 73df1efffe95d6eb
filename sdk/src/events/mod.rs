//! Reads the program's events from transactions, and proves that a credit's log is complete and in order.

#[cfg(feature = "client")]
pub(crate) mod fetched;

pub use blockable_credits::events::{
    Change, ChunkMetered, CreditChanged, CreditRecord, MarketChange, MarketChanged, MarketCreated,
    ProviderChanged, SkippedCredit,
};
#[cfg(feature = "client")]
pub(crate) use fetched::from_served;
#[cfg(feature = "client")]
pub use fetched::from_transaction;
use {
    anchor_lang::{AnchorDeserialize, AnchorSerialize, Discriminator, event::EVENT_IX_TAG_LE},
    solana_pubkey::Pubkey,
};

/// An event of the program.
#[derive(Clone, Debug)]
pub enum Event {
    /// A market was created.
    MarketCreated(MarketCreated),
    /// A market was changed.
    MarketChanged(MarketChanged),
    /// A provider was registered or changed, or proposed a change. Boxed: it has its settings twice.
    ProviderChanged(Box<ProviderChanged>),
    /// A credit changed.
    CreditChanged(CreditChanged),
    /// A chunk of credits was metered.
    ChunkMetered(ChunkMetered),
}

impl Event {
    /// Reads an event from the data of the program's self-invocation; `None` for any other instruction.
    pub fn decode(data: &[u8]) -> Option<Event> {
        let body = data.strip_prefix(EVENT_IX_TAG_LE)?;
        read(body)
            .map(Event::MarketCreated)
            .or_else(|| read(body).map(Event::MarketChanged))
            .or_else(|| read(body).map(Box::new).map(Event::ProviderChanged))
            .or_else(|| read(body).map(Event::CreditChanged))
            .or_else(|| read(body).map(Event::ChunkMetered))
    }

    /// The credit records the event carries, in order.
    pub fn records(&self) -> &[CreditRecord] {
        match self {
            Event::CreditChanged(event) => std::slice::from_ref(&event.record),
            Event::ChunkMetered(event) => &event.records,
            Event::MarketCreated(_) | Event::MarketChanged(_) | Event::ProviderChanged(_) => &[],
        }
    }
}

fn read<T: Discriminator + AnchorDeserialize>(body: &[u8]) -> Option<T> {
    T::try_from_slice(body.strip_prefix(T::DISCRIMINATOR)?).ok()
}

/// Reads a record from its Borsh bytes, as they are folded into the hash chain; `None` for other bytes, and for a change of a
/// later version of the program.
pub fn decode_record(bytes: &[u8]) -> Option<CreditRecord> {
    CreditRecord::try_from_slice(bytes).ok()
}

/// A record's Borsh bytes, as they are folded into the hash chain. `None` if Borsh fails, which no record makes it do.
pub fn encode_record(record: &CreditRecord) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(192);
    record.serialize(&mut bytes).ok()?;
    Some(bytes)
}

/// The place where a log departs from the chain of hashes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A record is missing or out of order.
    #[error("record {expected} is missing: found {found}; fetch the transactions between them")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record of another credit.
    #[error("record {0} belongs to another credit; filter the log by credit")]
    Foreign(u64),
    /// The records do not hash to the account's event hash.
    #[error(
        "the log does not hash to the credit's event hash; a record was altered or is missing at the end"
    )]
    HashMismatch,
}

/// Proves that `records` are all the events of a credit whose account holds `event_hash`. Errors: [`LogError`].
pub fn verify_log(credit: &Pubkey, records: &[CreditRecord], event_hash: &[u8; 32]) -> Result<(), LogError> {
    let mut hash = [0; 32];
    for (expected, record) in (0u64..).zip(records) {
        if record.credit != *credit {
            return Err(LogError::Foreign(record.seq));
        }
        if record.seq != expected {
            return Err(LogError::Gap { expected, found: record.seq });
        }
        hash = record.fold(&hash).map_err(|_| LogError::HashMismatch)?;
    }
    if hash == *event_hash { Ok(()) } else { Err(LogError::HashMismatch) }
}

#[cfg(test)]
mod tests {
    use {super::*, anchor_lang::Event as _};

    fn record(credit: Pubkey, seq: u64) -> CreditRecord {
        CreditRecord { credit, seq, at: 5, change: Change::MarkedDelinquent { arrears: seq } }
    }

    #[test]
    fn events_decode_and_other_data_does_not() {
        let event = CreditChanged { record: record(Pubkey::new_unique(), 4) };
        let data = [EVENT_IX_TAG_LE, &event.data()].concat();
        let decoded = Event::decode(&data).unwrap();
        assert_eq!(decoded.records(), std::slice::from_ref(&event.record));
        assert!(Event::decode(&event.data()).is_none());
        assert!(Event::decode(&data[..data.len() - 1]).is_none());
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_other_bytes_are_not() {
        let written = record(Pubkey::new_unique(), 4);
        let bytes = encode_record(&written).unwrap();
        assert_eq!(decode_record(&bytes), Some(written));
        assert_eq!(decode_record(&bytes[1..]), None);
        assert_eq!(decode_record(&[bytes.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_log_is_proven_or_its_fault_is_named() {
        let credit = Pubkey::new_unique();
        let log: Vec<_> = (0..4).map(|seq| record(credit, seq)).collect();
        let hash = log.iter().fold([0; 32], |hash, record| record.fold(&hash).unwrap());
        assert_eq!(verify_log(&credit, &log, &hash), Ok(()));
        assert_eq!(verify_log(&credit, &log[..3], &hash), Err(LogError::HashMismatch));
        assert_eq!(verify_log(&credit, &log[1..], &hash), Err(LogError::Gap { expected: 0, found: 1 }));
        let mut swapped = log.clone();
        swapped.swap(1, 2);
        assert_eq!(verify_log(&credit, &swapped, &hash), Err(LogError::Gap { expected: 1, found: 2 }));
        let mut altered = log.clone();
        altered[2].at += 1;
        assert_eq!(verify_log(&credit, &altered, &hash), Err(LogError::HashMismatch));
        assert_eq!(verify_log(&Pubkey::new_unique(), &log, &hash), Err(LogError::Foreign(0)));
    }
}
