//! A sandbox that goes wrong: a part that ends, a holder that panics, a kept folder that was damaged.

use {
    crate::{Options, Ports, Sandbox, SandboxError},
    blockable_cluster::require_free,
    blockable_testkit::free_ports,
    serde_json::Value,
    std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
        time::{Duration, Instant},
    },
    tokio::time::{sleep, timeout},
};

/// Longest wait for what follows by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Six ports in a row that are free.
fn six_ports() -> (u16, [u16; 6]) {
    let first = free_ports(6);
    (first, [0, 1, 2, 3, 4, 5].map(|number| first + number))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_ends_is_noticed_and_a_dropped_sandbox_ends() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    assert!(timeout(Duration::from_secs(2), sandbox.ended()).await.is_err(), "all parts run");
    sandbox.cluster().terminate();
    let ended = timeout(PATIENCE, sandbox.ended()).await.unwrap();
    assert!(matches!(ended, SandboxError::Ended { part: "the embedded cluster", .. }), "{ended}");
    let stopped = timeout(2 * PATIENCE, sandbox.stop()).await.unwrap();
    let error = stopped.unwrap_err().to_string();
    assert!(!error.contains("disconnected channel"), "{error}");

    let (first, six) = six_ports();
    let sandbox = Sandbox::start(Options { ports: Ports::From(first), ..Options::default() }).await.unwrap();
    let folder = sandbox.description().folder.clone();
    assert!(require_free(&six).is_err());
    drop(sandbox);
    let began = Instant::now();
    while require_free(&six).is_err() {
        assert!(began.elapsed() < PATIENCE, "a dropped sandbox keeps its ports");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!folder.exists(), "a temporary folder goes with it");
}

/// A kept folder.
struct Kept {
    folder: PathBuf,
}

impl Kept {
    async fn refused(&self) -> String {
        let options = Options { keep: Some(self.folder.clone()), ..Options::default() };
        let refused = timeout(PATIENCE, Sandbox::start(options)).await.unwrap();
        refused.err().expect("a refusal").to_string()
    }

    /// The refusal of the folder with another text in a file, or without the file.
    async fn with(&self, file: &str, change: impl Fn(&str) -> Option<String>) -> String {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        match change(&text) {
            None => fs::remove_file(&path).unwrap(),
            Some(other) => fs::write(&path, other).unwrap(),
        }
        let refused = self.refused().await;
        fs::write(&path, text).unwrap();
        refused
    }
}

fn number(text: &str, field: &str, number: u64) -> Option<String> {
    let mut image: Value = serde_json::from_str(text).unwrap();
    image[field] = number.into();
    Some(image.to_string())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_folder_that_lacks_something_is_refused_before_anything_starts() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("above/kept");
    let options = || Options { keep: Some(folder.clone()), ..Options::default() };
    Sandbox::start(options()).await.unwrap().stop().await.unwrap();
    for place in ["..", ".", "keys", "cluster", "provider", "keeper"] {
        assert_eq!(mode(&folder.join(place)), 0o700, "{place}");
    }
    // As an older umask had left them.
    for place in [".", "keys"] {
        fs::set_permissions(folder.join(place), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let kept = Kept { folder: folder.clone() };
    let (accounts, blocks) = ("cluster/accounts.json", "cluster/blocks.jsonl");
    let missing = kept.with(accounts, |_| None).await;
    assert!(missing.contains("holds no chain of its market: cluster/accounts.json is missing"), "{missing}");
    for place in [".", "keys"] {
        assert_eq!(mode(&folder.join(place)), 0o700, "{place}");
    }
    let cut = kept.with(accounts, |text| Some(text[..text.len() / 2].to_string())).await;
    assert!(
        cut.contains("accounts.json is damaged") && cut.contains("restore the folder from a copy"),
        "{cut}"
    );
    for field in ["slot", "clock_ms", "block_height", "write_version", "tip_index", "transaction_count"] {
        let huge = kept.with(accounts, |text| number(text, field, u64::MAX)).await;
        assert!(huge.contains("accounts.json is damaged") && huge.contains(field), "{huge}");
    }
    let others = kept.with(accounts, |text| {
        let mut image: Value = serde_json::from_str(text).unwrap();
        image["accounts"] = Value::Array(Vec::new());
        Some(image.to_string())
    });
    let others = others.await;
    assert!(others.contains("or another sandbox's"), "{others}");
    let torn = kept.with(blocks, |text| Some(text[10..].to_string())).await;
    assert!(torn.contains("blocks.jsonl is damaged: line 1"), "{torn}");
    let buyers = fs::read_to_string(folder.join("keys/buyer.json")).unwrap();
    for name in ["lender", "mint", "keeper", "reporter-3"] {
        let swapped = kept.with(&format!("keys/{name}.json"), |_| Some(buyers.clone())).await;
        assert!(swapped.contains(&format!("{name}.json: it is the key of ")), "{swapped}");
    }
    let without = kept.with("keys/guardian.json", |_| None).await;
    assert!(without.contains("cannot read the key"), "{without}");
    // With everything in its place again it goes on.
    Sandbox::start(options()).await.unwrap().stop().await.unwrap();
}
