//! Sign-in of a borrower by its wallet: by a signed message, or by a signed transaction that is never sent, for wallets on
//! devices that sign no messages.
//!
//! The server hands out a challenge with a MAC under a secret of this process, and keeps nothing of it. A challenge is good for
//! five minutes and once; a restart voids those that are out. The signed text names the credit, its borrower, the provider and the
//! market, so a signature for one of them is worth nothing elsewhere.

use {
    blockable_sdk::{
        Hash, Instruction, Pubkey, Signature, VersionedMessage, VersionedTransaction,
        addresses::{COMPUTE_BUDGET, LIGHTHOUSE, MEMO},
        message::legacy,
        transactions,
    },
    blockable_service::{hex, lock::lock},
    hmac::{Hmac, Mac},
    jiff::{Timestamp, Unit},
    sha2::{Digest, Sha256},
    solana_offchain_message::OffchainMessage,
    std::{collections::HashMap, sync::Mutex},
};

/// Time for which a challenge is good, in milliseconds.
const GOOD_FOR_MS: i64 = 5 * 60_000;
/// Challenges that are remembered as used, until they would have ended.
const MOST_USED: usize = 20_000;
/// Programs whose instructions wallets add to a transaction.
const ADDED: [Pubkey; 2] = [COMPUTE_BUDGET, LIGHTHOUSE];

/// The thing that a sign-in is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInScope {
    /// The market.
    pub market: Pubkey,
    /// The provider.
    pub provider: Pubkey,
    /// The credit whose first key is asked for.
    pub credit: Pubkey,
    /// Its borrower of today, who signs.
    pub borrower: Pubkey,
    /// True where all earlier keys are to be void.
    pub replace: bool,
}

/// A challenge as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Its text: end, random number and MAC.
    pub text: String,
    /// Milliseconds since 1970 at which it ends.
    pub ends_ms: i64,
}

/// A borrower's answer to a challenge.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// A signature of the message.
    Message(Signature),
    /// The signed transaction in its wire format.
    Transaction(Vec<u8>),
}

impl Proof {
    /// The borrower's signature; `None` in what is no signed transaction.
    pub(crate) fn signature(&self) -> Option<Signature> {
        match self {
            Proof::Message(signature) => Some(*signature),
            Proof::Transaction(bytes) => transactions::decode(bytes)?.signatures.first().copied(),
        }
    }
}

/// A reason for which a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignInRefused {
    /// Not a challenge of this server for this credit.
    #[error("the challenge is not one of this server for this credit; ask for a new one")]
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
    #[error("the signature is not the borrower's for this text; sign it with the wallet of {borrower}")]
    Signature {
        /// The borrower.
        borrower: Pubkey,
    },
    /// The transaction is another one.
    #[error("the transaction is not the one of the challenge; sign it as it was handed out")]
    Transaction,
}

/// Hands out challenges and checks the answers.
pub(crate) struct SignIns {
    /// A secret of this process.
    secret: [u8; 32],
    /// Challenges that were answered, with times at which they have ended.
    used: Mutex<HashMap<String, i64>>,
}

impl SignIns {
    /// Starts with a new secret.
    pub(crate) fn new() -> SignIns {
        SignIns { secret: rand::random(), used: Mutex::default() }
    }

    /// Makes a challenge.
    pub(crate) fn challenge(&self, scope: &SignInScope, now_ms: i64) -> Challenge {
        let ends_ms = now_ms.saturating_add(GOOD_FOR_MS);
        let open = format!("{ends_ms}-{}", hex::encode(rand::random::<[u8; 8]>()));
        let mac = hex::encode(self.mac(scope, &open).finalize().into_bytes());
        Challenge { text: format!("{open}-{mac}"), ends_ms }
    }

    fn mac(&self, scope: &SignInScope, open: &str) -> Hmac<Sha256> {
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key[..self.secret.len()].copy_from_slice(&self.secret);
        let mut mac = <Hmac<Sha256> as Mac>::new(&key);
        for key in [&scope.market, &scope.provider, &scope.credit, &scope.borrower] {
            mac.update(key.as_ref());
        }
        mac.update(&[u8::from(scope.replace)]);
        mac.update(open.as_bytes());
        mac
    }

    /// Checks an answer. The challenge stays as good as before. Errors: [`SignInRefused`].
    pub(crate) fn verify(
        &self,
        scope: &SignInScope,
        challenge: &str,
        proof: &Proof,
        now_ms: i64,
    ) -> Result<(), SignInRefused> {
        let ends_ms = self.ends(scope, challenge).ok_or(SignInRefused::Challenge)?;
        if ends_ms <= now_ms {
            return Err(SignInRefused::Ended);
        }
        match proof {
            Proof::Message(signature) => require_message(scope, challenge, signature)?,
            Proof::Transaction(bytes) => require_transaction(scope, challenge, bytes)?,
        }
        match lock(&self.used).contains_key(challenge) {
            true => Err(SignInRefused::Used),
            false => Ok(()),
        }
    }

