//! The form that each vendor documents, its rate limits, and its refusals.

use {
    super::{
        servers::{Got, hook_by},
        *,
    },
    crate::alerts::{
        entries::Phase,
        message::{Message, Origin},
        sinks::{Refusal, Retry},
    },
    serde_json::{Value, json},
    std::time::Duration,
    tokio::sync::mpsc::UnboundedReceiver,
};

fn message(alert: &Alert, phase: Phase) -> Message {
    let link = Some("https://app.example.org/{credit}".to_string());
    Origin { market: MARKET, keeper: "one".to_string(), link }.alert(alert, phase)
}

/// A sink of a kind at a server that answers in one way.
async fn sink(
    text: impl Fn(&str, &std::path::Path) -> String,
    answer: (u16, Vec<(&'static str, String)>, String),
) -> (Sink, UnboundedReceiver<Got>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = hook_by(move |_| answer.clone()).await;
    let sink = sinks(&text(&url, folder.path())).remove(0);
    (sink, received, folder)
}

async fn sent(sink: &Sink, received: &mut UnboundedReceiver<Got>, message: &Message) -> Got {
    sink.channel.send(message).await.unwrap();
    received.try_recv().unwrap()
}

fn ok() -> (u16, Vec<(&'static str, String)>, String) {
    (200, Vec::new(), "ok".to_string())
}

async fn refused(sink: &Sink) -> Refusal {
    sink.channel.send(&message(&alert(), Phase::Raised)).await.unwrap_err()
}

fn slack(url: &str, _: &std::path::Path) -> String {
    format!("[[slack]]\nname = \"a\"\nurl = \"{url}\"\nparty = \"all\"\n")
}

#[tokio::test]
async fn slack_gets_a_text_and_blocks_it_takes() {
    let (sink, mut received, _folder) = sink(slack, ok()).await;
    let json = sent(&sink, &mut received, &message(&alert(), Phase::Raised)).await.json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["blocks", "text"]);
    let types: Vec<&str> =
        json["blocks"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["header", "section", "section", "section", "section", "context"]);
    assert!(json["text"].as_str().unwrap().starts_with("warning: coverage on credit "));
    assert_eq!(json["blocks"][3]["text"]["text"], "Next: Ask for &lt;more&gt;.");
    let header = json["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(header.chars().count() <= 150, "Slack's limit for headers");
    let long = Alert { happened: "<".repeat(5_000), meaning: String::new(), ..alert() };
    let json = sent(&sink, &mut received, &message(&long, Phase::Raised)).await.json();
    assert!(json["blocks"][1]["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
    assert_eq!(json["blocks"].as_array().unwrap().len(), 5, "no block is empty");
}

/// Slack answers 429 with the seconds to wait, and 404 `no_service` for a webhook that was removed.
#[tokio::test]
async fn slack_is_heard_when_it_is_busy_and_when_it_is_gone() {
    let (sink, _received, _folder) =
        sink(slack, (429, vec![("retry-after", "30".to_string())], "ratelimited".to_string())).await;
    assert_eq!(refused(&sink).await.retry, Retry::After(Duration::from_secs(30)));
    let (sink, _received, _folder) = self::sink(slack, (404, Vec::new(), "no_service".to_string())).await;
    assert_eq!(refused(&sink).await.retry, Retry::Never);
    assert_eq!(sink.channel.pace().every, Duration::from_secs(1), "one a second");
}

fn discord(url: &str, _: &std::path::Path) -> String {
    format!("[[discord]]\nname = \"a\"\nurl = \"{url}\"\nparty = \"all\"\n")
}

#[tokio::test]
async fn discord_gets_one_embed_within_its_limits_that_mentions_nobody() {
    let (sink, mut received, _folder) = sink(discord, (204, Vec::new(), String::new())).await;
    let json = sent(&sink, &mut received, &message(&alert(), Phase::Raised)).await.json();
    let embed = &json["embeds"][0];
    assert_eq!(json["embeds"].as_array().unwrap().len(), 1);
    assert_eq!(json["allowed_mentions"], json!({ "parse": [] }));
    assert!(embed["title"].as_str().unwrap().starts_with("warning: coverage"));
    assert!(embed["description"].as_str().unwrap().contains("Coverage is 70 %."));
    assert_eq!(embed["url"], format!("https://app.example.org/{}", key(7)));
    let colour = embed["color"].as_u64().unwrap();
    let long = Alert { happened: "x".repeat(9_000), severity: Severity::Critical, ..alert() };
    let json = sent(&sink, &mut received, &message(&long, Phase::Raised)).await.json();
    let embed = &json["embeds"][0];
    let count = |name: &str| embed[name].as_str().unwrap().chars().count();
    assert!(count("title") <= 256 && count("description") <= 4_096);
    assert!(count("title") + count("description") + embed["footer"]["text"].as_str().unwrap().len() <= 6_000);
    assert_ne!(embed["color"].as_u64().unwrap(), colour, "the worse, the redder");
}

/// Discord's wait is a fraction of seconds in the body.
#[tokio::test]
async fn discord_gets_the_time_that_its_body_asks_for() {
    let body = json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false });
    let (sink, _received, _folder) = sink(discord, (429, Vec::new(), body.to_string())).await;
    let refusal = refused(&sink).await;
    assert_eq!(refusal.retry, Retry::After(Duration::from_secs(65)));
    assert!(refusal.reason.contains("You are being rate limited."), "{refusal:?}");
    let body = json!({ "message": "Unknown Webhook", "code": 10_015 });
    let (sink, _received, _folder) = self::sink(discord, (404, Vec::new(), body.to_string())).await;
    assert_eq!(refused(&sink).await.retry, Retry::Never);
}

const TOKEN: &str = "123456:ABC-token";

fn telegram(url: &str, folder: &std::path::Path) -> String {
    let (token, url) = (secret(folder, "token", TOKEN), url.trim_end_matches("/hook"));
    format!(
        "[[telegram]]\nname = \"a\"\nurl = \"{url}\"\nparty = \"all\"\ntoken = {token}\nchat = \"-1001234\"\n"
    )
}

#[tokio::test]
async fn telegram_gets_a_text_without_marks_at_its_bots_path() {
    let (sink, mut received, _folder) = sink(telegram, (200, Vec::new(), "{\"ok\":true}".to_string())).await;
    let long = Alert { happened: "x".repeat(9_000), ..alert() };
    let got = sent(&sink, &mut received, &message(&long, Phase::Raised)).await;
    assert_eq!(got.uri.path(), format!("/bot{TOKEN}/sendMessage"));
    let json = got.json();
    assert_eq!((&json["chat_id"], &json["parse_mode"]), (&"-1001234".into(), &Value::Null));
    assert!(json["text"].as_str().unwrap().chars().count() <= 4_096);
    assert!(json["text"].as_str().unwrap().starts_with("warning: coverage on credit "));
    sink.channel.check().await.unwrap();
    let got = received.try_recv().unwrap();
    assert_eq!((got.method.as_str(), got.uri.path()), ("GET", format!("/bot{TOKEN}/getChat").as_str()));
}

#[tokio::test]
async fn telegram_gets_its_wait_and_its_token_is_in_no_reason() {
    let body = json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 7",
        "parameters": { "retry_after": 7 },
    });
    let (sink, _received, _folder) = sink(telegram, (429, Vec::new(), body.to_string())).await;
    assert_eq!(refused(&sink).await.retry, Retry::After(Duration::from_secs(7)));
    let body = json!({ "ok": false, "error_code": 400, "description": "Bad Request: chat not found" });
    let (sink, _received, _folder) = self::sink(telegram, (400, Vec::new(), body.to_string())).await;
    let refusal = refused(&sink).await;
    assert_eq!(refusal.retry, Retry::Never);
    assert!(refusal.reason.ends_with("chat not found") && !refusal.reason.contains(TOKEN), "{refusal:?}");
    assert!(sink.channel.check().await.unwrap_err().contains("chat not found"));
    let folder = tempfile::tempdir().unwrap();
    let gone = sinks(&telegram("http://127.0.0.1:1/hook", folder.path())).remove(0);
    let refusal = refused(&gone).await;
    assert!(refusal.retry == Retry::Later && !refusal.reason.contains(TOKEN), "{refusal:?}");
}

fn pagerduty(url: &str, folder: &std::path::Path) -> String {
    let key = secret(folder, "key", "R0UTINGKEY");
    format!("[[pagerduty]]\nname = \"a\"\nurl = \"{url}\"\nparty = \"all\"\nrouting_key = {key}\n")
}

#[tokio::test]
async fn pagerduty_gets_an_event_and_its_end_resolves_it() {
    let answer = json!({ "status": "success", "message": "Event processed", "dedup_key": "x" });
    let (sink, mut received, _folder) = sink(pagerduty, (202, Vec::new(), answer.to_string())).await;
    let json = sent(&sink, &mut received, &message(&alert(), Phase::Raised)).await.json();
    assert_eq!((&json["routing_key"], &json["event_action"]), (&"R0UTINGKEY".into(), &"trigger".into()));
    let payload = &json["payload"];
    assert_eq!((&payload["severity"], &payload["component"]), (&"warning".into(), &"coverage".into()));
    assert!(payload["source"].as_str().unwrap().contains(&MARKET.to_string()));
    assert_eq!(payload["custom_details"]["credit"], key(7).to_string());
    let over = Alert { cleared_at: Some(ChainTime(NOW + 9)), ..alert() };
    let end = sent(&sink, &mut received, &message(&over, Phase::Cleared)).await.json();
    assert_eq!((&end["event_action"], &end["dedup_key"]), (&"resolve".into(), &json["dedup_key"]));
    let long = Alert { happened: "x".repeat(9_000), ..alert() };
    let json = sent(&sink, &mut received, &message(&long, Phase::Raised)).await.json();
    assert!(json["payload"]["summary"].as_str().unwrap().chars().count() <= 1_024);
}

#[tokio::test]
async fn pagerduty_refuses_a_wrong_event_for_good_and_a_busy_one_for_a_while() {
    let body = json!({ "status": "invalid event", "message": "Event object is invalid", "errors": [] });
    let (sink, _received, _folder) = sink(pagerduty, (400, Vec::new(), body.to_string())).await;
    let refusal = refused(&sink).await;
    assert!(
        refusal.retry == Retry::Never && refusal.reason.contains("Event object is invalid"),
        "{refusal:?}"
    );
    let (sink, _received, _folder) = self::sink(pagerduty, (429, Vec::new(), String::new())).await;
    assert_eq!(refused(&sink).await.retry, Retry::Later);
}

/// An answer without an end must not take the keeper's memory or its time.
#[tokio::test]
async fn an_endless_answer_is_cut() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await;
        let head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\r\n";
        let _ = stream.write_all(head).await;
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    });
    let sink = sinks(&slack(&url, std::path::Path::new("."))).remove(0);
    assert_eq!(refused(&sink).await.retry, Retry::Never);
}
