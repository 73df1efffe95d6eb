//! Clients that leave, and upstreams that are asked for running usage.

use {
    super::{
        case::{Case, DONE, FINISH, stream, text, text_with_usage, usage, whole},
        run::run,
        script::Act,
    },
    serde_json::json,
};

pub fn cases() -> Vec<Case> {
    let (a, b) = (text("hello wo"), text("r"));
    let running = [text_with_usage("a", 10, 4), text_with_usage("b", 10, 7)];
    let asked = json!({"include_usage": true, "continuous_usage_stats": true});
    vec![
        stream("leaves a stream that goes silent")
            .model("patient")
            .then(&[&a, &b])
            .act(Act::Hang)
            .leaves("\"r\"")
            .costs(2 + 6),
        stream("leaves a stream that goes on")
            .then(&[&a, &b])
            .act(Act::Forever(b": alive\n\n".to_vec()))
            .leaves("\"r\"")
            .costs(2 + 6),
        stream("leaves after usage and text")
            .model("patient")
            .then(&[&usage(10, 0), &a])
            .act(Act::Hang)
            .leaves("hello")
            .costs(10 + 4),
        Case { aborts: false, ..stream("leaves between its last text and the usage").leaves("\"stop\"") }
            .then(&[&a, FINISH])
            .act(Act::Pause(150))
            .sends(&[&usage(10, 3), DONE])
            .costs(16),
        stream("leaves after its last text, and no usage comes")
            .then(&[&a, FINISH])
            .act(Act::Hang)
            .leaves("\"stop\"")
            .costs(2 + 4),
        stream("leaves after its last text, and more comes")
            .then(&[&a, FINISH])
            .act(Act::Pause(100))
            .act(Act::Forever(b.clone().into_bytes()))
            .leaves("\"stop\"")
            .costs(2 + 6),
        stream("leaves a stream before its head").model("patient").acts(vec![Act::Hang]).leaves("").costs(2),
        stream("leaves a stream before its first text").model("patient").act(Act::Hang).leaves("").costs(2),
        whole("leaves an answer that is not streamed", "")
            .model("patient")
            .acts(vec![Act::Hang])
            .leaves("")
            .costs(2),
        stream("leaves a stream with running usage")
            .model("running")
            .then(&[&running[0], &running[1]])
            .act(Act::Hang)
            .leaves("\"b\"")
            .costs(10 + 14),
        Case {
            sends: Some(json!({"stream_options": asked})),
            ..stream("running usage is asked for, and the client gets that of the end alone")
                .model("running")
                .sends(&[&running[0], &running[1], FINISH, &usage(10, 8), DONE])
        }
        .costs(10 + 16)
        .has(&["\"a\"", "\"usage\":null", "\"b\"", "\"usage\":null", "\"prompt_tokens\":10", "[DONE]"])
        .lacks(&["\"completion_tokens\":4", "\"completion_tokens\":7"]),
        stream("a client that asks for running usage gets it")
            .model("running")
            .with(json!({"stream_options": asked}))
            .sends(&[&running[0], FINISH, &usage(10, 8), DONE])
            .costs(10 + 16)
            .has(&["\"completion_tokens\":4", "\"completion_tokens\":8", "[DONE]"]),
        stream("a stream with running usage breaks off")
            .model("running")
            .then(&[&running[0], &running[1]])
            .act(Act::Close)
            .costs(10 + 14)
            .fails(200, "upstream_unreachable"),
        Case {
            sends: Some(json!({"stream_options": {"include_usage": true}})),
            ..stream("usage is asked for where the client's options are null")
        }
        .with(json!({"stream_options": null}))
        .sends(&[&a, FINISH, &usage(10, 3), DONE])
        .costs(16)
        .lacks(&["\"usage\":{"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_pays_for_what_was_produced() {
    run(cases()).await;
}
