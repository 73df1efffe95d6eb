//! The sinks of alerts: webhooks and mail addresses, each with its subscription.

use {
    crate::alerts::{
        AlertError, Severity,
        email::Mailer,
        entries::{DeliveryAttempt, Phase},
        record::Alert,
        settings::{AlertSettings, SubscribedParty},
        webhook::Poster,
    },
    blockable_sdk::Pubkey,
    blockable_service::hex,
    sha2::{Digest, Sha256},
    std::collections::BTreeMap,
    tokio::sync::Mutex,
};

const HOUR: i64 = 3_600;

/// The alerts that a sink gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// The sink's name in the outbox, logs and metrics.
    pub(crate) sink: String,
    /// Parties, each with the least severity. An alert that fits one of them is sent.
    pub(crate) wants: Vec<(SubscribedParty, Severity)>,
}

impl Subscription {
    /// Tests whether it is for one key alone.
    pub(crate) fn is_of(&self, key: &Pubkey) -> bool {
        let is_key = |(party, _): &(SubscribedParty, Severity)| *party == SubscribedParty::Key(*key);
        !self.wants.is_empty() && self.wants.iter().all(is_key)
    }

    /// Tests whether it includes an alert.
    pub(crate) fn includes(&self, alert: &Alert) -> bool {
        self.wants.iter().any(|(party, least)| {
            let concerned = match party {
                SubscribedParty::All => true,
                SubscribedParty::Operator => alert.lender.is_none() && alert.borrower.is_none(),
                SubscribedParty::Key(key) => alert.lender == Some(*key) || alert.borrower == Some(*key),
            };
            concerned && alert.severity >= *least
        })
    }
}

/// One destination of alerts.
pub(super) struct Sink {
    pub(crate) subscription: Subscription,
    /// Seconds after which an entry that is not taken is given up.
    pub(crate) give_up_after: i64,
    /// Held during a round of delivery, so that no entry is sent twice at once.
    pub(crate) turn: Mutex<Turn>,
    client: SinkClient,
}

/// The state that a round of delivery leaves to the next.
#[derive(Default)]
pub(super) struct Turn {
    /// Entry and result of an attempt that could not be recorded: it is recorded before the entry is sent again.
    pub(crate) unrecorded: Option<(i64, DeliveryAttempt)>,
}

enum SinkClient {
    Webhook(Box<Poster>),
    Email(Box<Mailer>),
}

impl Sink {
    /// Opens every sink of the settings, with its secrets. Errors: [`AlertError`].
    pub(crate) fn open_all(settings: &AlertSettings) -> Result<Vec<Sink>, AlertError> {
        let mut sinks = Vec::new();
        for webhook in &settings.webhooks {
            let wants = vec![(webhook.party, webhook.min_severity)];
            let subscription = Subscription { sink: format!("webhook/{}", webhook.name), wants };
            let client = SinkClient::Webhook(Box::new(Poster::new(webhook)?));
            sinks.push(Sink::new(subscription, webhook.give_up_hours, client));
        }
        // An address that is named twice gets one mail.
        let mut addresses = BTreeMap::new();
        for to in &settings.email_to {
            let (_, wants) =
                addresses.entry(to.address.email.to_string()).or_insert((&to.address, Vec::new()));
            wants.push((to.party, to.min_severity));
        }
        for (address, (to, wants)) in addresses {
            let email = settings.email.as_ref().ok_or(AlertError::NoEmail)?;
            let subscription = Subscription { sink: email_name(&address), wants };
            let client = SinkClient::Email(Box::new(Mailer::new(email, to.clone())?));
            sinks.push(Sink::new(subscription, email.give_up_hours, client));
        }
        Ok(sinks)
    }

    fn new(subscription: Subscription, give_up_hours: u64, client: SinkClient) -> Sink {
        let give_up_after = i64::try_from(give_up_hours).unwrap_or(i64::MAX).saturating_mul(HOUR);
        Sink { subscription, give_up_after, turn: Mutex::default(), client }
    }

    /// The sink's name in the outbox, logs and metrics.
    pub(crate) fn name(&self) -> &str {
        &self.subscription.sink
    }

    /// Sends an alert. Errors: the reason for which it was not taken, without secrets.
    pub(crate) async fn deliver(&self, alert: &Alert, phase: Phase) -> Result<(), String> {
        match &self.client {
            SinkClient::Webhook(poster) => poster.post(alert, phase).await,
            SinkClient::Email(mailer) => mailer.send(alert, phase).await,
        }
    }

    /// Sets the time for one delivery.
    #[cfg(test)]
    pub(crate) fn set_deadline(&mut self, deadline: std::time::Duration) {
        match &mut self.client {
            SinkClient::Webhook(poster) => poster.deadline = deadline,
            SinkClient::Email(mailer) => mailer.deadline = deadline,
        }
    }
}

/// The name of an address in metrics and health, which show no address. It is the same as long as the address is, so that an
/// entry for one reader never goes to another.
fn email_name(address: &str) -> String {
    format!("email/{:.8}", hex::encode(Sha256::digest(address.as_bytes())))
}
