//! Sections of the file.

use {
    super::secrets::SecretSource,
    blockable_gate::{Durability, WhenStale},
    blockable_sdk::{Pubkey, keys::KeySource},
    serde::{Deserialize, Deserializer, de::Error},
    std::{net::SocketAddr, path::PathBuf, time::Duration},
};

/// Reads an address in base58.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pubkey, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not an address; write it in base58")))
}

/// `[ops]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ops {
    /// Where health and metrics are served.
    pub listen: SocketAddr,
}

/// `[chain]`: the chain and who this provider is on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The node's JSON-RPC.
    pub rpc_url: String,
    /// The node's WebSocket.
    pub ws_url: String,
    /// The market's account.
    #[serde(deserialize_with = "address")]
    pub market: Pubkey,
    /// The provider's account.
    #[serde(deserialize_with = "address")]
    pub provider: Pubkey,
}

/// `[gate]`: see `GateConfig`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSettings {
    /// The store's file.
    pub store: PathBuf,
    /// Bytes it may grow to.
    pub max_store_bytes: Option<u64>,
    /// What a recorded hold survives.
    #[serde(default = "process")]
    pub durability: Durability,
    /// Seconds that the chain may be out of sight before `when_stale` holds.
    #[serde(default = "ten")]
    pub max_staleness_seconds: u64,
    /// What becomes of new jobs then.
    #[serde(default = "refuse")]
    pub when_stale: WhenStale,
    /// Days that settled holds stay in the ledger.
    #[serde(default = "ninety")]
    pub ledger_days: u64,
}

fn process() -> Durability {
    Durability::Process
}

fn refuse() -> WhenStale {
    WhenStale::Refuse
}

fn ten() -> u64 {
    10
}

fn ninety() -> u64 {
    90
}

/// `[limits]`: what is served at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request.
    pub body_bytes: usize,
    /// Bytes of an upstream's answer.
    pub answer_bytes: usize,
    /// Seconds that a request's body may take to arrive.
    pub body_seconds: u64,
    /// Requests that run at once.
    pub requests: usize,
    /// Requests of one credit that run at once.
    pub requests_per_credit: usize,
    /// Connections that are open at once.
    pub connections: usize,
    /// Seconds after which a connection that nothing moves on is closed; longer than any model's timeout.
    pub idle_seconds: u64,
    /// Seconds that a client may keep a stream waiting in all; then the rest is read without it.
    pub client_patience_seconds: u64,
    /// Streams of reports that are open at once.
    pub report_streams: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 4 << 20,
            answer_bytes: 64 << 20,
            body_seconds: 30,
            requests: 1_024,
            requests_per_credit: 256,
            connections: 4_096,
            idle_seconds: 900,
            client_patience_seconds: 30,
            report_streams: 64,
        }
    }
}

/// `[[gpu]]`: GPUs of one kind for rent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuConfig {
    /// Its name in requests.
    pub name: String,
    /// Credit units per GPU and second.
    pub units_per_second: u64,
    /// How many there are.
    pub count: u32,
}

/// `[leases]`: how GPUs are rented.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeaseSettings {
    /// Seconds held in advance where a request names none; without a heartbeat they count as used.
    pub heartbeat_seconds: u64,
    /// Most seconds that a request may name.
    pub max_heartbeat_seconds: u64,
    /// Leases of one credit that are open at once.
    pub leases_per_credit: usize,
}

impl Default for LeaseSettings {
    fn default() -> LeaseSettings {
        LeaseSettings { heartbeat_seconds: 60, max_heartbeat_seconds: 3_600, leases_per_credit: 64 }
    }
}

/// `[freezes]`: how signed freezes are taken. Anyone may send one, so they are bounded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreezeSettings {
    /// Freezes that are examined at once.
    pub at_once: usize,
    /// Freezes per second, over time.
    pub per_second: u32,
    /// Freezes that may come together.
    pub burst: u32,
}

impl Default for FreezeSettings {
    fn default() -> FreezeSettings {
        FreezeSettings { at_once: 64, per_second: 50, burst: 500 }
    }
}

/// `[reporter]`: signs usage reports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReporterSettings {
    /// Seconds between reports.
    #[serde(default = "ten")]
    pub interval_seconds: u64,
    /// Hours for which reports are handed out.
    #[serde(default = "one")]
    pub keep_hours: u64,
    /// The keys that sign.
    pub key: Vec<KeySource>,
}

fn one() -> u64 {
    1
}

impl ReporterSettings {
    /// Time between reports.
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_seconds)
    }

    /// How long reports are handed out.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_hours.saturating_mul(3_600))
    }
}

/// Whom a webhook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Every notice.
    All,
    /// The notices of the credits that a key lends to or borrows from.
    Key(Pubkey),
}

impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Party, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "all" {
            return Ok(Party::All);
        }
        let key = text.parse().map_err(|_| {
            D::Error::custom(format!(
                "`{text}` is no party; write \"all\", or a lender's or borrower's address"
            ))
        })?;
        Ok(Party::Key(key))
    }
}

/// `[[webhook]]`: a URL that notices are posted to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// Whose notices.
    pub party: Party,
    /// What they are signed with.
    pub secret: SecretSource,
    /// Hours after which a notice that nobody takes is given up.
    #[serde(default = "day")]
    pub give_up_hours: u64,
}

fn day() -> u64 {
    24
}

/// `[[revoked]]`: API keys that are no longer good.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The credit.
    #[serde(deserialize_with = "address")]
    pub credit: Pubkey,
    /// Its keys of generations below this one are refused.
    pub below: u32,
}
