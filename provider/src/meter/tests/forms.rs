//! Streams of the newer forms, in all orders of their events.

use {
    super::super::{AnswerForm, Meter, Outcome, Rewrite, Stop},
    proptest::{collection::vec, prelude::*, sample::select},
    serde_json::{Value, json},
};

/// Tokens of a prompt that no usage states.
const PROMPT: u64 = 7;

fn event(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn messages() -> Vec<String> {
    let usage = json!({"input_tokens": 12, "output_tokens": 4});
    vec![
        event(json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 9}}})),
        event(
            json!({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f", "input": {}}}),
        ),
        event(
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "\u{6f22} and more"}}),
        ),
        event(
            json!({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
        ),
        event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})),
        event(json!({"type": "ping"})),
        event(json!({"type": "error", "error": {"type": "api_error", "message": "x"}})),
        event(json!({"type": "message_stop"})),
    ]
}

fn responses() -> Vec<String> {
    let usage =
        json!({"input_tokens": 12, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}});
    let output = json!([{"type": "message", "content": [{"type": "output_text", "text": "all"}]}]);
    let done = |usage: &Value| json!({"model": "m", "usage": usage, "output": output, "error": null});
    vec![
        event(
            json!({"type": "response.created", "sequence_number": 0, "response": {"model": "m", "usage": null}}),
        ),
        event(
            json!({"type": "response.output_text.delta", "sequence_number": 5, "delta": "\u{6f22} and more"}),
        ),
        event(json!({"type": "response.function_call_arguments.delta", "delta": "{}"})),
        event(json!({"type": "response.output_item.done", "item": output[0]})),
        event(json!({"type": "response.completed", "response": done(&usage)})),
        event(json!({"type": "response.incomplete", "response": done(&Value::Null)})),
        event(json!({"type": "response.failed", "response": {"error": {"code": "server_error"}}})),
    ]
}

/// A form, the events of a stream in it, and a piece of text.
fn streams() -> impl Strategy<Value = (AnswerForm, String, String)> {
    let form = select(vec![AnswerForm::Messages, AnswerForm::Responses]);
    form.prop_flat_map(|form| {
        let (events, text) = match form {
            AnswerForm::Messages => (messages(), messages().swap_remove(2)),
            _ => (responses(), responses().swap_remove(1)),
        };
        vec(select(events), 0..10).prop_map(move |events| (form, events.concat(), text.clone()))
    })
}

fn measure(form: AnswerForm, pieces: &[&[u8]], stop: Stop) -> (Outcome, String) {
    let mut meter = Meter::new(form, Rewrite::default());
    let mut out = Vec::new();
    for piece in pieces {
        meter.feed(piece, &mut out).unwrap();
    }
    let outcome = meter.finish(stop, || PROMPT, &mut out);
    let (usage, last) = meter.take_kept();
    out.extend([usage, last].into_iter().flatten().flatten());
    (outcome, String::from_utf8(out).unwrap())
}

proptest! {
    #[test]
    fn splits_of_the_newer_forms_change_nothing(
        (form, stream, _) in streams(), cuts in vec(0_usize..2_000, 0..20), end in select(vec![Stop::Ended, Stop::Broke]),
    ) {
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(measure(form, &[bytes], end), measure(form, &pieces, end));
    }

    /// Text is charged, wherever a stream breaks, and what comes after an end is not passed on.
    #[test]
    fn text_of_the_newer_forms_is_never_free((form, before, text) in streams(), pieces in 1_usize..20) {
        let stream = before.clone() + &text.repeat(pieces);
        let (outcome, passed) = measure(form, &[stream.as_bytes()], Stop::Silent);
        let delivered = passed.matches("and more").count() as u64;
        prop_assert!(outcome.tokens.generated >= delivered.min(4), "{} of {}", outcome.tokens.generated, passed);
        if delivered > 0 {
            prop_assert!(outcome.tokens.prompt > 0);
        }
        let is_over = ["message_stop", "response.completed", "response.incomplete", "response.failed"];
        if !is_over.iter().any(|end| before.contains(end)) {
            prop_assert!(outcome.tokens.generated >= pieces as u64 && delivered >= pieces as u64);
        }
    }
}
