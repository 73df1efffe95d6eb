//! The kinds of sinks, each in a file of its own, behind one narrow trait.
//!
//! | file | sink | rate | of the vendor |
//! |---|---|---|---|
//! | `webhook` | signed JSON, as Standard Webhooks has it | no limit | |
//! | `slack` | an incoming webhook | one a second, three at once | one a second, short bursts |
//! | `discord` | a channel's webhook | five in two seconds, three at once | five in two seconds |
//! | `telegram` | a bot's chat | twenty a minute, three at once | one a second, twenty a minute in a group |
//! | `pagerduty` | events of a service | two a second, six at once | 120 a minute |
//! | `email` | mail | one a second, five at once | |
//! | `ping` | a URL that is asked for after good cycles; no sink of alerts | by its setting | |
//! | `http` | requests, answers and their classes, for all but mail | | |
//!
//! Of what may be sent at once, all but one is for critical messages.

mod discord;
mod email;
mod http;
mod pagerduty;
mod ping;
mod slack;
mod telegram;
mod webhook;

pub(super) use {http::Http, ping::Pinger};

use {
    crate::alerts::{
        AlertError,
        message::Message,
        settings::{Email, SinkSettings, Target},
    },
    futures_util::future::BoxFuture,
    lettre::message::Mailbox,
    std::time::Duration,
};

/// A destination of messages.
pub(super) trait Channel: Send + Sync {
    /// The rate at which it may be sent messages.
    fn pace(&self) -> Pace;

    /// Sends a message, within a deadline. Errors: [`Refusal`], without secrets.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>>;

    /// Tests without a message whether it can be reached. Errors: the reason, without secrets.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// A rate: some messages at once, then one after each pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Messages at once.
    pub(super) burst: u32,
    /// Pause for each message; zero for no limit.
    pub(super) every: Duration,
}

impl Pace {
    /// No limit.
    pub(super) const NONE: Pace = Pace { burst: 1, every: Duration::ZERO };
}

/// A message that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The reason, without secrets.
    pub(super) reason: String,
    /// The next step.
    pub(super) retry: Retry,
}

/// The next step after a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// It is sent again after a pause that grows.
    Later,
    /// It is sent again after the time that the sink asks for; until then the sink gets nothing else.
    After(Duration),
    /// It is given up: the sink will never take it.
    Never,
}

impl Refusal {
    /// A message that may be taken later.
    pub(super) fn later(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), retry: Retry::Later }
    }

    /// A message that will never be taken.
    pub(super) fn never(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), retry: Retry::Never }
    }
}

/// Opens a sink, with its secrets. Errors: [`AlertError`].
pub(super) fn open(settings: &SinkSettings, http: &Http) -> Result<Box<dyn Channel>, AlertError> {
    let of = format!("{} {}", settings.target.kind(), settings.name);
    let read = |secret: &blockable_service::secrets::SecretSource| {
        secret.read_private().map_err(|reason| AlertError::Secret { of: of.clone(), reason })
    };
    let get = |url: &crate::alerts::settings::SinkUrl| {
        url.get().map_err(|error| AlertError::Url { of: of.clone(), reason: error.to_string() })
    };
    let http = http.clone();
    Ok(match &settings.target {
        Target::Webhook { url, secret, other_secret } => {
            let mut keys = Vec::new();
            for secret in std::iter::once(secret).chain(other_secret) {
                let key = blockable_service::webhook::WebhookKey::parse(&read(secret)?);
                keys.push(key.ok_or_else(|| AlertError::WebhookSecret { of: of.clone() })?);
            }
            Box::new(webhook::Webhook { http, url: get(url)?, keys })
        }
        Target::Slack { url } => Box::new(slack::Slack { http, url: get(url)? }),
        Target::Discord { url } => Box::new(discord::Discord { http, url: get(url)? }),
        Target::Telegram { url, token, chat } => {
            Box::new(telegram::Telegram::new(http, get(url)?, read(token)?, chat.clone()))
        }
        Target::PagerDuty { url, routing_key } => {
            Box::new(pagerduty::PagerDuty { http, url: get(url)?, routing_key: read(routing_key)? })
        }
    })
}

/// Opens mail to an address. Errors: [`AlertError`].
pub(super) fn open_email(email: &Email, to: Mailbox) -> Result<Box<dyn Channel>, AlertError> {
    Ok(Box::new(email::Mailer::new(email, to)?))
}
