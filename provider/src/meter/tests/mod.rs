mod ends;
mod forms;

use {
    super::*,
    crate::upstreams::PublicNames,
    proptest::{collection::vec, prelude::*, sample::select},
};

const CHAT: AnswerForm = AnswerForm::Chat;
/// Tokens of a prompt that no usage states.
const PROMPT: u64 = 7;

fn text(text: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn usage(prompt: u64, generated: u64) -> String {
    format!(
        "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{generated}}}}}\n\n"
    )
}

const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// Feeds pieces; returns the outcome, what is passed on at once, and what is kept.
fn measure(form: AnswerForm, pieces: &[&[u8]], stop: Stop) -> (Outcome, String, String) {
    let mut meter = Meter::new(form, Rewrite { passes_usage: true, ..Rewrite::default() });
    let mut out = Vec::new();
    for piece in pieces {
        meter.feed(piece, &mut out).unwrap();
    }
    let outcome = meter.finish(stop, || PROMPT, &mut out);
    let (usage, last) = meter.take_kept();
    let kept = [usage.unwrap_or_default(), last.unwrap_or_default()].concat();
    (outcome, String::from_utf8(out).unwrap(), String::from_utf8(kept).unwrap())
}

fn charged(form: AnswerForm, stream: &str, stop: Stop) -> (u64, u64, AnswerEnd) {
    let (outcome, _, _) = measure(form, &[stream.as_bytes()], stop);
    (outcome.tokens.prompt, outcome.tokens.generated, outcome.end)
}

#[test]
fn the_last_word_counts_and_text_after_it_is_counted() {
    use AnswerEnd::{Complete, CutShort, Error, Stopped};
    let (a, b) = (text("hello wo"), text("r"));
    for (name, stream, stop, expected) in [
        ("usage at the end", [&*a, &b, FINISH, &usage(10, 3), DONE].concat(), Stop::Ended, (10, 3, Complete)),
        (
            "first and last",
            [&*usage(10, 0), &a, &usage(10, 10_000), DONE].concat(),
            Stop::Ended,
            (10, 10_000, Complete),
        ),
        ("first alone", [&*usage(10, 0), &a, &b, DONE].concat(), Stop::Ended, (10, 3, Complete)),
        (
            "text after the last word",
            [&*a, &usage(10, 5), &b, &b, DONE].concat(),
            Stop::Ended,
            (10, 7, Complete),
        ),
        (
            "smaller at the end",
            [&*a, &usage(10, 5), &usage(9, 4), DONE].concat(),
            Stop::Ended,
            (9, 4, Complete),
        ),
        (
            "nothing at the end",
            [&*a, &usage(10, 5), &usage(0, 0), DONE].concat(),
            Stop::Ended,
            (10, 5, Complete),
        ),
        ("none", [&*a, &b, DONE].concat(), Stop::Ended, (PROMPT, 3, Complete)),
        ("none and nothing", DONE.to_string(), Stop::Ended, (0, 0, Complete)),
        ("no last line", [&*a, FINISH].concat(), Stop::Ended, (PROMPT, 2, Complete)),
        ("cut short", [&*a, &b].concat(), Stop::Ended, (PROMPT, 3, CutShort)),
        ("silent", [&*a, &b].concat(), Stop::Silent, (PROMPT, 3, Stopped(Stop::Silent))),
        ("silent from the start", String::new(), Stop::Silent, (PROMPT, 0, Stopped(Stop::Silent))),
        ("reset at the start", String::new(), Stop::Broke, (0, 0, Stopped(Stop::Broke))),
        ("left at the start", String::new(), Stop::ClientLeft, (PROMPT, 0, Stopped(Stop::ClientLeft))),
        ("an error", ERROR.to_string(), Stop::Ended, (0, 0, Error)),
        ("text and an error", [&*a, ERROR, DONE].concat(), Stop::Ended, (PROMPT, 2, Error)),
        ("usage after an error", [&*a, ERROR, &usage(10, 2)].concat(), Stop::TookTooLong, (10, 2, Error)),
    ] {
        assert_eq!(charged(CHAT, &stream, stop), expected, "{name}");
    }
}

#[test]
fn events_before_the_first_text_wait_for_it() {
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let mut meter = Meter::new(CHAT, Rewrite { passes_usage: true, ..Rewrite::default() });
    let mut out = Vec::new();
    meter.feed([role, ": alive\n"].concat().as_bytes(), &mut out).unwrap();
    assert_eq!(
        (String::from_utf8(std::mem::take(&mut out)).unwrap().as_str(), meter.has_begun()),
        (":\n\n", false)
    );
    meter.feed(text("a").as_bytes(), &mut out).unwrap();
    assert_eq!((String::from_utf8(out).unwrap(), meter.has_begun()), ([role, &text("a")].concat(), true));
    let (outcome, passed, _) = measure(CHAT, &[role.as_bytes(), ERROR.as_bytes()], Stop::Ended);
    assert_eq!((passed.as_str(), outcome.end), (role, AnswerEnd::Error));
    let many = role.repeat(1 + MAX_EARLY / role.len());
    let mut out = Vec::new();
    Meter::new(CHAT, Rewrite::default()).feed(many.as_bytes(), &mut out).unwrap();
    assert_eq!(out.len(), many.len(), "no more of them than a bound");
}

#[test]
fn usage_may_share_an_event_with_text_or_an_error() {
    let shared = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\
                  \"usage\":{\"prompt_tokens\":4,\"completion_tokens\":9}}\n\n";
    assert_eq!(charged(CHAT, &[shared, DONE].concat(), Stop::Ended), (4, 9, AnswerEnd::Complete));
    let failed = "data: {\"error\":{\"code\":500},\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":9}}\n\n";
    let (outcome, passed, kept) = measure(CHAT, &[failed.as_bytes(), DONE.as_bytes()], Stop::Ended);
    assert_eq!((outcome.tokens, outcome.end), (Tokens::new(4, 9), AnswerEnd::Error));
    assert!(outcome.error.is_some_and(|error| error.starts_with(b"{\"error\"")));
    assert_eq!((passed.as_str(), kept.as_str()), ("", DONE));
}

