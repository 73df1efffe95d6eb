//! Settings of the page, `[page]`: what browsers may talk to. All of it is public.

use {
    blockable_sdk::{Hash, Pubkey},
    blockable_service::settings::Reader,
    std::collections::BTreeMap,
    url::Url,
};

/// Most places of a price after the point.
const PLACES: usize = 6;

/// A cluster, by the name that wallets and explorers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClusterName {
    /// Solana's main cluster.
    MainnetBeta,
    /// The cluster of developers.
    Devnet,
    /// The cluster of validators.
    Testnet,
    /// A cluster of one machine.
    Localnet,
}

impl ClusterName {
    /// The hash of its first block; `None` for a local one, whose is its own.
    pub(crate) fn genesis(self) -> Option<&'static str> {
        match self {
            ClusterName::MainnetBeta => Some("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"),
            ClusterName::Devnet => Some("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"),
            ClusterName::Testnet => Some("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY"),
            ClusterName::Localnet => None,
        }
    }
}

/// A node for browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageNode {
    /// JSON-RPC.
    pub(crate) http: Url,
    /// WebSocket; `None` where it has none.
    pub(crate) ws: Option<Url>,
}

/// Settings of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageSettings {
    /// The cluster.
    pub(crate) cluster: ClusterName,
    /// The nodes, in order of preference.
    pub(crate) rpc: Vec<PageNode>,
    /// The gate of each provider.
    pub(crate) gates: BTreeMap<Pubkey, Url>,
    /// The template of links to an explorer.
    pub(crate) explorer: Option<String>,
    /// Prices at which units are valued, in micro-USDC, by provider or lot.
    pub(crate) unit_prices: BTreeMap<Pubkey, String>,
    /// The public URL of the keeper's wallet links.
    pub(crate) links: Option<Url>,
}

impl PageSettings {
    /// Reads `[page]`; the reader collects mistakes. `None` where it is left out, or wrong.
    pub(crate) fn read(reader: &mut Reader) -> Option<PageSettings> {
        if !reader.has("page") {
            return None;
        }
        reader.section("page", |reader| {
            let cluster = reader.required("cluster");
            if !reader.has("rpc") {
                reader.mistake(
                    "rpc",
                    "is missing; add [[page.rpc]] with the http and ws of a node for browsers",
                );
            }
            let rpc = reader.each("rpc", PageNode::read).into_iter().collect::<Option<Vec<_>>>();
            let gates = by_address(reader, "gates", |reader, key, text| {
                reader.parse_url(key, text, ["http", "https"])
            });
            let explorer = reader.optional::<String>("explorer").and_then(|text| read_explorer(reader, text));
            let unit_prices = by_address(reader, "unit_prices", read_price);
            let links = match reader.has("links") {
                true => reader.url("links", ["http", "https"]),
                false => None,
            };
            Some(PageSettings { cluster: cluster?, rpc: rpc?, gates, explorer, unit_prices, links })
        })
    }

    /// The hash of the cluster's first block as it is known everywhere; `None` for a local cluster.
    pub(crate) fn genesis(&self) -> Option<Hash> {
        self.cluster.genesis()?.parse().ok()
    }
}

impl PageNode {
    fn read(reader: &mut Reader) -> Option<PageNode> {
        let http = reader.url("http", ["http", "https"]);
        let ws = match reader.has("ws") {
            true => Some(reader.url("ws", ["ws", "wss"])?),
            false => None,
        };
        Some(PageNode { http: http?, ws })
    }
}

/// Reads a table whose keys are addresses.
fn by_address<T>(
    reader: &mut Reader,
    key: &str,
    read: impl Fn(&mut Reader, &str, &str) -> Option<T>,
) -> BTreeMap<Pubkey, T> {
    let texts: BTreeMap<String, String> = reader.optional(key).unwrap_or_default();
    let mut values = BTreeMap::new();
    for (name, text) in texts {
        let place = format!("{key}.{name}");
        let address = reader.parse_address(&place, &name);
        let value = read(reader, &place, &text);
        if let (Some(address), Some(value)) = (address, value) {
            values.insert(address, value);
        }
    }
    values
}

fn read_explorer(reader: &mut Reader, text: String) -> Option<String> {
    let example = text.replace("{kind}", "tx").replace("{id}", "id");
    let is_url = reader.parse_url("explorer", &example, ["http", "https"]).is_some();
    if is_url && !text.contains("{id}") {
        reader.mistake("explorer", "has no {id}; write it as https://HOST/{kind}/{id}");
        return None;
    }
    is_url.then_some(text)
}

/// Reads a price, in micro-USDC per unit, as decimal digits with a few places.
fn read_price(reader: &mut Reader, key: &str, text: &str) -> Option<String> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(whole) && whole.len() <= 15 && is_digits(places) && places.len() <= PLACES {
        return Some(text.to_string());
    }
    reader.mistake(key, "is no price; write micro-USDC per unit as text, as in \"2500\" or \"0.125\"");
    None
}
