//! Keys: where they come from, and who signs.

use {
    crate::{
        ledger,
        settings::{KeySource, Place, Setting},
    },
    blockable_sdk::{Keypair, Pubkey, Signer},
    blockable_service::command::{Exit, KeyFileError, read_key_file},
    std::{
        fs::File,
        io::{self, Read},
        path::Path,
    },
};

/// Most bytes of a key.
const KEY_BYTES: u64 = 4_096;

/// A reason for which a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignerError {
    /// A key file is missing or is none.
    #[error(
        "the key file {path} ({origin}) cannot be used: {reason}; make one with `blockable keys new`, or name another"
    )]
    File {
        /// The file.
        path: String,
        /// The place that named it.
        origin: Place,
        /// The reason.
        reason: KeyFileError,
    },
    /// Other users can read the key.
    #[error("the key file {0} can be read by other users; run `chmod 600 {0}`")]
    Exposed(String),
    /// The standard input holds no key.
    #[error("the standard input holds no key; give it the content of a key file")]
    StandardInput,
    /// The prompt was left, or there is no terminal.
    #[error("no seed phrase was read: {0}; name a key file, or run it at a terminal")]
    Prompt(String),
    /// The seed phrase makes no key.
    #[error("the seed phrase makes no key; check its words")]
    SeedPhrase,
    /// A Ledger cannot be used.
    #[error(
        "{url} cannot sign: {reason}; add --no-send, and sign the transaction that is printed with a wallet of the device"
    )]
    Ledger {
        /// Its address.
        url: String,
        /// The reason.
        reason: String,
    },
    /// An address cannot sign.
    #[error("{0} ({1}) is an address and cannot sign; name its key, or add --dry-run or --no-send")]
    Address(Pubkey, Place),
}

impl SignerError {
    /// The command's exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            SignerError::File { reason, .. } => reason.exit(),
            SignerError::StandardInput | SignerError::Prompt(_) | SignerError::SeedPhrase => Exit::Failed,
            SignerError::Address(..) | SignerError::Ledger { .. } => Exit::Usage,
            SignerError::Exposed(_) => Exit::Refused,
        }
    }
}

/// A key that was loaded.
pub(crate) struct LoadedKey {
    /// The key.
    pub signer: Box<dyn Signer>,
}

impl LoadedKey {
    /// Loads a key. Errors: [`SignerError`].
    pub(crate) fn load(found: &Setting<KeySource>) -> Result<LoadedKey, SignerError> {
        let keypair = match &found.value {
            KeySource::File(path) => load_file(path, &found.origin)?,
            KeySource::Prompt => ask_seed_phrase()?,
            KeySource::StandardInput => read_standard_input()?,
            KeySource::Ledger(url) => {
                let opened = ledger::open(url);
                let signer = opened.map_err(|reason| SignerError::Ledger { url: url.clone(), reason })?;
                return Ok(LoadedKey { signer });
            }
            KeySource::Address(address) => return Err(SignerError::Address(*address, found.origin.clone())),
        };
        Ok(LoadedKey { signer: Box::new(keypair) })
    }

    /// The key's address.
    pub(crate) fn address(&self) -> Pubkey {
        self.signer.pubkey()
    }
}

/// The origin of a key in words.
pub(crate) fn describe(found: &Setting<KeySource>) -> String {
    let place = match &found.value {
        KeySource::File(path) => format!("from {}", path.display()),
        KeySource::Prompt => "from the prompt".to_string(),
        KeySource::StandardInput => "from the standard input".to_string(),
        KeySource::Ledger(url) => format!("on {url}"),
        KeySource::Address(_) => "an address".to_string(),
    };
    match &found.origin {
        Place::Default => format!("{place}, the default"),
        origin => format!("{place}, named by {origin}"),
    }
}

fn load_file(path: &Path, origin: &Place) -> Result<Keypair, SignerError> {
    let shown = path.display().to_string();
    read_key_file(path).map_err(|error| match error {
        KeyFileError::Exposed => SignerError::Exposed(shown),
        reason => SignerError::File { path: shown, origin: origin.clone(), reason },
    })
}

/// The address of a key file, from its public half; the secret half is dropped unread. Who else may read the file does not matter for
/// that. Errors: [`SignerError::File`].
pub(crate) fn public_half(path: &Path, origin: &Place) -> Result<Pubkey, SignerError> {
    let failed =
        |reason| SignerError::File { path: path.display().to_string(), origin: origin.clone(), reason };
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(KEY_BYTES).read_to_end(&mut text));
    read.map_err(|error| {
        failed(match error.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing,
            _ => KeyFileError::Unusable(error.to_string()),
        })
    })?;
    // The parser's own message may quote what it read.
    let numbers: Vec<u8> = serde_json::from_slice(&text).unwrap_or_default();
    let public = numbers.split_at_checked(32).and_then(|(_, public)| Pubkey::try_from(public).ok());
    public.ok_or_else(|| failed(KeyFileError::Unusable("it holds no keypair".to_string())))
}

fn read_standard_input() -> Result<Keypair, SignerError> {
    let mut text = Vec::new();
    let read = std::io::stdin().lock().take(KEY_BYTES).read_to_end(&mut text);
    read.map_err(|_| SignerError::StandardInput)?;
    blockable_sdk::read_keypair(&mut text.as_slice()).map_err(|_| SignerError::StandardInput)
}

/// Asks for a seed phrase and its passphrase, which are not shown, and derives the key as `solana-keygen new` does.
fn ask_seed_phrase() -> Result<Keypair, SignerError> {
    let terminal = console::Term::stderr();
    if !terminal.is_term() {
        return Err(SignerError::Prompt("there is no terminal".to_string()));
    }
    let ask = |question: &str| {
        eprint!("{question}: ");
        terminal.read_secure_line().map_err(|error| SignerError::Prompt(error.to_string()))
    };
    let phrase = ask("seed phrase")?;
    let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
    let passphrase = ask("passphrase (empty for none)")?;
    blockable_sdk::keypair_from_seed_phrase_and_passphrase(&phrase, &passphrase)
        .map_err(|_| SignerError::SeedPhrase)
}
