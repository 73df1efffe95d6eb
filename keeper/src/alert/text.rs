//! Bodies of what is told.

use {
    crate::{
        alert::{
            letters::News,
            record::{Alert, severity_name},
            settings::Format,
        },
        watch::words::time,
    },
    serde::Serialize,
    serde_json::{Value, json},
};

/// Longest text of one Slack block, in characters; Slack takes 3,000.
const BLOCK_MAX: usize = 2_900;

/// A webhook's body as JSON.
#[derive(Serialize)]
struct Body<'a> {
    news: &'static str,
    /// The credit it is about; null for what concerns the operator alone.
    credit: Option<String>,
    #[serde(flatten)]
    alert: &'a Alert,
}

/// A webhook's body.
pub fn body(format: Format, alert: &Alert, news: News) -> Result<Vec<u8>, serde_json::Error> {
    match format {
        Format::Json => {
            let credit = alert.credit().map(|credit| credit.to_string());
            serde_json::to_vec(&Body { news: news.name(), credit, alert })
        }
        Format::Slack => serde_json::to_vec(&slack(alert, news)),
    }
}

/// One line that says what it is.
pub fn title(alert: &Alert, news: News) -> String {
    let rule = alert.rule.name().replace('_', " ");
    let severity = severity_name(alert.severity);
    match news {
        News::Raised => format!("{severity}: {rule} on {}", short(alert)),
        News::Cleared => format!("over: {rule} on {}", short(alert)),
    }
}

fn short(alert: &Alert) -> String {
    let subject = alert.subject.to_string();
    let head: String = subject.chars().take(8).collect();
    if alert.lender.is_some() { format!("credit {head}") } else { head }
}

fn slack(alert: &Alert, news: News) -> Value {
    let title = title(alert, news);
    let section = |text: String| {
        let text: String = escape(&text).chars().take(BLOCK_MAX).collect();
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
    };
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } })];
    blocks.push(section(alert.happened.clone()));
    if news == News::Raised {
        blocks.push(section(alert.means.clone()));
        blocks.push(section(format!("Next: {}", alert.next)));
    }
    let context = escape(&format!("{} | {}", alert.subject, times(alert)));
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context }] }));
    // A block without text is refused as a whole.
    blocks.retain(|block| block.pointer("/text/text").is_none_or(|text| text != ""));
    json!({ "text": escape(&format!("{title}: {}", alert.happened)), "blocks": blocks })
}

/// Slack's own marks, written so that they are text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn times(alert: &Alert) -> String {
    match alert.cleared_at {
        Some(cleared_at) => format!("raised {}, over {}", time(alert.raised_at), time(cleared_at)),
        None => format!("raised {}", time(alert.raised_at)),
    }
}

/// A mail's text.
pub fn mail(alert: &Alert, news: News) -> String {
    let mut lines = Vec::new();
    if news == News::Cleared {
        lines.push("This is over. What it was:".to_string());
    }
    lines.push(alert.happened.clone());
    if news == News::Raised {
        lines.push(alert.means.clone());
        lines.push(format!("Next: {}", alert.next));
    }
    let mut about = format!(
        "Rule: {}\nSeverity: {}\nSubject: {}",
        alert.rule.name(),
        severity_name(alert.severity),
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
