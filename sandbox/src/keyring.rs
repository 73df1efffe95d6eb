//! The keys of all parties, in memory and as files.

use {
    crate::SandboxError,
    blockable_sdk::{Keypair, Pubkey, Signer, read_keypair_file},
    blockable_service::init_file::{Readers, write_new},
    std::path::{Path, PathBuf},
};

/// Reporters of the provider.
const REPORTERS: usize = 3;

/// The keys of a market's parties.
pub struct Keyring {
    /// The market's admin. Pays the fees of a sandbox's own transactions, and issues the payment token.
    pub admin: Keypair,
    /// The market's guardian.
    pub guardian: Keypair,
    /// Owner of the market's treasury.
    pub treasury: Keypair,
    /// The lender.
    pub lender: Keypair,
    /// May freeze for the lender, and nothing else.
    pub freeze_authority: Keypair,
    /// The borrower.
    pub borrower: Keypair,
    /// Buys seized units.
    pub buyer: Keypair,
    /// The provider's authority.
    pub provider: Keypair,
    /// Sign the provider's usage reports.
    pub reporters: [Keypair; REPORTERS],
    /// Pays for the keeper's transactions.
    pub keeper: Keypair,
    /// The address of the payment token.
    pub mint: Keypair,
}

impl Keyring {
    /// Draws fresh keys.
    pub fn random() -> Keyring {
        Keyring::from_source(|_| Ok::<_, std::convert::Infallible>(Keypair::new()))
            .unwrap_or_else(|never| match never {})
    }

    /// Reads the keys from a folder. Errors: [`SandboxError::Key`].
    pub fn read(folder: &Path) -> Result<Keyring, SandboxError> {
        Keyring::from_source(|name| {
            let path = Keyring::file(folder, name);
            read_keypair_file(&path).map_err(|error| SandboxError::Key {
                path: path.display().to_string(),
                reason: error.to_string(),
            })
        })
    }

    fn from_source<E>(mut key: impl FnMut(&str) -> Result<Keypair, E>) -> Result<Keyring, E> {
        Ok(Keyring {
            admin: key("admin")?,
            guardian: key("guardian")?,
            treasury: key("treasury")?,
            lender: key("lender")?,
            freeze_authority: key("freeze-authority")?,
            borrower: key("borrower")?,
            buyer: key("buyer")?,
            provider: key("provider")?,
            reporters: [key("reporter-1")?, key("reporter-2")?, key("reporter-3")?],
            keeper: key("keeper")?,
            mint: key("mint")?,
        })
    }

    /// The keys that have money of their own, by name: of everyone who acts in the market.
    pub fn funded(&self) -> Vec<(&'static str, &Keypair)> {
        vec![
            ("admin", &self.admin),
            ("guardian", &self.guardian),
            ("lender", &self.lender),
            ("freeze-authority", &self.freeze_authority),
            ("borrower", &self.borrower),
            ("buyer", &self.buyer),
            ("provider", &self.provider),
        ]
    }

    /// The keys of all parties, by name: those that have money, and those that have SOL alone.
    pub fn parties(&self) -> Vec<(&'static str, &Keypair)> {
        let [first, second, third] = &self.reporters;
        let others = [
            ("treasury", &self.treasury),
            ("reporter-1", first),
            ("reporter-2", second),
            ("reporter-3", third),
            ("keeper", &self.keeper),
        ];
        self.funded().into_iter().chain(others).collect()
    }

    /// Every key by its name, which is that of its file: the parties', and that of the payment token.
    pub fn named(&self) -> Vec<(&'static str, &Keypair)> {
        self.parties().into_iter().chain([("mint", &self.mint)]).collect()
    }

    /// Writes each key to a file of its own that its owner alone can read, in the format of Solana's command line.
    /// Errors: [`SandboxError::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), SandboxError> {
        for (name, key) in self.named() {
            let bytes: Vec<String> = key.to_bytes().iter().map(u8::to_string).collect();
            write_new(&Keyring::file(folder, name), &format!("[{}]", bytes.join(",")), Readers::Owner)?;
        }
        Ok(())
    }

    /// The file of a key.
    pub fn file(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.json"))
    }

    /// The number of the market: derived from the payment token, so that two runs on one cluster use two markets.
    pub fn market_id(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.mint.pubkey().to_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }

    /// The addresses of those who pay fees or rent.
    pub fn payers(&self) -> Vec<Pubkey> {
        self.parties().into_iter().map(|(_, key)| key.pubkey()).collect()
    }
}
