//! Saves a running cluster: every few seconds, and at its end.

use {
    super::{
        blocks::BlockLog,
        image::{Accounts, Image},
    },
    crate::ClusterError,
    blockable_service::lock::lock,
    std::{
        path::{Path, PathBuf},
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    surfpool_core::surfnet::locker::SurfnetSvmLocker,
    tokio::{task::spawn_blocking, time::sleep},
};

/// Pause between two savings of a cluster that is kept.
pub const SAVE_EVERY: Duration = Duration::from_secs(2);
/// Longest time until the clock alone is saved, while no account changes.
const CLOCK_EVERY_MS: u64 = 10_000;
const CLOCK_EVERY: Duration = Duration::from_millis(CLOCK_EVERY_MS);
/// Pause until a transaction may have its block, and the most such pauses.
const FOR_A_BLOCK: Duration = Duration::from_millis(20);
const PAUSES: u32 = 100;
/// Seconds by which the clock moves on after a kill, so that neither slot nor time comes twice: more than what was saved last
/// can be old.
pub const AFTER_KILL_SECONDS: u32 = 15;
const _: () = assert!(
    AFTER_KILL_SECONDS as u128 * 1_000
        > CLOCK_EVERY.as_millis() + SAVE_EVERY.as_millis() + FOR_A_BLOCK.as_millis() * PAUSES as u128
);

/// Saves a cluster to a folder.
///
/// An image is taken between two blocks, under the cluster's lock, so that no transaction is in it by half. The blocks are on the
/// disk before the image is replaced: a crash between the two leaves blocks that the image knows nothing of, and the next start
/// cuts them off.
#[derive(Clone)]
pub(crate) struct Saver {
    folder: PathBuf,
    /// The accounts of a new cluster, which are not saved.
    before: Arc<Accounts>,
    saved: Arc<Mutex<Saved>>,
}

struct Saved {
    log: BlockLog,
    image: Option<(Image, Instant)>,
}

impl Saver {
    pub(crate) fn new(folder: &Path, before: Accounts, log: BlockLog) -> Saver {
        let saved = Arc::new(Mutex::new(Saved { log, image: None }));
        Saver { folder: folder.to_path_buf(), before: Arc::new(before), saved }
    }

    /// Saves what has changed; everything where `clean` is set. Errors: [`ClusterError::File`], [`ClusterError::Failed`].
    pub(crate) async fn save(&self, svm: &SurfnetSvmLocker, clean: bool) -> Result<(), ClusterError> {
        for pause in 0..=PAUSES {
            let (saver, svm) = (self.clone(), svm.clone());
            // Where blocks have stopped, an image with half of a transaction's traces is better than none.
            let at_once = pause == PAUSES;
            let saved = spawn_blocking(move || saver.try_save(&svm, clean, at_once)).await;
            if saved.map_err(ClusterError::failed)?? {
                return Ok(());
            }
            sleep(FOR_A_BLOCK).await;
        }
        Ok(())
    }

    /// Saves unless a transaction waits for its block. Returns whether it could.
    fn try_save(&self, svm: &SurfnetSvmLocker, clean: bool, at_once: bool) -> Result<bool, ClusterError> {
        let mut saved = lock(&self.saved);
        let (image, blocks) = {
            let svm = svm.0.blocking_read();
            if !svm.transactions_queued_for_confirmation.is_empty() && !at_once {
                return Ok(false);
            }
            let image = Image::take(&svm, &self.before, clean).map_err(ClusterError::failed)?;
            (image, saved.log.new_blocks(&svm).map_err(ClusterError::failed)?)
        };
        let is_same = |(known, at): &(Image, Instant)| {
            !clean && !known.clean && known.is_near(&image, CLOCK_EVERY_MS) && at.elapsed() < CLOCK_EVERY
        };
        if !saved.image.as_ref().is_some_and(is_same) {
            saved.log.add(&blocks)?;
            image.write(&self.folder)?;
            saved.image = Some((image, Instant::now()));
        }
        Ok(true)
    }
}
