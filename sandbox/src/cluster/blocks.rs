//! The blocks of a cluster that have transactions, in a file that only grows: one line of JSON for each.

use {
    crate::SandboxError,
    serde::{Deserialize, Serialize},
    std::{
        fs::{File, OpenOptions},
        io::{BufRead, BufReader, Seek, SeekFrom, Write},
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
pub(super) struct SavedBlock {
    slot: u64,
    header: BlockHeader,
    transactions: Vec<(String, SurfnetTransactionStatus)>,
}

/// The file of blocks.
pub(super) struct BlockLog {
    file: File,
    path: PathBuf,
    /// The last slot in it.
    last: Option<u64>,
}

impl BlockLog {
    /// Opens the file and reads the blocks before a slot; what follows is cut off, because the accounts know nothing of it.
    /// Errors: [`SandboxError::File`].
    pub(super) fn open(folder: &Path, before: u64) -> Result<(BlockLog, Vec<SavedBlock>), SandboxError> {
        let path = folder.join("blocks.jsonl");
        let failed = |error| SandboxError::file(&path, error);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(failed)?;
        let (mut blocks, mut good) = (Vec::<SavedBlock>::new(), 0);
        let mut reader = BufReader::new(&file);
        loop {
            let mut line = Vec::new();
            let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
            // A line without an end was being written as the process was killed.
            match serde_json::from_slice::<SavedBlock>(&line) {
                Ok(block) if line.ends_with(b"\n") && block.slot < before => blocks.push(block),
                _ => break,
            }
            good += length as u64;
        }
        file.set_len(good).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        let last = blocks.last().map(|block| block.slot);
        Ok((BlockLog { file, path, last }, blocks))
    }

    /// Collects the blocks that are not in the file yet.
    pub(super) fn new_blocks(&self, svm: &SurfnetSvm) -> StorageResult<Vec<SavedBlock>> {
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

    /// Adds blocks, and waits until they are on the disk. Errors: [`SandboxError::File`].
    pub(super) fn add(&mut self, blocks: &[SavedBlock]) -> Result<(), SandboxError> {
        let Some(last) = blocks.last() else { return Ok(()) };
        let mut lines = Vec::new();
        for block in blocks {
            serde_json::to_writer(&mut lines, block).map_err(SandboxError::cluster)?;
            lines.push(b'\n');
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        written.map_err(|error| SandboxError::file(&self.path, error))?;
        self.last = Some(last.slot);
        Ok(())
    }
}

/// Gives a new cluster these blocks.
pub(super) fn restore(blocks: Vec<SavedBlock>, svm: &mut SurfnetSvm) -> StorageResult<()> {
    for SavedBlock { slot, header, transactions } in blocks {
        svm.blocks.store(slot, header)?;
        for (signature, status) in transactions {
            svm.transactions.store(signature, status)?;
            svm.transactions_processed += 1;
        }
    }
    Ok(())
}
