//! Transactions that were handed out and whose outcome is not known yet.

mod action;
mod entry;
#[cfg(test)]
mod tests;
mod turn;

use {
    super::{CarryError, Heading, Nodes, cluster_name, note::note},
    crate::private_file,
    blockable_sdk::{
        Hash, Pubkey, Signature,
        client::{Landed, Recorded, Signed},
        errors::{ClientError, Outcome, SentError},
    },
    std::{
        env, fs, io, mem,
        path::{Path, PathBuf},
        sync::{Mutex, MutexGuard, PoisonError},
        time::Duration,
    },
    tokio::time::{Instant, sleep},
};
pub(super) use {
    entry::Entry,
    turn::{LastDone, Turn},
};

/// Time within which a transaction lands that was just signed.
const TORN_LANDS_WITHIN: Duration = Duration::from_secs(180);
/// Pause between two looks at it.
const TORN_PAUSE: Duration = Duration::from_secs(2);
/// Blocks for which a blockhash is valid.
const BLOCKS_OF_A_HASH: u64 = 150;

/// The transactions of a user's commands of which nobody knows yet whether they have landed, one file each.
///
/// A command writes the file before it hands the transaction out, and removes it once it can land no more, or after it has told its user
/// that it has landed ([`answered`]): a user who has seen no answer runs the command again. What a crash or an outcome that stayed unknown leaves behind is followed to
/// its end by the next command that is the same or touches the same accounts, before that does anything. One that has landed ends that
/// command: the same one has nothing left to do, and another one is to be read anew by its user, because it may be the same act in
/// other words. So nothing is done twice. A file has the signed transaction, which is no secret, and of the command a hash alone. Files
/// are named by signatures, so that commands at the same time do not meet; on one account they take [turns](Turn). Of one that cannot
/// be read the signature is looked up; one without is left alone and named on stderr.
#[derive(Clone, Debug)]
pub struct Pending {
    folder: PathBuf,
    /// The words that decide what the command does.
    words: Vec<String>,
}

/// Files of transactions that have landed, and of which the process has not told its user yet.
static ANSWERING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the files of transactions that the answer, or the error, has named. To be called once that is printed: a command that is
/// killed before tells the next run what it did, and one that is killed between the two has it told once too often.
pub fn answered() {
    // One that was never written is not there.
    mem::take(&mut *answering()).iter().for_each(|path| drop(fs::remove_file(path)));
}

