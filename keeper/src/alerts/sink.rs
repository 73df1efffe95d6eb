//! The sinks of alerts, each with its subscription.

use {
    crate::alerts::{
        AlertError,
        courier::Turn,
        record::Alert,
        settings::{AlertSettings, SubscribedParty, Wants},
        sinks::{self, Channel, Http},
    },
    blockable_sdk::Pubkey,
    blockable_service::hex,
    sha2::{Digest, Sha256},
    std::{collections::BTreeMap, time::Duration},
    tokio::sync::Mutex,
};

const HOUR: i64 = 3_600;

/// The alerts that a sink gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// The sink's name in the outbox, logs and metrics.
    pub(crate) sink: String,
    /// Its choices. An alert that fits one of them is sent.
    pub(crate) wants: Vec<Wants>,
}

impl Subscription {
    /// Tests whether it is for one key alone.
    pub(crate) fn is_of(&self, key: &Pubkey) -> bool {
        let is_key = |wants: &Wants| wants.party == SubscribedParty::Key(*key);
        !self.wants.is_empty() && self.wants.iter().all(is_key)
    }

    /// Tests whether it includes an alert.
    pub(crate) fn includes(&self, alert: &Alert) -> bool {
        self.wants.iter().any(|wants| {
            let concerned = match wants.party {
                SubscribedParty::All => true,
                SubscribedParty::Operator => alert.lender.is_none() && alert.borrower.is_none(),
                SubscribedParty::Key(key) => alert.lender == Some(key) || alert.borrower == Some(key),
            };
            concerned && alert.severity >= wants.min_severity
        })
    }

    /// Tests whether alerts of severity info come in one message a day.
    pub(super) fn is_info_daily(&self) -> bool {
        self.wants.iter().all(|wants| wants.is_info_daily)
    }

    /// Messages of a rule within an hour, beyond which further ones come together.
    pub(super) fn digest_above(&self) -> u32 {
        self.wants.iter().map(|wants| wants.digest_above).max().unwrap_or(u32::MAX)
    }

    /// Pause between two heartbeats; `None` for no heartbeats.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        self.wants.iter().filter_map(|wants| wants.heartbeat).min()
    }
}

/// One destination of alerts.
pub(super) struct Sink {
    pub(super) subscription: Subscription,
    /// Seconds after which an entry that is not taken is given up.
    pub(super) give_up_after: i64,
    /// Held by the one that delivers, so that no entry is sent twice at once.
    pub(super) turn: Mutex<Turn>,
    pub(super) channel: Box<dyn Channel>,
}

impl Sink {
    /// Opens every sink of the settings, with its secrets. Returns each by its name, with the reason where it cannot be opened.
    pub(super) fn open_each(
        settings: &AlertSettings,
        http: &Http,
    ) -> Vec<(String, Result<Sink, AlertError>)> {
        let mut opened = Vec::new();
        for sink in &settings.sinks {
            let name = format!("{}/{}", sink.target.kind(), sink.name);
            let subscription = Subscription { sink: name.clone(), wants: vec![sink.wants] };
            let channel = sinks::open(sink, http);
            let sink = channel.map(|channel| Sink::new(subscription, sink.give_up_hours, channel));
            opened.push((name, sink));
        }
        // An address that is named twice gets one mail.
        let mut addresses = BTreeMap::new();
        for to in &settings.email_to {
            let (_, wants) =
                addresses.entry(to.address.email.to_string()).or_insert((&to.address, Vec::new()));
            wants.push(to.wants);
        }
        for (address, (to, wants)) in addresses {
            let name = email_name(&address);
            let sink = settings.email.as_ref().ok_or(AlertError::NoEmail).and_then(|email| {
                let subscription = Subscription { sink: name.clone(), wants };
                Ok(Sink::new(subscription, email.give_up_hours, sinks::open_email(email, to.clone())?))
            });
            opened.push((name, sink));
        }
        opened
    }

    /// As [`Sink::open_each`], where all can be opened. Errors: the first [`AlertError`].
    pub(super) fn open_all(settings: &AlertSettings, http: &Http) -> Result<Vec<Sink>, AlertError> {
        Sink::open_each(settings, http).into_iter().map(|(_, sink)| sink).collect()
    }

    fn new(subscription: Subscription, give_up_hours: u64, channel: Box<dyn Channel>) -> Sink {
        let give_up_after = i64::try_from(give_up_hours).unwrap_or(i64::MAX).saturating_mul(HOUR);
        Sink { subscription, give_up_after, turn: Mutex::default(), channel }
    }

    /// The sink's name in the outbox, logs and metrics.
    pub(super) fn name(&self) -> &str {
        &self.subscription.sink
    }
}

/// The name of an address in metrics and health, which show no address. It is the same as long as the address is, so that an
/// entry for one reader never goes to another.
fn email_name(address: &str) -> String {
    format!("email/{:.8}", hex::encode(Sha256::digest(address.as_bytes())))
}
