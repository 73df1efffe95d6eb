//! Usage in all places of a stream.

use super::{
    case::{Case, DONE, FINISH, stream, text, text_with_usage, usage},
    run::run,
    script::Act,
};

pub fn cases() -> Vec<Case> {
    let (a, b) = (text("hello wo"), text("r"));
    let in_finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\
                     \"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    let groq = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\
                \"x_groq\":{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}}\n\n";
    let no_choices = "data: {\"id\":\"x\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    let null_choices =
        "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    let empty_choice = "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\
                \"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}}\n\n";
    let twice =
        "data: {\"usage\":null,\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    vec![
        stream("usage at the end").sends(&[&a, &b, FINISH, &usage(10, 3), DONE]).costs(16).has(&[
            "hello wo",
            "\"r\"",
            "\"prompt_tokens\":10",
            "[DONE]",
        ]),
        stream("usage without a generated token first, and the whole at the end")
            .sends(&[&usage(10, 0), &a, FINISH, &usage(10, 10_000), DONE])
            .costs(10 + 20_000)
            .has(&["hello wo", "10000", "[DONE]"]),
        stream("usage first and never again: the text is counted")
            .sends(&[&usage(10, 0), &a, &b, FINISH, DONE])
            .costs(10 + 6)
            .has(&["hello wo", "[DONE]"]),
        stream("usage in the event that finishes").sends(&[&a, in_finish, DONE]).costs(16).has(&[
            "hello wo",
            "\"prompt_tokens\":10",
            "[DONE]",
        ]),
        stream("cumulative usage in each event")
            .sends(&[
                &text_with_usage("a", 10, 1),
                &text_with_usage("b", 10, 2),
                &text_with_usage("c", 10, 3),
                FINISH,
                DONE,
            ])
            .costs(16),
        stream("cumulative usage that lags: the text after it is counted")
            .sends(&[&text_with_usage("a", 10, 5), &b, &b, FINISH, DONE])
            .costs(10 + 14),
        stream("usage several times, each larger")
            .sends(&[&a, &usage(10, 2), &b, &usage(10, 3), &b, &usage(11, 4), DONE])
            .costs(11 + 8),
        stream("a smaller usage at the end: the last word counts")
            .sends(&[&a, &usage(10, 5), FINISH, &usage(9, 4), DONE])
            .costs(9 + 8),
        stream("a usage of zeros at the end takes nothing back")
            .sends(&[&a, &usage(10, 5), FINISH, &usage(0, 0), DONE])
            .costs(20),
        stream("no usage at all: the text is counted")
            .sends(&[&a, &b, FINISH, DONE])
            .costs(2 + 6)
            .has(&["hello wo", "[DONE]"]),
        stream("no usage and no text").sends(&[FINISH, DONE]).costs(0).has(&["[DONE]"]),
        stream("usage after the last line").sends(&[&a, FINISH, DONE, &usage(10, 3)]).costs(16).has(&[
            "hello wo",
            "\"prompt_tokens\":10",
            "[DONE]",
        ]),
        stream("usage in a piece after the last line")
            .then(&[&a, DONE])
            .act(Act::Pause(100))
            .sends(&[&usage(10, 3)])
            .costs(16)
            .has(&["\"prompt_tokens\":10", "[DONE]"]),
        stream("no usage, and silence after the last line")
            .then(&[&a, DONE])
            .act(Act::Hang)
            .costs(2 + 4)
            .has(&["hello wo", "[DONE]"])
            .lacks(&["error"]),
        stream("text after the last line is none")
            .sends(&[&a, DONE, &text("more"), &usage(10, 3)])
            .costs(16)
            .has(&["hello wo", "[DONE]"])
            .lacks(&["more"]),
        stream("usage in a member of its own").sends(&[&a, groq, DONE]).costs(16),
        stream("usage in an event without choices").sends(&[&a, no_choices, DONE]).costs(16),
        stream("usage with choices that are null").sends(&[&a, null_choices, DONE]).costs(16),
        stream("usage given twice in one event").sends(&[&a, twice, DONE]).costs(16),
        stream("usage before any text of two")
            .sends(&[&usage(7, 1), &usage(8, 0), &a, DONE])
            .costs(8 + 2 + 4),
        stream("a client that does not ask for usage gets none")
            .with(serde_json::json!({"stream_options": null}))
            .sends(&[&a, FINISH, &usage(10, 3), DONE])
            .costs(16)
            .has(&["hello wo", "[DONE]"])
            .lacks(&["\"usage\":{"]),
        stream("a client that does not ask for usage gets none with an empty choice either")
            .with(serde_json::json!({"stream_options": null}))
            .sends(&[&a, FINISH, empty_choice, DONE])
            .costs(16)
            .has(&["hello wo", "\"units\":16", "[DONE]"])
            .lacks(&["\"usage\":{"]),
        stream("usage with an empty choice has the figures of the request")
            .sends(&[&a, FINISH, empty_choice, DONE])
            .costs(16)
            .has(&["hello wo", "\"blockable\":{", "\"units\":16", "\"usage\":{", "[DONE]"])
            .lacks(&["\n: {"]),
        stream("usage next to the role is passed with it")
            .with(serde_json::json!({"stream_options": null}))
            .sends(&[role, &a, FINISH, &usage(10, 3), DONE])
            .costs(16)
            .has(&["assistant", "hello wo", "[DONE]"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_may_stand_anywhere() {
    run(cases()).await;
}
