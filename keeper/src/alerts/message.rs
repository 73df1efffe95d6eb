//! Messages to sinks: an alert, a digest of several, a heartbeat or a test, in words and as JSON. Each kind of sink gives them its own
//! form.

use {
    crate::alerts::{Severity, entries::Phase, record::Alert},
    blockable_sdk::{Pubkey, amounts::ChainTime},
    blockable_service::{hex, text::time},
    serde_json::{Value, json},
    sha2::{Digest as _, Sha256},
};

/// Most alerts that a digest lists in words, and as JSON.
const LISTED: usize = 20;
pub(super) const DIGEST_MAX: usize = 100;

/// A message to a sink.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// The same for each attempt, for each sink, and for the same alert of another keeper.
    pub(crate) id: String,
    /// The id of the message that this one ends.
    pub(crate) answers: Option<String>,
    /// The same for all messages of one alert.
    pub(crate) thread: String,
    /// The severity.
    pub(crate) severity: Severity,
    /// The rule, or the kind of a message without one.
    pub(crate) rule: String,
    /// The keeper and the market.
    pub(crate) source: String,
    /// One line.
    pub(crate) title: String,
    /// The text.
    pub(crate) paragraphs: Vec<String>,
    /// Subject, times, keeper and market.
    pub(crate) footer: String,
    /// A page on the credit.
    pub(crate) link: Option<String>,
    /// The same as JSON.
    pub(crate) body: Value,
}

/// The keeper that messages come from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The market.
    pub(crate) market: Pubkey,
    /// The keeper's name.
    pub(crate) keeper: String,
    /// A page on a credit, with `{credit}` in the place of its address.
    pub(crate) link: Option<String>,
}

/// Alerts of one rule that are told together.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    /// The rule's name.
    pub(super) rule: String,
    /// The number of messages in it.
    pub(super) count: u64,
    /// The first of them, up to [`DIGEST_MAX`].
    pub(super) alerts: Vec<(Alert, Phase)>,
}

impl Message {
    /// Tests whether the message is on the end of an alert.
    pub(crate) fn is_end(&self) -> bool {
        self.answers.is_some()
    }

    /// The title and the first paragraph.
    pub(crate) fn summary(&self) -> String {
        match self.paragraphs.first() {
            Some(first) => format!("{}: {first}", self.title),
            None => self.title.clone(),
        }
    }
}

impl Origin {
    fn source(&self) -> String {
        format!("keeper {}, market {}", self.keeper, self.market)
    }

    /// A digest of fields as an id without a dot: Standard Webhooks separates the parts of what is signed by dots.
    fn id(&self, parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.market.to_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let hash = hash.finalize();
        format!("alert_{}", hex::encode(hash.get(..16).unwrap_or_default()))
    }

    /// The id of an alert's message: market, rule, subject, the time raised and the number of the change. Other keepers that raise it
    /// at the same time of the chain have the same one. Of a rule with occurrences, the occurrence takes the place of the time, so
    /// that keepers need not raise it at the same time.
    fn alert_id(&self, alert: &Alert, change: u32) -> String {
        let moment = alert.occurrence.unwrap_or(alert.raised_at.get());
        self.id(&[
            alert.rule.name(),
            &alert.subject.to_string(),
            alert.severity.name(),
            &moment.to_string(),
            &change.to_string(),
        ])
    }

    /// The message on a phase of an alert.
    pub(super) fn alert(&self, alert: &Alert, phase: Phase) -> Message {
        let (raised, this) =
            (self.alert_id(alert, Phase::Raised.change()), self.alert_id(alert, phase.change()));
        let link = self.link(alert);
        let mut paragraphs = Vec::new();
        if phase == Phase::Cleared {
            paragraphs.push("This alert has ended. It was on this:".to_string());
        }
        paragraphs.push(alert.happened.clone());
        if phase == Phase::Raised {
            paragraphs.push(alert.meaning.clone());
            paragraphs.push(format!("Next: {}", alert.next_step));
            paragraphs.extend(link.as_ref().map(|link| format!("The credit: {link}")));
        }
        let mut body = self.fields(alert, phase);
        body["type"] = json!(format!("alert.{}", phase.name()));
        body["id"] = json!(this);
        Message {
            id: this,
            answers: (phase == Phase::Cleared).then_some(raised.clone()),
            thread: raised,
            severity: alert.severity,
            rule: alert.rule.name().to_string(),
            source: self.source(),
            title: title(alert, phase),
            paragraphs,
            footer: self.footer(alert),
            link,
            body,
        }
    }

