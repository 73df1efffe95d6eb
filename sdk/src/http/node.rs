//! The RPC client on clients with bounds.

use {
    super::{HttpError, build, client_builder, read_bounded},
    futures_util::future::BoxFuture,
    http::Extensions,
    reqwest::{Client, Request, Response},
    reqwest_middleware::Next,
    solana_rpc_client::{
        http_sender::HttpSender, nonblocking::rpc_client::RpcClient, rpc_client::RpcClientConfig,
    },
    solana_rpc_client_api::config::CommitmentConfig,
    std::time::Duration,
};

/// Most bytes of a node's answer: a list of the states of some 200,000 credits.
pub const MAX_NODE_ANSWER: usize = 64 << 20;

/// Makes a client of a node, whose answers have at most [`MAX_NODE_ANSWER`] bytes. Where none can be made, every request fails with
/// the reason.
pub fn rpc_client(url: &str, timeout: Duration, commitment: CommitmentConfig) -> RpcClient {
    let client = client_builder(url).and_then(|builder| {
        let builder = builder.timeout(timeout).pool_idle_timeout(timeout);
        build(builder.default_headers(HttpSender::default_headers()))
    });
    let client = match client {
        Ok(client) => reqwest_middleware::ClientBuilder::new(client).with(bound_answer).build(),
        Err(error) => reqwest_middleware::ClientBuilder::new(Client::new()).with(refuse_by(error)).build(),
    };
    let sender = HttpSender::new_with_client_with_middleware(url, client);
    RpcClient::new_sender(sender, RpcClientConfig::with_commitment(commitment))
}

/// Fails every request with one error.
fn refuse_by(
    error: HttpError,
) -> impl for<'a> Fn(Request, &'a mut Extensions, Next<'a>) -> BoxFuture<'a, reqwest_middleware::Result<Response>>
{
    move |_, _, _| {
        let error = reqwest_middleware::Error::middleware(error.clone());
        Box::pin(async move { Err(error) })
    }
}

/// Reads the answer to a request up to its bound, and hands on one that is whole.
fn bound_answer<'a>(
    request: Request,
    extensions: &'a mut Extensions,
    next: Next<'a>,
) -> BoxFuture<'a, reqwest_middleware::Result<Response>> {
    Box::pin(async move {
        let response = next.run(request, extensions).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            read_bounded(response, MAX_NODE_ANSWER).await.map_err(reqwest_middleware::Error::middleware)?;
        let mut whole = http::Response::new(body);
        (*whole.status_mut(), *whole.headers_mut()) = (status, headers);
        Ok(Response::from(whole))
    })
}
