//! Sign-in by a wallet: by a signed message, or by a signed transaction that is never sent, for wallets on devices that sign no
//! messages.
//!
//! The server hands out a challenge with a MAC under a secret of this process, and keeps nothing of it. A challenge is good for
//! five minutes and once; a restart voids those that are out. The MAC is over the signer and the whole text, so a challenge is
//! good for nothing but the text that it was made for, and the signed text names its purpose.

#[cfg(test)]
mod tests;

use {
    crate::{hex, lock::lock},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Hash, Instruction, Pubkey, Signature, VersionedMessage, VersionedTransaction,
        addresses::{COMPUTE_BUDGET, LIGHTHOUSE, MEMO},
        message::legacy,
        transactions,
    },
    hmac::{Hmac, Mac},
    jiff::Timestamp,
    sha2::{Digest, Sha256},
    solana_offchain_message::OffchainMessage,
    std::{collections::HashMap, sync::Mutex},
};

/// Time for which a challenge is good, in milliseconds.
pub const GOOD_FOR_MS: i64 = 5 * 60_000;
/// Challenges that are remembered as used, until they would have ended.
const MOST_USED: usize = 20_000;
/// Hexadecimal digits of a challenge's end, in milliseconds.
const END_DIGITS: usize = 12;
/// Hexadecimal digits of its random number.
const RANDOM_DIGITS: usize = 16;
/// Programs whose instructions wallets add to a transaction.
const ADDED: [Pubkey; 2] = [COMPUTE_BUDGET, LIGHTHOUSE];

/// The purpose of a sign-in.
pub trait SignInScope {
    /// The wallet that signs.
    fn signer(&self) -> Pubkey;

    /// The text that it signs. It must name all that the signature is good for. `challenge` is letters and digits.
    fn message(&self, challenge: &str, ends_at: Timestamp) -> String;
}

/// A challenge as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its text, of hexadecimal digits: end, random number and MAC.
    pub text: String,
    /// Milliseconds since 1970 at which it ends.
    pub ends_ms: i64,
}

/// A wallet's answer to a challenge.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A signature of the message.
    Message(Signature),
    /// The signed transaction in its wire format.
    Transaction(Vec<u8>),
}

/// A proof that is none: neither a signature nor a transaction, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not 64 bytes.
    #[error("`signature` must be the 64 bytes of a signature in base58 or base64")]
    Signature,
    /// Not base64.
    #[error("`transaction` must be the signed transaction in base64")]
    Transaction,
    /// None, or both.
    #[error("send either `signature` or `transaction`")]
    Number,
}

impl ProofError {
    /// The member of a request that is wrong.
    pub fn member(self) -> &'static str {
        match self {
            ProofError::Transaction => "transaction",
            ProofError::Signature | ProofError::Number => "signature",
        }
    }
}

impl Proof {
    /// Reads a proof from a request that has either a signature, in base58 or base64, or a transaction in base64.
    /// Errors: [`ProofError`].
    pub fn read(signature: Option<&str>, transaction: Option<&str>) -> Result<Proof, ProofError> {
        match (signature, transaction) {
            (Some(text), None) => {
                let base58 = text.parse::<Signature>().ok();
                let base64 = || STANDARD.decode(text).ok().and_then(|bytes| Signature::try_from(bytes).ok());
                base58.or_else(base64).map(Proof::Message).ok_or(ProofError::Signature)
            }
            (None, Some(text)) => {
                STANDARD.decode(text).map(Proof::Transaction).map_err(|_| ProofError::Transaction)
            }
            _ => Err(ProofError::Number),
        }
    }

    /// The signer's signature; `None` in what is no signed transaction.
    pub fn signature(&self) -> Option<Signature> {
        match self {
            Proof::Message(signature) => Some(*signature),
            Proof::Transaction(bytes) => transactions::decode(bytes)?.signatures.first().copied(),
        }
    }
}

/// A reason for which a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// Not a challenge of this server for this purpose.
    #[error("the challenge is not one of this server for this purpose; ask for a new one")]
    Challenge,
    /// A challenge that is over.
    #[error("the challenge has ended; ask for a new one")]
    Ended,
    /// A challenge that was answered before.
    #[error("the challenge was answered before; ask for a new one")]
    Used,
    /// Too many challenges were answered in the last minutes.
    #[error("too many sign-ins came in the last minutes; try again later")]
    Busy,
    /// The signature is another one.
    #[error("the signature is not that of {signer} for this text; sign it with the wallet of {signer}")]
    Signature {
        /// The wallet that must sign.
        signer: Pubkey,
    },
    /// The transaction is another one.
    #[error("the transaction is not the one of the challenge; sign it as it was handed out")]
    Transaction,
}

/// Hands out challenges and checks the answers.
pub struct SignIns {
    /// A secret of this process.
    secret: [u8; 32],
    /// Challenges that were answered, with times at which they have ended.
    used: Mutex<HashMap<String, i64>>,
}

impl Default for SignIns {
    fn default() -> SignIns {
        SignIns::new()
    }
}

impl SignIns {
    /// Starts with a new secret.
    pub fn new() -> SignIns {
        SignIns { secret: rand::random(), used: Mutex::default() }
    }

    /// Makes a challenge.
    pub fn challenge(&self, scope: &impl SignInScope, now_ms: i64) -> Challenge {
        let ends_ms = now_ms.saturating_add(GOOD_FOR_MS);
        let open = format!("{ends_ms:0END_DIGITS$x}{}", hex::encode(rand::random::<[u8; 8]>()));
        let mac = hex::encode(self.mac(scope, &open, ends_ms).finalize().into_bytes());
        Challenge { text: format!("{open}{mac}"), ends_ms }
    }

