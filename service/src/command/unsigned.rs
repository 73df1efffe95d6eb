//! Transactions that are signed elsewhere: by a Ledger, by Squads, by a machine without a network.

use {
    super::Nodes,
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        Pubkey, Signature, VersionedTransaction, client::Prepared, errors::ClientError, transactions,
    },
    serde_json::{Value, json},
    sha2::{Digest, Sha256},
};

/// A transaction without its signatures.
#[derive(Clone, Debug)]
pub struct Unsigned {
    bytes: Vec<u8>,
    message_hash: String,
    signers: Vec<Pubkey>,
    last_valid: u64,
}

impl Unsigned {
    /// Builds prepared transactions with a fresh blockhash. Errors: [`ClientError`].
    pub async fn build(
        nodes: &Nodes,
        payer: &Pubkey,
        prepared: &[Prepared],
    ) -> Result<Vec<Unsigned>, ClientError> {
        let rpc = nodes.client.rpc();
        let latest = rpc.get_latest_blockhash_with_commitment(rpc.commitment()).await;
        let (blockhash, last_valid) = latest?;
        let build = |prepared: &Prepared| {
            let message = transactions::message_v0(&prepared.instructions, payer, blockhash)?;
            let count = usize::from(message.header().num_required_signatures);
            let signers = message.static_account_keys().iter().take(count).copied().collect();
            let message_hash = bs58::encode(Sha256::digest(message.serialize())).into_string();
            let transaction = VersionedTransaction { signatures: vec![Signature::default(); count], message };
            Ok(Unsigned { bytes: transactions::encode(&transaction), message_hash, signers, last_valid })
        };
        prepared.iter().map(build).collect()
    }

    /// Lines for people.
    pub fn text(&self) -> String {
        let signers: Vec<String> = self.signers.iter().map(ToString::to_string).collect();
        format!(
            "base64        {}\nbase58        {}\nmessage hash  {}\nsigners       {}\nlast block    {} (about a minute from now)",
            BASE64_STANDARD.encode(&self.bytes),
            bs58::encode(&self.bytes).into_string(),
            self.message_hash,
            signers.join(", "),
            self.last_valid
        )
    }

    /// The same as data.
    pub fn json(&self) -> Value {
        json!({
            "base64": BASE64_STANDARD.encode(&self.bytes),
            "base58": bs58::encode(&self.bytes).into_string(),
            "message_hash": self.message_hash,
            "signers": self.signers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "last_valid_block_height": self.last_valid,
        })
    }
}
