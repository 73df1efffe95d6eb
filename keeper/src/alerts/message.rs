//! Bodies of webhooks and mails.

use {
    crate::alerts::{entries::Phase, record::Alert, settings::Format},
    blockable_service::text::time,
    serde::Serialize,
    serde_json::{Value, json},
};

/// Longest text of one Slack block, in characters; Slack takes 3,000.
const BLOCK_MAX: usize = 2_900;

/// A webhook's body as JSON.
#[derive(Serialize)]
struct Body<'a> {
    phase: &'static str,
    /// The credit that it is on; null for an alert for the operator alone.
    credit: Option<String>,
    #[serde(flatten)]
    alert: &'a Alert,
}

/// A webhook's body.
pub(crate) fn body(format: Format, alert: &Alert, phase: Phase) -> Result<Vec<u8>, serde_json::Error> {
    match format {
        Format::Json => {
            let credit = alert.credit().map(|credit| credit.to_string());
            serde_json::to_vec(&Body { phase: phase.name(), credit, alert })
        }
        Format::Slack => serde_json::to_vec(&slack(alert, phase)),
    }
}

/// The subject of a mail, and the header in Slack.
pub(crate) fn title(alert: &Alert, phase: Phase) -> String {
    let rule = alert.rule.name().replace('_', " ");
    let severity = alert.severity.name();
    match phase {
        Phase::Raised => format!("{severity}: {rule} on {}", short(alert)),
        Phase::Cleared => format!("ended: {rule} on {}", short(alert)),
    }
}

fn short(alert: &Alert) -> String {
    let subject = alert.subject.to_string();
    let head: String = subject.chars().take(8).collect();
    if alert.lender.is_some() { format!("credit {head}") } else { head }
}

fn slack(alert: &Alert, phase: Phase) -> Value {
    let title = title(alert, phase);
    let section = |text: String| {
        let text: String = escape(&text).chars().take(BLOCK_MAX).collect();
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
    };
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } })];
    blocks.push(section(alert.happened.clone()));
    if phase == Phase::Raised {
        blocks.push(section(alert.meaning.clone()));
        blocks.push(section(format!("Next: {}", alert.next_step)));
    }
    let context = escape(&format!("{} | {}", alert.subject, times(alert)));
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context }] }));
    // A block without text is refused as a whole.
    blocks.retain(|block| block.pointer("/text/text").is_none_or(|text| text != ""));
    json!({ "text": escape(&format!("{title}: {}", alert.happened)), "blocks": blocks })
}

/// Writes the characters that Slack gives a meaning so that they are text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn times(alert: &Alert) -> String {
    match alert.cleared_at {
        Some(cleared_at) => format!("raised {}, ended {}", time(alert.raised_at), time(cleared_at)),
        None => format!("raised {}", time(alert.raised_at)),
    }
}

/// A mail's text.
pub(crate) fn mail(alert: &Alert, phase: Phase) -> String {
    let mut lines = Vec::new();
    if phase == Phase::Cleared {
        lines.push("This alert has ended. It was on this:".to_string());
    }
    lines.push(alert.happened.clone());
    if phase == Phase::Raised {
        lines.push(alert.meaning.clone());
        lines.push(format!("Next: {}", alert.next_step));
    }
    let mut about = format!(
        "Rule: {}\nSeverity: {}\nSubject: {}",
        alert.rule.name(),
        alert.severity.name(),
        alert.subject
    );
    for (name, key) in [("Lender", alert.lender), ("Borrower", alert.borrower)] {
        if let Some(key) = key {
            about.push_str(&format!("\n{name}: {key}"));
        }
    }
    lines.push(about);
    lines.push(format!("Alert {}, {}.", alert.id, times(alert)));
    lines.join("\n\n")
}
