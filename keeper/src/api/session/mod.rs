//! Sign-in of a party by its wallet, for a few minutes at a time.
//!
//! A challenge names the site, the wallet, the keeper, the cluster and the market, and is good once. The token that it is
//! exchanged for is random, and is kept by its hash alone, in memory: a restart ends all sessions.

pub(super) mod book;
pub(super) mod routes;

#[cfg(test)]
mod tests;

use {
    blockable_sdk::{Hash, Pubkey},
    blockable_service::{
        hex,
        lock::lock,
        sign_in::{SignInScope, SignIns},
    },
    book::{Book, Full, Session},
    jiff::Timestamp,
    sha2::{Digest, Sha256},
    std::sync::Mutex,
};

/// Characters of the genesis hash that name a cluster, by CAIP-2.
const CHAIN_CHARACTERS: usize = 32;

/// The sign-in of a wallet at a market's keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartyScope {
    /// The host of the page that the wallet is asked on.
    pub(super) domain: String,
    /// The keeper's own site.
    pub(super) keeper: String,
    /// The hash of the cluster's first block.
    pub(super) genesis: Hash,
    /// The market.
    pub(super) market: Pubkey,
    /// The wallet.
    pub(super) wallet: Pubkey,
}

impl SignInScope for PartyScope {
    fn signer(&self) -> Pubkey {
        self.wallet
    }

    /// The text in the form of Sign in with Solana, which wallets know and compare with the page that asks.
    fn message(&self, challenge: &str, ends_at: Timestamp) -> String {
        let PartyScope { domain, keeper, genesis, market, wallet } = self;
        let chain: String = genesis.to_string().chars().take(CHAIN_CHARACTERS).collect();
        format!(
            "{domain} wants you to sign in with your Solana account:\n{wallet}\n\n\
             Show this page the alerts of your loans. It moves no money, and is not sent to the chain.\n\n\
             URI: {keeper}\nVersion: 1\nChain ID: solana:{chain}\nNonce: {challenge}\nExpiration Time: {ends_at}\n\
             Resources:\n- urn:blockable:market:{market}"
        )
    }
}

/// Those that have signed in.
#[derive(Default)]
pub(super) struct Sessions {
    pub(super) sign_ins: SignIns,
    book: Mutex<Book>,
}

/// A session as its wallet is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenSession {
    /// The token, which is shown once.
    pub(super) token: String,
    /// The rest.
    pub(super) session: Session,
}

impl Sessions {
    /// Opens a session of a wallet. `is_party` is true for a wallet that the market has a credit of. Errors: [`Full`].
    pub(super) fn open(&self, wallet: Pubkey, is_party: bool, now_ms: i64) -> Result<OpenSession, Full> {
        let token = new_token();
        let session = lock(&self.book).open(hash(&token), wallet, is_party, now_ms)?;
        Ok(OpenSession { token, session })
    }

    /// Exchanges the token of a session for one that ends later. `None` where it has ended, or may not go on.
    pub(super) fn refresh(&self, token: &str, now_ms: i64) -> Option<OpenSession> {
        let next = new_token();
        let session = lock(&self.book).refresh(&hash(token), hash(&next), now_ms)?;
        Some(OpenSession { token: next, session })
    }

    /// Ends a session.
    pub(super) fn close(&self, token: &str) {
        lock(&self.book).close(&hash(token));
    }

    /// The session of a token; `None` where it has ended, or there never was one.
    pub(super) fn find(&self, token: &str, now_ms: i64) -> Option<Session> {
        lock(&self.book).find(&hash(token), now_ms)
    }

    /// The wallet whose session has a token now.
    pub(super) fn wallet(&self, token: &str) -> Option<Pubkey> {
        self.find(token, now_ms()).map(|session| session.wallet)
    }
}

/// Milliseconds since 1970, by this machine's clock.
pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn new_token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
