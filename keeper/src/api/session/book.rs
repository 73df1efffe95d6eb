//! The book of open sessions, bounded in all and for each wallet.

use {blockable_sdk::Pubkey, std::collections::HashMap};

/// Time for which a token is good, in milliseconds.
const GOOD_FOR_MS: i64 = 15 * 60_000;
/// Time for which a session can be refreshed, in milliseconds.
const REFRESH_FOR_MS: i64 = 12 * 3_600_000;
/// Most sessions of one wallet. The one that ends first gives way to a further one.
const MOST_OF_WALLET: usize = 8;
/// Most sessions of wallets that the market has credits of.
const MOST_PARTIES: usize = 10_000;
/// Most sessions of other wallets. Anybody can make wallets, and they must not take the places of parties.
const MOST_STRANGERS: usize = 1_000;

/// There are as many sessions as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) struct Full;

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) struct Session {
    /// Its wallet.
    pub(in crate::api) wallet: Pubkey,
    /// The time at which its token ends, in milliseconds since 1970.
    pub(in crate::api) ends_ms: i64,
    /// The time until which it can be refreshed, in milliseconds since 1970.
    pub(in crate::api) refresh_until_ms: i64,
    is_party: bool,
}

/// The open sessions by the hash of their tokens.
#[derive(Default)]
pub(super) struct Book {
    open: HashMap<[u8; 32], Session>,
}

impl Book {
    pub(super) fn open(
        &mut self,
        token: [u8; 32],
        wallet: Pubkey,
        is_party: bool,
        now_ms: i64,
    ) -> Result<Session, Full> {
        self.open.retain(|_, session| session.ends_ms > now_ms);
        let of_wallet = self.open.iter().filter(|(_, session)| session.wallet == wallet);
        let of_wallet: Vec<([u8; 32], i64)> = of_wallet.map(|(token, of)| (*token, of.ends_ms)).collect();
        if of_wallet.len() >= MOST_OF_WALLET {
            let first = of_wallet.into_iter().min_by_key(|(_, ends_ms)| *ends_ms);
            first.map(|(token, _)| self.open.remove(&token));
        }
        let most = if is_party { MOST_PARTIES } else { MOST_STRANGERS };
        if self.open.values().filter(|session| session.is_party == is_party).count() >= most {
            return Err(Full);
        }
        let refresh_until_ms = now_ms.saturating_add(REFRESH_FOR_MS);
        let session =
            Session { wallet, ends_ms: now_ms.saturating_add(GOOD_FOR_MS), refresh_until_ms, is_party };
        self.open.insert(token, session);
        Ok(session)
    }

    pub(super) fn refresh(&mut self, token: &[u8; 32], next: [u8; 32], now_ms: i64) -> Option<Session> {
        let session = self.find(token, now_ms)?;
        if session.refresh_until_ms <= now_ms {
            return None;
        }
        self.open.remove(token);
        let ends_ms = now_ms.saturating_add(GOOD_FOR_MS).min(session.refresh_until_ms);
        let session = Session { ends_ms, ..session };
        self.open.insert(next, session);
        Some(session)
    }

    pub(super) fn close(&mut self, token: &[u8; 32]) {
        self.open.remove(token);
    }

    pub(super) fn find(&self, token: &[u8; 32], now_ms: i64) -> Option<Session> {
        self.open.get(token).copied().filter(|session| session.ends_ms > now_ms)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}
