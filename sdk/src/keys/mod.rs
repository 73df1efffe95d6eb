//! The keys that sign usage reports and keepers' transactions: from a file, from HashiCorp Vault, or from AWS KMS.

mod vault;

#[cfg(test)]
mod tests;

#[cfg(feature = "kms")]
use solana_keychain::traits::SolanaSigner;
use {
    serde::{Deserialize, Serialize},
    solana_keychain::error::SignerError,
    solana_keypair::{Keypair, read_keypair},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    solana_signer::Signer,
    std::{
        fmt,
        path::{Path, PathBuf},
        time::Duration,
    },
    tokio::{task::spawn_blocking, time::timeout},
    vault::{TokenSource, Vault},
};

/// Deadline of one signature.
const DEADLINE: Duration = Duration::from_secs(5);

/// The place of a key. Holds no secret: a Vault token is named, never written here; AWS credentials are the
/// machine's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum KeySource {
    /// A keypair file as `solana-keygen` writes it.
    File {
        /// The file.
        path: PathBuf,
    },
    /// An ed25519 key of HashiCorp Vault's transit engine.
    Vault {
        /// Vault's address; https, or http on this machine.
        url: String,
        /// The key's name.
        key: String,
        /// The key's public key, base58.
        public_key: String,
        /// Environment variable that holds the token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_env: Option<String>,
        /// File that holds the token; read again when Vault refuses, so it may be renewed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_file: Option<PathBuf>,
    },
    /// A key of AWS KMS of the kind `ECC_NIST_EDWARDS25519`. Needs the feature `kms`.
    Kms {
        /// The key's id or ARN.
        key_id: String,
        /// AWS region; the machine's own where it is not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        /// The key's public key, base58.
        public_key: String,
    },
}

impl KeySource {
    /// Makes the relative path of a file start from `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        let path = match self {
            KeySource::File { path } => Some(path),
            KeySource::Vault { token_file, .. } => token_file.as_mut(),
            KeySource::Kms { .. } => None,
        };
        if let Some(path) = path {
            *path = folder.join(&*path);
        }
    }
}

/// Reasons for which a key cannot be opened or does not sign. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A file that cannot be read.
    #[error("{path}: {reason}; name a file that this program may read")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A file that holds no keypair.
    #[error("{0} holds no keypair; make one with solana-keygen new")]
    NoKeypair(String),
    /// A setting that cannot be right.
    #[error("{0}")]
    Setting(&'static str),
    /// The token is missing or empty.
    #[error("there is no vault token in {0}; put it there")]
    NoToken(String),
    /// Built without KMS.
    #[error("this program is built without AWS KMS; build it with the feature kms")]
    NoKms,
    /// The service cannot be reached, or refuses.
    #[error(
        "the key's service cannot be reached or refuses to sign; check its address, its key and the token"
    )]
    Refused,
    /// The service gave a signature of another key.
    #[error(
        "the key's service gave a signature that is not of {0}; check that public_key is that of the key's latest \
         version"
    )]
    WrongSignature(Pubkey),
    /// The service did not answer in time.
    #[error("the key's service did not sign within {} s; check its load and the network", .0.as_secs_f32())]
    Deadline(Duration),
}

impl KeySource {
    /// Makes the key ready to sign. Asks no remote service for a signature. Errors: [`KeyError`].
    pub async fn open(&self) -> Result<SigningKey, KeyError> {
        match self {
            KeySource::File { path } => {
                let bytes = read(path.clone()).await?;
                // The parser's own message may quote what it read.
                let keypair = read_keypair(&mut bytes.as_slice());
                Ok(keypair.map_err(|_| KeyError::NoKeypair(path.display().to_string()))?.into())
            }
            KeySource::Vault { url, key, public_key, token_env, token_file } => {
                let token = TokenSource::new(token_env.as_deref(), token_file.as_deref())?;
                let vault = Vault::open(url, key, parse_public(public_key)?, token).await?;
                Ok(SigningKey::new(vault.public_key, Backend::Vault(Box::new(vault))))
            }
            #[cfg(feature = "kms")]
            KeySource::Kms { key_id, region, public_key } => {
                let public_key = parse_public(public_key)?;
                let opening = solana_keychain::aws_kms::AwsKmsSigner::new(
                    key_id.clone(),
                    public_key.to_string(),
                    region.clone(),
                );
                let signer = timeout(DEADLINE, opening).await.map_err(|_| KeyError::Deadline(DEADLINE))?;
                let signer = signer.map_err(|_| KeyError::Refused)?;
                Ok(SigningKey::new(public_key, Backend::Kms(Box::new(signer))))
            }
            #[cfg(not(feature = "kms"))]
            KeySource::Kms { .. } => Err(KeyError::NoKms),
        }
    }
}

/// A key that signs usage reports or transactions. Prints as its public key.
pub struct SigningKey {
    public_key: Pubkey,
    backend: Backend,
    deadline: Duration,
}

enum Backend {
    Keypair(Box<Keypair>),
    Vault(Box<Vault>),
    #[cfg(feature = "kms")]
    Kms(Box<solana_keychain::aws_kms::AwsKmsSigner>),
}

impl From<Keypair> for SigningKey {
    fn from(keypair: Keypair) -> SigningKey {
        SigningKey::new(keypair.pubkey(), Backend::Keypair(Box::new(keypair)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key)
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.public_key)
    }
}

impl SigningKey {
    fn new(public_key: Pubkey, backend: Backend) -> SigningKey {
        SigningKey { public_key, backend, deadline: DEADLINE }
    }

    /// The same key with another deadline for a signature; 5 s is the usual one.
    pub fn with_deadline(self, deadline: Duration) -> SigningKey {
        SigningKey { deadline, ..self }
    }

    /// The public key.
    pub fn public_key(&self) -> Pubkey {
        self.public_key
    }

    /// Signs a report's digest or a transaction's message. The signature is one that the program and the network accept: it
    /// is verified here. Errors: [`KeyError`].
    pub async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signing = async {
            match &self.backend {
                Backend::Keypair(keypair) => Ok(keypair.sign_message(message)),
                Backend::Vault(vault) => vault.sign(message).await,
                #[cfg(feature = "kms")]
                Backend::Kms(signer) => {
                    signer.sign_message(message).await.map_err(|error| self::refused(&error, self.public_key))
                }
            }
        };
        let signed =
            timeout(self.deadline, signing).await.map_err(|_| KeyError::Deadline(self.deadline))??;
        match signed.verify(self.public_key.as_ref(), message) {
            true => Ok(signed),
            false => Err(KeyError::WrongSignature(self.public_key)),
        }
    }
}

/// Classifies a signing service's error. Its details may quote the service's answer and are left out.
fn refused(error: &SignerError, public_key: Pubkey) -> KeyError {
    match error {
        SignerError::SigningFailed(_) => KeyError::WrongSignature(public_key),
        _ => KeyError::Refused,
    }
}

fn parse_public(text: &str) -> Result<Pubkey, KeyError> {
    text.parse().map_err(|_| KeyError::Setting("public_key is an ed25519 public key in base58"))
}

/// Reads a small file within the deadline: it may be a pipe.
async fn read(path: PathBuf) -> Result<Vec<u8>, KeyError> {
    let shown = path.display().to_string();
    let failed = |reason: String| KeyError::File { path: shown.clone(), reason };
    let reading = timeout(DEADLINE, spawn_blocking(move || std::fs::read(path))).await;
    match reading {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(failed(error.to_string())),
        Ok(Err(_)) | Err(_) => Err(failed(format!("not read within {} s", DEADLINE.as_secs()))),
    }
}
