//! Writes the first `provider.toml` and the secret that API keys are made with.

use {
    blockable_sdk::{Keypair, Pubkey},
    blockable_service::{
        hex,
        init_file::{InitFileError, Readers, require_absent, write_new},
    },
    rand::TryRngCore,
    secrecy::{ExposeSecret, SecretString},
    std::path::{Path, PathBuf},
};

const EXAMPLE: &str = include_str!("../provider.example.toml");

/// A reason for which nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A file.
    #[error(transparent)]
    File(#[from] InitFileError),
    /// The system has no random bytes for the secret.
    #[error("the system gives no random bytes: {0}; try again")]
    Random(String),
}

/// Values of the first file; what is not named stays as in the example, to be set by hand.
#[derive(Clone, Debug, Default)]
pub struct InitValues {
    /// The node's JSON-RPC.
    pub rpc_url: Option<String>,
    /// The node's WebSocket.
    pub ws_url: Option<String>,
    /// The market's account.
    pub market: Option<Pubkey>,
    /// The provider's account.
    pub provider: Option<Pubkey>,
    /// The key file of commands that sign.
    pub keypair: Option<PathBuf>,
    /// A fresh key that is written to `keypair`, where there is none yet.
    pub new_key: Option<SecretString>,
    /// Number of reporters, whose fresh keys are written next to the file as `reporter-0.json`, `reporter-1.json` and so on.
    pub reporters: u8,
}

/// Writes `provider.toml`, with a comment on every key, and `secret` and fresh keys, readable by their owner alone, to a folder.
/// Overwrites nothing. Returns the path of `provider.toml`. Errors: [`InitError`].
pub fn init(folder: &Path, values: &InitValues) -> Result<PathBuf, InitError> {
    let (config, secret) = (folder.join("provider.toml"), folder.join("secret"));
    let reporters = reporter_files(folder, values.reporters);
    let new_key = values.keypair.as_ref().zip(values.new_key.as_ref());
    let names = [&config, &secret].into_iter().chain(&reporters).chain(new_key.map(|(path, _)| path));
    require_absent(names.map(PathBuf::as_path))?;
    if let Some((path, key)) = new_key {
        write_new(path, key.expose_secret(), Readers::Owner)?;
    }
    write_secret(&secret)?;
    for path in &reporters {
        write_new(path, key_text(&Keypair::new()).expose_secret(), Readers::Owner)?;
    }
    write_new(&config, &text(values), Readers::Everyone)?;
    Ok(config)
}

/// The text of a key's file, in the format of Solana's command line.
pub fn key_text(key: &Keypair) -> SecretString {
    SecretString::from(format!("{:?}\n", key.to_bytes()))
}

/// The files of the keys of so many reporters, in the folder of `provider.toml`.
pub fn reporter_files(folder: &Path, count: u8) -> Vec<PathBuf> {
    (0..count).map(|number| folder.join(reporter_file(number))).collect()
}

fn reporter_file(number: u8) -> String {
    format!("reporter-{number}.json")
}

/// The example with the values in the place of its own.
fn text(values: &InitValues) -> String {
    let mut text = EXAMPLE.to_string();
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            text = set_first(&text, key, &value);
        }
    };
    set("rpc_url", values.rpc_url.clone());
    set("ws_url", values.ws_url.clone());
    set("market", values.market.map(|market| market.to_string()));
    set("provider", values.provider.map(|provider| provider.to_string()));
    if let Some(keypair) = &values.keypair {
        text += &format!("\n[operator]\nkeypair = {:?}\n", keypair.display().to_string());
    }
    if values.reporters > 0 {
        text += "\n[reporter]\ninterval_seconds = 10\n";
        for number in 0..values.reporters {
            text += &format!("[[reporter.key]]\nkind = \"file\"\npath = \"{}\"\n", reporter_file(number));
        }
    }
    text
}

