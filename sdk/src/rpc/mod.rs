//! The RPC client: connections with a deadline and a bound, its types, and descriptions of what nodes answer that carry no URL: URLs may
//! carry keys.

mod bounded;

use crate::printable;
pub use bounded::{MAX_ANSWER, MAX_LIST, connect};
pub use {
    solana_account::Account,
    solana_rpc_client::{
        nonblocking::rpc_client::RpcClient, rpc_client::GetConfirmedSignaturesForAddress2Config,
    },
    solana_rpc_client_api::{
        client_error::{Error as RpcClientError, ErrorKind as RpcClientErrorKind},
        config::{
            CommitmentConfig, RpcAccountInfoConfig, RpcProgramAccountsConfig, RpcSendTransactionConfig,
            RpcSignatureSubscribeConfig, RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig,
            RpcTransactionConfig, UiAccountEncoding, UiDataSliceConfig, UiTransactionEncoding,
        },
        custom_error::JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE,
        filter::{Memcmp, RpcFilterType},
        request::{RpcError, RpcRequest, RpcResponseErrorData},
        response::{OptionalContext, RpcKeyedAccount, UiAccount},
    },
    solana_transaction_status_client_types::{
        EncodedConfirmedTransactionWithStatusMeta, TransactionStatus, UiInnerInstructions, UiInstruction,
        UiParsedInstruction, option_serializer::OptionSerializer,
    },
};

/// Most characters of a node's own message that are passed on.
const MESSAGE: usize = 200;

/// Describes a failed request without its URL.
pub fn describe(error: &RpcClientError) -> String {
    match error.kind() {
        RpcClientErrorKind::Reqwest(error) if error.is_timeout() => "no answer in time".to_string(),
        RpcClientErrorKind::Reqwest(error) if error.is_connect() => "it cannot be reached".to_string(),
        RpcClientErrorKind::Reqwest(error) => match error.status() {
            Some(status) => format!("HTTP status {}", status.as_u16()),
            None => "the connection broke off or its answer cannot be read".to_string(),
        },
        RpcClientErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => {
            format!("{} (code {code})", shorten(message))
        }
        RpcClientErrorKind::Custom(reason) if bounded::OWN.contains(&reason.as_str()) => reason.clone(),
        RpcClientErrorKind::TransactionError(error) => error.to_string(),
        RpcClientErrorKind::SerdeJson(_) => "its answer cannot be read".to_string(),
        _ => "the request failed".to_string(),
    }
}

/// The message of a node or a server, cut and in one line, without what a terminal or a reader would take for another thing than text;
/// see [`printable`].
pub fn shorten(message: &str) -> String {
    printable(message).chars().filter(|character| !character.is_control()).take(MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut() {
        let message = RpcError::RpcResponseError {
            code: -32_005,
            message: format!("behind\n{}", "x".repeat(9_999)),
            data: RpcResponseErrorData::Empty,
        };
        let described = describe(&RpcClientError::from(RpcClientErrorKind::RpcError(message)));
        assert!(described.starts_with("behindxxx") && described.ends_with("(code -32005)"), "{described}");
        assert!(described.len() < 2 * MESSAGE);
    }
}
