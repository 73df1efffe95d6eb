//! The sections of sinks over HTTP: `[[webhook]]`, `[[slack]]`, `[[discord]]`, `[[telegram]]`, `[[pagerduty]]` and `[[ping]]`.

use {
    super::SinkUrl,
    crate::alerts::Severity,
    blockable_sdk::Pubkey,
    blockable_service::{secrets::SecretSource, settings::Reader},
    serde::Deserialize,
    std::{collections::BTreeSet, path::Path, time::Duration},
};

/// Kinds of sinks that have a list of their own in the file.
const KINDS: [&str; 5] = ["webhook", "slack", "discord", "telegram", "pagerduty"];
/// The address of Telegram's bots, and that of PagerDuty's events.
const TELEGRAM: &str = "https://api.telegram.org";
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// The alerts that a sink gets, by the parties they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscribedParty {
    /// All alerts.
    All,
    /// Those for the operator alone.
    Operator,
    /// Those on credits that this key lends or borrows on.
    Key(Pubkey),
}

/// A sink's choice of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wants {
    /// The parties whose alerts it gets.
    pub(crate) party: SubscribedParty,
    /// The least severity that it gets.
    pub(crate) min_severity: Severity,
    /// Pause between two heartbeats; `None` for no heartbeats.
    pub(crate) heartbeat: Option<Duration>,
    /// True where alerts of severity info come in one message a day.
    pub(crate) is_info_daily: bool,
    /// Messages of a rule within an hour, beyond which further ones that are not critical come together.
    pub(crate) digest_above: u32,
}

/// A sink that is reached over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct SinkSettings {
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// Its choice of messages.
    pub(crate) wants: Wants,
    /// Hours after which a message that is not taken is given up.
    pub(crate) give_up_hours: u64,
    /// Its kind, with address and secrets.
    pub(crate) target: Target,
}

/// The address and the secrets of a sink.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// `[[webhook]]`: signed JSON.
    Webhook {
        /// Its address.
        url: SinkUrl,
        /// The secret that signs posts.
        secret: SecretSource,
        /// A second secret, while they are changed.
        other_secret: Option<SecretSource>,
    },
    /// `[[slack]]`: an incoming webhook.
    Slack {
        /// Its address, which is its secret.
        url: SinkUrl,
    },
    /// `[[discord]]`: a channel's webhook.
    Discord {
        /// Its address, which is its secret.
        url: SinkUrl,
    },
    /// `[[telegram]]`: a chat of a bot.
    Telegram {
        /// The address of the bots' server.
        url: SinkUrl,
        /// The bot's token.
        token: SecretSource,
        /// The chat's number, or the name of a channel.
        chat: String,
    },
    /// `[[pagerduty]]`: a service's events.
    PagerDuty {
        /// The address of the events.
        url: SinkUrl,
        /// The key of the service's integration.
        routing_key: SecretSource,
    },
}

impl Target {
    /// The kind's name in the file, logs and metrics.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Target::Webhook { .. } => "webhook",
            Target::Slack { .. } => "slack",
            Target::Discord { .. } => "discord",
            Target::Telegram { .. } => "telegram",
            Target::PagerDuty { .. } => "pagerduty",
        }
    }

    pub(super) fn resolve(&mut self, folder: &Path) {
        match self {
            Target::Webhook { url, secret, other_secret } => {
                url.resolve(folder);
                std::iter::once(secret).chain(other_secret).for_each(|secret| secret.resolve(folder));
            }
            Target::Slack { url } | Target::Discord { url } => url.resolve(folder),
            Target::Telegram { url, token: secret, chat: _ }
            | Target::PagerDuty { url, routing_key: secret } => {
                url.resolve(folder);
                secret.resolve(folder);
            }
        }
    }

    fn read(kind: &str, reader: &mut Reader) -> Option<Target> {
        match kind {
            "webhook" => {
                let (url, secret) = (SinkUrl::read_from(reader, "url"), reader.required("secret"));
                let other_secret = reader.optional("other_secret");
                Some(Target::Webhook { url: url?, secret: secret?, other_secret })
            }
            "slack" => Some(Target::Slack { url: SinkUrl::read_from(reader, "url")? }),
            "discord" => Some(Target::Discord { url: SinkUrl::read_from(reader, "url")? }),
            "telegram" => {
                let (url, token) = (read_url_or(reader, TELEGRAM), reader.required("token"));
                let chat = reader.required("chat");
                Some(Target::Telegram { url: url?, token: token?, chat: chat? })
            }
            _ => {
                let (url, routing_key) = (read_url_or(reader, PAGERDUTY), reader.required("routing_key"));
                Some(Target::PagerDuty { url: url?, routing_key: routing_key? })
            }
        }
    }
}

