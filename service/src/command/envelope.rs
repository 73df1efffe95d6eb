//! The one JSON document of a command.

use {
    super::{Exit, printable},
    blockable_sdk::{Signature, errors::SentError},
    serde_json::{Value, json},
    std::error::Error,
};

/// The version of the envelope; it rises with every change that a reader could notice.
pub const SCHEMA_VERSION: u32 = 1;

/// An error that ends a command.
pub trait Failure: Error {
    /// The command's exit code.
    fn exit(&self) -> Exit;

    /// The transaction that was sent before the error, where one was.
    fn sent(&self) -> Option<&SentError>;

    /// The transactions of the command that had landed before the one that failed, in their order.
    fn landed(&self) -> &[Signature] {
        &[]
    }
}

/// The document of a command: `{"schema_version", "ok", "data", "error"}`, of the same shape after a failure. `error` has `code`,
/// the [`Exit`]'s name, and `message`; after a send also `signature`, `last_valid_block_height` and `outcome`, and `landed`
/// with the signatures of the command's earlier transactions, where there are some.
pub fn document<E: Failure>(result: &Result<Value, E>) -> Value {
    match result {
        Ok(data) => json!({"schema_version": SCHEMA_VERSION, "ok": true, "data": data, "error": null}),
        Err(error) => {
            let mut fault = json!({"code": error.exit().name(), "message": printable(&error.to_string())});
            if let Some(sent) = error.sent() {
                fault["signature"] = json!(sent.signature.to_string());
                fault["last_valid_block_height"] = json!(sent.last_valid);
                fault["outcome"] = json!(sent.outcome.name());
            }
            if !error.landed().is_empty() {
                fault["landed"] = error.landed().iter().map(ToString::to_string).collect();
            }
            json!({"schema_version": SCHEMA_VERSION, "ok": false, "data": null, "error": fault})
        }
    }
}
