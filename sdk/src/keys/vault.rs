//! A key of HashiCorp Vault's transit engine.

use {
    super::{DEADLINE, KeyError, read, refused},
    crate::http::client_builder,
    solana_keychain::{
        traits::SolanaSigner,
        vault::{VaultSigner, reqwest::Url},
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{
        path::{Path, PathBuf},
        sync::{Mutex, PoisonError},
    },
};

/// The place that a Vault token is read from.
pub(super) enum TokenSource {
    Env(String),
    File(PathBuf),
}

impl TokenSource {
    /// Exactly one of the two. Errors: [`KeyError::Setting`].
    pub(super) fn new(env: Option<&str>, file: Option<&Path>) -> Result<TokenSource, KeyError> {
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
pub(super) struct Vault {
    url: Url,
    key: String,
    /// The key's public key.
    pub public_key: Pubkey,
    token: TokenSource,
    /// The signer and the token that it was made with.
    signer: Mutex<(VaultSigner, String)>,
}

impl Vault {
    /// Makes the key ready; asks Vault for nothing. Errors: [`KeyError`].
    pub(super) async fn open(
        url: &str,
        key: &str,
        public_key: Pubkey,
        token: TokenSource,
    ) -> Result<Vault, KeyError> {
        let url = parse_address(url)?;
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if key.is_empty() || key.starts_with('.') || !key.chars().all(plain) {
            return Err(KeyError::Setting("the vault's key is a name of letters, digits, -, _ and ."));
        }
        let current = token.read().await?;
        let signer = signer(&url, key, public_key, &current)?;
        Ok(Vault { url, key: key.to_string(), public_key, token, signer: Mutex::new((signer, current)) })
    }

    /// Signs a message. Errors: [`KeyError`].
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let (first, used) = self.signer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let error = match first.sign_message(message).await {
            Ok(signature) => return Ok(signature),
            Err(error) => refused(&error, self.public_key),
        };
        let current = self.token.read().await?;
        if current == used {
            return Err(error);
        }
        let next = signer(&self.url, &self.key, self.public_key, &current)?;
        *self.signer.lock().unwrap_or_else(PoisonError::into_inner) = (next.clone(), current);
        next.sign_message(message).await.map_err(|error| refused(&error, self.public_key))
    }
}

fn signer(url: &Url, key: &str, public_key: Pubkey, token: &str) -> Result<VaultSigner, KeyError> {
    // Its answers are bounded by the signer.
    let builder = client_builder(url.as_str()).map_err(|_| {
        KeyError::Setting("the authorities of SSL_CERT_FILE or ca_file cannot be read; name a PEM file")
    })?;
    let builder = builder.timeout(DEADLINE).connect_timeout(DEADLINE);
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