    /// The message on many alerts of a rule.
    pub(super) fn digest(&self, digest: &Digest) -> Message {
        let Digest { rule, count, alerts } = digest;
        let ids: Vec<String> =
            alerts.iter().map(|(alert, phase)| self.alert_id(alert, phase.change())).collect();
        let count_text = count.to_string();
        let mut parts: Vec<&str> = vec!["digest", rule.as_str(), &count_text];
        parts.extend(ids.iter().map(String::as_str));
        let id = self.id(&parts);
        let severity = alerts.iter().map(|(alert, _)| alert.severity).max().unwrap_or(Severity::Info);
        let mut paragraphs: Vec<String> = alerts
            .iter()
            .take(LISTED)
            .map(|(alert, phase)| match phase {
                Phase::Raised => format!("{}: {}", alert.subject, alert.happened),
                Phase::Cleared => format!("{}: ended. It was: {}", alert.subject, alert.happened),
            })
            .collect();
        let unlisted = count.saturating_sub(LISTED as u64);
        if unlisted > 0 {
            paragraphs.push(format!("{unlisted} more are under /v1/alerts."));
        }
        let listed: Vec<Value> = alerts.iter().map(|(alert, phase)| self.fields(alert, *phase)).collect();
        let body = json!({
            "type": "digest", "id": id, "market": self.market.to_string(), "keeper": self.keeper, "rule": rule,
            "severity": severity.name(), "count": count, "alerts": listed,
        });
        Message {
            answers: None,
            thread: id.clone(),
            severity,
            rule: rule.clone(),
            source: self.source(),
            title: format!("{}: {count} messages of the rule {}", severity.name(), rule.replace('_', " ")),
            paragraphs,
            footer: self.source(),
            link: None,
            body,
            id,
        }
    }

    /// The message that a keeper is well: a cycle has read the chain at a slot and at a time of its clock.
    pub(super) fn heartbeat(&self, slot: u64, clock: ChainTime) -> Message {
        let id = self.id(&["heartbeat", &self.keeper, &slot.to_string()]);
        let text = format!("Keeper {} has read the chain at slot {slot}, {}.", self.keeper, time(clock));
        let body = json!({
            "type": "heartbeat", "id": id, "market": self.market.to_string(), "keeper": self.keeper, "slot": slot,
            "clock": clock.get(),
        });
        self.plain(id, "heartbeat", format!("keeper {} is well", self.keeper), vec![text], body)
    }

    /// A test message, at a time of this machine's clock.
    pub(super) fn test(&self, now: ChainTime) -> Message {
        let id = self.id(&["test", &self.keeper, &now.get().to_string()]);
        let text =
            "This message tests the way to this sink. Nothing has happened, and nothing has to be done.";
        let body = json!({
            "type": "test", "id": id, "market": self.market.to_string(), "keeper": self.keeper, "at": now.get(),
        });
        self.plain(id, "test", format!("test of keeper {}", self.keeper), vec![text.to_string()], body)
    }

    fn plain(&self, id: String, rule: &str, title: String, paragraphs: Vec<String>, body: Value) -> Message {
        Message {
            answers: None,
            thread: id.clone(),
            severity: Severity::Info,
            rule: rule.to_string(),
            source: self.source(),
            title,
            paragraphs,
            footer: self.source(),
            link: None,
            body,
            id,
        }
    }

    fn link(&self, alert: &Alert) -> Option<String> {
        let (link, credit) = (self.link.as_ref()?, alert.credit()?);
        Some(link.replace("{credit}", &credit.to_string()))
    }

    fn fields(&self, alert: &Alert, phase: Phase) -> Value {
        let text = |key: Option<Pubkey>| key.map(|key| key.to_string());
        json!({
            "market": self.market.to_string(),
            "keeper": self.keeper,
            "phase": phase.name(),
            "change": phase.change(),
            "number": alert.id,
            "rule": alert.rule.name(),
            "subject": alert.subject.to_string(),
            "credit": text(alert.credit()),
            "severity": alert.severity.name(),
            "lender": text(alert.lender),
            "borrower": text(alert.borrower),
            "happened": alert.happened,
            "meaning": alert.meaning,
            "next_step": alert.next_step,
            "link": self.link(alert),
            "raised_at": alert.raised_at.get(),
            "cleared_at": alert.cleared_at.map(ChainTime::get),
        })
    }

    fn footer(&self, alert: &Alert) -> String {
        let mut about = format!("rule {}, {} {}", alert.rule.name(), noun(alert), alert.subject);
        for (name, key) in [("lender", alert.lender), ("borrower", alert.borrower)] {
            if let Some(key) = key.filter(|key| *key != alert.subject) {
                about.push_str(&format!(", {name} {key}"));
            }
        }
        format!("{about}; {}; {}", times(alert), self.source())
    }
}

fn noun(alert: &Alert) -> &'static str {
    if alert.credit().is_some() { "credit" } else { "subject" }
}

/// One line on a phase of an alert.
fn title(alert: &Alert, phase: Phase) -> String {
    let rule = alert.rule.name().replace('_', " ");
    let start = match phase {
        Phase::Raised => alert.severity.name(),
        Phase::Cleared => "ended",
    };
    let subject: String = alert.subject.to_string().chars().take(8).collect();
    match alert.credit() {
        Some(_) => format!("{start}: {rule} on credit {subject}"),
        None => format!("{start}: {rule} on {subject}"),
    }
}

fn times(alert: &Alert) -> String {
    match alert.cleared_at {
        Some(cleared_at) => format!("raised {}, ended {}", time(alert.raised_at), time(cleared_at)),
        None => format!("raised {}", time(alert.raised_at)),
    }
}
