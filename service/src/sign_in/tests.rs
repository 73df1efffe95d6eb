//! Sign-in by a wallet, for a purpose of two numbers.

use {
    super::*,
    blockable_sdk::{Keypair, Signer},
};

const NOW: i64 = 1_800_000_000_000;

#[derive(Clone, Debug)]
struct Scope {
    signer: Pubkey,
    place: u8,
    purpose: u8,
}

impl SignInScope for Scope {
    fn signer(&self) -> Pubkey {
        self.signer
    }

    fn message(&self, challenge: &str, ends_at: Timestamp) -> String {
        format!("Place {}, purpose {}, until {ends_at}: {challenge}", self.place, self.purpose)
    }
}

fn scope(signer: &Keypair) -> Scope {
    Scope { signer: signer.pubkey(), place: 1, purpose: 2 }
}

fn by_message(signer: &Keypair, scope: &Scope, challenge: &Challenge) -> Proof {
    Proof::Message(signer.sign_message(message(scope, challenge).as_bytes()))
}

fn by_transaction(signer: &Keypair, bytes: &[u8]) -> Proof {
    let mut transaction = transactions::decode(bytes).unwrap();
    transaction.signatures[0] = signer.sign_message(&transaction.message.serialize());
    Proof::Transaction(transactions::encode(&transaction))
}

#[test]
fn each_form_of_proof_signs_in_once() {
    let (signer, desk) = (Keypair::new(), SignIns::new());
    let scope = scope(&signer);
    let offchain = |text: &str| OffchainMessage::new(0, text.as_bytes()).unwrap();
    let proofs: [&dyn Fn(&Challenge) -> Proof; 3] = [
        &|challenge| by_message(&signer, &scope, challenge),
        &|challenge| by_transaction(&signer, &transaction(&scope, challenge)),
        &|challenge| Proof::Message(offchain(&message(&scope, challenge)).sign(&signer).unwrap()),
    ];
    for proof in proofs {
        let challenge = desk.challenge(&scope, NOW);
        assert!(challenge.text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{challenge:?}");
        let proof = proof(&challenge);
        let verify = |now| desk.verify(&scope, &challenge.text, &proof, now);
        assert_eq!(verify(challenge.ends_ms), Err(SignInRefused::Ended));
        assert_eq!(verify(NOW), Ok(()));
        assert_eq!(desk.use_up(&challenge.text, NOW), Ok(()));
        assert_eq!(desk.use_up(&challenge.text, NOW), Err(SignInRefused::Used));
        assert_eq!(verify(NOW), Err(SignInRefused::Used));
    }
}

#[test]
fn a_signature_is_worth_nothing_for_another_purpose_signer_or_server() {
    let (signer, stranger, desk) = (Keypair::new(), Keypair::new(), SignIns::new());
    let ours = scope(&signer);
    let challenge = desk.challenge(&ours, NOW);
    let proof = by_message(&signer, &ours, &challenge);
    for theirs in [
        Scope { place: 9, ..ours.clone() },
        Scope { purpose: 9, ..ours.clone() },
        Scope { signer: stranger.pubkey(), ..ours.clone() },
    ] {
        let refused = desk.verify(&theirs, &challenge.text, &proof, NOW);
        assert_eq!(refused, Err(SignInRefused::Challenge), "{theirs:?}");
        // Not even with a challenge of its own: the text is another one.
        let own = desk.challenge(&theirs, NOW).text;
        assert!(desk.verify(&theirs, &own, &proof, NOW).is_err(), "{theirs:?}");
    }
    let elsewhere = SignIns::new().verify(&ours, &challenge.text, &proof, NOW);
    assert_eq!(elsewhere, Err(SignInRefused::Challenge));
    let forged = by_message(&stranger, &ours, &challenge);
    let refused = SignInRefused::Signature { signer: signer.pubkey() };
    assert_eq!(desk.verify(&ours, &challenge.text, &forged, NOW), Err(refused));
    assert_eq!(desk.verify(&ours, &challenge.text, &proof, NOW), Ok(()), "a refusal uses nothing up");
}

#[test]
fn what_is_no_challenge_is_refused() {
    let (signer, desk) = (Keypair::new(), SignIns::new());
    let scope = scope(&signer);
    let challenge = desk.challenge(&scope, NOW);
    let proof = by_message(&signer, &scope, &challenge);
    let good = &challenge.text;
    let later = format!("f{}", &good[1..]);
    for text in [
        "",
        "0",
        "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        &good[1..],
        &later,
        &format!("{good}0"),
    ] {
        assert_eq!(desk.verify(&scope, text, &proof, NOW), Err(SignInRefused::Challenge), "{text}");
    }
}

#[test]
fn a_transaction_holds_the_text_and_what_wallets_add_alone() {
    let (signer, desk) = (Keypair::new(), SignIns::new());
    let scope = scope(&signer);
    let challenge = desk.challenge(&scope, NOW);
    let memo = |text: String| Instruction { program_id: MEMO, accounts: Vec::new(), data: text.into_bytes() };
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
        (vec![], &signer),
        (vec![text(), text()], &signer),
        (vec![memo("another text".to_string())], &signer),
        (vec![text(), foreign], &signer),
        (vec![text()], &Keypair::new()),
    ] {
        let proof = proof(&instructions, payer);
        let refused = desk.verify(&scope, &challenge.text, &proof, NOW);
        assert_eq!(refused, Err(SignInRefused::Transaction), "{instructions:?}");
    }
    for bytes in [vec![], vec![0; 64], transaction(&scope, &challenge)] {
        assert!(desk.verify(&scope, &challenge.text, &Proof::Transaction(bytes), NOW).is_err());
    }
    let by_wallet = proof(&[added(ADDED[0]), text(), added(ADDED[1])], &signer);
    assert_eq!(desk.verify(&scope, &challenge.text, &by_wallet, NOW), Ok(()));
}

#[test]
fn a_proof_is_one_signature_or_one_transaction() {
    let signature = Keypair::new().sign_message(b"text");
    let base64 = STANDARD.encode(signature.as_ref());
    for text in [signature.to_string(), base64] {
        assert_eq!(Proof::read(Some(&text), None).unwrap().signature(), Some(signature));
    }
    for (given, error) in [
        ((Some("x"), None), ProofError::Signature),
        ((None, Some("%")), ProofError::Transaction),
        ((None, None), ProofError::Number),
        ((Some("x"), Some("x")), ProofError::Number),
    ] {
        assert_eq!(Proof::read(given.0, given.1).unwrap_err(), error);
        assert!(error.to_string().contains(error.member()));
    }
}
