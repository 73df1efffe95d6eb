//! Transactions that were handed out and whose outcome is not known yet.

use {
    super::{CarryError, Nodes},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        Hash, Pubkey, Signature, VersionedTransaction,
        client::Landed,
        errors::{ClientError, Outcome, SentError},
        transactions,
    },
    serde_json::{Value, json},
    std::{
        env, fs, io,
        io::Write,
        path::{Path, PathBuf},
    },
};

/// The transactions of a user's commands of which nobody knows yet whether they have landed, one file each.
///
/// A command writes the file before it hands the transaction out, and removes it once it can land no more, or as the last act before its
/// answer: a user who has seen none runs the command again. What a crash or an
/// outcome that stayed unknown leaves behind is followed to its end by the next command that is the same or touches the same accounts,
/// before that does anything: so nothing is done twice. A file has the signed transaction, which is no secret, and no key. Files are
/// named by signatures, so that commands at the same time do not meet. One that cannot be read is left alone and named on stderr.
#[derive(Clone, Debug)]
pub struct Pending {
    folder: PathBuf,
    action: String,
}

/// A transaction of an earlier run.
struct Entry {
    action: String,
    signature: Signature,
    last_valid: u64,
    subjects: Vec<Pubkey>,
    transaction: VersionedTransaction,
}

/// Arguments that say nothing about an action.
const CONFIRMS: [&str; 3] = ["-y", "--yes", "--non-interactive"];

impl Pending {
    /// Those of this process's user and its command: in `$XDG_STATE_HOME/blockable/pending`, or below `~/.local/state`. `None` without
    /// a home folder.
    pub fn of_process() -> Option<Pending> {
        let base = match env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => env::home_dir()?.join(".local/state"),
        };
        let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        let words: Vec<String> = words.filter(|word| !CONFIRMS.contains(&word.as_str())).collect();
        Some(Pending::new(base.join("blockable/pending"), words.join(" ")))
    }

    /// The files in a folder, for a command of these words. The folder is made once it is needed.
    pub fn new(folder: PathBuf, action: String) -> Pending {
        Pending { folder, action }
    }

    /// Hands a transaction out by `submit`, with its file on the disk until the outcome is known; one that has landed is left to
    /// [`Pending::forget`], once nothing can keep the answer from the user any more. A file that cannot be written is named on stderr and
    /// holds nothing up. Errors: those of `submit`.
    pub(super) async fn guard(
        &self,
        genesis: &Hash,
        subjects: &[Pubkey],
        (transaction, last_valid): (&VersionedTransaction, u64),
        submit: impl Future<Output = Result<Landed, ClientError>>,
    ) -> Result<Landed, ClientError> {
        if let Err(error) = self.record(genesis, subjects, transaction, last_valid) {
            eprintln!(
                "note: the transaction cannot be written down in {} ({error}); look its signature up before you repeat this command",
                self.folder.display()
            );
        }
        let sent = submit.await;
        let may_land = |sent: &SentError| matches!(sent.outcome, Outcome::Unknown | Outcome::Landed { .. });
        let is_kept = match &sent {
            Ok(_) => true,
            Err(error) => error.sent().is_some_and(may_land),
        };
        if !is_kept {
            self.forget(&transaction.signatures.first().copied().unwrap_or_default());
        }
        sent
    }

    /// Finds out what became of the transactions of earlier runs of this command, and of those that touch `subjects`; one that may land
    /// yet is followed to its end. Returns the signature of one of the same command that has landed; its file stays. Errors: [`CarryError::Overtaken`]
    /// where another one has landed only now, so that what was read is old; [`CarryError::Client`] where an outcome stays unknown.
    pub(super) async fn resolve(
        &self,
        nodes: &Nodes,
        subjects: &[Pubkey],
    ) -> Result<Option<Signature>, CarryError> {
        let mut same = None;
        for entry in self.entries(&nodes.genesis, subjects) {
            let (signature, is_same) = (entry.signature, entry.action == self.action);
            let sender = nodes.sender(None);
            let known = sender.resolve(&signature, entry.last_valid).await;
            let was_open = matches!(known, Outcome::Unknown);
            let outcome = match known {
                Outcome::Unknown => {
                    eprintln!(
                        "note: {signature} of an earlier run may land yet; it is followed to its end first"
                    );
                    outcome_of(sender.follow(&entry.transaction, entry.last_valid).await)?
                }
                known => known,
            };
            if is_same && matches!(outcome, Outcome::Landed { .. }) {
                // Of several the last one is told.
                same.replace(signature).iter().for_each(|earlier| self.forget(earlier));
                continue;
            }
            self.forget(&signature);
            match outcome {
                Outcome::Landed { .. } if was_open => return Err(CarryError::Overtaken(signature)),
                Outcome::Landed { .. } => eprintln!("note: {signature} of an earlier run has landed"),
                outcome => {
                    eprintln!("note: {signature} of an earlier run has not landed ({})", outcome.name())
                }
            }
        }
        Ok(same)
    }

    fn record(
        &self,
        genesis: &Hash,
        subjects: &[Pubkey],
        transaction: &VersionedTransaction,
        last_valid: u64,
    ) -> io::Result<()> {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let content = json!({
            "genesis_hash": genesis.to_string(),
            "action": self.action,
            "signature": signature.to_string(),
            "last_valid_block_height": last_valid,
            "accounts": subjects.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "transaction": BASE64_STANDARD.encode(transactions::encode(transaction)),
        });
        make_folder(&self.folder)?;
        let path = self.path(&signature);
        let part = path.with_extension("part");
        let mut file = private_file(&part)?;
        file.write_all(content.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, &path)
    }

    /// Removes the file of a transaction that has landed, as the last act before its answer.
    pub(super) fn forget(&self, signature: &Signature) {
        // One that was never written is not there.
        let _ = fs::remove_file(self.path(signature));
    }

    fn path(&self, signature: &Signature) -> PathBuf {
        self.folder.join(format!("{signature}.json"))
    }

    /// The transactions of a cluster that are of the same command, or touch one of the accounts.
    fn entries(&self, genesis: &Hash, subjects: &[Pubkey]) -> Vec<Entry> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|file| file.path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut entries = Vec::new();
        for path in files {
            match Entry::read(&path, genesis) {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => {}
                Err(reason) => {
                    eprintln!("note: {} cannot be read ({reason}) and is left alone", path.display())
                }
            }
        }
        entries.retain(|entry| {
            entry.action == self.action || entry.subjects.iter().any(|account| subjects.contains(account))
        });
        entries.sort_by_key(|entry| entry.last_valid);
        entries
    }
}

