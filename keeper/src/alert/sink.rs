//! Where alerts are told, and whom each place is for.

use {
    crate::alert::{
        AlertError, Severity,
        email::Mailer,
        letters::News,
        record::Alert,
        settings::{Party, Settings},
        webhook::Poster,
    },
    blockable_service::hex,
    sha2::{Digest, Sha256},
    std::collections::BTreeMap,
    tokio::sync::Mutex,
};

const HOUR: i64 = 3_600;

/// Whom a sink is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The sink's name in the outbox, logs and metrics.
    pub sink: String,
    /// Whose alerts it gets, and from which severity on. Any one suffices.
    pub wants: Vec<(Party, Severity)>,
}

impl Audience {
    /// Whether an alert is for it.
    pub fn is_for(&self, alert: &Alert) -> bool {
        self.wants.iter().any(|(party, least)| {
            let concerned = match party {
                Party::All => true,
                Party::Operator => alert.lender.is_none() && alert.borrower.is_none(),
                Party::Key(key) => alert.lender == Some(*key) || alert.borrower == Some(*key),
            };
            concerned && alert.severity >= *least
        })
    }
}

/// One place and how it is reached.
pub(super) struct Sink {
    pub audience: Audience,
    /// Seconds after which news that is not taken is given up.
    pub give_up_after: i64,
    /// Held while it is delivered to, so that nothing is told twice at once.
    pub turn: Mutex<()>,
    way: Way,
}

enum Way {
    Webhook(Box<Poster>),
    Email(Box<Mailer>),
}

impl Sink {
    /// Every sink of the settings, with its secrets. Errors: [`AlertError`].
    pub fn all(settings: &Settings) -> Result<Vec<Sink>, AlertError> {
        let mut sinks = Vec::new();
        for webhook in &settings.webhooks {
            let wants = vec![(webhook.party, webhook.min_severity)];
            let audience = Audience { sink: format!("webhook/{}", webhook.name), wants };
            let way = Way::Webhook(Box::new(Poster::new(webhook)?));
            sinks.push(Sink::new(audience, webhook.give_up_hours, way));
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
            let audience = Audience { sink: email_name(&address), wants };
            let way = Way::Email(Box::new(Mailer::new(email, to.clone())?));
            sinks.push(Sink::new(audience, email.give_up_hours, way));
        }
        Ok(sinks)
    }

    fn new(audience: Audience, give_up_hours: u64, way: Way) -> Sink {
        let give_up_after = i64::try_from(give_up_hours).unwrap_or(i64::MAX).saturating_mul(HOUR);
        Sink { audience, give_up_after, turn: Mutex::new(()), way }
    }

    /// Tells news of an alert. Errors: why it was not taken, without secrets.
    pub async fn tell(&self, alert: &Alert, news: News) -> Result<(), String> {
        match &self.way {
            Way::Webhook(poster) => poster.post(alert, news).await,
            Way::Email(mailer) => mailer.send(alert, news).await,
        }
    }

    /// Gives it less time for one delivery.
    #[cfg(test)]
    pub fn set_deadline(&mut self, deadline: std::time::Duration) {
        match &mut self.way {
            Way::Webhook(poster) => poster.deadline = deadline,
            Way::Email(mailer) => mailer.deadline = deadline,
        }
    }
}

/// What stands for an address in figures and health, which show no address. It is the same for as long as the address is, so
/// that what waits for one reader never goes to another.
fn email_name(address: &str) -> String {
    format!("email/{:.8}", hex::encode(&Sha256::digest(address.as_bytes())))
}
