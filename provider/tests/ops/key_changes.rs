//! Changes of keys, over a store from before.

use {
    super::keys::{call, chat, hand_over, json_of, make, sign_in, start},
    crate::common::{Bench, ours, refused},
    blockable_provider::config::{Revoked, RevokedKeys},
    blockable_sdk::Signer,
    reqwest::Method,
    serde_json::{Value, json},
    std::{
        fs,
        path::Path,
        time::{SystemTime, UNIX_EPOCH},
    },
    tempfile::TempDir,
};

/// Puts a copy of the store in its place, as a restore does.
fn put_back(folder: &Path, copy: &str) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("gate.db{end}")));
    }
    fs::copy(folder.join(copy), folder.join("gate.db")).unwrap();
}

fn text(made: &Value) -> String {
    made["key"].as_str().unwrap().to_string()
}

async fn works(bench: &Bench, key: &str) -> bool {
    chat(bench, key, json!({"max_tokens": 2})).await.status() == 200
}

/// A backup has the keys as they were: without the file of changes those that leaked would open the credit again.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_from_before_a_revocation_brings_no_key_back() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let mut keys = Vec::new();
    for name in ["gone", "replaced", "kept"] {
        keys.push(text(&make(&bench, &key, name, json!({})).await));
    }
    let folder: TempDir = bench.stop().await;
    fs::copy(folder.path().join("gate.db"), folder.path().join("old.db")).unwrap();

    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let late = text(&make(&bench, &key, "late", json!({})).await);
    for (method, path) in [
        (Method::DELETE, "/v1/keys/gone"),
        (Method::DELETE, "/v1/keys/late"),
        (Method::POST, "/v1/keys/replaced/replace"),
    ] {
        json_of(call(&bench, &key, method, path, json!({})).await).await;
    }
    let folder = bench.stop().await;
    put_back(folder.path(), "old.db");

    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    assert!(works(&bench, &keys[2]).await && works(&bench, &key).await, "others are as they were");
    for void in [&keys[0], &keys[1], &late] {
        assert!(!works(&bench, void).await, "{void}");
    }
    let again = call(&bench, &key, Method::PUT, "/v1/keys/late", json!({})).await;
    refused(again, 409, "key_revoked").await;
    let next = json_of(call(&bench, &key, Method::POST, "/v1/keys/replaced/replace", json!({})).await).await;
    assert_eq!(next["version"], 3, "no text is given twice");
    assert!(works(&bench, &text(&next)).await);

    // Bounds that were drawn closer, and keys that the backup has never seen.
    let later = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3_000;
    let closer = json!({"budget": {"units": 3}, "requests_per_minute": 2, "expires_at": later});
    make(&bench, &key, "kept", json!({"budget": {"units": 9_000}})).await;
    let closer = make(&bench, &key, "kept", closer).await;
    let newer = make(&bench, &key, "newer", json!({"units_per_minute": 7})).await;
    let folder = bench.stop().await;
    put_back(folder.path(), "old.db");
    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    for was in [closer, newer] {
        let path = format!("/v1/keys/{}", was["name"].as_str().unwrap());
        let is = json_of(call(&bench, &key, Method::GET, &path, json!({})).await).await;
        for bound in
            ["budget", "requests_per_minute", "units_per_minute", "expires_at", "created_at", "valid"]
        {
            assert_eq!(is[bound], was[bound], "{path} {bound}");
        }
    }
    refused(chat(&bench, &keys[2], json!({"max_tokens": 2})).await, 402, "key_budget_exhausted").await;
    make(&bench, &key, "kept", json!({"budget": null, "requests_per_minute": null})).await;
    assert!(works(&bench, &keys[2]).await);

    // All of them at once.
    let fresh = sign_in(&bench, &borrower, true).await;
    let folder = bench.stop().await;
    put_back(folder.path(), "old.db");
    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    assert!(works(&bench, &fresh).await && !works(&bench, &key).await && !works(&bench, &keys[2]).await);
    bench.stop().await;
}

/// It is in the file alone: the one that is sent in its place comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_store_did_not_take_wins_over_no_later_one() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    make(&bench, &key, "team", json!({"budget": {"units": 9}})).await;
    let folder = bench.stop().await;
    fs::copy(folder.path().join("gate.db"), folder.path().join("old.db")).unwrap();

    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let store = rusqlite::Connection::open(bench.folder.path().join("gate.db")).unwrap();
    store.execute_batch("ALTER TABLE api_keys RENAME TO away").unwrap();
    let refused = call(&bench, &key, Method::PUT, "/v1/keys/team", json!({"budget": {"units": 7}})).await;
    assert_eq!(refused.status(), 503);
    store.execute_batch("ALTER TABLE away RENAME TO api_keys").unwrap();
    drop(store);
    make(&bench, &key, "team", json!({"budget": {"units": 5}})).await;
    let folder = bench.stop().await;
    put_back(folder.path(), "old.db");

    let bench = Bench::start_in(folder, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let found = json_of(call(&bench, &key, Method::GET, "/v1/keys/team", json!({})).await).await;
    assert_eq!(found["budget"]["units"], 5);
    bench.stop().await;
}

/// The provider's list can be taken back, and a borrower's revocation cannot, whichever came first.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_file_lists_is_void_for_good_once_its_borrower_revokes_it() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let mut texts = Vec::new();
    for name in ["listed", "both"] {
        texts.push(text(&make(&bench, &key, name, json!({})).await));
    }
    let folder = bench.stop().await;
    let bench = Bench::start_in(folder, |config| {
        for name in ["listed", "both"] {
            config.revoked.push(Revoked { credit: ours(), keys: RevokedKeys::Named(name.to_string()) });
        }
    })
    .await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let message = async |bench: &Bench, name: &str| {
        let path = format!("/v1/keys/{name}");
        let refusal =
            refused(call(bench, &key, Method::PUT, &path, json!({})).await, 409, "key_revoked").await;
        refusal["error"]["message"].as_str().unwrap().to_string()
    };
    assert!(message(&bench, "listed").await.contains("the provider has revoked"));
    json_of(call(&bench, &key, Method::DELETE, "/v1/keys/both", json!({})).await).await;
    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    assert!(works(&bench, &texts[0]).await, "its entry is gone");
    assert!(!works(&bench, &texts[1]).await, "its borrower has revoked it");
    assert!(message(&bench, "both").await.contains("for good"));
    bench.stop().await;
}
