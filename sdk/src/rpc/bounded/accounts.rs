//! Accounts in answers. The RPC client asks for compressed ones, which can become of any size, and panics on one that it cannot decode:
//! plain ones are asked for, and are looked at before the client gets them.

use {
    crate::rpc::{RpcRequest, UiAccount},
    serde_json::Value,
    std::slice,
};

const COMPRESSED: &str = "base64+zstd";
const PLAIN: &str = "base64";

/// Asks for accounts without compression. Returns whether the RPC client itself decodes them: it is the one who asks for compression.
pub(super) fn ask_plainly(request: &RpcRequest, params: &mut Value) -> bool {
    let is_compressed = has_accounts(request) && params[1]["encoding"] == COMPRESSED;
    if is_compressed {
        params[1]["encoding"] = PLAIN.into();
    }
    is_compressed
}

/// Tests that all accounts in a result are plain and, where the RPC client decodes them, whole.
pub(super) fn are_readable(request: &RpcRequest, result: &Value, is_decoded: bool) -> bool {
    let value = result.get("value").unwrap_or(result);
    let found = match request {
        RpcRequest::GetAccountInfo => slice::from_ref(value),
        request if has_accounts(request) => value.as_array().map(Vec::as_slice).unwrap_or_default(),
        _ => &[],
    };
    let accounts = found.iter().map(|entry| entry.get("account").unwrap_or(entry));
    accounts
        .filter(|account| !account.is_null())
        .all(|account| is_plain(account) && (!is_decoded || is_whole(account)))
}

fn has_accounts(request: &RpcRequest) -> bool {
    matches!(
        request,
        RpcRequest::GetAccountInfo | RpcRequest::GetMultipleAccounts | RpcRequest::GetProgramAccounts
    )
}

fn is_plain(account: &Value) -> bool {
    account["data"][1] == PLAIN
}

fn is_whole(account: &Value) -> bool {
    serde_json::from_value::<UiAccount>(account.clone()).is_ok_and(|account| account.to_account().is_some())
}