fn read_url_or(reader: &mut Reader, otherwise: &str) -> Option<SinkUrl> {
    match reader.has("url") {
        true => SinkUrl::read_from(reader, "url"),
        false => Some(SinkUrl::from_text(otherwise)),
    }
}

/// Reads the lists of all kinds. Names are unique within a kind.
pub(super) fn read_sinks(reader: &mut Reader) -> Vec<SinkSettings> {
    let mut sinks = Vec::new();
    for kind in KINDS {
        let mut names = BTreeSet::new();
        let listed = reader.each(kind, |reader| {
            let sink = read_sink(kind, reader);
            if let Some(sink) = &sink
                && !names.insert(sink.name.clone())
            {
                reader.mistake("name", "is used twice; give each its own");
            }
            sink
        });
        sinks.extend(listed.into_iter().flatten());
    }
    sinks
}

fn read_sink(kind: &str, reader: &mut Reader) -> Option<SinkSettings> {
    let name = read_name(reader);
    let wants = read_wants(reader, kind != "pagerduty");
    let give_up_hours = reader.number("give_up_hours", 24, 1..=8_760);
    let target = Target::read(kind, reader);
    Some(SinkSettings { name: name?, wants: wants?, give_up_hours, target: target? })
}

fn read_name(reader: &mut Reader) -> Option<String> {
    let name: String = reader.required("name")?;
    if name.is_empty() || name.contains(char::is_control) {
        reader.mistake("name", "must be one line of text; name it");
    }
    Some(name)
}

/// Reads the choice of messages. A heartbeat in a sink that wakes people is refused.
pub(super) fn read_wants(reader: &mut Reader, has_heartbeats: bool) -> Option<Wants> {
    let party = match reader.required::<String>("party") {
        None => None,
        Some(party) if party == "all" => Some(SubscribedParty::All),
        Some(party) if party == "operator" => Some(SubscribedParty::Operator),
        Some(key) => match key.parse() {
            Ok(key) => Some(SubscribedParty::Key(key)),
            Err(_) => {
                let mistake = "is neither \"all\", \"operator\" nor an address in base58; correct it";
                reader.mistake("party", mistake);
                None
            }
        },
    };
    let heartbeat = match has_heartbeats {
        true => reader.optional_number("heartbeat_seconds", 1..=86_400).map(Duration::from_secs),
        false => None,
    };
    let info: Info = reader.optional("info").unwrap_or(Info::Daily);
    Some(Wants {
        party: party?,
        min_severity: reader.optional("min_severity").unwrap_or(Severity::Info),
        heartbeat,
        is_info_daily: info == Info::Daily,
        digest_above: reader.number("digest_above", 20, 1..=100_000),
    })
}

/// The way in which alerts of severity info come.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Info {
    Daily,
    Each,
}

/// `[[ping]]`: a URL that is asked for after good cycles. Whoever serves it alarms when that ends.
#[derive(Clone, Debug)]
pub(crate) struct Ping {
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// The URL.
    pub(crate) url: SinkUrl,
    /// Pause between two requests.
    pub(crate) every: Duration,
}

/// Reads `[[ping]]`.
pub(super) fn read_pings(reader: &mut Reader) -> Vec<Ping> {
    let pings = reader.each("ping", |reader| {
        let (name, url) = (read_name(reader), SinkUrl::read_from(reader, "url"));
        let every = reader.seconds("every_seconds", 60, 1..=86_400);
        Some(Ping { name: name?, url: url?, every })
    });
    pings.into_iter().flatten().collect()
}
