//! A cluster by several of its nodes.

use {
    super::{Exit, cluster_name, note::note},
    blockable_sdk::{
        Hash,
        client::{Client, PriorityFee, Sender},
        rpc::{CommitmentConfig, describe},
    },
    serde_json::{Value, json},
    std::{
        collections::BTreeMap,
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
    tokio::{
        join,
        task::JoinSet,
        time::{Instant, timeout, timeout_at},
    },
};

/// Time that all further nodes have together once the first has answered: a freeze waits for no slow one.
const GRACE: Duration = Duration::from_millis(500);
/// Longest wait until half of the nodes have answered: one of three that answers first and lies about its cluster decides for nobody.
const HALF: Duration = Duration::from_secs(2);
/// Slots by which a node may be behind another one and is still read, some twelve seconds: what an older one shows is not the state now,
/// and its blockhash may have expired.
const LAG_SLOTS: u64 = 30;

/// A reason for which no cluster can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodesError {
    /// No node answers; the failure of the last one.
    #[error("no node answers ({0}); check --url, or name several nodes")]
    NoNode(String),
    /// The nodes are of different clusters, of which none has more than half of them: for each the number of a node, and its name.
    #[error("the nodes are of different clusters: {}; name nodes of one cluster", .0.join(", "))]
    NoMajority(Vec<String>),
}

impl NodesError {
    /// The command's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            NodesError::NoNode(_) => Exit::Failed,
            NodesError::NoMajority(_) => Exit::Usage,
        }
    }
}

/// A cluster, read by the first of its nodes that answers in time and is not behind another, in the order in which they are named; all
/// send and confirm.
///
/// Every node is asked for its first block, so that nodes of two clusters are never taken for one: where more than half of those that
/// answer are of one cluster, the others are left out, so that a single node cannot keep a lender from a freeze. A node that does not
/// answer is never read; it gets transactions all the same, because it may be back by then.
pub struct Nodes {
    /// The node that is read.
    pub client: Client,
    others: Vec<Client>,
    /// Hash of the cluster's first block.
    pub genesis: Hash,
    /// Unix time in milliseconds before which nothing was read.
    pub(super) opened_at_ms: u64,
}

/// Unix time in milliseconds, by this machine's clock.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Nodes {
    /// Asks every node for its cluster, and waits no longer than half a second for the others once one has answered. Says on stderr
    /// which of several do not answer, which are left out because they are of another cluster than most, and which are behind and are not
    /// read. Errors: [`NodesError`].
    pub async fn open(urls: &[String], commitment: CommitmentConfig) -> Result<Nodes, NodesError> {
        let opened_at_ms = now_ms();
        let mut answers = Answers::ask(urls, commitment).await;
        answers.keep_one_cluster()?;
        let Some(Answered { client, genesis, .. }) = answers.take_current() else {
            return Err(NodesError::NoNode(answers.failure));
        };
        let others = answers.answered.into_values().map(|answered| answered.client);
        let others = others.chain(answers.silent).collect();
        Ok(Nodes { client, others, genesis, opened_at_ms })
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

/// A node that has answered.
struct Answered {
    client: Client,
    /// Hash of its first block.
    genesis: Hash,
    /// Its latest slot; 0 where it does not say.
    slot: u64,
}

/// Nodes by their answers.
struct Answers {
    /// Those that have answered, by their place in the order.
    answered: BTreeMap<usize, Answered>,
    /// The others.
    silent: Vec<Client>,
    /// The latest failure.
    failure: String,
}

impl Answers {
    async fn ask(urls: &[String], commitment: CommitmentConfig) -> Answers {
        let client = |url: &str| Client::with_commitment(url, commitment);
        // A node that has nobody to be behind need not say where it is.
        let is_alone = urls.len() == 1;
        let mut asked = JoinSet::new();
        for (place, url) in urls.iter().enumerate() {
            let client = client(url);
            asked.spawn(async move {
                let slot = async {
                    match is_alone {
                        true => 0,
                        false => {
                            timeout(GRACE, client.rpc().get_slot()).await.map_or(0, Result::unwrap_or_default)
                        }
                    }
                };
                let (genesis, slot) = join!(client.rpc().get_genesis_hash(), slot);
                (place, client, genesis, slot)
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
                Some(Ok((place, client, Ok(genesis), slot))) => {
                    answers.answered.insert(place, Answered { client, genesis, slot });
                    let is_half = answers.answered.len().saturating_mul(2) >= urls.len();
                    let last = Instant::now() + if is_half { GRACE } else { HALF };
                    until = Some(until.map_or(last, |until: Instant| until.min(last)));
                }
                Some(Ok((place, _, Err(error), _))) => drop(failures.insert(place, describe(&error))),
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
                note(&format!("node {number} of {} does not answer: {failure}", urls.len()));
            }
            answers.failure = failure;
        }
        answers
    }

    /// Leaves the nodes out that are of another cluster than more than half of those that have answered. Says on stderr which these
    /// are. Errors: [`NodesError::NoMajority`] where no cluster has so many.
    fn keep_one_cluster(&mut self) -> Result<(), NodesError> {
        let mut clusters: Vec<(usize, Hash)> = Vec::new();
        for (place, node) in &self.answered {
            if clusters.iter().all(|(_, known)| *known != node.genesis) {
                clusters.push((place.saturating_add(1), node.genesis));
            }
        }
        if clusters.is_empty() {
            return Ok(());
        }
        let has_most = |(_, genesis): &&(usize, Hash)| {
            let nodes = self.answered.values().filter(|node| node.genesis == *genesis).count();
            nodes.saturating_mul(2) > self.answered.len()
        };
        let Some((_, kept)) = clusters.iter().find(has_most).copied() else {
            let named =
                |(number, genesis): &(usize, Hash)| format!("node {number} is of {}", cluster_name(genesis));
            return Err(NodesError::NoMajority(clusters.iter().map(named).collect()));
        };
        self.answered.retain(|place, node| {
            let is_kept = node.genesis == kept;
            if !is_kept {
                let (number, other) = (place.saturating_add(1), cluster_name(&node.genesis));
                note(&format!(
                    "node {number} is of another cluster ({other}) than the others, and is left out; check --url"
                ));
            }
            is_kept
        });
        Ok(())
    }

    /// Takes the first node out that is not behind another one. Says on stderr which are.
    fn take_current(&mut self) -> Option<Answered> {
        // One that claims to be ahead of all others must not make these seem old: of three or more the second counts.
        let mut slots: Vec<u64> = self.answered.values().map(|node| node.slot).collect();
        slots.sort_unstable_by(|one, other| other.cmp(one));
        let latest = *slots.get(usize::from(slots.len() > 2))?;
        let behind = |node: &Answered| latest.saturating_sub(node.slot);
        let is_current = |node: &Answered| behind(node) <= LAG_SLOTS;
        for (place, node) in self.answered.iter().filter(|(_, node)| !is_current(node)) {
            let number = place.saturating_add(1);
            note(&format!("node {number} is {} slots behind another one, and is not read", behind(node)));
        }
        let place = self.answered.iter().find(|(_, node)| is_current(node)).map(|(place, _)| *place)?;
        self.answered.remove(&place)
    }
}

#[cfg(test)]
mod tests;
