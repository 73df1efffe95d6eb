//! `/page.json`: the settings that the page begins with.

use {
    crate::{
        page::{PageSettings, settings::ClusterName},
        values::Address,
    },
    blockable_sdk::{Hash, Pubkey},
    serde::Serialize,
    std::collections::BTreeMap,
    utoipa::ToSchema,
};

/// The version of the document.
const SCHEMA: u32 = 1;

/// The settings that the page begins with. All of it is public.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageDocument {
    /// The version of this document: 1.
    pub(crate) schema: u32,
    /// The cluster.
    pub(crate) cluster: PageCluster,
    /// The market.
    pub(crate) market: Address,
    /// Nodes for browsers, in order of preference.
    pub(crate) rpc: Vec<PageRpc>,
    /// The gate of each provider, to which lenders send freezes first.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) gates: BTreeMap<String, String>,
    /// True where a keeper serves the page; false for one that reads the chain alone.
    pub(crate) keeper: bool,
    /// The template of links to an explorer: `{kind}` is `tx` or `address`, `{id}` the signature or address.
    pub(crate) explorer: Option<String>,
    /// Prices at which units are valued, in micro-USDC per unit, by provider or lot.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) unit_prices: BTreeMap<String, String>,
    /// The public URL of the keeper's wallet links.
    pub(crate) links: Option<String>,
}

/// A cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageCluster {
    /// Its name.
    pub(crate) name: ClusterName,
    /// The hash of its first block; none while no node has named it.
    pub(crate) genesis: Option<String>,
}

/// A node for browsers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageRpc {
    /// JSON-RPC.
    pub(crate) http: String,
    /// WebSocket.
    pub(crate) ws: Option<String>,
}

impl PageDocument {
    /// The document of a market. `genesis` is that of a cluster without a known one.
    pub(crate) fn new(settings: &PageSettings, market: Pubkey, genesis: Option<Hash>, keeper: bool) -> Self {
        let rpc = settings
            .rpc
            .iter()
            .map(|node| PageRpc { http: bare(&node.http), ws: node.ws.as_ref().map(bare) });
        let genesis = settings.genesis().or(genesis).map(|hash| hash.to_string());
        PageDocument {
            schema: SCHEMA,
            cluster: PageCluster { name: settings.cluster, genesis },
            market: Address(market),
            rpc: rpc.collect(),
            gates: settings.gates.iter().map(|(key, url)| (key.to_string(), bare(url))).collect(),
            keeper,
            explorer: settings.explorer.clone(),
            unit_prices: settings
                .unit_prices
                .iter()
                .map(|(key, price)| (key.to_string(), price.clone()))
                .collect(),
            links: settings.links.as_ref().map(bare),
        }
    }
}

/// A URL without the slash that parsing puts at the end of one without a path.
fn bare(url: &url::Url) -> String {
    match url.path() {
        "/" if url.query().is_none() => url.as_str().trim_end_matches('/').to_string(),
        _ => url.to_string(),
    }
}
