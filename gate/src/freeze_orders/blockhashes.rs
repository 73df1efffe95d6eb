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
const LIFE: u64 = 150;
/// Blockhashes remembered: every one that is alive, and some that are not.
const KEPT: usize = 300;
/// Age beyond which a polled blockhash says nothing about the height now.
const FRESH: Duration = Duration::from_secs(3);
/// Slots that an answer may lag behind what the gate has seen.
pub(super) const LAG_SLOTS: u64 = 20;
/// Times that the node is asked about a blockhash which it does not know: it may be a little behind the signer's.
const TRIES: u32 = 3;
/// Pause between them.
const PAUSE: Duration = Duration::from_millis(100);

/// The life of a blockhash, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
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
    lives: HashMap<Hash, u64>,
    order: VecDeque<Hash>,
    newest: u64,
    polled_at: Option<Instant>,
}

impl Blockhashes {
    /// Takes the latest blockhash, as it was polled.
    pub(super) fn record(&mut self, blockhash: Hash, last_valid: u64) {
        self.newest = self.newest.max(last_valid);
        self.polled_at = Some(Instant::now());
        if self.lives.insert(blockhash, last_valid).is_none() {
            self.order.push_back(blockhash);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.lives.remove(&oldest);
            }
        }
    }

    /// The life of a blockhash, as far as it is known.
    pub(super) fn life(&self, blockhash: &Hash) -> Life {
        let fresh = self.polled_at.is_some_and(|at| at.elapsed() <= FRESH);
        match self.lives.get(blockhash) {
            // The newest blockhash lives for its whole life from the height now.
            Some(last_valid) if self.newest.saturating_sub(LIFE) > *last_valid => Life::Over,
            Some(last_valid) if fresh => Life::UpTo(*last_valid),
            _ => Life::Unknown,
        }
    }
}

/// Asks the node whether a blockhash is valid, within a deadline. Returns a block height beyond which no transaction with
/// it can land. Errors: [`OrderRefused::BlockhashUnknown`], [`OrderRefused::Unchecked`].
pub(super) async fn ask(rpc: &RpcClient, blockhash: &Hash, within: Duration) -> Result<u64, OrderRefused> {
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
        let mut seen = Blockhashes::default();
        let hash = |number: u64| Hash::new_from_array([u8::try_from(number % 251).unwrap(); 32]);
        assert_eq!(seen.life(&hash(1)), Life::Unknown);
        seen.record(hash(1), 1_150);
        assert_eq!(seen.life(&hash(1)), Life::UpTo(1_150));
        seen.record(hash(2), 1_300);
        assert_eq!(seen.life(&hash(1)), Life::UpTo(1_150), "at height 1,150 it can still land");
        seen.record(hash(3), 1_301);
        assert_eq!(seen.life(&hash(1)), Life::Over);
        seen.record(hash(4), 1_200);
        assert_eq!(seen.life(&hash(1)), Life::Over, "an answer that lags brings nothing back");
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut seen = Blockhashes::default();
        for number in 0..2 * KEPT as u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            seen.record(Hash::new_from_array(bytes), 150 + number);
        }
        assert_eq!((seen.lives.len(), seen.order.len()), (KEPT, KEPT));
        assert_eq!(seen.life(&Hash::new_from_array([0; 32])), Life::Unknown);
    }
}
