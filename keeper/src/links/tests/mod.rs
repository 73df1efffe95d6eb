//! Links on an embedded cluster: the real router, wallets that sign what it hands out.

mod acts;
mod hostile;
mod wallet;

use {
    super::{LinkState, router},
    crate::{
        chain::{Node, Nodes},
        limits::ClientLimit,
    },
    blockable_sdk::Pubkey,
    blockable_testkit::{Cluster, Parties},
    reqwest::StatusCode,
    serde_json::{Value, json},
    std::{sync::Arc, time::Duration},
};

/// The public URL of the links under test. Nothing listens there.
const PUBLIC: &str = "https://keeper.example";

/// A cluster, and a server of links on it.
struct Site {
    cluster: Cluster,
    url: String,
    http: reqwest::Client,
}

impl Site {
    async fn new() -> Site {
        let cluster = Cluster::start().await;
        let url = cluster.rpc_url();
        Site::reading(cluster, &url).await
    }

    /// A site whose keeper reads a node of one's choice.
    async fn reading(cluster: Cluster, node: &str) -> Site {
        Site::limited(cluster, node, 100_000).await
    }

    /// A site that answers a network so often in a minute.
    async fn limited(cluster: Cluster, node: &str, requests_per_minute: u32) -> Site {
        let node = Node::new("node".to_string(), &node.to_string().into(), None, Duration::from_secs(4));
        let nodes = Nodes::new(vec![node], 1_000);
        let state = LinkState::new(&format!("{PUBLIC}/"), cluster.chain.keys.market, nodes);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limit = Arc::new(ClientLimit::per_minute(requests_per_minute));
        let router = router(Arc::new(state), limit);
        // It ends with the runtime of its test.
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Site { cluster, url, http: reqwest::Client::new() }
    }

    /// Shows a link. `path` begins behind `/links/`.
    async fn shown(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(format!("{}/links/{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Asks for the transaction of a link, for the wallet of a party.
    async fn asked(&self, path: &str, party: &str) -> (StatusCode, Value) {
        let body = json!({ "account": Parties::address(party).to_string() });
        let answer = self.http.post(format!("{}/links/{path}", self.url)).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The message of a refusal, which must have a status.
    async fn refused(&self, path: &str, party: &str, status: StatusCode) -> String {
        let (found, body) = self.asked(path, party).await;
        assert_eq!(found, status, "{path} by the {party}: {body}");
        body["message"].as_str().unwrap().to_string()
    }

    /// The paths of a link's buttons, behind `/links/`.
    async fn buttons(&self, path: &str) -> Vec<String> {
        let (status, shown) = self.shown(path).await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        assert_eq!(shown["disabled"], false, "{shown}");
        let actions = shown["links"]["actions"].as_array().unwrap();
        let begin = format!("{PUBLIC}/links/");
        actions
            .iter()
            .map(|action| action["href"].as_str().unwrap().strip_prefix(&begin).unwrap().to_string())
            .collect()
    }

    /// The path of a link's main button.
    async fn button(&self, act: &str, address: &Pubkey) -> String {
        self.buttons(&format!("{act}/{address}")).await.remove(0)
    }
}
