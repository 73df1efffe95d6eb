//! A provider on a cluster of its own, and the runs of its commands.

use {
    blockable_sdk::{Keypair, Pubkey, Signer, addresses, program::state::Provider, write_keypair_file},
    blockable_testkit::{Cluster, Parties},
    serde_json::Value,
    std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::PathBuf,
        process::{Command, Output},
        thread::sleep,
        time::{Duration, Instant},
    },
    tempfile::TempDir,
};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_blockable-provider");
/// Units that the provider under test commits to.
pub(crate) const CAPACITY: u64 = 2_000_000_000;

/// A cluster, and the folder of a provider that is not registered yet.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    folder: TempDir,
    pub(crate) authority: Keypair,
}

/// The end of a run: exit code, the document, and what was shown.
pub(crate) struct Run {
    code: i32,
    pub(crate) document: Value,
    pub(crate) shown: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn expect(self, code: i32, message: &str) -> Run {
        let text = self.document["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(self.code, code, "{text}\n{}", self.shown);
        assert_eq!(self.document["ok"], code == 0, "{}", self.document);
        assert!(text.contains(message), "`{message}` is not in `{text}`");
        self
    }

    #[track_caller]
    pub(crate) fn did(self, changed: bool) -> Value {
        let run = self.expect(0, "");
        assert_eq!(run.document["data"]["changed"], changed, "{}\n{}", run.document, run.shown);
        let sent = run.document["data"]["signatures"].as_array().unwrap().len();
        assert_eq!(sent > 0, changed, "{}", run.document);
        run.document["data"].clone()
    }
}

impl Stage {
    pub(crate) async fn new() -> Stage {
        let cluster = Cluster::start().await;
        let authority = Parties::key("stranger");
        blockable_testkit::Chain::fund(&cluster.chain.client, "stranger").await;
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { cluster, folder, authority };
        stage.write_key("operator.json", &stage.authority);
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write_key(&self, name: &str, key: &Keypair) {
        write_keypair_file(key, self.path(name)).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("server/provider.toml")
    }

    pub(crate) fn provider(&self) -> Pubkey {
        addresses::provider(&self.cluster.chain.keys.market, &self.authority.pubkey())
    }

    /// Writes the server's file by `init`.
    pub(crate) fn init(&self) {
        let chain = &self.cluster.chain;
        let output = Command::new(BINARY)
            .arg("init")
            .arg(self.path("server"))
            .args(["--market", &chain.keys.market.to_string(), "--rpc", &self.cluster.rpc_url()])
            .args(["--ws", &self.cluster.ws_url(), "--reporters", "2", "--keypair"])
            .arg(self.path("operator.json"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains(&self.provider().to_string()));
    }

    /// Runs a command with `--json`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let (name, rest) = arguments.split_first().unwrap();
        let mut command = Command::new(BINARY);
        command.arg(name).arg("--config").arg(self.config()).arg("--json").args(rest);
        Run::new(&command.output().unwrap())
    }

    /// The same with `--yes`.
    pub(crate) fn confirmed(&self, arguments: &[&str]) -> Run {
        self.run(&[arguments, &["--yes"]].concat())
    }

    /// Runs `issue --watch` until it has said something, and for two more reads of the chain, in which it says nothing. Returns
    /// the document.
    pub(crate) fn watch(&self, arguments: &[&str]) -> Value {
        let said = self.path("said.json");
        let mut command = Command::new(BINARY);
        command.args(["issue", "--watch", "--json", "--config"]).arg(self.config()).args(arguments);
        let mut child = command.stdout(fs::File::create(&said).unwrap()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while fs::read_to_string(&said).unwrap().lines().count() == 0 {
            assert!(child.try_wait().unwrap().is_none() && Instant::now() < until, "{arguments:?}");
            sleep(Duration::from_millis(50));
        }
        sleep(Duration::from_millis(2_500));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
        let said = fs::read_to_string(said).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        serde_json::from_str(&said).unwrap()
    }

    pub(crate) async fn state(&self) -> Provider {
        self.cluster.chain.client.provider(&self.provider()).await.unwrap()
    }

    /// Replaces a line of the server's file.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(self.config(), text.replacen(from, to, 1)).unwrap();
    }
}

impl Run {
    pub(crate) fn new(output: &Output) -> Run {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let document: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
        for member in ["ok", "data", "error"] {
            assert!(document.get(member).is_some(), "{document}");
        }
        assert_eq!(document["schema_version"], 1);
        let shown = String::from_utf8_lossy(&output.stderr).to_string();
        Run { code: output.status.code().unwrap(), document, shown }
    }
}
