//! A keeper for commands that only read.

use {
    crate::{commands::CommandError, config::Config, daemon::Keeper, store::Store},
    std::{io, path::PathBuf},
};

/// Tables that a plan depends on: stalls of the cluster, usage reports, and work in quarantine.
const TABLES: [&str; 5] = ["stalls", "last_reading", "reports", "cursors", "lanes"];

/// A keeper on a store of its own, which is removed with it. It may work while another keeper runs, and knows the stalls,
/// reports and quarantine of that one.
pub(super) struct Observer {
    pub(super) keeper: Keeper,
    _folder: TemporaryFolder,
}

impl Observer {
    /// Opens a keeper on a copy of the tables that its plans depend on. Errors: [`CommandError`].
    pub(super) async fn open(config: Config) -> Result<Observer, CommandError> {
        let folder = TemporaryFolder::create().map_err(CommandError::Folder)?;
        let store = Store::open(&folder.0)?;
        store.copy_tables(&config.data_dir, &TABLES)?;
        Ok(Observer { keeper: Keeper::on(config, store).await?, _folder: folder })
    }
}

/// A folder that is removed when it is dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> io::Result<TemporaryFolder> {
        let path = std::env::temp_dir().join(format!("blockable-keeper-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path)?;
        Ok(TemporaryFolder(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // The system clears temporary files that cannot be removed now.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{
            chain::{SlotTime, StallLog},
            land::lanes,
        },
        blockable_sdk::{Pubkey, amounts::ChainTime},
        std::time::Duration,
    };

    #[tokio::test]
    async fn an_observer_knows_stalls_and_quarantine() {
        let (running, observing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keeper = Store::open(running.path()).unwrap();
        let mut stall_log = StallLog::open(keeper.clone(), 60).await.unwrap();
        for (slot, clock) in [(1_000, 50_000), (1_010, 53_606)] {
            stall_log.record(SlotTime { slot, clock: ChainTime(clock) }).await.unwrap();
        }
        let fail = |tx: &rusqlite::Transaction| {
            let lane = ("meter/p/1", "meter", &Pubkey::default());
            lanes::fail(tx, lane, "no", Duration::from_secs(90), ChainTime(53_606))
        };
        keeper.write(fail).await.unwrap();

        let observer = Store::open(observing.path()).unwrap();
        observer.copy_tables(running.path(), &TABLES).unwrap();
        let copied = StallLog::open(observer.clone(), 60).await.unwrap();
        assert_eq!(copied.stalls().lost_since(ChainTime(0)), 3_600);
        let blocked =
            observer.read(|connection| lanes::blocked(connection, ChainTime(53_607))).await.unwrap();
        assert!(blocked.contains("meter/p/1"));
    }
}
