//! Bounds of what a node may ask of a client: the size of an answer, and the pause before a request is made again.

use {
    super::REQUEST_TIMEOUT,
    crate::rpc::{CommitmentConfig, RpcClient},
    http::{Extensions, HeaderValue, StatusCode, header::RETRY_AFTER},
    reqwest::{Request, Response},
    reqwest_middleware::{ClientBuilder, Error, Middleware, Next},
    solana_rpc_client::{http_sender::HttpSender, rpc_client::RpcClientConfig},
};

/// Most bytes of an answer, as they are once decompressed. All credits of a large market are some 50 MB.
const MOST_BYTES: u64 = 256 << 20;
/// Longest pause that a node may ask for before a request that came too soon is made again, in seconds.
const LONGEST_PAUSE: u64 = 2;

/// An RPC client of the node at a URL, whose answers are bounded in size and time.
pub(super) fn rpc_client(url: String, commitment: CommitmentConfig) -> RpcClient {
    bounded_by(MOST_BYTES, url, commitment)
}

fn bounded_by(most: u64, url: String, commitment: CommitmentConfig) -> RpcClient {
    let client = reqwest::Client::builder()
        .default_headers(HttpSender::default_headers())
        .timeout(REQUEST_TIMEOUT)
        .pool_idle_timeout(REQUEST_TIMEOUT);
    let client = ClientBuilder::new(client.build().unwrap_or_default()).with(Bounded { most }).build();
    let sender = HttpSender::new_with_client_with_middleware(url, client);
    RpcClient::new_sender(sender, RpcClientConfig::with_commitment(commitment))
}

/// An answer that is larger than a node has a reason to give.
#[derive(Debug, thiserror::Error)]
#[error("its answer has more than {0} bytes")]
struct TooLarge(u64);

/// Reads answers up to a number of bytes, and shortens the pauses that they ask for.
struct Bounded {
    most: u64,
}

#[async_trait::async_trait]
impl Middleware for Bounded {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, Error> {
        let mut answer = next.run(request, extensions).await?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            if part.len().saturating_add(body.len()) as u64 > self.most {
                return Err(Error::middleware(TooLarge(self.most)));
            }
            body.extend_from_slice(&part);
        }
        let (status, mut headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        if status == StatusCode::TOO_MANY_REQUESTS {
            let asked = headers.get(RETRY_AFTER).and_then(|pause| pause.to_str().ok()?.parse::<u64>().ok());
            if asked.is_some_and(|seconds| seconds > LONGEST_PAUSE) {
                headers.insert(RETRY_AFTER, HeaderValue::from(LONGEST_PAUSE));
            }
        }
        let mut whole = http::Response::new(body);
        (*whole.status_mut(), *whole.headers_mut()) = (status, headers);
        Ok(whole.into())
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::rpc::describe,
        std::time::{Duration, Instant},
        tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            net::TcpListener,
        },
    };

    /// A node that gives one answer to each request, as it stands.
    async fn node(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn whole(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_bound() {
        let body = r#"{"jsonrpc":"2.0","id":0,"result":7}"#;
        let most = body.len() as u64;
        for (most, is_taken) in [(most, true), (most - 1, false)] {
            let url = node(vec![whole("200 OK", body)]).await;
            let asked = bounded_by(most, url, CommitmentConfig::confirmed()).get_slot().await;
            let described = asked.as_ref().map_err(describe).map(|slot| *slot);
            let refused = format!("its answer has more than {most} bytes");
            assert_eq!(described, if is_taken { Ok(7) } else { Err(refused) });
        }
    }

    #[tokio::test]
    async fn a_node_that_asks_for_two_minutes_is_asked_again_in_seconds() {
        let busy = whole("429 Too Many Requests\r\nretry-after: 119", "");
        let url = node(vec![busy, whole("200 OK", r#"{"jsonrpc":"2.0","id":0,"result":7}"#)]).await;
        let began = Instant::now();
        let slot = bounded_by(1_000, url, CommitmentConfig::confirmed()).get_slot().await;
        assert_eq!(slot.unwrap(), 7);
        assert!(began.elapsed() < Duration::from_secs(60), "it waited for {:?}", began.elapsed());
    }
}