impl Entry {
    /// Reads a file; `None` for one of another cluster. Errors: the reason.
    fn read(path: &Path, genesis: &Hash) -> Result<Option<Entry>, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let content: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let field = |name: &str| content[name].as_str().ok_or(format!("it has no {name}"));
        if field("genesis_hash")? != genesis.to_string() {
            return Ok(None);
        }
        let signature = field("signature")?.parse().map_err(|_| "its signature is none".to_string())?;
        let bytes = BASE64_STANDARD.decode(field("transaction")?).map_err(|error| error.to_string())?;
        let transaction = transactions::decode(&bytes).ok_or("its transaction is none")?;
        let accounts = content["accounts"].as_array().ok_or("it has no accounts")?;
        let last_valid = content["last_valid_block_height"].as_u64().ok_or("it has no last block")?;
        Ok(Some(Entry {
            action: field("action")?.to_string(),
            signature,
            last_valid,
            subjects: accounts.iter().filter_map(|account| account.as_str()?.parse().ok()).collect(),
            transaction,
        }))
    }
}

/// The outcome of a transaction that was followed. Errors: [`CarryError::Client`] for one that stays unknown.
fn outcome_of(followed: Result<Landed, ClientError>) -> Result<Outcome, CarryError> {
    match followed {
        Ok(landed) => Ok(Outcome::Landed { slot: landed.slot }),
        Err(ClientError::Sent(sent)) if !matches!(sent.outcome, Outcome::Unknown) => Ok(sent.outcome),
        Err(error) => Err(error.into()),
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{Keypair, Signer},
        std::future::ready,
    };

    fn transaction() -> VersionedTransaction {
        let payer = Keypair::new();
        let message = transactions::message_v0(&[], &payer.pubkey(), Hash::default()).unwrap();
        let signature = payer.sign_message(&message.serialize());
        VersionedTransaction { signatures: vec![signature], message }
    }

    fn sent(transaction: &VersionedTransaction, outcome: Outcome) -> Result<Landed, ClientError> {
        let signature = transaction.signatures[0];
        Err(ClientError::Sent(Box::new(SentError {
            signature,
            last_valid: 7,
            outcome,
            reason: String::new(),
        })))
    }

    #[tokio::test]
    async fn a_file_stays_until_the_outcome_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/pending");
        let (genesis, account) = (Hash::new_unique(), Pubkey::new_unique());
        let pending = Pending::new(path.clone(), "credit repay".to_string());
        let there = |subjects: &[Pubkey]| {
            pending.entries(&genesis, subjects).iter().map(|entry| entry.signature).collect::<Vec<_>>()
        };
        let lost = transaction();
        let outcome = sent(&lost, Outcome::Unknown);
        pending.guard(&genesis, &[account], (&lost, 7), ready(outcome)).await.unwrap_err();
        assert_eq!(there(&[]), [lost.signatures[0]]);
        let expired = transaction();
        let outcome = sent(&expired, Outcome::Expired);
        pending.guard(&genesis, &[account], (&expired, 7), ready(outcome)).await.unwrap_err();
        assert_eq!(there(&[]), [lost.signatures[0]], "one that can land no more leaves no file");
        let landed = transaction();
        let outcome = sent(&landed, Outcome::Landed { slot: 1 });
        pending.guard(&genesis, &[account], (&landed, 7), ready(outcome)).await.unwrap_err();
        assert_eq!(there(&[]).len(), 2, "one that has landed stays until its answer is there");
        pending.forget(&landed.signatures[0]);
        let entry = &pending.entries(&genesis, &[])[0];
        assert_eq!((&entry.transaction, entry.last_valid), (&lost, 7));
        // Another command sees it where it touches the account, on the same cluster.
        let other = Pending::new(path.clone(), "credit thaw".to_string());
        assert_eq!(other.entries(&genesis, &[account]).len(), 1);
        assert_eq!(other.entries(&genesis, &[Pubkey::new_unique()]).len(), 0);
        assert_eq!(pending.entries(&Hash::new_unique(), &[account]).len(), 0);
        fs::write(path.join("torn.json"), "{").unwrap();
        assert_eq!(there(&[]), [lost.signatures[0]], "one that cannot be read is left alone");
        pending.forget(&lost.signatures[0]);
        assert!(there(&[account]).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let pending = Pending::new(folder.path().join("pending"), String::new());
        let transaction = transaction();
        pending.record(&Hash::default(), &[], &transaction, 7).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("pending")), 0o700);
        assert_eq!(mode(&pending.path(&transaction.signatures[0])), 0o600);
    }
}
