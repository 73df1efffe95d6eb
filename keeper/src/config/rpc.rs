//! The nodes, `[[rpc]]`, and how often they are read, `[cycle]`.

use {
    crate::chain::{Node, Nodes},
    blockable_service::{
        secrets::{SecretSource, SecretSourceError},
        settings::{Reader, parse_url},
    },
    reqwest::Url,
    secrecy::{ExposeSecret, SecretString},
    serde::Deserialize,
    std::{
        collections::{BTreeMap, BTreeSet},
        path::Path,
        time::Duration,
    },
};

/// A URL as it is written: as it is, or where it is read from because it holds a key. Never printed.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum NodeUrl {
    Text(String),
    Secret(SecretSource),
}

impl NodeUrl {
    fn read(&self) -> Result<SecretString, SecretSourceError> {
        match self {
            NodeUrl::Text(text) => Ok(SecretString::from(text.as_str())),
            NodeUrl::Secret(source) => source.read_private(),
        }
    }

    fn resolve(&mut self, folder: &Path) {
        if let NodeUrl::Secret(source) = self {
            source.resolve(folder);
        }
    }
}

/// One `[[rpc]]`.
#[derive(Clone)]
pub(crate) struct RpcSettings {
    /// Stands for the node in logs and figures.
    pub name: String,
    url: NodeUrl,
    ws_url: Option<NodeUrl>,
}

impl RpcSettings {
    /// Reads one entry.
    pub(crate) fn read(reader: &mut Reader) -> Option<RpcSettings> {
        let (name, url, ws_url) =
            (reader.required("name"), reader.required("url"), reader.optional("ws_url"));
        for (key, place, schemes) in
            [("url", url.as_ref(), ["http", "https"]), ("ws_url", ws_url.as_ref(), ["ws", "wss"])]
        {
            // A URL in the file may hold a key, so that a user and a password are allowed in it.
            if let Some(NodeUrl::Text(text)) = place
                && let Err(mistake) = parse_url(text, schemes)
            {
                reader.mistake(key, mistake);
            }
        }
        Some(RpcSettings { name: name?, url: url?, ws_url })
    }

    pub(super) fn resolve(&mut self, folder: &Path) {
        self.url.resolve(folder);
        if let Some(place) = &mut self.ws_url {
            place.resolve(folder);
        }
    }
}

/// Nodes that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NodesError {
    /// A URL cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretSourceError),
    /// Two entries are one node.
    #[error("the nodes {first} and {second} of [[rpc]] are one: their URLs are the same; name another node")]
    Same {
        /// The name of the first.
        first: String,
        /// The name of the second.
        second: String,
    },
}

/// Opens the nodes. Two that are one would agree with each other on everything, so they are refused. Errors: [`NodesError`].
pub(crate) fn nodes(rpc: &[RpcSettings], cycle: &CycleSettings) -> Result<Nodes, NodesError> {
    let (mut nodes, mut known) = (Vec::with_capacity(rpc.len()), BTreeMap::new());
    for settings in rpc {
        let url = settings.url.read()?;
        let ws_url = settings.ws_url.as_ref().map(NodeUrl::read).transpose()?;
        if let Some(first) = known.insert(node_of(url.expose_secret()), settings.name.clone()) {
            return Err(NodesError::Same { first, second: settings.name.clone() });
        }
        nodes.push(Node::new(settings.name.clone(), &url, ws_url, cycle.request_timeout));
    }
    Ok(Nodes::new(nodes, cycle.lag_slots))
}

/// Finds two entries whose URLs stand in the file and are of one node. Returns the place of the second.
pub(super) fn same_node(rpc: &[Option<RpcSettings>]) -> Option<usize> {
    let mut known = BTreeSet::new();
    rpc.iter().position(|settings| match settings.as_ref().map(|settings| &settings.url) {
        Some(NodeUrl::Text(text)) => !known.insert(node_of(text)),
        Some(NodeUrl::Secret(_)) | None => false,
    })
}

/// The node that a URL is of: host, port and path, whatever the case of the host and the slash at the end. Users, passwords and keys
/// in the query only tell the node who asks.
fn node_of(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return url.to_string() };
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let host = if matches!(host.as_str(), "localhost" | "[::1]") { "127.0.0.1".to_string() } else { host };
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{host}:{port}{}", url.path().trim_end_matches('/'))
}

/// `[cycle]`.
#[derive(Clone, Debug)]
pub(crate) struct CycleSettings {
    /// Time from the start of one cycle to the next.
    pub every: Duration,
    /// Time that a request to a node may take.
    pub request_timeout: Duration,
    /// Slots that a node may lag behind the others.
    pub lag_slots: u64,
    /// Seconds that the cluster must have stood still to count as stalled.
    pub stall_seconds: i64,
    /// Days that ended transactions and intents are kept.
    pub keep_days: i64,
    /// Time that a shutdown may take.
    pub shutdown: Duration,
}

impl CycleSettings {
    /// Reads `[cycle]`.
    pub(crate) fn read(reader: &mut Reader) -> CycleSettings {
        reader.section("cycle", |reader| CycleSettings {
            every: Duration::try_from_secs_f64(reader.number("seconds", 10.0, 0.1..=600.0))
                .unwrap_or_default(),
            request_timeout: reader.seconds("request_timeout_seconds", 5, 1..=120),
            lag_slots: reader.number("lag_slots", 30, 1..=10_000),
            stall_seconds: reader.number("stall_seconds", 60, 5..=86_400),
            keep_days: reader.number("keep_days", 90, 1..=36_500),
            shutdown: reader.seconds("shutdown_seconds", 20, 1..=600),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(text: &str) -> (Duration, Vec<String>) {
        let mut reader = Reader::new(text).unwrap();
        (CycleSettings::read(&mut reader).every, reader.finish())
    }

    #[test]
    fn a_node_is_known_by_its_host_port_and_path() {
        let same = [
            "https://Node.example/rpc",
            "https://node.example:443/rpc/",
            "https://user:key@node.example/rpc?api-key=1",
            "https://node.example./rpc?api-key=2",
        ];
        assert!(same.iter().all(|url| node_of(url) == node_of(same[0])), "{:?}", same.map(node_of));
        assert_eq!(node_of("http://localhost:8899"), node_of("http://127.0.0.1:8899/"));
        let others = ["https://node.example/", "https://node.example:8443/rpc", "https://two.example/rpc"];
        assert!(others.iter().all(|url| node_of(url) != node_of(same[0])));
    }

    #[test]
    fn a_cycle_is_set_in_seconds_or_parts_of_one() {
        assert_eq!(every(""), (Duration::from_secs(10), Vec::new()));
        assert_eq!(every("[cycle]\nseconds = 2"), (Duration::from_secs(2), Vec::new()));
        assert_eq!(every("[cycle]\nseconds = 0.25"), (Duration::from_millis(250), Vec::new()));
        for seconds in ["0", "0.05", "601", "-1", "nan", "1e300"] {
            let (_, mistakes) = every(&format!("[cycle]\nseconds = {seconds}"));
            assert_eq!(mistakes.len(), 1, "{seconds}: {mistakes:?}");
            assert!(mistakes[0].contains("is not from 0.1 to 600"), "{mistakes:?}");
        }
    }
}
