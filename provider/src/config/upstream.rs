//! `upstream` of a `[[model]]`, and `[upstreams]`.

use {
    super::sections::SECONDS,
    blockable_service::{secrets::SecretSource, settings::Reader},
    std::{collections::HashSet, time::Duration},
};

/// Requests that an upstream serves at once, at most, where the file does not say.
const CONNECTIONS: usize = 256;

/// The server of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The built-in model that repeats its prompt; for tests and demonstrations.
    Echo,
    /// A server that speaks OpenAI's protocol; its URL up to and with `/v1`.
    Url(String),
}

/// One of the servers of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// Its name in metrics, logs and `/readyz`, which do not show its URL.
    pub name: String,
    /// The server.
    pub server: Upstream,
    /// The model's name there, where that is another one.
    pub model: Option<String>,
    /// Its API key.
    pub key: Option<SecretSource>,
    /// Its share of the requests, in proportion to the others'.
    pub weight: u32,
    /// Requests that it serves at once, at most.
    pub connections: usize,
    /// The URL that shows its health, where that is not `/models` below its URL.
    pub probe_url: Option<String>,
}

impl UpstreamConfig {
    /// An upstream with the name `1`, and nothing else set.
    pub fn new(server: Upstream) -> UpstreamConfig {
        UpstreamConfig {
            name: "1".to_string(),
            server,
            model: None,
            key: None,
            weight: 1,
            connections: CONNECTIONS,
            probe_url: None,
        }
    }

    /// A server at a URL, up to and with `/v1`.
    pub fn at(url: impl Into<String>) -> UpstreamConfig {
        UpstreamConfig::new(Upstream::Url(url.into()))
    }

    /// Reads the upstreams of a model: a text for one of them, or a list of sections. None after a mistake.
    pub(super) fn read_all(model: &mut Reader) -> Vec<UpstreamConfig> {
        if !model.is_list("upstream") {
            let server = read_server(model);
            return server.map(UpstreamConfig::new).into_iter().collect();
        }
        let (mut number, mut names) = (0, HashSet::new());
        let upstreams = model.each("upstream", |entry| {
            number += 1;
            let upstream = UpstreamConfig::read(entry, number)?;
            if !names.insert(upstream.name.clone()) {
                entry.mistake("name", "is used twice; rename one, or remove it");
            }
            Some(upstream)
        });
        if number == 0 {
            model.mistake("upstream", "is empty; name at least one server");
        }
        upstreams.into_iter().flatten().collect()
    }

    fn read(entry: &mut Reader, number: usize) -> Option<UpstreamConfig> {
        let name: Option<String> = entry.optional("name");
        if name.as_ref().is_some_and(|name| !is_plain(name)) {
            entry.mistake("name", "may have letters, digits, - and _ only, up to 32");
        }
        let url = read_url(entry, "url");
        let probe_url = if entry.has("probe_url") { Some(read_url(entry, "probe_url")) } else { None };
        let upstream = UpstreamConfig {
            name: name.unwrap_or_else(|| number.to_string()),
            model: entry.optional("model"),
            key: entry.optional("key"),
            weight: entry.number("weight", 1, 1..=1_000),
            connections: entry.number("connections", CONNECTIONS, 1..=100_000),
            probe_url: probe_url.flatten(),
            ..UpstreamConfig::at("")
        };
        Some(UpstreamConfig { server: Upstream::Url(url?), ..upstream })
    }
}

/// True for a name that can stand in metrics and answers.
fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=32).contains(&name.len()) && name.bytes().all(is_plain)
}

fn read_url(reader: &mut Reader, key: &str) -> Option<String> {
    let url = reader.url(key, ["http", "https"])?;
    Some(url.as_str().trim_end_matches('/').to_string())
}

fn read_server(reader: &mut Reader) -> Option<Upstream> {
    let text: String = reader.required("upstream")?;
    if text == "echo" {
        return Some(Upstream::Echo);
    }
    if !text.contains(':') {
        reader.mistake("upstream", "is no URL; write http://HOST..., https://HOST... or \"echo\"");
        return None;
    }
    reader.parse_url("upstream", &text, ["http", "https"])?;
    Some(Upstream::Url(text.trim_end_matches('/').to_string()))
}

/// Terms on which the health of upstreams is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSettings {
    /// Time between two probes of an upstream.
    pub interval: Duration,
    /// Time that an upstream may take to answer one.
    pub timeout: Duration,
}

impl Default for ProbeSettings {
    fn default() -> ProbeSettings {
        ProbeSettings { interval: Duration::from_secs(10), timeout: Duration::from_secs(5) }
    }
}

impl ProbeSettings {
    /// Reads `[upstreams]`.
    pub(super) fn read(reader: &mut Reader) -> ProbeSettings {
        reader.section("upstreams", |section| ProbeSettings {
            interval: section.seconds("probe_seconds", 10, SECONDS),
            timeout: section.seconds("probe_timeout_seconds", 5, 1..=60),
        })
    }
}
