//! A node that changes the answers of the sandbox's, and keeps which methods it was asked for.

use {
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::Value,
    std::sync::{Arc, Mutex},
};

/// A proxy before a node.
pub(crate) struct Node {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Node {
    /// Passes every request on to the node at `url`, and gives the answer that `change` makes of the node's; `None` hangs up.
    pub(crate) fn before(
        url: &str,
        change: impl Fn(&Value, Value) -> Option<Value> + Send + Sync + 'static,
    ) -> Node {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (url, kept) = (url.to_string(), asked.clone());
        let server = Server::json_rpc(move |request| {
            kept.lock().unwrap().push(request["method"].as_str().unwrap_or_default().to_string());
            let answer = forward(&url, request).and_then(|answer| change(request, answer));
            answer.map_or(Reply::HangUp, |answer| Reply::Body(answer.to_string()))
        });
        Node { server, asked }
    }

    /// The proxy's address.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The methods of all requests so far, in their order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The number of requests for a method so far.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == method).count()
    }
}
