//! What nodes say, in words that carry no URL: URLs may carry keys.

use solana_client::{
    client_error::{ClientError, ClientErrorKind},
    rpc_request::RpcError,
};

/// Most characters of a node's own message that are passed on.
const MESSAGE: usize = 200;

/// What a failed request says, without its URL.
pub fn describe(error: &ClientError) -> String {
    match error.kind() {
        ClientErrorKind::Reqwest(error) if error.is_timeout() => "no answer in time".to_string(),
        ClientErrorKind::Reqwest(error) if error.is_connect() => "it cannot be reached".to_string(),
        ClientErrorKind::Reqwest(error) => match error.status() {
            Some(status) => format!("HTTP status {}", status.as_u16()),
            None => "the connection broke off or its answer cannot be read".to_string(),
        },
        ClientErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => {
            format!("{} (code {code})", shorten(message))
        }
        ClientErrorKind::TransactionError(error) => error.to_string(),
        ClientErrorKind::SerdeJson(_) => "its answer cannot be read".to_string(),
        _ => "the request failed".to_string(),
    }
}

/// A node's own message, cut and without control characters.
pub fn shorten(message: &str) -> String {
    message.chars().filter(|character| !character.is_control()).take(MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut() {
        let message = RpcError::RpcResponseError {
            code: -32_005,
            message: format!("behind\n{}", "x".repeat(9_999)),
            data: solana_client::rpc_request::RpcResponseErrorData::Empty,
        };
        let described = describe(&ClientError::from(ClientErrorKind::RpcError(message)));
        assert!(described.starts_with("behindxxx") && described.ends_with("(code -32005)"), "{described}");
        assert!(described.len() < 2 * MESSAGE);
    }
}
