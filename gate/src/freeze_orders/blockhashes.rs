//! The blockhashes that a transaction can still land with.

use {
    super::refused::OrderRefused,
    blockable_sdk::{
        Hash,
        rpc::{CommitmentConfig, RpcClient, RpcClientError},
    },
    std::{
        collections::{HashMap, VecDeque},
        time::{Duration, Instant},
    },
    tokio::time::{sleep, timeout},
};

/// Blocks that a blockhash lives for.
const LIFE_BLOCKS: u64 = 150;
/// Blockhashes remembered: every one that is alive, and some that are not.
const REMEMBERED: usize = 300;
/// Age beyond which a polled blockhash says nothing about the height now.
const FRESH: Duration = Duration::from_secs(3);
/// Slots that an answer may lag behind the highest slot that the gate has seen.
pub(super) const LAG_SLOTS: u64 = 20;
/// Times that the node is asked about a blockhash which it does not know: it may be a little behind the signer's.
const TRIES: u32 = 3;
/// Pause between them.
const PAUSE: Duration = Duration::from_millis(100);

/// The time for which a blockhash is valid, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    /// A transaction with it can land up to this block height.
    UpTo(u64),
    /// No transaction with it can land any more.
    Over,
    /// The node must be asked.
    Unknown,
}

/// The blockhashes seen lately, with the last block height at which each is valid.
#[derive(Default)]
pub(super) struct Blockhashes {
    last_valid: HashMap<Hash, u64>,
    /// The same, from the oldest.
    by_age: VecDeque<Hash>,
    newest: u64,
    polled_at: Option<Instant>,
}

impl Blockhashes {
    /// Takes the latest blockhash, as it was polled.
    pub(super) fn record(&mut self, blockhash: Hash, last_valid: u64) {
        self.newest = self.newest.max(last_valid);
        self.polled_at = Some(Instant::now());
        if self.last_valid.insert(blockhash, last_valid).is_none() {
            self.by_age.push_back(blockhash);
        }
        while self.by_age.len() > REMEMBERED {
            if let Some(oldest) = self.by_age.pop_front() {
                self.last_valid.remove(&oldest);
            }
        }
    }

    /// The time for which a blockhash is valid, as far as it is known.
    pub(super) fn validity(&self, blockhash: &Hash) -> Validity {
        let fresh = self.polled_at.is_some_and(|at| at.elapsed() <= FRESH);
        match self.last_valid.get(blockhash) {
            // The newest blockhash lives for its whole life from the height now.
            Some(last_valid) if self.newest.saturating_sub(LIFE_BLOCKS) > *last_valid => Validity::Over,
            Some(last_valid) if fresh => Validity::UpTo(*last_valid),
            _ => Validity::Unknown,
        }
    }
}

/// Asks the node whether a blockhash is valid, within a deadline. Returns a block height beyond which no transaction with
/// it can land. Errors: [`OrderRefused::BlockhashUnknown`], [`OrderRefused::Unchecked`].
pub(super) async fn ask_node(
    rpc: &RpcClient,
    blockhash: &Hash,
    within: Duration,
) -> Result<u64, OrderRefused> {
    let asked = timeout(within, async {
        for attempt in 1..=TRIES {
            if rpc.is_blockhash_valid(blockhash, CommitmentConfig::processed()).await? {
                // It is no newer than the latest one, and so does not outlive it.
                let latest = rpc.get_latest_blockhash_with_commitment(CommitmentConfig::processed()).await?;
                return Ok(Some(latest.1));
            }
            if attempt < TRIES {
                sleep(PAUSE).await;
            }
        }
        Ok::<_, RpcClientError>(None)
    });
    match asked.await {
        Ok(Ok(Some(last_valid))) => Ok(last_valid),
        Ok(Ok(None)) => Err(OrderRefused::BlockhashUnknown),
        Ok(Err(_)) | Err(_) => Err(OrderRefused::Unchecked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blockhash_lives_for_150_blocks() {
        let mut blockhashes = Blockhashes::default();
        let hash = |number: u64| Hash::new_from_array([u8::try_from(number % 251).unwrap(); 32]);
        assert_eq!(blockhashes.validity(&hash(1)), Validity::Unknown);
        blockhashes.record(hash(1), 1_150);
        assert_eq!(blockhashes.validity(&hash(1)), Validity::UpTo(1_150));
        blockhashes.record(hash(2), 1_300);
        assert_eq!(
            blockhashes.validity(&hash(1)),
            Validity::UpTo(1_150),
            "at height 1,150 it can still land"
        );
        blockhashes.record(hash(3), 1_301);
        assert_eq!(blockhashes.validity(&hash(1)), Validity::Over);
        blockhashes.record(hash(4), 1_200);
        assert_eq!(blockhashes.validity(&hash(1)), Validity::Over, "an answer that lags brings nothing back");
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut blockhashes = Blockhashes::default();
        for number in 0..2 * REMEMBERED as u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            blockhashes.record(Hash::new_from_array(bytes), 150 + number);
        }
        assert_eq!((blockhashes.last_valid.len(), blockhashes.by_age.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(blockhashes.validity(&Hash::new_from_array([0; 32])), Validity::Unknown);
    }
}
