//! Keys of all kinds.

use {
    super::{KeyError, KeySource, SigningKey},
    blockable_testkit::vault::{Manner, Vault},
    serde_json::json,
    solana_keypair::{Keypair, write_keypair_file},
    solana_signer::Signer,
    std::{
        path::Path,
        time::{Duration, Instant},
    },
};

const DIGEST: [u8; 32] = [7; 32];
const TOKEN: &str = "hvs.token-of-the-test";

fn source(vault: &Vault, key: &Keypair, token_file: &Path) -> KeySource {
    let source = json!({
        "kind": "vault", "url": vault.url, "key": "reports", "public_key": key.pubkey().to_string(),
        "token_file": token_file,
    });
    serde_json::from_value(source).unwrap()
}

/// A Vault in some manner, a key that asks it, and the file of its token.
async fn vault(manner: Manner) -> (Vault, SigningKey, tempfile::NamedTempFile) {
    let key = Keypair::new();
    let vault = Vault::start(key.insecure_clone(), TOKEN, manner);
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), format!("{TOKEN}\n")).unwrap();
    let opened = source(&vault, &key, token.path()).open().await.unwrap();
    assert_eq!(opened.public_key(), key.pubkey());
    (vault, opened, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_signs_and_prints_as_its_public_key() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("reporter.json"), Keypair::new());
    write_keypair_file(&key, &path).unwrap();
    let source: KeySource = serde_json::from_value(json!({ "kind": "file", "path": path })).unwrap();
    let opened = source.open().await.unwrap();
    assert_eq!(opened.sign(&DIGEST).await.unwrap(), key.sign_message(&DIGEST));
    assert_eq!(opened.to_string(), key.pubkey().to_string());
    assert_eq!(format!("{opened:?}"), format!("SigningKey({})", key.pubkey()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_named_and_never_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reporter.json");
    let source = KeySource::File { path: path.clone() };
    assert!(matches!(source.open().await, Err(KeyError::File { .. })), "there is none");
    std::fs::write(&path, "[111, 222, 333, 4]").unwrap();
    let error = source.open().await.unwrap_err();
    assert_eq!(error, KeyError::NoKeypair(path.display().to_string()));
    let printed = format!("{error} {error:?}").replace(&*path.display().to_string(), "");
    assert!(!printed.contains("333") && !printed.contains("222"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn vault_signs() {
    let (_vault, key, _token) = vault(Manner::Honest).await;
    let signature = key.sign(&DIGEST).await.unwrap();
    assert!(signature.verify(key.public_key().as_ref(), &DIGEST));
    assert!(!format!("{key} {key:?}").contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_something_else_is_not_used() {
    let (_vault, key, _token) = vault(Manner::Wrong).await;
    let error = key.sign(&DIGEST).await.unwrap_err();
    assert_eq!(error, KeyError::WrongSignature(key.public_key()));
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_hangs_meets_the_deadline() {
    let (_vault, key, _token) = vault(Manner::Hangs).await;
    let deadline = Duration::from_millis(200);
    let key = key.with_deadline(deadline);
    let asked = Instant::now();
    assert_eq!(key.sign(&DIGEST).await, Err(KeyError::Deadline(deadline)));
    assert!(asked.elapsed() < Duration::from_secs(4), "the deadline is not the client's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_renewed_in_its_file_is_taken() {
    let (vault, key, token) = vault(Manner::Honest).await;
    key.sign(&DIGEST).await.unwrap();
    *vault.token.lock().unwrap() = "hvs.next".to_string();
    let error = key.sign(&DIGEST).await.unwrap_err();
    assert_eq!(error, KeyError::Refused);
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    std::fs::write(token.path(), "hvs.next").unwrap();
    key.sign(&DIGEST).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_the_environment() {
    // Cargo sets this one for every test, to the package's name.
    let key = Keypair::new();
    let vault = Vault::start(key.insecure_clone(), "blockable-sdk", Manner::Honest);
    let source = |name: &str| KeySource::Vault {
        url: vault.url.clone(),
        key: "reports".to_string(),
        public_key: key.pubkey().to_string(),
        token_env: Some(name.to_string()),
        token_file: None,
    };
    let opened = source("CARGO_PKG_NAME").open().await.unwrap();
    assert_eq!(opened.sign(&DIGEST).await.unwrap(), key.sign_message(&DIGEST));
    let missing = source("NO_SUCH_VARIABLE").open().await;
    assert!(matches!(missing, Err(KeyError::NoToken(_))), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_right_are_refused() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), TOKEN).unwrap();
    let public_key = Keypair::new().pubkey().to_string();
    let open = async |change: &dyn Fn(&mut serde_json::Value)| {
        let mut source = json!({
            "kind": "vault", "url": "https://vault.example", "key": "reports", "public_key": public_key,
            "token_file": token.path(),
        });
        change(&mut source);
        serde_json::from_value::<KeySource>(source).unwrap().open().await
    };
    assert!(open(&|_| {}).await.is_ok());
    let wrong: [&dyn Fn(&mut serde_json::Value); 8] = [
        &|source| source["url"] = json!("http://vault.example"),
        &|source| source["url"] = json!("https://user:secret@vault.example"),
        &|source| source["url"] = json!("vault.example"),
        &|source| source["key"] = json!("../keys/reports"),
        &|source| source["key"] = json!(""),
        &|source| source["public_key"] = json!("no key"),
        &|source| source["token_env"] = json!("TOKEN"),
        &|source| source["token_file"] = json!(null),
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        let opened = open(change).await;
        assert!(matches!(opened, Err(KeyError::Setting(_))), "{number}: {opened:?}");
    }
    let with_secret = json!({ "kind": "vault", "url": "https://vault.example", "key": "reports",
        "public_key": public_key, "token": TOKEN });
    assert!(serde_json::from_value::<KeySource>(with_secret).is_err(), "a token has no place in a config");
}

#[cfg(not(feature = "kms"))]
#[tokio::test(flavor = "multi_thread")]
async fn without_the_feature_kms_is_named() {
    let source = json!({ "kind": "kms", "key_id": "alias/reports", "region": "eu-west-1",
        "public_key": Keypair::new().pubkey().to_string() });
    let opened = serde_json::from_value::<KeySource>(source).unwrap().open().await;
    assert_eq!(opened.unwrap_err(), KeyError::NoKms);
}
