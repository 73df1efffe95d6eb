//! A node that answers as if the chain had stopped, with HTTP status 200.

use {
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
    },
};

/// Passes requests on to a node until a test makes it lie; ends when dropped.
pub struct Liar {
    server: Server,
    lies: Arc<AtomicBool>,
}

impl Liar {
    /// In front of the node at a URL.
    pub fn before(url: &str) -> Liar {
        let (target, lies) = (url.to_string(), Arc::<AtomicBool>::default());
        // The last true answer to each request.
        let answers = Mutex::new(HashMap::<String, Value>::new());
        let lying = lies.clone();
        let server = Server::json_rpc(move |request| {
            let asked = format!("{}{}", request["method"], request["params"]);
            let mut answers = answers.lock().unwrap();
            if lying.load(Ordering::Relaxed) {
                let old = answers.get(&asked).cloned();
                return Reply::json_rpc(request, old.unwrap_or(json!({ "result": null })));
            }
            let Some(answer) = forward(&target, request) else { return Reply::HangUp };
            answers.insert(asked, answer.clone());
            Reply::json_rpc(request, answer)
        });
        Liar { server, lies }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on every answer is as of now.
    pub fn lie(&self, lies: bool) {
        self.lies.store(lies, Ordering::Relaxed);
    }
}
