//! The blocks of a cluster that have transactions, in a file that only grows: one line of JSON for each.

use {
    crate::ClusterError,
    serde::{Deserialize, Serialize},
    std::{
        fs::{File, OpenOptions},
        io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
        path::{Path, PathBuf},
    },
    surfpool_core::{
        storage::StorageResult,
        surfnet::{BlockHeader, svm::SurfnetSvm},
        types::SurfnetTransactionStatus,
    },
};

/// A block with its transactions.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedBlock {
    slot: u64,
    header: BlockHeader,
    transactions: Vec<(String, SurfnetTransactionStatus)>,
}

/// A file that can be cut back.
pub(crate) trait Storage: Write + Seek + Send {
    /// Cuts it to a length in bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Waits until it is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl Storage for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The file of blocks.
pub(crate) struct BlockLog {
    file: Box<dyn Storage>,
    /// Bytes of whole blocks. What a failed write has left behind them is cut off before anything more is written.
    good: u64,
    /// True where more than that may be in the file.
    is_torn: bool,
    path: PathBuf,
    /// The last slot in it.
    last: Option<u64>,
}

impl BlockLog {
    /// Opens the file and reads the blocks before a slot; what follows is cut off, because the accounts know nothing of it.
    /// Errors: [`ClusterError::File`], and [`ClusterError::Damaged`] where another line than the last is no block.
    pub(crate) fn open(folder: &Path, before: u64) -> Result<(BlockLog, Vec<SavedBlock>), ClusterError> {
        let path = folder.join("blocks.jsonl");
        let failed = |error| ClusterError::file(&path, error);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(failed)?;
        let (mut blocks, mut good) = (Vec::<SavedBlock>::new(), 0);
        let mut reader = BufReader::new(&file);
        loop {
            let mut line = Vec::new();
            let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
            match serde_json::from_slice::<SavedBlock>(&line) {
                Ok(block) if line.ends_with(b"\n") && block.slot < before => blocks.push(block),
                // A last line may have been in the middle of a write as the process was killed.
                Err(error) if !reader.fill_buf().map_err(failed)?.is_empty() => {
                    return Err(ClusterError::damaged(&path, format!("line {}: {error}", blocks.len() + 1)));
                }
                _ => break,
            }
            good += length as u64;
        }
        let last = blocks.last().map(|block| block.slot);
        let mut log = BlockLog { file: Box::new(file), good, is_torn: true, path: path.clone(), last };
        log.mend().map_err(failed)?;
        Ok((log, blocks))
    }

    /// Cuts off what a failed write has left.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.cut(self.good)?;
            self.file.seek(SeekFrom::Start(self.good))?;
            self.is_torn = false;
        }
        Ok(())
    }

    /// Collects the blocks that are not in the file yet.
    pub(crate) fn new_blocks(&self, svm: &SurfnetSvm) -> StorageResult<Vec<SavedBlock>> {
        let mut slots = svm.blocks.keys()?;
        slots.retain(|slot| self.last.is_none_or(|last| *slot > last));
        slots.sort_unstable();
        let mut blocks = Vec::new();
        for slot in slots {
            let Some(header) = svm.blocks.get(&slot)? else { continue };
            let mut transactions = Vec::new();
            for signature in header.signatures.iter().map(ToString::to_string) {
                if let Some(status) = svm.transactions.get(&signature)? {
                    transactions.push((signature, status));
                }
            }
            blocks.push(SavedBlock { slot, header, transactions });
        }
        Ok(blocks)
    }

    /// Adds blocks, and waits until they are on the disk. Errors: [`ClusterError::File`]; none of them is in the file then, and they
    /// may be added again.
    pub(crate) fn add(&mut self, blocks: &[SavedBlock]) -> Result<(), ClusterError> {
        let Some(last) = blocks.last() else { return Ok(()) };
        let mut lines = Vec::new();
        for block in blocks {
            serde_json::to_writer(&mut lines, block).map_err(ClusterError::failed)?;
            lines.push(b'\n');
        }
        let written = self.mend().and_then(|()| {
            self.is_torn = true;
            self.file.write_all(&lines)?;
            self.file.sync()
        });
        if let Err(error) = written {
            // A disk that is full has room for less. Where even this fails, the next call tries it again.
            let _ = self.mend();
            return Err(ClusterError::file(&self.path, error));
        }
        self.is_torn = false;
        self.good += lines.len() as u64;
        self.last = Some(last.slot);
        Ok(())
    }
}

