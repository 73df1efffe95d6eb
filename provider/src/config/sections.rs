//! Sections of the file.

use {
    blockable_gate::{Durability, WhenStale},
    blockable_sdk::{Pubkey, amounts::Units, keys::KeySource},
    blockable_service::{secrets::SecretSource, settings::Reader},
    std::{
        net::{IpAddr, Ipv4Addr, SocketAddr},
        ops::RangeInclusive,
        path::PathBuf,
        time::Duration,
    },
};

/// Seconds that a setting may name: up to a year.
pub(super) const SECONDS: RangeInclusive<u64> = 1..=366 * 86_400;
/// Most of anything that is counted.
pub(super) const MAX_COUNT: usize = 1 << 30;
/// Most credit units that 1,000 tokens, or a GPU's second, may cost: products with them stay within 64 bits.
pub(super) const MAX_PRICE: u64 = 1_000_000_000;
/// Hours that a setting may name: up to a year.
const HOURS: RangeInclusive<u64> = 1..=8_760;

/// The address for health and metrics where the file names none.
const OPS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// Reads the address for health and metrics, `[ops]`. They are never served where clients come in.
pub(super) fn read_ops(reader: &mut Reader, public: &[SocketAddr]) -> SocketAddr {
    reader.section("ops", |section| {
        let listen = section.optional("listen").unwrap_or(OPS_LISTEN);
        if listen.port() != 0 && public.contains(&listen) {
            section
                .mistake("listen", "is an address of `listen` too; name one that only the operator reaches");
        }
        listen
    })
}

/// Reads the operator's token, `[admin]`.
pub(super) fn read_admin(reader: &mut Reader) -> Option<SecretSource> {
    if !reader.has("admin") {
        return None;
    }
    reader.section("admin", |section| section.required("token"))
}

/// `[chain]`: the chain and who this provider is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The node's JSON-RPC.
    pub rpc_url: String,
    /// The node's WebSocket.
    pub ws_url: String,
    /// The market's account.
    pub market: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
}

impl Chain {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<Chain> {
        reader.section("chain", |section| {
            let rpc_url = read_url(section, "rpc_url", ["http", "https"]);
            let ws_url = read_url(section, "ws_url", ["ws", "wss"]);
            let (market, provider) = (section.address("market"), section.address("provider"));
            Some(Chain { rpc_url: rpc_url?, ws_url: ws_url?, market: market?, provider: provider? })
        })
    }
}

/// Reads a URL and keeps it as it is written.
fn read_url(section: &mut Reader, key: &str, schemes: [&str; 2]) -> Option<String> {
    let text: String = section.required(key)?;
    section.parse_url(key, &text, schemes).map(|_| text)
}

/// `[gate]`: see `GateConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateSettings {
    /// The store's file.
    pub store: PathBuf,
    /// Bytes it may grow to.
    pub max_store_bytes: Option<u64>,
    /// The failure that a recorded hold survives.
    pub durability: Durability,
    /// Seconds without a move of the chain after which `when_stale` holds.
    pub max_staleness_seconds: u64,
    /// The answer to new jobs while the chain view is stale.
    pub when_stale: WhenStale,
    /// Days that the usage log and the notices are kept.
    pub usage_days: u64,
    /// Days that the usage log's totals by day are kept.
    pub totals_days: u64,
}

impl GateSettings {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<GateSettings> {
        reader.section("gate", |section| {
            let store = section.required("store");
            let settings = GateSettings {
                store: PathBuf::new(),
                max_store_bytes: section.optional("max_store_bytes"),
                durability: section.optional("durability").unwrap_or(Durability::Process),
                max_staleness_seconds: section.number("max_staleness_seconds", 10, SECONDS),
                when_stale: section.optional("when_stale").unwrap_or(WhenStale::Refuse),
                usage_days: section.number("usage_days", 90, 2..=36_500),
                totals_days: section.number("totals_days", 1_100, 2..=36_500),
            };
            Some(GateSettings { store: store?, ..settings })
        })
    }
}

/// `[[gpu]]`: GPUs of one kind for rent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuConfig {
    /// Its name in requests.
    pub name: String,
    /// Credit units per GPU and second.
    pub units_per_second: Units,
    /// Number of GPUs.
    pub count: u32,
}

impl GpuConfig {
    /// Reads one entry.
    pub(super) fn read(reader: &mut Reader) -> Option<GpuConfig> {
        let name: Option<String> = reader.required("name");
        let units_per_second = reader.required_number("units_per_second", 1..=MAX_PRICE).map(Units);
        let count = reader.required_number("count", 1..=u32::MAX);
        let is_plain = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if name.as_ref().is_some_and(|name| name.is_empty() || !is_plain(name)) {
            reader.mistake("name", "has other characters than letters, digits, `-`, `_` and `.`; rename it");
        }
        Some(GpuConfig { name: name?, units_per_second: units_per_second?, count: count? })
    }
}

/// `[idempotency]`: answers that are kept for requests that come again with the same `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Hours for which an answer, and its name, is kept.
    pub keep_hours: u64,
    /// Most bytes of an answer that is kept.
    pub answer_bytes: usize,
    /// Most bytes of a credit's answers that are kept; the oldest go first, and their names stay.
    pub credit_bytes: u64,
    /// Most bytes of all answers that are kept.
    pub total_bytes: u64,
}

