//! Transactions that were handed out and whose outcome is not known yet.

mod action;
mod entry;
#[cfg(test)]
mod tests;
mod turn;

use {
    super::{CarryError, Heading, Nodes},
    crate::private_file,
    blockable_sdk::{
        Hash, Pubkey, Signature,
        client::{Landed, Recorded, Signed},
        errors::{ClientError, Outcome, SentError},
    },
    std::{env, fs, io, path::PathBuf},
};
pub(super) use {
    entry::Entry,
    turn::{LastDone, Turn},
};

/// The transactions of a user's commands of which nobody knows yet whether they have landed, one file each.
///
/// A command writes the file before it hands the transaction out, and removes it once it can land no more, or as the last act before its
/// answer: a user who has seen none runs the command again. What a crash or an outcome that stayed unknown leaves behind is followed to
/// its end by the next command that is the same or touches the same accounts, before that does anything. One that has landed ends that
/// command: the same one has nothing left to do, and another one is to be read anew by its user, because it may be the same act in
/// other words. So nothing is done twice. A file has the signed transaction, which is no secret, and of the command a hash alone. Files
/// are named by signatures, so that commands at the same time do not meet; on one account they take [turns](Turn). One that cannot be read is left alone and named on stderr.
#[derive(Clone, Debug)]
pub struct Pending {
    folder: PathBuf,
    /// The words that decide what the command does.
    words: Vec<String>,
}

impl Pending {
    /// Those of this process's user and its command: in `$XDG_STATE_HOME/blockable/pending`, or below `~/.local/state`. `None` without
    /// a home folder.
    pub fn of_process() -> Option<Pending> {
        let base = match env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => env::home_dir()?.join(".local/state"),
        };
        let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        Some(Pending::new(base.join("blockable/pending"), words))
    }

    /// The files in a folder, for a command of these words. The folder is made once it is needed.
    pub fn new(folder: PathBuf, words: impl IntoIterator<Item = String>) -> Pending {
        Pending { folder, words: action::deciding(words) }
    }

    /// The command as a hash, which a run in the same words of the same signer has too.
    pub(super) fn action(&self, heading: &Heading) -> String {
        action::hash(&self.words, heading)
    }

    /// The entry of a transaction of this command, about some accounts.
    pub(super) fn entry(&self, heading: &Heading, subjects: &[Pubkey], signed: &Signed) -> Entry {
        Entry {
            action: self.action(heading),
            signature: signed.signature(),
            last_valid: signed.last_valid(),
            subjects: subjects.to_vec(),
            transaction: signed.transaction().clone(),
        }
    }

    /// Writes a transaction down and hands it out by `submit`, with its file on the disk until the outcome is known; one that has landed
    /// is left to [`Pending::forget`], once nothing can keep the answer from the user any more. A file that cannot be written is named on
    /// stderr and holds nothing up. Errors: those of `submit`.
    pub(super) async fn guard(
        &self,
        genesis: &Hash,
        entry: &Entry,
        signed: Signed,
        submit: impl AsyncFnOnce(Recorded) -> Result<Landed, ClientError>,
    ) -> Result<Landed, ClientError> {
        let recorded = signed.record(|_| {
            if let Err(error) = self.record(genesis, entry) {
                eprintln!(
                    "note: the transaction cannot be written down in {} ({error}); look its signature up before you repeat this command",
                    self.folder.display()
                );
            }
            Ok::<(), ClientError>(())
        })?;
        let sent = submit(recorded).await;
        let may_land = |sent: &SentError| matches!(sent.outcome, Outcome::Unknown | Outcome::Landed { .. });
        let is_kept = match &sent {
            Ok(_) => true,
            Err(error) => error.sent().is_some_and(may_land),
        };
        if !is_kept {
            self.forget(&entry.signature);
        }
        sent
    }

    /// Finds out what became of the transactions of earlier runs of this command, and of those that touch `subjects`; one that may land
    /// yet is followed to its end. Returns the one of the same command that has landed, of several the last one; its file
    /// stays. Errors: [`CarryError::Overtaken`] where one of another command has landed, because the two may be one act in two
    /// wordings, and what was read may be old; [`CarryError::Client`] where an outcome stays unknown.
    pub(super) async fn resolve(
        &self,
        nodes: &Nodes,
        heading: &Heading,
        subjects: &[Pubkey],
    ) -> Result<Option<Entry>, CarryError> {
        let mut same = None;
        let action = self.action(heading);
        for entry in self.entries(&nodes.genesis, &action, subjects) {
            let signature = entry.signature;
            let (sender, recorded) = (nodes.sender(None), entry.recorded());
            let outcome = match sender.resolve_recorded(&recorded).await {
                Outcome::Unknown => {
                    eprintln!(
                        "note: {signature} of an earlier run may land yet; it is followed to its end first"
                    );
                    outcome_of(sender.follow(&recorded).await)?
                }
                known => known,
            };
            if entry.action == action && matches!(outcome, Outcome::Landed { .. }) {
                same.replace(entry).iter().for_each(|earlier| self.forget(&earlier.signature));
                continue;
            }
            self.forget(&signature);
            match outcome {
                Outcome::Landed { .. } => return Err(CarryError::Overtaken(signature)),
                outcome => {
                    eprintln!("note: {signature} of an earlier run has not landed ({})", outcome.name())
                }
            }
        }
        Ok(same)
    }

    fn record(&self, genesis: &Hash, entry: &Entry) -> io::Result<()> {
        private_file::make_folder(&self.folder)?;
        private_file::replace(&self.path(&entry.signature), entry.text(genesis).as_bytes())
    }

    /// Removes the file of a transaction that has landed, as the last act before its answer.
    pub(super) fn forget(&self, signature: &Signature) {
        // One that was never written is not there.
        let _ = fs::remove_file(self.path(signature));
    }

    fn path(&self, signature: &Signature) -> PathBuf {
        self.folder.join(format!("{signature}.json"))
    }

    /// The transactions of a cluster that are of a command, or touch one of the accounts; the oldest first.
    fn entries(&self, genesis: &Hash, action: &str, subjects: &[Pubkey]) -> Vec<Entry> {
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
            entry.action == action || entry.subjects.iter().any(|account| subjects.contains(account))
        });
        entries.sort_by_key(|entry| entry.last_valid);
        entries
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
