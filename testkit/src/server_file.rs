//! The `provider.toml` of servers on a cluster: an echo model, and two reporters that the provider lists.

use {
    crate::{Chain, Parties},
    solana_sdk::signature::write_keypair_file,
    std::path::Path,
};

/// A server's file. What is not named here is the same in all of them.
pub struct ServerFile<'a> {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The port of health and metrics on 127.0.0.1; 0 for a free one.
    pub ops_port: u16,
    /// The node's JSON-RPC and WebSocket.
    pub urls: (&'a str, &'a str),
    /// Seconds that a job may run.
    pub job_seconds: u64,
    /// Further keys of the section `[gate]`.
    pub gate: &'a str,
    /// Further sections.
    pub sections: &'a str,
}

impl ServerFile<'_> {
    /// Credit units per 1,000 tokens of a prompt.
    pub const PROMPT_PRICE: u64 = 1_000;
    /// Credit units per 1,000 generated tokens.
    pub const GENERATED_PRICE: u64 = 4_000;

    /// The text, for a chain's provider.
    pub fn text(&self, chain: &Chain) -> String {
        format!(
            r#"
listen = ["127.0.0.1:{port}"]
secret_file = "secret"
shutdown_timeout_seconds = 5

[ops]
listen = "127.0.0.1:{ops_port}"

[chain]
rpc_url = "{rpc_url}"
ws_url = "{ws_url}"
market = "{market}"
provider = "{provider}"

[gate]
store = "gate.db"
{gate}

[reporter]
interval_seconds = 1

[[reporter.key]]
kind = "file"
path = "reporter-0.json"

[[reporter.key]]
kind = "file"
path = "reporter-1.json"

[[model]]
name = "echo"
upstream = "echo"
context_tokens = 131072
max_output_tokens = 4096
units_per_1k_prompt = {prompt}
units_per_1k_generated = {generated}
timeout_seconds = {job_seconds}

{sections}
"#,
            port = self.port,
            ops_port = self.ops_port,
            rpc_url = self.urls.0,
            ws_url = self.urls.1,
            market = chain.keys.market,
            provider = chain.provider,
            gate = self.gate,
            prompt = ServerFile::PROMPT_PRICE,
            generated = ServerFile::GENERATED_PRICE,
            job_seconds = self.job_seconds,
            sections = self.sections,
        )
    }

    /// Writes the reporters' keys to the file's folder.
    pub fn write_reporter_keys(folder: &Path) {
        for index in 0..2 {
            let path = folder.join(format!("reporter-{index}.json"));
            write_keypair_file(&Parties::reporter(index), path).expect("the reporter's key is written");
        }
    }
}
