//! The keys that sign usage reports: from a file, from HashiCorp Vault, or from AWS KMS.

use {
    crate::program::signature,
    serde::{Deserialize, Serialize},
    solana_keychain::{
        error::SignerError,
        traits::SolanaSigner,
        vault::{
            VaultSigner,
            reqwest::{Client, Url},
        },
    },
    solana_sdk::{
        pubkey::Pubkey,
        signature::{Keypair, Signature, read_keypair},
        signer::Signer,
    },
    std::{
        fmt,
        path::{Path, PathBuf},
        sync::{Mutex, PoisonError},
        time::Duration,
    },
    tokio::{task::spawn_blocking, time::timeout},
};

/// How long a signature may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Where a reporter's key is. Holds no secret: a Vault token is named, never written here; AWS credentials are the
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

/// Why a key cannot be had or does not sign. Never holds a secret.
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
    pub async fn open(&self) -> Result<ReporterKey, KeyError> {
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
                Ok(ReporterKey::new(vault.public_key, Backend::Vault(Box::new(vault))))
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
                Ok(ReporterKey::new(public_key, Backend::Kms(Box::new(signer))))
            }
            #[cfg(not(feature = "kms"))]
            KeySource::Kms { .. } => Err(KeyError::NoKms),
        }
    }
}

/// A key that signs usage reports. Prints as its public key.
pub struct ReporterKey {
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

impl From<Keypair> for ReporterKey {
    fn from(keypair: Keypair) -> ReporterKey {
        ReporterKey::new(keypair.pubkey(), Backend::Keypair(Box::new(keypair)))
    }
}

impl fmt::Debug for ReporterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReporterKey({})", self.public_key)
    }
}

impl fmt::Display for ReporterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.public_key)
    }
}

impl ReporterKey {
    fn new(public_key: Pubkey, backend: Backend) -> ReporterKey {
        ReporterKey { public_key, backend, deadline: DEADLINE }
    }

    /// The same key with another deadline for a signature; 5 s is the usual one.
    pub fn with_deadline(self, deadline: Duration) -> ReporterKey {
        ReporterKey { deadline, ..self }
    }

    /// The public key.
    pub fn public_key(&self) -> Pubkey {
        self.public_key
    }

    /// Signs a report's digest. The signature is one that the program accepts: it is verified here. Errors: [`KeyError`].
    pub async fn sign(&self, digest: &[u8; 32]) -> Result<Signature, KeyError> {
        let signing = async {
            match &self.backend {
                Backend::Keypair(keypair) => Ok(keypair.sign_message(digest)),
                Backend::Vault(vault) => vault.sign(digest).await,
                #[cfg(feature = "kms")]
                Backend::Kms(signer) => {
                    signer.sign_message(digest).await.map_err(|error| self::refused(&error, self.public_key))
                }
            }
        };
        let signed =
            timeout(self.deadline, signing).await.map_err(|_| KeyError::Deadline(self.deadline))??;
        match signature::verify(&self.public_key, signed.as_array(), digest) {
            true => Ok(signed),
            false => Err(KeyError::WrongSignature(self.public_key)),
        }
    }
}

/// What a signing service's error means; its details may hold what the service answered, and are left out.
fn refused(error: &SignerError, public_key: Pubkey) -> KeyError {
    match error {
        SignerError::SigningFailed(_) => KeyError::WrongSignature(public_key),
        _ => KeyError::Refused,
    }
}

/// Where a Vault token is read from.
enum TokenSource {
    Env(String),
    File(PathBuf),
}

impl TokenSource {
    fn new(env: Option<&str>, file: Option<&Path>) -> Result<TokenSource, KeyError> {
        match (env, file) {
            (Some(name), None) => Ok(TokenSource::Env(name.to_string())),
            (None, Some(path)) => Ok(TokenSource::File(path.to_path_buf())),
            _ => Err(KeyError::Setting("name the vault's token by one of token_env and token_file")),
        }
    }

    async fn read(&self) -> Result<String, KeyError> {
        let (token, place) = match self {
            TokenSource::Env(name) => {
                (std::env::var(name).unwrap_or_default(), format!("the environment variable {name}"))
            }
            TokenSource::File(path) => {
                let bytes = read(path.clone()).await?;
                (String::from_utf8(bytes).unwrap_or_default(), path.display().to_string())
            }
        };
        match token.trim() {
            "" => Err(KeyError::NoToken(place)),
            token => Ok(token.to_string()),
        }
    }
}

/// A key of Vault's transit engine.
struct Vault {
    url: Url,
    key: String,
    public_key: Pubkey,
    token: TokenSource,
    /// The signer and the token that it was made with.
    signer: Mutex<(VaultSigner, String)>,
}

impl Vault {
    async fn open(url: &str, key: &str, public_key: Pubkey, token: TokenSource) -> Result<Vault, KeyError> {
        let url = parse_address(url)?;
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if key.is_empty() || key.starts_with('.') || !key.chars().all(plain) {
            return Err(KeyError::Setting("the vault's key is a name of letters, digits, -, _ and ."));
        }
        let current = token.read().await?;
        let signer = signer(&url, key, public_key, &current)?;
        Ok(Vault { url, key: key.to_string(), public_key, token, signer: Mutex::new((signer, current)) })
    }

    async fn sign(&self, digest: &[u8; 32]) -> Result<Signature, KeyError> {
        let (first, used) = self.signer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let error = match first.sign_message(digest).await {
            Ok(signature) => return Ok(signature),
            Err(error) => refused(&error, self.public_key),
        };
        let current = self.token.read().await?;
        if current == used {
            return Err(error);
        }
        let next = signer(&self.url, &self.key, self.public_key, &current)?;
        *self.signer.lock().unwrap_or_else(PoisonError::into_inner) = (next.clone(), current);
        next.sign_message(digest).await.map_err(|error| refused(&error, self.public_key))
    }
}

fn signer(url: &Url, key: &str, public_key: Pubkey, token: &str) -> Result<VaultSigner, KeyError> {
    let builder = Client::builder().timeout(DEADLINE).connect_timeout(DEADLINE);
    // A token for this machine's own Vault must not travel through a proxy.
    let builder = if url.scheme() == "http" { builder.no_proxy() } else { builder };
    let (url, token) = (url.to_string(), token.to_string());
    VaultSigner::with_client_builder(builder, url, token, key.to_string(), public_key.to_string()).map_err(
        |_| KeyError::Setting("no client for the vault can be made; check the machine's TLS settings"),
    )
}

/// Vault's address: one that the token can be sent to in the open only on this machine.
fn parse_address(url: &str) -> Result<Url, KeyError> {
    let wrong = KeyError::Setting("the vault's url is https://host:port, or http:// on this machine");
    let Ok(url) = Url::parse(url) else { return Err(wrong) };
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if safe && bare && url.fragment().is_none() { Ok(url) } else { Err(wrong) }
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