/// Gives a new cluster these blocks.
pub(crate) fn restore(blocks: Vec<SavedBlock>, svm: &mut SurfnetSvm) -> StorageResult<()> {
    for SavedBlock { slot, header, transactions } in blocks {
        svm.blocks.store(slot, header)?;
        for (signature, status) in transactions {
            svm.transactions.store(signature, status)?;
            svm.transactions_processed += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        std::{
            io::Cursor,
            sync::{Arc, Mutex},
        },
    };

    fn block(slot: u64) -> SavedBlock {
        let header = BlockHeader {
            hash: format!("hash of {slot}"),
            previous_blockhash: String::new(),
            block_time: 1_800_000_000,
            block_height: slot,
            parent_slot: slot - 1,
            signatures: Vec::new(),
        };
        SavedBlock { slot, header, transactions: Vec::new() }
    }

    fn slots(folder: &Path, before: u64) -> Result<Vec<u64>, ClusterError> {
        let (_, blocks) = BlockLog::open(folder, before)?;
        Ok(blocks.iter().map(|block| block.slot).collect())
    }

    /// A disk of some bytes, which may grow.
    #[derive(Clone)]
    struct Disk {
        content: Arc<Mutex<Cursor<Vec<u8>>>>,
        room: Arc<Mutex<usize>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut content = self.content.lock().unwrap();
            let at = usize::try_from(content.position()).unwrap();
            match self.room.lock().unwrap().saturating_sub(at).min(bytes.len()) {
                0 => Err(io::ErrorKind::StorageFull.into()),
                some => content.write(&bytes[..some]),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.content.lock().unwrap().seek(to)
        }
    }

    impl Storage for Disk {
        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.content.lock().unwrap().get_mut().truncate(usize::try_from(length).unwrap());
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_whole_blocks_and_loses_none() {
        let folder = tempfile::tempdir().unwrap();
        let line = serde_json::to_vec(&block(1)).unwrap().len() + 1;
        let content = Arc::new(Mutex::new(Cursor::new(Vec::new())));
        let disk = Disk { content: content.clone(), room: Arc::new(Mutex::new(2 * line + line / 2)) };
        let file = Box::new(disk.clone());
        let path = folder.path().join("blocks.jsonl");
        let mut log = BlockLog { file, good: 0, is_torn: false, path: path.clone(), last: None };
        let written = || content.lock().unwrap().get_ref().clone();
        log.add(&[block(1)]).unwrap();
        // One fits and one does not: neither is in the file, and both can be added once there is room.
        for _ in 0..3 {
            let error = log.add(&[block(2), block(3)]).unwrap_err().to_string();
            assert!(error.contains("blocks.jsonl"), "{error}");
            assert_eq!(written().len(), line);
            assert_eq!(log.last, Some(1));
        }
        *disk.room.lock().unwrap() = 100 * line;
        log.add(&[block(2), block(3)]).unwrap();
        log.add(&[block(4)]).unwrap();
        std::fs::write(&path, written()).unwrap();
        assert_eq!(slots(folder.path(), 10).unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_cut_off_last_line_goes_and_a_bad_one_before_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks.jsonl");
        let (mut log, _) = BlockLog::open(folder.path(), 0).unwrap();
        log.add(&[block(1), block(2), block(3)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..whole.len() / 3 {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            assert_eq!(slots(folder.path(), 10).unwrap(), [1, 2], "{cut}");
            assert_eq!(std::fs::read(&path).unwrap(), whole[..whole.len() / 3 * 2], "{cut}");
        }
        // What the accounts know nothing of goes, whatever follows.
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(slots(folder.path(), 2).unwrap(), [1]);
        let torn = [&whole[..whole.len() / 3 - 4], &whole].concat();
        std::fs::write(&path, &torn).unwrap();
        let error = slots(folder.path(), 10).unwrap_err().to_string();
        assert!(error.contains("blocks.jsonl is damaged: line 1: "), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), torn, "it is left as it was");
    }
}