fn answering() -> MutexGuard<'static, Vec<PathBuf>> {
    ANSWERING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    /// Those of this process's user and its command: in `$XDG_STATE_HOME/blockable/pending`, or below `~/.local/state`. `None` without
    /// a home folder.
    pub fn of_process() -> Option<Pending> {
        let base = match env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => env::home_dir()?.join(".local/state"),
        };
        let words = action::with_contents(env::args_os().skip(1));
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
    pub(super) fn entry(
        &self,
        genesis: Hash,
        heading: &Heading,
        subjects: &[Pubkey],
        signed: &Signed,
    ) -> Entry {
        Entry {
            genesis,
            action: self.action(heading),
            signature: signed.signature(),
            last_valid: signed.last_valid(),
            subjects: subjects.to_vec(),
            transaction: signed.transaction().clone(),
        }
    }

    /// Writes a transaction down and hands it out by `submit`, with its file on the disk until it is known that it has no effect; one that
    /// has landed is left to [`Pending::forget_once_answered`]. A node that says that it has
    /// taken nothing proves nothing. Errors: [`ClientError::NotRecorded`], with nothing sent; those of `submit`.
    pub(super) async fn guard(
        &self,
        entry: &Entry,
        signed: Signed,
        submit: impl AsyncFnOnce(Recorded) -> Result<Landed, ClientError>,
    ) -> Result<Landed, ClientError> {
        let recorded = signed.record(|_| {
            let written = self.write(entry);
            written.map_err(|error| ClientError::NotRecorded(format!("{}: {error}", self.folder.display())))
        })?;
        let sent = submit(recorded).await;
        let is_dead = |sent: &SentError| matches!(sent.outcome, Outcome::Refused(_) | Outcome::Expired);
        if sent.as_ref().is_err_and(|error| error.sent().is_some_and(is_dead)) {
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
        self.resolve_torn(nodes).await?;
        for entry in self.entries(&nodes.genesis, &action, subjects)? {
            let signature = entry.signature;
            let (sender, recorded) = (nodes.sender(None), entry.recorded());
            let outcome = match sender.resolve_recorded(&recorded).await {
                Outcome::Unknown => {
                    note(&format!(
                        "{signature} of an earlier run may land yet; it is followed to its end first"
                    ));
                    outcome_of(sender.follow(&recorded).await)?
                }
                known => known,
            };
            if entry.action == action && matches!(outcome, Outcome::Landed { .. }) {
                same.replace(entry).iter().for_each(|earlier| self.forget(&earlier.signature));
                continue;
            }
            self.conclude(signature, &outcome)?;
        }
        Ok(same)
    }

    /// Ends the matter of a transaction that this command is not about, and whose outcome is known. Errors:
    /// [`CarryError::Overtaken`] where it has landed.
    fn conclude(&self, signature: Signature, outcome: &Outcome) -> Result<(), CarryError> {
        if matches!(outcome, Outcome::Landed { .. }) {
            self.forget_once_answered(&signature);
            return Err(CarryError::Overtaken(signature));
        }
        self.forget(&signature);
        note(&format!("{signature} of an earlier run has not landed ({})", outcome.name()));
        Ok(())
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        private_file::make_folder(&self.folder)?;
        private_file::replace(&self.path(&entry.signature), entry.text().as_bytes())
    }

    /// Leaves the file of a transaction that has landed until [`answered`].
    pub(super) fn forget_once_answered(&self, signature: &Signature) {
        answering().push(self.path(signature));
    }

    /// Removes the file of a transaction that the user need not be told of.
    fn forget(&self, signature: &Signature) {
        // One that was never written is not there.
        let _ = fs::remove_file(self.path(signature));
    }

    fn path(&self, signature: &Signature) -> PathBuf {
        self.folder.join(format!("{signature}.json"))
    }

    /// The files of transactions. Nothing but a regular file is opened: another may never end.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|file| file.path());
        files.filter(|path| {
            path.extension().is_some_and(|extension| extension == "json")
                && fs::metadata(path).is_ok_and(|file| file.is_file())
        })
    }

    /// Finds out what became of the transactions whose files cannot be read, as after a disk that was full: the file's name is the
    /// signature, and the accounts are not known. Errors: [`CarryError::Overtaken`] for one that has landed; it is named once.
    async fn resolve_torn(&self, nodes: &Nodes) -> Result<(), CarryError> {
        let torn: Vec<(PathBuf, Signature)> = self
            .files()
            .filter(|path| Entry::read(path).is_err())
            .filter_map(|path| Some((path.clone(), path.file_stem()?.to_str()?.parse().ok()?)))
            .collect();
        for (path, signature) in torn {
            match self.outcome_of_torn(nodes, &path, &signature).await? {
                Outcome::Unknown => {}
                outcome => self.conclude(signature, &outcome)?,
            }
        }
        Ok(())
    }

    /// The outcome of a transaction by its signature alone. The last block in which it can land is not known; it is past for a file that
    /// has been there for long enough, and else that of one signed now. Errors: [`CarryError::Client`].
    async fn outcome_of_torn(
        &self,
        nodes: &Nodes,
        path: &Path,
        signature: &Signature,
    ) -> Result<Outcome, CarryError> {
        let age = fs::metadata(path).and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
        let is_old = age.is_some_and(|age| age > TORN_LANDS_WITHIN);
        let last_valid = match is_old {
            true => 0,
            false => {
                let height = nodes.client.rpc().get_block_height().await.map_err(ClientError::from)?;
                height.saturating_add(BLOCKS_OF_A_HASH)
            }
        };
        let (sender, until) = (nodes.sender(None), Instant::now() + TORN_LANDS_WITHIN);
        loop {
            let outcome = sender.resolve(signature, last_valid).await;
            if is_old || !matches!(outcome, Outcome::Unknown) || Instant::now() > until {
                return Ok(outcome);
            }
            note(&format!("{signature} of an earlier run may land yet; it is followed to its end first"));
            sleep(TORN_PAUSE).await;
        }
    }

    /// The transactions that are of a command, or touch one of the accounts; the oldest first. Errors: [`CarryError::OtherCluster`] for one
    /// that was sent to another cluster than that of the node, which may be wrong about it.
    fn entries(&self, genesis: &Hash, action: &str, subjects: &[Pubkey]) -> Result<Vec<Entry>, CarryError> {
        let mut entries = Vec::new();
        for path in self.files() {
            match Entry::read(&path) {
                Ok(entry) => entries.push(entry),
                Err(reason) => {
                    note(&format!("{} cannot be read ({reason}) and is left alone", path.display()))
                }
            }
        }
        entries.retain(|entry| {
            entry.action == action || entry.subjects.iter().any(|account| subjects.contains(account))
        });
        if let Some(foreign) = entries.iter().find(|entry| entry.genesis != *genesis) {
            return Err(CarryError::OtherCluster {
                sent_to: cluster_name(&foreign.genesis),
                found: cluster_name(genesis),
                file: self.path(&foreign.signature).display().to_string(),
            });
        }
        entries.sort_by_key(|entry| entry.last_valid);
        Ok(entries)
    }

    /// The error of a folder that cannot be written to.
    fn unwritable(&self, error: &io::Error) -> CarryError {
        let folder = self.folder.parent().unwrap_or(Path::new("."));
        CarryError::Unwritable { folder: folder.display().to_string(), reason: error.to_string() }
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
