//! The state of a cluster as a file: accounts, clock and blockhashes. The transactions are in a second file that only grows.

use {
    crate::ClusterError,
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
    solana_account::{Account, AccountSharedData, ReadableAccount},
    std::{
        collections::HashMap,
        fs::{self, File},
        io::{self, Write},
        path::{Path, PathBuf},
        str::FromStr,
    },
    surfpool_core::{
        error::SurfpoolError,
        surfnet::{BlockIdentifier, svm::SurfnetSvm},
    },
};

/// Accounts by address.
pub(crate) type Accounts = HashMap<Pubkey, AccountSharedData>;

/// Largest number in an image: exact in every JSON parser, and far from an overflow.
const MOST: u64 = 1 << 53;

/// The state of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// True where everything had been stopped in order before it was taken.
    pub clean: bool,
    /// The slot.
    pub slot: u64,
    block_height: u64,
    transaction_count: Option<u64>,
    tip_index: u64,
    tip_hash: String,
    clock_ms: u64,
    write_version: u64,
    accounts: Vec<SavedAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedAccount {
    address: String,
    lamports: u64,
    owner: String,
    /// In base64.
    data: String,
    executable: bool,
}

impl Image {
    /// Takes the image of a cluster that is not between a transaction and its block. `before` has the accounts of a new cluster.
    pub(crate) fn take(svm: &SurfnetSvm, before: &Accounts, clean: bool) -> Result<Image, SurfpoolError> {
        let mut accounts = Vec::new();
        for (address, account) in svm.get_all_accounts()? {
            let is_sysvar = account.owner().to_string().starts_with("Sysvar1");
            if !is_sysvar && account.lamports() > 0 && before.get(&address) != Some(&account) {
                accounts.push(SavedAccount::new(&address, &account));
            }
        }
        let epoch = &svm.latest_epoch_info;
        Ok(Image {
            clean,
            slot: epoch.absolute_slot,
            block_height: epoch.block_height,
            transaction_count: epoch.transaction_count,
            tip_index: svm.chain_tip.index,
            tip_hash: svm.chain_tip.hash.clone(),
            clock_ms: svm.updated_at,
            write_version: svm.write_version,
            accounts,
        })
    }

    /// True where another image has the same accounts, and a clock within milliseconds of this one's.
    pub(crate) fn is_near(&self, other: &Image, millis: u64) -> bool {
        self.accounts == other.accounts && self.clock_ms.abs_diff(other.clock_ms) < millis
    }

    /// The same state with seconds added on the clock, and the slots of that time.
    pub(crate) fn later(mut self, seconds: u32, slot_ms: u64) -> Image {
        let millis = u64::from(seconds) * 1_000;
        self.clock_ms += millis;
        self.slot += millis / slot_ms;
        self
    }

    /// Gives a new cluster this state. Errors: an account that cannot be read or set.
    pub(crate) fn restore(&self, svm: &mut SurfnetSvm) -> Result<(), ClusterError> {
        let epoch = &mut svm.latest_epoch_info;
        epoch.absolute_slot = self.slot;
        epoch.epoch = self.slot / epoch.slots_in_epoch.max(1);
        epoch.slot_index = self.slot % epoch.slots_in_epoch.max(1);
        (epoch.block_height, epoch.transaction_count) = (self.block_height, self.transaction_count);
        svm.chain_tip = BlockIdentifier { index: self.tip_index, hash: self.tip_hash.clone() };
        (svm.updated_at, svm.write_version) = (self.clock_ms, self.write_version);
        // The times of empty blocks are counted from here on.
        (svm.genesis_slot, svm.genesis_updated_at) = (self.slot, self.clock_ms);
        svm.reconstruct_sysvars();
        for saved in &self.accounts {
            let (address, account) = saved.account().ok_or_else(|| {
                ClusterError::failed(format!("the kept account {} cannot be read", saved.address))
            })?;
            svm.set_account(&address, account).map_err(ClusterError::failed)?;
        }
        Ok(())
    }

    /// True where it has an account.
    pub fn has(&self, address: &Pubkey) -> bool {
        let address = address.to_string();
        self.accounts.iter().any(|account| account.address == address)
    }

    /// Requires numbers that a cluster can go on from. Errors: the mistake.
    fn require_sound(&self) -> Result<(), String> {
        let numbers = [
            ("slot", self.slot),
            ("block_height", self.block_height),
            ("transaction_count", self.transaction_count.unwrap_or_default()),
            ("tip_index", self.tip_index),
            ("clock_ms", self.clock_ms),
            ("write_version", self.write_version),
        ];
        match numbers.iter().find(|(_, number)| *number > MOST) {
            Some((name, number)) => Err(format!("{name} is {number}, which no chain reaches")),
            None => Ok(()),
        }
    }

    /// Reads an image. `None` where there is none. Errors: [`ClusterError::File`], [`ClusterError::Damaged`].
    pub fn read(folder: &Path) -> Result<Option<Image>, ClusterError> {
        let path = Image::path(folder);
        let failed = |error| ClusterError::file(&path, error);
        match fs::read(&path) {
            Ok(bytes) => {
                let image: Image =
                    serde_json::from_slice(&bytes).map_err(|error| ClusterError::damaged(&path, error))?;
                image.require_sound().map_err(|mistake| ClusterError::damaged(&path, mistake))?;
                Ok(Some(image))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Replaces the image in a folder in one step: a crash leaves the old one or the new one. Errors: [`ClusterError::File`].
    pub(crate) fn write(&self, folder: &Path) -> Result<(), ClusterError> {
        let path = Image::path(folder);
        let bytes = serde_json::to_vec(self).map_err(ClusterError::failed)?;
        replace(&path, &bytes).map_err(|error| ClusterError::file(&path, error))
    }

    fn path(folder: &Path) -> PathBuf {
        folder.join("accounts.json")
    }
}

/// Replaces a file in one step: a crash leaves the old one or the new one. Errors: the system's.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    // The name is on the disk once the folder is.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

impl SavedAccount {
    fn new(address: &Pubkey, account: &AccountSharedData) -> SavedAccount {
        SavedAccount {
            address: address.to_string(),
            lamports: account.lamports(),
            owner: account.owner().to_string(),
            data: STANDARD.encode(account.data()),
            executable: account.executable(),
        }
    }

    fn account(&self) -> Option<(Pubkey, Account)> {
        let account = Account {
            lamports: self.lamports,
            data: STANDARD.decode(&self.data).ok()?,
            owner: Pubkey::from_str(&self.owner).ok()?,
            executable: self.executable,
            rent_epoch: u64::MAX,
        };
        Some((Pubkey::from_str(&self.address).ok()?, account))
    }
}