    fn mac(&self, scope: &impl SignInScope, open: &str, ends_ms: i64) -> Hmac<Sha256> {
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key[..self.secret.len()].copy_from_slice(&self.secret);
        let mut mac = <Hmac<Sha256> as Mac>::new(&key);
        mac.update(scope.signer().as_ref());
        mac.update(scope.message(open, time(ends_ms)).as_bytes());
        mac
    }

    /// Checks an answer. The challenge stays as good as before. Errors: [`SignInRefused`].
    pub fn verify(
        &self,
        scope: &impl SignInScope,
        challenge: &str,
        proof: &Proof,
        now_ms: i64,
    ) -> Result<(), SignInRefused> {
        let ends_ms = self.ends(scope, challenge).ok_or(SignInRefused::Challenge)?;
        if ends_ms <= now_ms {
            return Err(SignInRefused::Ended);
        }
        let text = scope.message(challenge, time(ends_ms));
        match proof {
            Proof::Message(signature) => require_message(scope.signer(), &text, signature)?,
            Proof::Transaction(bytes) => require_transaction(scope.signer(), &text, bytes)?,
        }
        match lock(&self.used).contains_key(challenge) {
            true => Err(SignInRefused::Used),
            false => Ok(()),
        }
    }

    /// Uses up the challenge of an answer that was verified. Errors: [`SignInRefused::Used`], [`SignInRefused::Busy`].
    pub fn use_up(&self, challenge: &str, now_ms: i64) -> Result<(), SignInRefused> {
        let mut used = lock(&self.used);
        if used.contains_key(challenge) {
            return Err(SignInRefused::Used);
        }
        if used.len() >= MOST_USED {
            used.retain(|_, ends_ms| *ends_ms > now_ms);
        }
        if used.len() >= MOST_USED {
            return Err(SignInRefused::Busy);
        }
        used.insert(challenge.to_string(), now_ms.saturating_add(GOOD_FOR_MS));
        Ok(())
    }

    /// The end of a challenge of this server for a scope.
    fn ends(&self, scope: &impl SignInScope, challenge: &str) -> Option<i64> {
        let (open, mac) = challenge.split_at_checked(END_DIGITS + RANDOM_DIGITS)?;
        let ends_ms = i64::from_str_radix(open.get(..END_DIGITS)?, 16).ok()?;
        self.mac(scope, open, ends_ms).verify_slice(&hex::decode::<32>(mac)?).ok()?;
        Some(ends_ms)
    }
}

/// The time of a challenge's end, in whole seconds.
fn time(ends_ms: i64) -> Timestamp {
    Timestamp::from_second(ends_ms.div_euclid(1_000)).unwrap_or(Timestamp::MAX)
}

/// The text that is signed for a challenge.
pub fn message(scope: &impl SignInScope, challenge: &Challenge) -> String {
    scope.message(&challenge.text, time(challenge.ends_ms))
}

/// The transaction that is signed instead: the message as a memo, with a blockhash that no cluster has, so that it can never land.
pub fn transaction(scope: &impl SignInScope, challenge: &Challenge) -> Vec<u8> {
    let memo =
        Instruction { program_id: MEMO, accounts: Vec::new(), data: message(scope, challenge).into_bytes() };
    let blockhash = Hash::new_from_array(Sha256::digest(challenge.text.as_bytes()).into());
    let message = legacy::Message::new_with_blockhash(&[memo], Some(&scope.signer()), &blockhash);
    let message = VersionedMessage::Legacy(message);
    transactions::encode(&VersionedTransaction { signatures: vec![Signature::default()], message })
}

/// Requires a signature of the text, as wallets sign it, or in the form of `solana sign-offchain-message`.
fn require_message(signer: Pubkey, text: &str, signature: &Signature) -> Result<(), SignInRefused> {
    let plain = signature.verify(signer.as_ref(), text.as_bytes());
    let wrapped = || OffchainMessage::new(0, text.as_bytes()).ok()?.serialize().ok();
    let is_signed = plain || wrapped().is_some_and(|bytes| signature.verify(signer.as_ref(), &bytes));
    match is_signed {
        true => Ok(()),
        false => Err(SignInRefused::Signature { signer }),
    }
}

/// Requires a transaction that the signer pays for and signed, with the text as a memo and nothing else but what wallets add.
fn require_transaction(signer: Pubkey, text: &str, bytes: &[u8]) -> Result<(), SignInRefused> {
    let transaction = transactions::decode(bytes).ok_or(SignInRefused::Transaction)?;
    let VersionedTransaction { signatures, message: signed } = &transaction;
    let program = |index: u8| signed.static_account_keys().get(usize::from(index));
    let mut memos = 0;
    for instruction in signed.instructions() {
        match program(instruction.program_id_index) {
            Some(key) if *key == MEMO && instruction.data == text.as_bytes() => memos += 1,
            Some(key) if ADDED.contains(key) => {}
            _ => return Err(SignInRefused::Transaction),
        }
    }
    if memos != 1 || signed.static_account_keys().first() != Some(&signer) {
        return Err(SignInRefused::Transaction);
    }
    let is_signed =
        signatures.first().is_some_and(|signature| signature.verify(signer.as_ref(), &signed.serialize()));
    match is_signed {
        true => Ok(()),
        false => Err(SignInRefused::Signature { signer }),
    }
}
