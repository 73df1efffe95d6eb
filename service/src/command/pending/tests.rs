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
        pending.entries(&genesis, &action::hash(&pending.words, &heading), subjects).unwrap()
    };
    let there =
        |subjects: &[Pubkey]| found(&repay, subjects).iter().map(|entry| entry.signature).collect::<Vec<_>>();
    let guard = async |outcome: Outcome| {
        let signed = signed();
        let entry = repay.entry(genesis, &heading, &[account], &signed);
        let submit = async |recorded: Recorded| {
            assert!(repay.path(&recorded.signature()).exists(), "written down before it is handed out");
            sent(recorded.signature(), outcome)
        };
        repay.guard(&entry, signed, submit).await.unwrap_err();
        entry
    };
    let lost = guard(Outcome::Unknown).await;
    assert_eq!(there(&[]), [lost.signature]);
    guard(Outcome::Expired).await;
    assert_eq!(there(&[]), [lost.signature], "one that can land no more leaves no file");
    let landed = guard(Outcome::Landed { slot: 1 }).await;
    assert_eq!(there(&[]).len(), 2, "one that has landed stays until its answer is there");
    repay.forget_once_answered(&landed.signature);
    assert_eq!(there(&[]).len(), 2, "an answer that nobody has seen is none");
    answered();
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
        assert_eq!(repay.entries(&genesis, &action, &[]).unwrap().len(), 0);
        assert_eq!(repay.entries(&genesis, &action, &[account]).unwrap().len(), 1);
    }
    // A node that names another cluster does not hide it: it may have landed.
    let foreign = repay.entries(&Hash::new_unique(), "", &[account]);
    assert!(
        matches!(foreign, Err(CarryError::OtherCluster { file, .. }) if file.contains(&lost.signature.to_string()))
    );
    assert_eq!(repay.entries(&Hash::new_unique(), "", &[]).unwrap().len(), 0, "what it does not touch");
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
    let entry = pending.entry(Hash::default(), &heading(), &[], &signed());
    pending.write(&entry).unwrap();
    let text = fs::read_to_string(pending.path(&entry.signature)).unwrap();
    assert!(!text.contains("SECRET") && !text.contains("repay"), "{text}");
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let pending = pending(folder.path().join("pending"), "");
    let entry = pending.entry(Hash::default(), &heading(), &[], &signed());
    pending.write(&entry).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("pending")), 0o700);
    assert_eq!(mode(&pending.path(&entry.signature)), 0o600);
}

/// A node that says that it has taken nothing may have passed the transaction on all the same.
#[tokio::test]
async fn a_file_stays_where_a_node_says_that_it_has_taken_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pending = pending(folder.path().join("pending"), "credit repay");
    let signed = signed();
    let entry = pending.entry(Hash::default(), &heading(), &[], &signed);
    let refuse = async |_: Recorded| Err(ClientError::Undecodable(entry.signature));
    pending.guard(&entry, signed, refuse).await.unwrap_err();
    assert!(pending.path(&entry.signature).exists());
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state"), "a file in the folder's place").unwrap();
    let pending = pending(folder.path().join("state/pending"), "credit repay");
    let signed = signed();
    let entry = pending.entry(Hash::default(), &heading(), &[], &signed);
    let submit = async |_: Recorded| -> Result<Landed, ClientError> { panic!("it was sent") };
    let error = pending.guard(&entry, signed, submit).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::NotRecorded(_)) && error.to_string().starts_with("nothing was sent")
    );
    let turn = pending.turn(&Pubkey::new_unique()).await;
    assert!(matches!(turn, Err(CarryError::Unwritable { .. })), "{turn:?}");
}

#[test]
fn a_file_with_another_content_makes_another_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("terms.toml");
    let hash = |content: &str| {
        fs::write(&file, content).unwrap();
        let words = |option: &str| ["propose".into(), option.into(), file.clone().into_os_string()];
        let hash = |option| action::hash(&action::deciding(action::with_contents(words(option))), &heading());
        (hash("--config"), hash("--keypair"))
    };
    let (first, other) = (hash("a"), hash("b"));
    assert_eq!(first, hash("a"));
    assert_ne!(first.0, other.0);
    assert_eq!(first.1, other.1, "a key's file is not read");
}
