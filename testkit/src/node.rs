//! A `solana-test-validator` of one's own: free ports of 127.0.0.1, a ledger in a temporary folder, ended with the tests.

use {
    crate::{elf_path, free_ports},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{PROGRAM_ID, Pubkey, client::Client},
    serde_json::json,
    std::{
        env,
        fs::{self, File},
        io,
        path::{Path, PathBuf},
        process::{Child, Command, ExitStatus, Stdio},
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Names the binary where it is not on the path.
pub const BINARY_VARIABLE: &str = "SOLANA_TEST_VALIDATOR";
const BINARY: &str = "solana-test-validator";
/// Lamports of accounts that it begins with: rent for any of the program's.
const PUT_LAMPORTS: u64 = 20_000_000;
/// Longest time until the node produces blocks.
const START: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// Ports that one node takes: RPC, WebSocket, faucet, gossip, and 28 that it hands out itself.
const PORTS: u16 = 32;

/// The binary that [`BINARY_VARIABLE`] names, or else the one on the path. Errors: the variable names no file.
pub fn binary() -> Result<Option<PathBuf>, String> {
    if let Some(named) = env::var_os(BINARY_VARIABLE).map(PathBuf::from) {
        return match named.is_file() {
            true => Ok(Some(named)),
            false => Err(format!("{BINARY_VARIABLE} names no file: {}", named.display())),
        };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::split_paths(&path).map(|folder| folder.join(BINARY)).find(|file| file.is_file()))
}

/// As [`binary`], where there is nothing to do without one. Errors: what to do about it.
pub fn required_binary() -> Result<PathBuf, String> {
    binary()?.ok_or_else(|| {
        format!("{BINARY} is not on the path; set {BINARY_VARIABLE}=$(scripts/install-test-validator)")
    })
}

/// A running validator; dropping it ends it and removes its ledger.
pub struct Node {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Node {
    /// Starts a node with the committed program and waits until it produces blocks.
    pub async fn start(binary: &Path) -> Node {
        Node::start_with(binary, &[]).await
    }

    /// As [`Node::start`], with accounts of the program's that are there from the first block on.
    pub async fn start_with(binary: &Path, accounts: &[(Pubkey, Vec<u8>)]) -> Node {
        let port = free_ports(PORTS + 1);
        let folder = env::temp_dir().join(format!("blockable-validator-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the ledger");
        let account_files = folder.join("accounts");
        write_accounts(&account_files, accounts).expect("a folder for the accounts");
        let output = File::create(folder.join("output.txt")).expect("a file for the output");
        let process = Command::new(binary)
            .args(["--bpf-program", &PROGRAM_ID.to_string()])
            .arg(elf_path())
            .args(["--bind-address", "127.0.0.1"])
            .arg("--ledger")
            .arg(folder.join("ledger"))
            .arg("--account-dir")
            .arg(account_files)
            .args(["--rpc-port", &port.to_string(), "--faucet-port", &(port + 2).to_string()])
            .args(["--gossip-port", &(port + 3).to_string()])
            .args(["--dynamic-port-range", &format!("{}-{}", port + 4, port + PORTS)])
            .stdin(Stdio::null())
            .stderr(output.try_clone().expect("a second handle"))
            .stdout(output)
            .spawn()
            .expect("the validator starts");
        let mut node = Node { process, folder, port };
        node.wait_for_blocks().await;
        node
    }

    async fn wait_for_blocks(&mut self) {
        let (client, deadline) = (self.client(), Instant::now() + START);
        // The program can be called one slot after its account was made.
        while !matches!(client.rpc().get_slot().await, Ok(slot) if slot > 1) {
            if let Some(status) = self.exited() {
                panic!("the validator ended with {status}:\n{}", self.output());
            }
            assert!(Instant::now() < deadline, "the validator makes no blocks:\n{}", self.output());
            sleep(POLL).await;
        }
    }

    /// A client of the node.
    pub fn client(&self) -> Client {
        Client::new(self.rpc_url())
    }

    /// The node's JSON-RPC.
    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The node's WebSocket.
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port + 1)
    }

    /// The exit status of the process, `None` while it runs.
    fn exited(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// The last lines that the node printed.
    fn output(&self) -> String {
        let text = fs::read_to_string(self.folder.join("output.txt")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = ended {
            eprintln!("the validator (process {}) could not be ended: {error}", self.process.id());
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes accounts as the validator reads them, a file each.
fn write_accounts(folder: &Path, accounts: &[(Pubkey, Vec<u8>)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (address, data) in accounts {
        let account = json!({
            "pubkey": address.to_string(),
            "account": {
                "lamports": PUT_LAMPORTS,
                "data": [STANDARD.encode(data), "base64"],
                "owner": PROGRAM_ID.to_string(),
                "executable": false,
                "rentEpoch": u64::MAX,
                "space": data.len(),
            },
        });
        fs::write(folder.join(format!("{address}.json")), account.to_string())?;
    }
    Ok(())
}
