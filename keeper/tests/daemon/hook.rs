//! A webhook that a keeper posts to.

use {
    blockable_testkit::http::{Reply, Request, Server},
    serde_json::Value,
    std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    },
};

/// The secret of posts to it.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server that takes posts and keeps them. It ends when dropped.
pub struct Hook {
    server: Server,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    posts: Mutex<Vec<Value>>,
    /// The head and the bytes of each.
    requests: Mutex<Vec<Request>>,
    /// The status that posts with a text in them are answered with.
    refused: Mutex<Option<(String, String)>>,
}

impl Hook {
    pub fn start() -> Hook {
        let inner = Arc::new(Inner::default());
        let served = inner.clone();
        let server = Server::start(move |request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let text = body.to_string();
            served.posts.lock().unwrap().push(body);
            served.requests.lock().unwrap().push(request.clone());
            match served.refused.lock().unwrap().as_ref() {
                Some((part, status)) if text.contains(part.as_str()) => {
                    Reply::Status(status.clone(), String::new())
                }
                _ => Reply::Body(String::new()),
            }
        });
        Hook { server, inner }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on posts with a text in them are answered with a status.
    pub fn refuse(&self, part: &str, status: &str) {
        *self.inner.refused.lock().unwrap() = Some((part.to_string(), status.to_string()));
    }

    /// Everything that was posted, the empty bodies of pings as null.
    pub fn posts(&self) -> Vec<Value> {
        self.inner.posts.lock().unwrap().clone()
    }

    /// The headers, in lower case, and the bytes of the latest post.
    pub fn latest(&self) -> (BTreeMap<String, String>, Vec<u8>) {
        let request = self.inner.requests.lock().unwrap().last().unwrap().clone();
        let headers = request.head.lines().filter_map(|line| line.split_once(':'));
        let pairs = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()));
        (pairs.collect(), request.body)
    }

    /// Posts of a rule and phase.
    pub fn alerts(&self, rule: &str, phase: &str) -> Vec<Value> {
        self.posts().into_iter().filter(|post| post["rule"] == rule && post["phase"] == phase).collect()
    }

    /// Posts of a type.
    pub fn of_type(&self, kind: &str) -> usize {
        self.posts().iter().filter(|post| post["type"] == kind).count()
    }
}
