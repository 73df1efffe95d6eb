use {
    super::*,
    crate::alerts::{entries::Phase, message, settings::Format},
    serde_json::Value,
};

fn body(format: Format, alert: &Alert, phase: Phase) -> Value {
    serde_json::from_slice(&message::body(format, alert, phase).unwrap()).unwrap()
}

#[test]
fn json_has_everything_by_name() {
    let json = body(Format::Json, &alert(), Phase::Raised);
    let expected = serde_json::json!({
        "phase": "raised", "credit": key(7).to_string(), "id": 3, "rule": "coverage", "subject": key(7).to_string(),
        "severity": "warning", "lender": key(1).to_string(), "borrower": key(2).to_string(),
        "happened": "Coverage is 70 %.", "meaning": "A sale would leave $100.00 unpaid.", "next_step": "Ask for <more>.",
        "raised_at": NOW, "cleared_at": null,
    });
    assert_eq!(json, expected);
    let operators = Alert { lender: None, borrower: None, ..alert() };
    assert_eq!(body(Format::Json, &operators, Phase::Raised)["credit"], Value::Null);
}

#[test]
fn slack_gets_a_text_and_blocks_it_takes() {
    let json = body(Format::Slack, &alert(), Phase::Raised);
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["blocks", "text"]);
    let types: Vec<&str> =
        json["blocks"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["header", "section", "section", "section", "context"]);
    assert!(json["text"].as_str().unwrap().starts_with("warning: coverage on credit "));
    assert_eq!(json["blocks"][3]["text"]["text"], "Next: Ask for &lt;more&gt;.");
    assert!(
        json["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 150,
        "Slack's limit for headers"
    );
    let long = Alert { happened: "<".repeat(5_000), meaning: String::new(), ..alert() };
    let json = body(Format::Slack, &long, Phase::Raised);
    assert!(json["blocks"][1]["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
    assert_eq!(json["blocks"].as_array().unwrap().len(), 4, "no block is empty");
}

#[test]
fn the_end_reads_as_one() {
    let over = Alert { cleared_at: Some(ChainTime(NOW + 60)), ..alert() };
    let json = body(Format::Slack, &over, Phase::Cleared);
    assert!(json["text"].as_str().unwrap().starts_with("ended: coverage"));
    assert_eq!(json["blocks"].as_array().unwrap().len(), 3);
    let mail = message::mail(&over, Phase::Cleared);
    assert!(
        mail.starts_with("This alert has ended.") && mail.contains("ended 2027-01-15 08:01 UTC"),
        "{mail}"
    );
}
