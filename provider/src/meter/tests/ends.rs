//! Charges where usage is late, wrong or missing.

use super::*;

/// All that the upstream may still send is its usage.
#[test]
fn usage_is_awaited_once_all_text_has_come() {
    let awaits = |form: AnswerForm, stream: &str| {
        let mut meter = Meter::new(form, Rewrite::default());
        meter.feed(stream.as_bytes(), &mut Vec::new()).unwrap();
        meter.awaits_usage()
    };
    let data = |json: &str| format!("data: {json}\n\n");
    let begin = data(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"hello"}}"#);
    let end = data(r#"{"type":"content_block_stop","index":0}"#);
    let delta = data(r#"{"type":"response.output_text.delta","delta":"hello"}"#);
    let done = data(r#"{"type":"response.output_text.done","text":"hello"}"#);
    for (form, stream, expected) in [
        (CHAT, String::new(), false),
        (CHAT, text("a"), false),
        (CHAT, [&*text("a"), FINISH].concat(), true),
        (CHAT, [&*text("a"), DONE].concat(), true),
        (CHAT, [&*text("a"), FINISH, &usage(10, 3)].concat(), false),
        (CHAT, [&*text("a"), FINISH, &text("b")].concat(), false),
        (CHAT, [&*text("a"), &text("b").replace("\"index\":0", "\"index\":1"), FINISH].concat(), false),
        (AnswerForm::Messages, begin.clone(), false),
        (AnswerForm::Messages, [&*begin, &end].concat(), true),
        (AnswerForm::Messages, [&*begin, &end, &begin].concat(), false),
        (AnswerForm::Responses, delta.clone(), false),
        (AnswerForm::Responses, [&*delta, &done].concat(), true),
        (AnswerForm::Responses, [&*delta, &done, &delta].concat(), false),
    ] {
        assert_eq!(awaits(form, &stream), expected, "{stream}");
    }
}

#[test]
fn a_text_far_above_its_limit_is_noticed_however_it_is_cut() {
    let mut meter = Meter::new(CHAT, Rewrite::default());
    let mut out = Vec::new();
    meter.feed(text("a").repeat(10_000).as_bytes(), &mut out).unwrap();
    assert!(!meter.is_above(200) && meter.is_above(180), "2,500 tokens by their bytes");
    // A usage that is far too large stops nothing.
    meter.feed(usage(10, 100_000_000).as_bytes(), &mut out).unwrap();
    assert!(!meter.is_above(200) && meter.is_above(180));
}

/// Vocabularies have tokens of many bytes: ruled lines, indentations, long words.
#[test]
fn an_answer_of_long_tokens_is_not_above_its_limit() {
    let above = |limit: u64, events: &str| {
        let mut meter = Meter::new(CHAT, Rewrite::default());
        meter.feed(events.as_bytes(), &mut Vec::new()).unwrap();
        meter.is_above(limit)
    };
    for token in ["-".repeat(64), " ".repeat(128), "\u{2500}".repeat(32), " internationalization".to_string()]
    {
        assert!(!above(500, &text(&token).repeat(500)), "{token}");
        assert!(above(500, &text(&token).repeat(9_000)), "{token}");
    }
    let long = text(&"ab".repeat(60));
    assert!(above(100, &long.repeat(100)), "by the text alone");
    let running: String = (1..=100).map(|tokens| [&*long, &usage(10, tokens)].concat()).collect();
    assert!(!above(100, &running), "by the usage that is stated on the way");
    assert!(above(100, &[&*running, &*long.repeat(100)].concat()), "and the text since");
    let wrong: String = [&*long, &usage(10, 1)].concat().repeat(5_000);
    assert!(above(100, &wrong), "a usage that stays where it is");
}

#[test]
fn a_usage_that_leaves_the_cache_out_takes_nothing_back() {
    let start = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":100,\
                 \"cache_creation_input_tokens\":50}}}\n\n";
    let delta = |usage: &str| format!("data: {{\"type\":\"message_delta\",\"usage\":{{{usage}}}}}\n\n");
    for (usage, prompt, cached) in [
        ("\"input_tokens\":10,\"output_tokens\":5", 160, 100),
        ("\"output_tokens\":5", 160, 100),
        ("\"input_tokens\":400,\"output_tokens\":5", 400, 0),
        ("\"input_tokens\":10,\"cache_read_input_tokens\":0,\"output_tokens\":5", 10, 0),
    ] {
        let (outcome, _, _) =
            measure(AnswerForm::Messages, &[[start, &delta(usage)].concat().as_bytes()], Stop::Ended);
        let tokens = outcome.tokens;
        assert_eq!((tokens.prompt, tokens.cached, tokens.generated), (prompt, cached, 5), "{usage}");
    }
}

/// Each text stands in up to three events, and in some streams in one of them alone.
#[test]
fn a_response_is_counted_by_its_finished_parts_where_no_pieces_come() {
    let event = |json: &str| format!("data: {json}\n\n");
    let part = r#"{"type":"output_text","text":"sixteen bytes .."}"#;
    let text = event(r#"{"type":"response.output_text.done","item_id":"msg_1","text":"sixteen bytes .."}"#);
    let content = event(&format!("{{\"type\":\"response.content_part.done\",\"part\":{part}}}"));
    let item = event(&format!(
        "{{\"type\":\"response.output_item.done\",\"item\":{{\"type\":\"message\",\"content\":[{part}]}}}}"
    ));
    let call = event(r#"{"type":"response.function_call_arguments.done","arguments":"sixteen bytes .."}"#);
    let delta = event(r#"{"type":"response.output_text.delta","delta":"sixteen "}"#);
    for (stream, generated) in [
        (text.clone(), 4),
        (content.clone(), 4),
        (item.clone(), 4),
        (call.clone(), 4),
        ([&*text, &content, &item].concat(), 4),
        ([&*text, &call].concat(), 8),
        ([&*delta, &text].concat(), 4),
        ([&*delta, &text, &call].concat(), 8),
    ] {
        let (outcome, passed, _) = measure(AnswerForm::Responses, &[stream.as_bytes()], Stop::Broke);
        assert_eq!((outcome.tokens.prompt, outcome.tokens.generated), (PROMPT, generated), "{stream}");
        assert_eq!(passed, stream, "it begins the answer");
    }
}
