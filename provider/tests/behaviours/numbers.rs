//! Numbers of tokens in all manners of writing, and numbers that are wrong.

use {
    super::{
        case::{BOUND, Case, DONE, FINISH, body, stream, text, whole},
        run::run,
    },
    serde_json::json,
};

/// A stream with a text of 2 counted tokens and a usage as it is written.
fn stated(name: &'static str, usage: &str) -> Case {
    let event = format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\n");
    stream(name).sends(&[&text("hello wo"), FINISH, &event, DONE]).has(&["hello wo", "[DONE]"])
}

pub fn cases() -> Vec<Case> {
    let wrong = "{\"prompt_tokens\":100000000,\"completion_tokens\":100000000}";
    let one = json!({"max_tokens": 1});
    vec![
        stated("fractions", "{\"prompt_tokens\":10.0,\"completion_tokens\":3.0}").costs(16),
        stated("fractions are rounded up", "{\"prompt_tokens\":9.2,\"completion_tokens\":2.5}").costs(16),
        stated("numbers as texts", "{\"prompt_tokens\":\"10\",\"completion_tokens\":\"3\"}").costs(16),
        stated(
            "no generated tokens but a total",
            "{\"prompt_tokens\":10,\"completion_tokens\":null,\"total_tokens\":13}",
        )
        .costs(16),
        stated("no prompt tokens but a total", "{\"completion_tokens\":3,\"total_tokens\":13}").costs(16),
        stated(
            "no generated tokens: the text is counted",
            "{\"prompt_tokens\":10,\"completion_tokens\":null}",
        )
        .costs(10 + 4),
        stated("no prompt tokens: the prompt is counted", "{\"completion_tokens\":3}").costs(2 + 6),
        stated("negative tokens: the text is counted", "{\"prompt_tokens\":10,\"completion_tokens\":-3}")
            .costs(10 + 4),
        stated("words for tokens: all is counted", "{\"prompt_tokens\":\"ten\",\"completion_tokens\":[3]}")
            .costs(2 + 4),
        stated("a usage that is a text: all is counted", "\"10 and 3\"").costs(2 + 4),
        stated("a usage that is a list: all is counted", "[10,3]").costs(2 + 4),
        stated("an empty usage: all is counted", "{}").costs(2 + 4),
        stated("other names of the tokens", "{\"input_tokens\":10,\"output_tokens\":3}").costs(16),
        stated(
            "members that mean nothing",
            "{\"prompt_tokens\":10,\"completion_tokens\":3,\"cost\":{\"usd\":1e9},\"queue_time\":null}",
        )
        .costs(16),
        stated("far too many tokens cost the hold", wrong).with(one.clone()).costs_hold(),
        stated(
            "more tokens than a number holds cost the hold",
            "{\"prompt_tokens\":99999999999999999999,\"completion_tokens\":1e400}",
        )
        .with(one.clone())
        .costs_hold(),
        stated(
            "more tokens than were asked for cost no more than the limit",
            "{\"prompt_tokens\":2,\"completion_tokens\":17000}",
        )
        .costs(2 + 32_000),
        stated(
            "a prompt above its bound costs the bound",
            "{\"prompt_tokens\":1000,\"completion_tokens\":10}",
        )
        .costs(BOUND + 20),
        whole("far too many tokens cost the hold, not streamed", body("x", wrong))
            .with(one)
            .costs_hold()
            .has(&["\"x\""]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_and_bounded() {
    run(cases()).await;
}
