//! A cluster by several of its nodes.

use {
    super::{Exit, cluster_name},
    blockable_sdk::{
        Hash,
        client::{Client, PriorityFee, Sender},
        rpc::{CommitmentConfig, describe},
    },
    serde_json::{Value, json},
    std::{collections::BTreeMap, time::Duration},
    tokio::{
        task::JoinSet,
        time::{Instant, timeout_at},
    },
};

/// Time that all further nodes have together once the first has answered: a freeze waits for no slow one.
const GRACE: Duration = Duration::from_millis(500);

/// A reason for which no cluster can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodesError {
    /// No node answers; the failure of the last one.
    #[error("no node answers ({0}); check --url, or name several nodes")]
    NoNode(String),
    /// Two nodes are of two clusters.
    #[error("the nodes are of different clusters: {first} and {second}; name nodes of one cluster")]
    TwoClusters {
        /// The first cluster.
        first: String,
        /// The other one.
        second: String,
    },
}

impl NodesError {
    /// The command's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            NodesError::NoNode(_) => Exit::Failed,
            NodesError::TwoClusters { .. } => Exit::Usage,
        }
    }
}

/// A cluster, read by the first of its nodes that answers in time, in the order in which they are named; all send and confirm.
///
/// Every node is asked for its first block, so that nodes of two clusters are never taken for one. A node that does not answer is
/// never read; it gets transactions all the same, because it may be back by then.
pub struct Nodes {
    /// The node that is read.
    pub client: Client,
    others: Vec<Client>,
    /// Hash of the cluster's first block.
    pub genesis: Hash,
}

impl Nodes {
    /// Asks every node for its cluster, and waits no longer than half a second for the others once one has answered. Says on stderr
    /// which of several do not answer. Errors: [`NodesError`].
    pub async fn open(urls: &[String], commitment: CommitmentConfig) -> Result<Nodes, NodesError> {
        let mut answers = Answers::ask(urls, commitment).await?;
        let Some((_, (client, genesis))) = answers.answered.pop_first() else {
            return Err(NodesError::NoNode(answers.failure));
        };
        let others = answers.answered.into_values().map(|(client, _)| client).chain(answers.silent).collect();
        Ok(Nodes { client, others, genesis })
    }

    /// The sender of a command's transactions, over all nodes; `most_fee` bounds the priority fee, in micro-lamports per compute
    /// unit, and recent blocks decide below it.
    pub fn sender(&self, most_fee: Option<u64>) -> Sender<'_> {
        let fee = most_fee.map_or(PriorityFee::None, |most| PriorityFee::Recent { most });
        Sender::new(&self.client).with_nodes(&self.others).with_priority_fee(fee)
    }

    /// All nodes, the one that is read first.
    pub fn clients(&self) -> impl Iterator<Item = &Client> {
        std::iter::once(&self.client).chain(&self.others)
    }

    /// The cluster's name.
    pub fn cluster(&self) -> String {
        cluster_name(&self.genesis)
    }

    /// The cluster as data.
    pub fn cluster_json(&self) -> Value {
        json!({"name": self.cluster(), "genesis_hash": self.genesis.to_string()})
    }
}

/// Nodes by their answers.
struct Answers {
    /// Those that have answered, by their place in the order, with the hash of their first block.
    answered: BTreeMap<usize, (Client, Hash)>,
    /// The others.
    silent: Vec<Client>,
    /// The latest failure.
    failure: String,
}

impl Answers {
    async fn ask(urls: &[String], commitment: CommitmentConfig) -> Result<Answers, NodesError> {
        let client = |url: &str| Client::with_commitment(url, commitment);
        let mut asked = JoinSet::new();
        for (place, url) in urls.iter().enumerate() {
            let client = client(url);
            asked.spawn(async move {
                let genesis = client.rpc().get_genesis_hash().await;
                (place, client, genesis)
            });
        }
        let mut answers = Answers { answered: BTreeMap::new(), silent: Vec::new(), failure: String::new() };
        let mut failures = BTreeMap::new();
        let mut until = None;
        loop {
            let answer = match until {
                None => asked.join_next().await,
                Some(until) => timeout_at(until, asked.join_next()).await.unwrap_or(None),
            };
            match answer {
                Some(Ok((place, client, Ok(hash)))) => {
                    answers.add(place, client, hash)?;
                    until.get_or_insert_with(|| Instant::now() + GRACE);
                }
                Some(Ok((place, _, Err(error)))) => drop(failures.insert(place, describe(&error))),
                Some(Err(_)) => {}
                None => break,
            }
        }
        for (place, url) in urls.iter().enumerate() {
            if answers.answered.contains_key(&place) {
                continue;
            }
            answers.silent.push(client(url));
            let failure = failures.remove(&place).unwrap_or_else(|| "it is slower than the others".into());
            if urls.len() > 1 {
                let number = place.saturating_add(1);
                eprintln!("note: node {number} of {} does not answer: {failure}", urls.len());
            }
            answers.failure = failure;
        }
        Ok(answers)
    }

    fn add(&mut self, place: usize, client: Client, hash: Hash) -> Result<(), NodesError> {
        if let Some((_, known)) = self.answered.values().find(|(_, known)| *known != hash) {
            let (first, second) = (cluster_name(known), cluster_name(&hash));
            return Err(NodesError::TwoClusters { first, second });
        }
        self.answered.insert(place, (client, hash));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            net::TcpListener,
            time::sleep,
        },
    };

    /// A node that answers a request after some time with the hash of its first block.
    async fn node(after: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            sleep(after).await;
            let body = json!({"jsonrpc": "2.0", "id": 0, "result": Hash::default().to_string()}).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
            stream.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn all_other_nodes_share_one_time_once_the_first_has_answered() {
        let mut urls = Vec::new();
        for delay in [0, 400, 800, 1_200, 1_600, 2_000] {
            urls.push(node(Duration::from_millis(delay)).await);
        }
        let answers = Answers::ask(&urls, CommitmentConfig::confirmed()).await.unwrap();
        assert!(answers.answered.contains_key(&0), "{}", answers.failure);
        assert!(!answers.answered.contains_key(&5), "each answer gave the next node its own time");
        assert_eq!(answers.answered.len() + answers.silent.len(), 6);
    }
}