    /// Uses up the challenge of an answer that was verified. Errors: [`SignInRefused::Used`], [`SignInRefused::Busy`].
    pub(crate) fn use_up(&self, challenge: &str, now_ms: i64) -> Result<(), SignInRefused> {
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
    fn ends(&self, scope: &SignInScope, challenge: &str) -> Option<i64> {
        let (open, mac) = challenge.rsplit_once('-')?;
        self.mac(scope, open).verify_slice(&hex::decode::<32>(mac)?).ok()?;
        open.split_once('-')?.0.parse().ok()
    }
}

/// The text that a borrower signs.
pub(crate) fn message(scope: &SignInScope, challenge: &str) -> String {
    let SignInScope { market, provider, credit, borrower, replace } = scope;
    let ends = challenge.split_once('-').and_then(|(ends, _)| ends.parse().ok());
    let ends = ends.and_then(|ends| Timestamp::from_millisecond(ends).ok());
    let ends =
        ends.and_then(|ends| ends.round(Unit::Second).ok()).map(|ends| ends.to_string()).unwrap_or_default();
    let effect = match replace {
        false => "This gives whoever sends it the API key of the credit, which uses its units.",
        true => {
            "This gives whoever sends it a new API key of the credit, which uses its units. All earlier keys are void."
        }
    };
    format!(
        "Blockable: sign in for an API key\n\n{effect} It moves no money and is not sent to the chain.\n\n\
         Credit: {credit}\nBorrower: {borrower}\nProvider: {provider}\nMarket: {market}\nGood until: {ends}\nChallenge: {challenge}"
    )
}

/// The transaction that a borrower signs instead: the message as a memo, with a blockhash that no cluster has, so that it can
/// never land.
pub(crate) fn transaction(scope: &SignInScope, challenge: &str) -> Vec<u8> {
    let memo =
        Instruction { program_id: MEMO, accounts: Vec::new(), data: message(scope, challenge).into_bytes() };
    let blockhash = Hash::new_from_array(Sha256::digest(challenge.as_bytes()).into());
    let message = legacy::Message::new_with_blockhash(&[memo], Some(&scope.borrower), &blockhash);
    let message = VersionedMessage::Legacy(message);
    transactions::encode(&VersionedTransaction { signatures: vec![Signature::default()], message })
}

/// Requires the borrower's signature of the message, as wallets sign it, or in the form of `solana sign-offchain-message`.
fn require_message(scope: &SignInScope, challenge: &str, signature: &Signature) -> Result<(), SignInRefused> {
    let text = message(scope, challenge);
    let plain = signature.verify(scope.borrower.as_ref(), text.as_bytes());
    let wrapped = || OffchainMessage::new(0, text.as_bytes()).ok()?.serialize().ok();
    let is_signed = plain || wrapped().is_some_and(|bytes| signature.verify(scope.borrower.as_ref(), &bytes));
    match is_signed {
        true => Ok(()),
        false => Err(SignInRefused::Signature { borrower: scope.borrower }),
    }
}

/// Requires a transaction that the borrower pays for and signed, with the text as a memo and nothing else but what wallets add.
fn require_transaction(scope: &SignInScope, challenge: &str, bytes: &[u8]) -> Result<(), SignInRefused> {
    let transaction = transactions::decode(bytes).ok_or(SignInRefused::Transaction)?;
    let VersionedTransaction { signatures, message: signed } = &transaction;
    let text = message(scope, challenge);
    let program = |index: u8| signed.static_account_keys().get(usize::from(index));
    let mut memos = 0;
    for instruction in signed.instructions() {
        match program(instruction.program_id_index) {
            Some(key) if *key == MEMO && instruction.data == text.as_bytes() => memos += 1,
            Some(key) if ADDED.contains(key) => {}
            _ => return Err(SignInRefused::Transaction),
        }
    }
    if memos != 1 || signed.static_account_keys().first() != Some(&scope.borrower) {
        return Err(SignInRefused::Transaction);
    }
    let is_signed = signatures
        .first()
        .is_some_and(|signature| signature.verify(scope.borrower.as_ref(), &signed.serialize()));
    match is_signed {
        true => Ok(()),
        false => Err(SignInRefused::Signature { borrower: scope.borrower }),
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{Keypair, Signer},
    };

    const NOW: i64 = 1_800_000_000_000;

    fn scope(borrower: &Keypair) -> SignInScope {
        let [market, provider, credit] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        SignInScope { market, provider, credit, borrower: borrower.pubkey(), replace: false }
    }

    fn by_message(signer: &Keypair, scope: &SignInScope, challenge: &str) -> Proof {
        Proof::Message(signer.sign_message(message(scope, challenge).as_bytes()))
    }

    fn by_transaction(signer: &Keypair, bytes: &[u8]) -> Proof {
        let mut transaction = transactions::decode(bytes).unwrap();
        transaction.signatures[0] = signer.sign_message(&transaction.message.serialize());
        Proof::Transaction(transactions::encode(&transaction))
    }

    #[test]
    fn each_form_of_proof_signs_in_once() {
        let (borrower, desk) = (Keypair::new(), SignIns::new());
        let scope = scope(&borrower);
        let offchain = |text: &str| OffchainMessage::new(0, message(&scope, text).as_bytes()).unwrap();
        let proofs: [&dyn Fn(&str) -> Proof; 3] = [
            &|text| by_message(&borrower, &scope, text),
            &|text| by_transaction(&borrower, &transaction(&scope, text)),
            &|text| Proof::Message(offchain(text).sign(&borrower).unwrap()),
        ];
        for proof in proofs {
            let challenge = desk.challenge(&scope, NOW);
            let proof = proof(&challenge.text);
            assert_eq!(
                desk.verify(&scope, &challenge.text, &proof, challenge.ends_ms),
                Err(SignInRefused::Ended)
            );
            assert_eq!(desk.verify(&scope, &challenge.text, &proof, NOW), Ok(()));
            assert_eq!(desk.use_up(&challenge.text, NOW), Ok(()));
            assert_eq!(desk.use_up(&challenge.text, NOW), Err(SignInRefused::Used));
            assert_eq!(desk.verify(&scope, &challenge.text, &proof, NOW), Err(SignInRefused::Used));
        }
    }

    #[test]
    fn a_signature_is_worth_nothing_for_another_credit_server_or_purpose() {
        let (borrower, stranger, desk) = (Keypair::new(), Keypair::new(), SignIns::new());
        let ours = scope(&borrower);
        let challenge = desk.challenge(&ours, NOW).text;
        let proof = by_message(&borrower, &ours, &challenge);
        let other = Pubkey::new_from_array([9; 32]);
        for theirs in [
            SignInScope { market: other, ..ours.clone() },
            SignInScope { provider: other, ..ours.clone() },
            SignInScope { credit: other, ..ours.clone() },
            SignInScope { borrower: stranger.pubkey(), ..ours.clone() },
            SignInScope { replace: true, ..ours.clone() },
        ] {
            assert_eq!(
                desk.verify(&theirs, &challenge, &proof, NOW),
                Err(SignInRefused::Challenge),
                "{theirs:?}"
            );
            // Not even with a challenge of its own: the text is another one.
            let own = desk.challenge(&theirs, NOW).text;
            assert!(desk.verify(&theirs, &own, &proof, NOW).is_err(), "{theirs:?}");
        }
        assert_eq!(SignIns::new().verify(&ours, &challenge, &proof, NOW), Err(SignInRefused::Challenge));
        let forged = by_message(&stranger, &ours, &challenge);
        let refused = SignInRefused::Signature { borrower: borrower.pubkey() };
        assert_eq!(desk.verify(&ours, &challenge, &forged, NOW), Err(refused));
        assert_eq!(desk.verify(&ours, &challenge, &proof, NOW), Ok(()), "a refusal uses nothing up");
    }

    #[test]
    fn a_transaction_holds_the_text_and_what_wallets_add_alone() {
        let (borrower, desk) = (Keypair::new(), SignIns::new());
        let scope = scope(&borrower);
        let challenge = desk.challenge(&scope, NOW).text;
        let memo =
            |text: String| Instruction { program_id: MEMO, accounts: Vec::new(), data: text.into_bytes() };
        let added = |program_id| Instruction { program_id, accounts: Vec::new(), data: vec![3, 0] };
        let proof = |instructions: &[Instruction], payer: &Keypair| {
            let message =
                legacy::Message::new_with_blockhash(instructions, Some(&payer.pubkey()), &Hash::default());
            let signatures = vec![Signature::default()];
            let transaction = VersionedTransaction { signatures, message: VersionedMessage::Legacy(message) };
            by_transaction(payer, &transactions::encode(&transaction))
        };
        let text = || memo(message(&scope, &challenge));
        let foreign = Instruction { program_id: Pubkey::new_from_array([8; 32]), ..added(MEMO) };
        for (instructions, payer) in [
            (vec![], &borrower),
            (vec![text(), text()], &borrower),
            (vec![memo("another text".to_string())], &borrower),
            (vec![text(), foreign], &borrower),
            (vec![text()], &Keypair::new()),
        ] {
            let proof = proof(&instructions, payer);
            assert_eq!(
                desk.verify(&scope, &challenge, &proof, NOW),
                Err(SignInRefused::Transaction),
                "{instructions:?}"
            );
        }
        for bytes in [vec![], vec![0; 64], transaction(&scope, &challenge)] {
            assert!(desk.verify(&scope, &challenge, &Proof::Transaction(bytes), NOW).is_err());
        }
        let by_wallet = proof(&[added(ADDED[0]), text(), added(ADDED[1])], &borrower);
        assert_eq!(desk.verify(&scope, &challenge, &by_wallet, NOW), Ok(()));
    }
}