#[test]
fn an_answer_is_whole_once_all_that_began_have_ended() {
    let choice = |index: u64, end: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"x\"}},\"finish_reason\":{end}}}]}}\n\n"
        )
    };
    let one = [choice(0, "null"), choice(1, "null"), choice(0, "\"stop\"")].concat();
    assert_eq!(charged(CHAT, &one, Stop::Ended).2, AnswerEnd::CutShort);
    let both = one + &choice(1, "\"length\"");
    assert_eq!(charged(CHAT, &both, Stop::Ended), (PROMPT, 4, AnswerEnd::Complete));
}

#[test]
fn other_forms_are_measured_by_their_own_events() {
    let event = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n");
    let messages = [
        event(
            "message_start",
            r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":25,"output_tokens":1}}}"#,
        ),
        event(
            "content_block_delta",
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"hello"}}"#,
        ),
        event(
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#,
        ),
        event("message_stop", r#"{"type":"message_stop"}"#),
    ];
    let all = messages.concat();
    assert_eq!(charged(AnswerForm::Messages, &all, Stop::Ended), (25, 15, AnswerEnd::Complete));
    let cut = messages[..2].concat();
    assert_eq!(charged(AnswerForm::Messages, &cut, Stop::Broke), (25, 3, AnswerEnd::Stopped(Stop::Broke)));
    let error = event("error", r#"{"type":"error","error":{"type":"overloaded_error"}}"#);
    assert_eq!(charged(AnswerForm::Messages, &(cut + &error), Stop::Ended), (25, 3, AnswerEnd::Error));

    let delta =
        event("response.output_text.delta", r#"{"type":"response.output_text.delta","delta":"hello"}"#);
    let done = event("response.output_text.done", r#"{"type":"response.output_text.done","text":"hello"}"#);
    let last = event(
        "response.completed",
        r#"{"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":6,"total_tokens":11}}}"#,
    );
    let whole = [&*delta, &done, &last].concat();
    assert_eq!(charged(AnswerForm::Responses, &whole, Stop::Ended), (5, 6, AnswerEnd::Complete));
    assert_eq!(
        charged(AnswerForm::Responses, &[&*delta, &done].concat(), Stop::Ended),
        (PROMPT, 2, AnswerEnd::CutShort)
    );
    let failed = last.replace("completed", "failed");
    assert_eq!(charged(AnswerForm::Responses, &(delta + &failed), Stop::Ended), (5, 6, AnswerEnd::Error));
    let text = "data: {\"choices\":[{\"text\":\"ab\",\"index\":0}]}\n\n";
    assert_eq!(charged(AnswerForm::Text, text, Stop::Silent).1, 1);
}

#[test]
fn answers_that_are_not_streamed_are_measured() {
    let read = |body: &str| {
        read_whole(CHAT, &Rewrite::default(), body.as_bytes(), || PROMPT).map(|(outcome, _)| outcome)
    };
    let choices =
        r#""choices":[{"message":{"role":"assistant","content":"sixteen bytes ..","tool_calls":null}}]"#;
    let tokens = |body: &str| read(body).map(|outcome| (outcome.tokens.prompt, outcome.tokens.generated));
    assert_eq!(
        tokens(&format!("{{{choices},\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":4}}}}")),
        Some((3, 4))
    );
    assert_eq!(
        tokens(&format!("\u{feff}{{{choices},\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":4.0}}}}")),
        Some((3, 4))
    );
    assert_eq!(
        tokens(&format!("{{{choices},\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":null}}}}")),
        Some((3, 4))
    );
    assert_eq!(tokens(&format!("{{{choices},\"usage\":null}}")), Some((PROMPT, 4)));
    assert_eq!(tokens(&format!("{{{choices}}}")), Some((PROMPT, 4)));
    for none in
        ["", "<html>", "[1,2", "{}", "{\"usage\":null}", "{\"usage\":\"3\"}", "{\"error\":{},\"choices\":[]}"]
    {
        assert_eq!(read(none), None, "{none}");
    }
    let failed = read("{\"error\":{\"code\":1},\"usage\":{\"prompt_tokens\":3}}").unwrap();
    assert_eq!((failed.tokens.prompt, failed.end), (3, AnswerEnd::Error));
}

