use {
    super::*,
    crate::alerts::{
        entries::Phase,
        message::{Digest, Origin},
    },
    serde_json::Value,
};

fn origin(keeper: &str) -> Origin {
    let link = Some("https://app.example.org/credits/{credit}".to_string());
    Origin { market: MARKET, keeper: keeper.to_string(), link }
}

#[test]
fn json_has_everything_by_name() {
    let message = origin("one").alert(&alert(), Phase::Raised);
    let link = format!("https://app.example.org/credits/{}", key(7));
    let expected = serde_json::json!({
        "type": "alert.raised", "id": message.id, "market": MARKET.to_string(), "keeper": "one", "phase": "raised",
        "change": 1, "credit": key(7).to_string(), "number": 3, "rule": "coverage", "subject": key(7).to_string(),
        "severity": "warning", "lender": key(1).to_string(), "borrower": key(2).to_string(),
        "happened": "Coverage is 70 %.", "meaning": "A sale would leave $100.00 unpaid.", "next_step": "Ask for <more>.",
        "link": link, "raised_at": NOW, "cleared_at": null,
    });
    assert_eq!(message.body, expected);
    let operators = Alert { lender: None, borrower: None, ..alert() };
    let operators = origin("one").alert(&operators, Phase::Raised);
    assert_eq!((&operators.body["credit"], &operators.body["link"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_id_is_the_same_over_keepers_and_attempts_and_no_other_messages() {
    let id = |keeper: &str, alert: &Alert, phase| origin(keeper).alert(alert, phase).id;
    let first = id("one", &alert(), Phase::Raised);
    assert_eq!(first, id("two", &Alert { id: 77, ..alert() }, Phase::Raised), "another keeper's number");
    assert!(!first.contains('.'), "a dot separates what is signed");
    let others = [
        id("one", &alert(), Phase::Cleared),
        id("one", &Alert { subject: key(8), ..alert() }, Phase::Raised),
        id("one", &Alert { rule: StoredRule::Known(Rule::Idle), ..alert() }, Phase::Raised),
        id("one", &Alert { raised_at: ChainTime(NOW + 1), ..alert() }, Phase::Raised),
        id("one", &Alert { severity: Severity::Critical, ..alert() }, Phase::Raised),
        Origin { market: key(1), ..origin("one") }.alert(&alert(), Phase::Raised).id,
    ];
    assert!(others.iter().all(|other| *other != first));
    // Where a rule has occurrences, keepers need not raise it in the same second.
    let due = |raised_at| Alert { occurrence: Some(50), raised_at: ChainTime(raised_at), ..alert() };
    assert_eq!(id("one", &due(NOW), Phase::Raised), id("two", &due(NOW + 9), Phase::Raised));
}

#[test]
fn the_end_reads_as_one_and_answers_its_beginning() {
    let over = Alert { cleared_at: Some(ChainTime(NOW + 60)), ..alert() };
    let (raised, cleared) =
        (origin("one").alert(&alert(), Phase::Raised), origin("one").alert(&over, Phase::Cleared));
    assert!(!raised.is_end() && cleared.is_end());
    assert_eq!((cleared.answers.as_ref(), &cleared.thread), (Some(&raised.id), &raised.thread));
    assert!(cleared.title.starts_with("ended: coverage on credit "), "{}", cleared.title);
    assert!(cleared.paragraphs[0].starts_with("This alert has ended."));
    assert!(cleared.footer.contains("ended 2027-01-15 08:01 UTC"), "{}", cleared.footer);
}

#[test]
fn a_digest_lists_some_and_counts_all() {
    let alerts: Vec<_> = (0..30).map(|id| (Alert { id, ..alert() }, Phase::Raised)).collect();
    let digest = Digest { rule: "coverage".to_string(), count: 500, alerts };
    let message = origin("one").digest(&digest);
    assert_eq!(message.title, "warning: 500 messages of the rule coverage");
    assert_eq!(message.paragraphs.len(), 21);
    assert_eq!(message.paragraphs.last().unwrap(), "480 more are under /v1/alerts.");
    assert_eq!((&message.body["type"], &message.body["count"]), (&"digest".into(), &500.into()));
    assert_eq!(message.body["alerts"].as_array().unwrap().len(), 30);
}
