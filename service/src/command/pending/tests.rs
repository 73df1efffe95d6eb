use {
    super::*,
    blockable_sdk::{Keypair, Signer, VersionedTransaction, transactions},
    std::path::Path,
};

fn heading() -> Heading {
    let key = Pubkey::new_from_array([7; 32]);
    Heading {
        cluster: "a cluster".to_string(),
        market: key,
        admin: key,
        signer: key,
        source: "a file".to_string(),
        cosigners: Vec::new(),
        payer: key,
    }
}

fn pending(folder: PathBuf, line: &str) -> Pending {
    Pending::new(folder, line.split_whitespace().map(str::to_string))
}

fn signed() -> Signed {
    let payer = Keypair::new();
    let message = transactions::message_v0(&[], &payer.pubkey(), Hash::default()).unwrap();
    let signature = payer.sign_message(&message.serialize());
    Signed::new(VersionedTransaction { signatures: vec![signature], message }, 7)
}

fn sent(signature: Signature, outcome: Outcome) -> Result<Landed, ClientError> {
    Err(ClientError::Sent(Box::new(SentError { signature, last_valid: 7, outcome, reason: String::new() })))
}

#[tokio::test]
async fn a_file_stays_until_the_outcome_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/pending");
    let (genesis, account, heading) = (Hash::new_unique(), Pubkey::new_unique(), heading());
    let repay = pending(path.clone(), "credit repay");
    let found = |pending: &Pending, subjects: &[Pubkey]| {
        pending.entries(&genesis, &action::hash(&pending.words, &heading), subjects)
    };
    let there =
        |subjects: &[Pubkey]| found(&repay, subjects).iter().map(|entry| entry.signature).collect::<Vec<_>>();
    let guard = async |outcome: Outcome| {
        let signed = signed();
        let entry = repay.entry(&heading, &[account], &signed);
        let submit = async |recorded: Recorded| {
            assert!(repay.path(&recorded.signature()).exists(), "written down before it is handed out");
            sent(recorded.signature(), outcome)
        };
        repay.guard(&genesis, &entry, signed, submit).await.unwrap_err();
        entry
    };
    let lost = guard(Outcome::Unknown).await;
    assert_eq!(there(&[]), [lost.signature]);
    guard(Outcome::Expired).await;
    assert_eq!(there(&[]), [lost.signature], "one that can land no more leaves no file");
    let landed = guard(Outcome::Landed { slot: 1 }).await;
    assert_eq!(there(&[]).len(), 2, "one that has landed stays until its answer is there");
    repay.forget(&landed.signature);
    let entry = &found(&repay, &[])[0];
    assert_eq!((&entry.transaction, entry.last_valid), (&lost.transaction, 7));
    // Another command sees it where it touches the account, on the same cluster.
    let other = pending(path.clone(), "credit thaw");
    assert_eq!(found(&other, &[account]).len(), 1);
    assert_eq!(found(&other, &[Pubkey::new_unique()]).len(), 0);
    // So does the same command for another market or by another key, as a profile may name them.
    let elsewhere = Heading { market: Pubkey::new_unique(), ..heading.clone() };
    let by_another = Heading { signer: Pubkey::new_unique(), ..heading.clone() };
    for other in [elsewhere, by_another] {
        let action = action::hash(&repay.words, &other);
        assert_eq!(repay.entries(&genesis, &action, &[]).len(), 0);
        assert_eq!(repay.entries(&genesis, &action, &[account]).len(), 1);
    }
    assert_eq!(repay.entries(&Hash::new_unique(), "", &[account]).len(), 0);
    fs::write(path.join("torn.json"), "{").unwrap();
    assert_eq!(there(&[]), [lost.signature], "one that cannot be read is left alone");
    repay.forget(&lost.signature);
    assert!(there(&[account]).is_empty());
}

#[test]
fn no_word_of_the_command_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let line = "-u https://host/?api-key=SECRET credit repay X --note SECRET";
    let pending = pending(folder.path().to_path_buf(), line);
    let entry = pending.entry(&heading(), &[], &signed());
    pending.record(&Hash::default(), &entry).unwrap();
    let text = fs::read_to_string(pending.path(&entry.signature)).unwrap();
    assert!(!text.contains("SECRET") && !text.contains("repay"), "{text}");
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let pending = pending(folder.path().join("pending"), "");
    let entry = pending.entry(&heading(), &[], &signed());
    pending.record(&Hash::default(), &entry).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("pending")), 0o700);
    assert_eq!(mode(&pending.path(&entry.signature)), 0o600);
}