/// Sets the first line of a text that begins with a key.
fn set_first(text: &str, key: &str, value: &str) -> String {
    let beginning = format!("{key} = ");
    let mut is_set = false;
    let line = |line: &str| match line.starts_with(&beginning) && !is_set {
        true => {
            is_set = true;
            format!("{key} = {value:?}\n")
        }
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Writes a fresh secret that API keys are made with, readable by its owner alone. Overwrites nothing. Errors: [`InitError`].
pub fn write_secret(path: &Path) -> Result<(), InitError> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| InitError::Random(error.to_string()))?;
    let digits = SecretString::from(hex::encode(bytes) + "\n");
    write_new(path, digits.expose_secret(), Readers::Owner)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{ApiKeys, Config},
        blockable_sdk::Pubkey,
        std::fs,
    };

    #[test]
    fn what_is_written_can_be_used_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(&folder.path().join("new"), &InitValues::default()).unwrap();
        let config = Config::FILE.load(&path).unwrap();
        let keys =
            ApiKeys::load(&config.secret_file, config.chain.market, config.chain.provider, &[]).unwrap();
        assert!(keys.make(&Pubkey::default(), 0, None).expose_secret().starts_with("blk-1111"));
        let before = fs::read_to_string(&config.secret_file).unwrap();
        assert!(matches!(
            init(path.parent().unwrap(), &InitValues::default()),
            Err(InitError::File(InitFileError::Exists { .. }))
        ));
        fs::remove_file(&path).unwrap();
        assert!(matches!(
            init(path.parent().unwrap(), &InitValues::default()),
            Err(InitError::File(InitFileError::Exists { .. }))
        ));
        assert_eq!(fs::read_to_string(&config.secret_file).unwrap(), before);
    }

    #[test]
    fn values_make_the_file_complete() {
        let folder = tempfile::tempdir().unwrap();
        let address = |byte| Some(Pubkey::new_from_array([byte; 32]));
        let values = InitValues {
            rpc_url: Some("http://127.0.0.1:7000".to_string()),
            ws_url: Some("ws://127.0.0.1:7001".to_string()),
            market: address(1),
            provider: address(2),
            keypair: Some(PathBuf::from("/keys/operator.json")),
            reporters: 2,
            ..InitValues::default()
        };
        let config = Config::FILE.load(&init(folder.path(), &values).unwrap()).unwrap();
        config.require_complete().unwrap();
        assert_eq!(
            (Some(config.chain.market), Some(config.chain.provider)),
            (values.market, values.provider)
        );
        assert_eq!((Some(config.chain.rpc_url), Some(config.chain.ws_url)), (values.rpc_url, values.ws_url));
        assert_eq!(config.operator.keypair, values.keypair);
        assert_eq!(config.reporter.unwrap().key.len(), 2);
        for number in 0..2 {
            let key = folder.path().join(reporter_file(number));
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&key).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
            blockable_sdk::read_keypair_file(key).unwrap();
        }
    }

    #[test]
    fn a_new_key_is_written_once_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let (key, path) = (Keypair::new(), folder.path().join("keys/operator.json"));
        let values = InitValues {
            keypair: Some(path.clone()),
            new_key: Some(key_text(&key)),
            ..InitValues::default()
        };
        let config = init(&folder.path().join("a"), &values).unwrap();
        assert_eq!(Config::FILE.load(&config).unwrap().operator.keypair.as_ref(), Some(&path));
        let found = blockable_sdk::read_keypair_file(&path).unwrap();
        assert_eq!(found.to_bytes(), key.to_bytes());
        let other = InitValues { new_key: Some(key_text(&Keypair::new())), ..values };
        let again = init(&folder.path().join("b"), &other);
        assert!(matches!(again, Err(InitError::File(InitFileError::Exists { .. }))));
        assert!(!folder.path().join("b/secret").exists(), "all files are written, or none");
        assert_eq!(blockable_sdk::read_keypair_file(&path).unwrap().to_bytes(), key.to_bytes());
    }

    #[test]
    fn placeholders_are_named_each() {
        let folder = tempfile::tempdir().unwrap();
        let some = InitValues { market: Some(Pubkey::new_from_array([1; 32])), ..InitValues::default() };
        for (values, left) in
            [(InitValues::default(), "chain.market, chain.provider: still"), (some, "chain.provider: still")]
        {
            let path = init(&folder.path().join(left), &values).unwrap();
            let error = Config::FILE.load(&path).unwrap().require_complete().unwrap_err().to_string();
            assert!(error.starts_with(left), "{error}");
        }
    }
}
