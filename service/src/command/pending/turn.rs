//! Runs at the same time on one account: they take turns, and each sees what the one before has done.

use {
    super::Pending,
    crate::{command::CarryError, private_file},
    blockable_sdk::{Pubkey, Signature},
    std::{
        fs,
        fs::{File, TryLockError},
        io::{self, Seek, Write},
        time::Duration,
    },
    tokio::time::{Instant, sleep},
};

/// Time for which another run is waited for: longer than any follows its transaction.
const PATIENCE: Duration = Duration::from_secs(240);
/// Pause between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(100);

/// The latest command of this user that has landed on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct LastDone {
    /// The command, as a hash.
    pub action: String,
    /// Its transaction.
    pub signature: Signature,
}

impl LastDone {
    fn parse(text: &str) -> Option<LastDone> {
        let (action, signature) = text.trim().split_once(' ')?;
        Some(LastDone { action: action.to_string(), signature: signature.parse().ok()? })
    }
}

/// The turn of a run to send transactions about an account. It ends when this is dropped, or with the process: the system keeps the lock.
/// Without a folder that can be written to there are no turns.
#[derive(Debug)]
pub(in crate::command) struct Turn {
    file: Option<File>,
    /// The latest command before this turn.
    pub last_done: Option<LastDone>,
}

impl Turn {
    /// Records that a command has landed, for runs that have read the account before.
    pub(in crate::command) fn landed(&mut self, done: &LastDone) {
        let Some(file) = &mut self.file else { return };
        let text = format!("{} {}\n", done.action, done.signature);
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            eprintln!(
                "note: what was done cannot be written down ({error}); another run at this moment may do it again"
            );
        }
    }
}

impl Pending {
    /// The latest command of this user that has landed on an account; `None` where none is known.
    pub(in crate::command) fn last_done(&self, account: &Pubkey) -> Option<LastDone> {
        LastDone::parse(
            &fs::read_to_string(self.folder.with_file_name("turns").join(account.to_string())).ok()?,
        )
    }

    /// Waits for this run's turn on an account. Errors: [`CarryError::Busy`] where another run does not end.
    pub(in crate::command) async fn turn(&self, account: &Pubkey) -> Result<Turn, CarryError> {
        self.turn_within(PATIENCE, account).await
    }

    async fn turn_within(&self, patience: Duration, account: &Pubkey) -> Result<Turn, CarryError> {
        let Ok(file) = self.turns_file(account) else { return Ok(Turn { file: None, last_done: None }) };
        let (mut is_told, until) = (false, Instant::now() + patience);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Turn { file: Some(file), last_done: self.last_done(account) }),
                // A file system without locks has no turns.
                Err(TryLockError::Error(_)) => return Ok(Turn { file: None, last_done: None }),
                Err(TryLockError::WouldBlock) if Instant::now() > until => {
                    return Err(CarryError::Busy(*account));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if !is_told {
                eprintln!("note: another run works on {account}; it is waited for");
                is_told = true;
            }
            sleep(PAUSE).await;
        }
    }

    fn turns_file(&self, account: &Pubkey) -> io::Result<File> {
        let folder = self.folder.with_file_name("turns");
        private_file::make_folder(&folder)?;
        private_file::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(account.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::path::PathBuf};

    fn pending(folder: PathBuf) -> Pending {
        Pending::new(folder, ["credit".to_string(), "repay".to_string()])
    }

    #[tokio::test]
    async fn a_run_that_waits_sees_what_the_one_before_it_has_done() {
        let folder = tempfile::tempdir().unwrap();
        let (account, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let pending = pending(folder.path().join("pending"));
        let mut first = pending.turn(&account).await.unwrap();
        assert_eq!(first.last_done, None);
        // Another account is nobody's yet.
        assert_eq!(pending.turn(&other).await.unwrap().last_done, None);
        let done = LastDone { action: "a1".to_string(), signature: Signature::from([7; 64]) };
        let second = {
            let pending = pending.clone();
            tokio::spawn(async move { pending.turn(&account).await.unwrap().last_done })
        };
        tokio::task::yield_now().await;
        assert!(!second.is_finished(), "it has its turn while the first one has it");
        first.landed(&done);
        drop(first);
        assert_eq!(second.await.unwrap(), Some(done.clone()));
        // A shorter text leaves nothing of a longer one.
        let short = LastDone { action: "b".to_string(), ..done };
        pending.turn(&account).await.unwrap().landed(&short);
        assert_eq!(pending.last_done(&account), Some(short));
    }

    #[tokio::test]
    async fn a_run_that_does_not_end_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let (account, pending) = (Pubkey::new_unique(), pending(folder.path().join("pending")));
        let _held = pending.turn(&account).await.unwrap();
        let waited = pending.turn_within(Duration::ZERO, &account).await;
        assert!(matches!(waited, Err(CarryError::Busy(busy)) if busy == account));
    }
}
