//! The file of one transaction.

use {
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{Hash, Pubkey, Signature, VersionedTransaction, client::Recorded, transactions},
    serde_json::{Value, json},
    std::{fs, path::Path},
};

/// A transaction of an earlier run.
pub(in crate::command) struct Entry {
    /// The hash of the command that sent it.
    pub(super) action: String,
    pub(in crate::command) signature: Signature,
    /// The last block in which it can land.
    pub(super) last_valid: u64,
    /// The accounts that it is about.
    pub(super) subjects: Vec<Pubkey>,
    pub(in crate::command) transaction: VersionedTransaction,
}

impl Entry {
    /// The transaction, to be looked up and sent again.
    pub(super) fn recorded(&self) -> Recorded {
        Recorded::read_back(self.transaction.clone(), self.last_valid)
    }

    /// The text of the file, for a cluster.
    pub(super) fn text(&self, genesis: &Hash) -> String {
        json!({
            "genesis_hash": genesis.to_string(),
            "action": self.action,
            "signature": self.signature.to_string(),
            "last_valid_block_height": self.last_valid,
            "accounts": self.subjects.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "transaction": BASE64_STANDARD.encode(transactions::encode(&self.transaction)),
        })
        .to_string()
    }

    /// Reads a file; `None` for one of another cluster. Errors: the reason.
    pub(super) fn read(path: &Path, genesis: &Hash) -> Result<Option<Entry>, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let content: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let field = |name: &str| content[name].as_str().ok_or(format!("it has no {name}"));
        if field("genesis_hash")? != genesis.to_string() {
            return Ok(None);
        }
        let signature = field("signature")?.parse().map_err(|_| "its signature is none".to_string())?;
        let bytes = BASE64_STANDARD.decode(field("transaction")?).map_err(|error| error.to_string())?;
        let transaction = transactions::decode(&bytes).ok_or("its transaction is none")?;
        let accounts = content["accounts"].as_array().ok_or("it has no accounts")?;
        let last_valid = content["last_valid_block_height"].as_u64().ok_or("it has no last block")?;
        Ok(Some(Entry {
            action: field("action")?.to_string(),
            signature,
            last_valid,
            subjects: accounts.iter().filter_map(|account| account.as_str()?.parse().ok()).collect(),
            transaction,
        }))
    }
}
