//! The built-in model, which repeats the words of its prompt. It speaks OpenAI's protocol and Anthropic's form on a port of its
//! own, with correct `usage`, so that the gateway serves it as it serves real models. One token is one word between white space.

mod completions;
mod embeddings;
mod messages;
mod responses;
mod words;

use {
    crate::config::ModelConfig,
    axum::{
        Json, Router,
        body::Body,
        extract::rejection::JsonRejection,
        http::{StatusCode, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::post,
    },
    futures_util::stream,
    serde_json::{Value, json},
    std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::watch, task::JoinHandle},
};

/// A running echo model.
pub struct Echo {
    /// Its address, on the loopback interface.
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

struct Settings {
    context: usize,
    max_output: usize,
    latency: Duration,
}

impl Echo {
    /// Starts one with a model's limits. Errors: no port is free.
    pub async fn start(model: &ModelConfig) -> io::Result<Echo> {
        let size = |tokens: u64| usize::try_from(tokens).unwrap_or(usize::MAX);
        let settings = Arc::new(Settings {
            context: size(model.context_tokens),
            max_output: size(model.max_output_tokens),
            latency: Duration::from_millis(model.latency_ms.unwrap_or(0)),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(completions::chat))
            .route("/v1/completions", post(completions::text))
            .route("/v1/embeddings", post(embeddings::embeddings))
            .route("/v1/responses", post(responses::responses))
            .route("/v1/messages", post(messages::messages))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(settings);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // Otherwise the end of a small stream waits for an acknowledgement. A failure costs only that wait.
            let _ = stream.set_nodelay(true);
        });
        let task = tokio::spawn(async move {
            let ended = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
                tracing::error!(%error, "the echo model ended");
            }
        });
        Ok(Echo { addr, stop, task })
    }

    /// Stops it and aborts its connections.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        self.task.abort();
    }
}

type Posted<T> = Result<Json<T>, JsonRejection>;

impl Settings {
    /// Waits for as long as the model is to take.
    async fn wait(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }
}

/// Reads a request. Errors: the answer to one that is none.
fn read<T>(body: Posted<T>) -> Result<T, Box<Response>> {
    body.map(|Json(request)| request).map_err(|error| Box::new(refuse("invalid_json", &error.body_text())))
}

fn refuse(code: &str, message: &str) -> Response {
    let error = json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    (StatusCode::BAD_REQUEST, Json(json!({"type": "error", "error": error}))).into_response()
}

/// Writes an event with its name.
fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Answers by a stream of events.
fn events(events: impl Iterator<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(stream::iter(events.map(Ok::<_, Infallible>)));
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}