#[test]
fn names_and_running_usage_are_rewritten_and_the_rest_stays() {
    let names = PublicNames { model: "ours".to_string(), ..PublicNames::default() };
    let rewrite = Rewrite { passes_usage: true, drops_running_usage: true, names };
    let mut meter = Meter::new(CHAT, rewrite.clone());
    let mut out = Vec::new();
    let running = "data: {\"model\" : \"org/theirs\",\"choices\":[{\"delta\":{\"content\":\"{\\\"model\\\":1}\"}}],\
                   \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
    meter.feed(running.as_bytes(), &mut out).unwrap();
    let expected = running
        .replace("org/theirs", "ours")
        .replace("{\"prompt_tokens\":1,\"completion_tokens\":1}", "null");
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let body = r#"{"model":"org/theirs","choices":[],"usage":{"prompt_tokens":1}}"#;
    let (_, rewritten) = read_whole(CHAT, &rewrite, body.as_bytes(), || PROMPT).unwrap();
    assert_eq!(rewritten, body.replace("org/theirs", "ours").as_bytes());
}

#[test]
fn what_is_no_event_is_not_passed_on() {
    let stream = "\u{feff}: alive\r\n<html>secret</html>\n\ndata: {{{\n\nid: 3\n\n: alive again\n"
        .to_string()
        + &text("a");
    let (outcome, passed, _) = measure(CHAT, &[stream.as_bytes()], Stop::Silent);
    assert_eq!(outcome.tokens, Tokens::new(PROMPT, 1));
    assert_eq!(passed.trim_start_matches('\u{feff}'), ":\n\n:\n\n".to_string() + &text("a"));
}

/// Events in all manners of writing.
fn streams() -> impl Strategy<Value = String> {
    let event = select(vec![
        text("a"),
        text("\u{6f22}\u{5b57} and more"),
        usage(10, 0),
        usage(12, 400),
        usage(0, 0),
        "data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":3,\ndata: \"completion_tokens\":\"5\"}}\n\n".to_string(),
        ": alive\n".to_string(),
        "event: message\nretry: 3\n: inside\ndata: {\"choices\":[]}\n\n".to_string(),
        FINISH.to_string(),
        ERROR.to_string(),
        "garbage\n\n".to_string(),
        "data: {{{\n\n".to_string(),
        DONE.to_string(),
    ]);
    let end = select(vec!["\n", "\r", "\r\n"]);
    (vec(event, 0..12), end, any::<bool>()).prop_map(|(events, end, mark)| {
        let stream = events.concat().replace('\n', end);
        if mark { format!("\u{feff}{stream}") } else { stream }
    })
}

proptest! {
    /// However the bytes of a stream are split, it is measured the same and passes on the same.
    #[test]
    fn splits_change_nothing(stream in streams(), cuts in vec(0_usize..2_000, 0..20), end in select(vec![Stop::Ended, Stop::Broke])) {
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let bare = |text: String| text.replace("\r\n", "\r");
        let (whole, passed, kept) = measure(CHAT, &[bytes], end);
        let (split, passed_split, kept_split) = measure(CHAT, &pieces, end);
        prop_assert_eq!(whole, split);
        prop_assert_eq!(bare(passed), bare(passed_split));
        prop_assert_eq!(bare(kept), bare(kept_split));
    }

    /// Any bytes are measured without a panic, and what they pass on is charged.
    #[test]
    fn any_bytes_are_measured(bytes in vec(any::<u8>(), 0..300)) {
        let mut meter = Meter::new(CHAT, Rewrite::default());
        let mut out = Vec::new();
        meter.feed(&bytes, &mut out).unwrap();
        let outcome = meter.finish(Stop::Ended, || PROMPT, &mut out);
        prop_assert_eq!(outcome.tokens, Tokens::default());
    }

    /// Text is charged, wherever the stream breaks and whatever usage comes before it.
    #[test]
    fn text_is_never_free(before in streams(), pieces in 1_usize..50) {
        let before = before.replace("[DONE]", "{}");
        let stream = format!("{before}\n\n{}", text("a").repeat(pieces));
        let (outcome, _, _) = measure(CHAT, &[stream.as_bytes()], Stop::Silent);
        prop_assert!(outcome.tokens.generated >= pieces as u64);
        prop_assert!(outcome.tokens.prompt > 0);
    }
}