impl Idempotency {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Idempotency {
        reader.section("idempotency", |section| Idempotency {
            keep_hours: section.number("keep_hours", 24, HOURS),
            answer_bytes: section.number("answer_bytes", 256 << 10, 1..=1 << 30),
            credit_bytes: section.number("credit_bytes", 64 << 20, 1..=1 << 50),
            total_bytes: section.number("total_bytes", 1 << 30, 1..=1 << 50),
        })
    }
}

/// `[leases]`: terms on which GPUs are rented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseSettings {
    /// Seconds held in advance where a request names none; without a heartbeat they count as used.
    pub heartbeat_seconds: u64,
    /// Most seconds that a request may name.
    pub max_heartbeat_seconds: u64,
    /// Leases of one credit that are open at once.
    pub leases_per_credit: usize,
}

impl LeaseSettings {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> LeaseSettings {
        reader.section("leases", |section| {
            let settings = LeaseSettings {
                heartbeat_seconds: section.number("heartbeat_seconds", 60, SECONDS),
                max_heartbeat_seconds: section.number("max_heartbeat_seconds", 3_600, SECONDS),
                leases_per_credit: section.number("leases_per_credit", 64, 1..=MAX_COUNT),
            };
            if settings.heartbeat_seconds > settings.max_heartbeat_seconds {
                let mistake = format!(
                    "{} is above max_heartbeat_seconds, {}; lower it",
                    settings.heartbeat_seconds, settings.max_heartbeat_seconds
                );
                section.mistake("heartbeat_seconds", mistake);
            }
            settings
        })
    }
}

/// `[freezes]`: bounds on signed freezes, as anyone may send one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeSettings {
    /// Freezes that are examined at once.
    pub at_once: usize,
    /// Freezes per second, over time.
    pub per_second: u32,
    /// Freezes that may come together.
    pub burst: u32,
}

impl FreezeSettings {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> FreezeSettings {
        reader.section("freezes", |section| FreezeSettings {
            at_once: section.number("at_once", 64, 1..=MAX_COUNT),
            per_second: section.number("per_second", 50, 1..=1 << 30),
            burst: section.number("burst", 500, 1..=1 << 30),
        })
    }
}

/// `[reporter]`: signs usage reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReporterSettings {
    /// Time between reports.
    pub interval: Duration,
    /// Time for which reports are handed out.
    pub keep: Duration,
    /// The keys that sign.
    pub key: Vec<KeySource>,
}

impl ReporterSettings {
    /// Reads the section; `None` also where it is left out.
    pub(super) fn read(reader: &mut Reader) -> Option<ReporterSettings> {
        if !reader.has("reporter") {
            return None;
        }
        reader.section("reporter", |section| {
            let interval = section.seconds("interval_seconds", 10, SECONDS);
            let keep_hours = section.number("keep_hours", 1, HOURS);
            let key: Vec<KeySource> = section.required("key")?;
            if key.is_empty() {
                section.mistake("key", "is empty; name at least one key");
            }
            Some(ReporterSettings { interval, keep: Duration::from_secs(keep_hours * 3_600), key })
        })
    }
}

/// The party that a webhook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookParty {
    /// Every notice.
    All,
    /// The notices of the credits that a key lends to or borrows from.
    Key(Pubkey),
}

impl WebhookParty {
    fn read(reader: &mut Reader) -> Option<WebhookParty> {
        let text: String = reader.required("party")?;
        if text == "all" {
            return Some(WebhookParty::All);
        }
        let key = text.parse().ok().map(WebhookParty::Key);
        if key.is_none() {
            reader.mistake("party", "is no party; write \"all\", or a lender's or borrower's address");
        }
        key
    }
}

/// `[[webhook]]`: a URL that notices are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Address of the receiver.
    pub url: String,
    /// Party whose notices are posted.
    pub party: WebhookParty,
    /// Secret that they are signed with.
    pub secret: SecretSource,
    /// Secret that they are signed with as well, while the receiver changes from one to the other.
    pub other_secret: Option<SecretSource>,
    /// Hours after which a notice that nobody takes is given up.
    pub give_up_hours: u64,
}

impl Webhook {
    /// Reads one entry.
    pub(super) fn read(reader: &mut Reader) -> Option<Webhook> {
        let url = read_url(reader, "url", ["http", "https"]);
        let (party, secret) = (WebhookParty::read(reader), reader.required("secret"));
        let other_secret = reader.optional("other_secret");
        let give_up_hours = reader.number("give_up_hours", 24, HOURS);
        Some(Webhook { url: url?, party: party?, secret: secret?, other_secret, give_up_hours })
    }

    /// The sources of its secrets.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = &mut SecretSource> {
        std::iter::once(&mut self.secret).chain(&mut self.other_secret)
    }
}

/// `[[revoked]]`: API keys that are no longer good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The credit.
    pub credit: Pubkey,
    /// Its keys that are refused.
    pub keys: RevokedKeys,
}

/// The keys of a credit that an entry revokes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedKeys {
    /// All of generations below this one.
    Below(u32),
    /// The sub-key of this name.
    Named(String),
}

impl Revoked {
    /// Reads one entry.
    pub(super) fn read(reader: &mut Reader) -> Option<Revoked> {
        let credit = reader.address("credit");
        let keys = match (reader.has("below"), reader.has("name")) {
            (true, true) => {
                reader.mistake("name", "is set beside `below`; write one entry for each");
                None
            }
            (false, true) => reader.required("name").map(RevokedKeys::Named),
            _ => reader.required("below").map(RevokedKeys::Below),
        };
        Some(Revoked { credit: credit?, keys: keys? })
    }
}
