//! Requests that are refused, and why.

use {
    super::{bound, chat, model, refused},
    crate::{
        config::{Endpoint, ModelConfig, UnknownFields},
        request::CompletionRequest,
    },
    serde_json::{Value, json},
};

#[test]
fn what_has_no_bound_is_refused() {
    for (more, code, param) in [
        (json!({"n": 0}), "invalid_parameter", "n"),
        (json!({"n": 1.5}), "invalid_parameter", "n"),
        (json!({"best_of": 1_000}), "invalid_parameter", "best_of"),
        (json!({"max_tokens": -1}), "invalid_parameter", "max_tokens"),
        (json!({"max_tokens": 0}), "invalid_parameter", "max_tokens"),
        (json!({"max_tokens": 9, "max_completion_tokens": 0}), "invalid_parameter", "max_completion_tokens"),
        (json!({"stream": "yes"}), "invalid_parameter", "stream"),
        (json!({"stream_options": {"include_usage": 1}}), "invalid_parameter", "stream_options"),
        (json!({"Max_Tokens": 9}), "unsupported_parameter", "Max_Tokens"),
        (json!({"n_predict": 9}), "unsupported_parameter", "n_predict"),
        (json!({"use_beam_search": true}), "unsupported_parameter", "use_beam_search"),
        (json!({"messages": []}), "invalid_parameter", "messages"),
        (json!({"messages": "hello"}), "invalid_parameter", "messages"),
        (json!({"messages": [{"role": "user", "content": 5}]}), "invalid_parameter", "messages"),
        (json!({"messages": null}), "missing_parameter", "messages"),
        (json!({"model": 5}), "invalid_parameter", "model"),
    ] {
        assert_eq!(refused(Endpoint::Chat, &chat(more.clone())), (code, Some(param.to_string())), "{more}");
    }
    for text in ["", "[]", "{", "{\"model\":\"a\",\"model\":\"b\"}", "{\"model\":\"\\ud800\"}", "nul"] {
        let error = CompletionRequest::parse(Endpoint::Chat, text.as_bytes()).unwrap_err();
        assert_eq!(error.status, 400, "{text}");
    }
}

#[test]
fn parameters_that_print_or_cost_without_a_bound_are_refused_by_name() {
    for (name, value) in [
        ("prompt", json!("counted nowhere")),
        ("chat_template", json!("{% for i in range(99999) %}x{% endfor %}")),
        ("media_io_kwargs", json!({"video": {"num_frames": -1}})),
        ("mm_processor_kwargs", json!({"max_pixels": 1_000_000_000})),
        ("priority", json!(-5)),
        ("kv_transfer_params", json!({"remote_host": "10.0.0.1"})),
        ("chat_template_kwargs", json!({"custom_tools": [[[[]]]]})),
        ("chat_template_kwargs", json!({"messages": "x"})),
        ("service_tier", json!("priority")),
        ("modalities", json!(["text", "audio"])),
        ("prediction", json!({"type": "content", "content": "x"})),
        ("api_base", json!("http://elsewhere")),
        ("models", json!(["a dearer one"])),
        ("tools", json!([{"type": "web_search"}])),
        ("an_extension", json!(1)),
    ] {
        let refused = refused(Endpoint::Chat, &chat(json!({name: value})));
        assert_eq!(refused, ("unsupported_parameter", Some(name.to_string())), "{value}");
    }
    for same in [
        json!({"audio": null, "prediction": null, "priority": 0, "use_beam_search": false}),
        json!({"modalities": ["text"], "service_tier": "auto", "logit_bias": {"5": -100}, "reasoning_effort": "low"}),
    ] {
        assert_eq!(bound(Endpoint::Chat, &chat(same)), bound(Endpoint::Chat, &chat(json!({}))));
    }
}

#[test]
fn unknown_parameters_count_where_the_model_says_so() {
    let counting = ModelConfig { unknown_fields: UnknownFields::Count, ..model() };
    let most = |body: &Value| {
        let text = body.to_string();
        let request = CompletionRequest::parse(Endpoint::Chat, text.as_bytes()).unwrap();
        request.bound(&counting).map(|bound| bound.prompts[0])
    };
    let plain = most(&chat(json!({}))).unwrap();
    assert!(most(&chat(json!({"an_extension": "ten bytes!"}))).unwrap() >= plain + 10);
    for name in ["Max_Tokens", "n-predict", " prompt", "Priority"] {
        assert_eq!(most(&chat(json!({name: 1}))).unwrap_err().code, "unsupported_parameter", "{name}");
    }
}

#[test]
fn variables_of_a_template_are_no_arguments_of_the_function_that_applies_it() {
    for name in [
        "tokenize",
        "padding",
        "max_length",
        "truncation",
        "return_tensors",
        "return_dict",
        "Tokenize",
        " padding",
        "tokenizer_kwargs",
        "conversation",
        "pad_to_multiple_of",
        "to\u{212a}enize",
        "documents",
    ] {
        let body = chat(json!({"chat_template_kwargs": {name: 131_072}}));
        let wanted = ("unsupported_parameter", Some("chat_template_kwargs".to_string()));
        assert_eq!(refused(Endpoint::Chat, &body), wanted, "{name}");
    }
    let variables = json!({"enable_thinking": false, "reasoning_effort": "high", "thinking": true});
    assert!(bound(Endpoint::Chat, &chat(json!({"chat_template_kwargs": variables}))).is_ok());
}

#[test]
fn a_name_that_is_no_ascii_is_never_counted_as_unknown() {
    let counting = ModelConfig { unknown_fields: UnknownFields::Count, ..model() };
    for name in ["max_to\u{212a}ens", "\u{17f}top", "ma\u{445}_tokens", "n\u{200b}"] {
        let text = chat(json!({name: 99_999})).to_string();
        let request = CompletionRequest::parse(Endpoint::Chat, text.as_bytes()).unwrap();
        assert_eq!(request.bound(&counting).unwrap_err().code, "unsupported_parameter", "{name}");
    }
}

#[test]
fn settings_that_a_template_may_print_are_short() {
    let long = "x".repeat(65);
    for (endpoint, name, value) in [
        (Endpoint::Chat, "reasoning_effort", json!("high ".repeat(40_000))),
        (Endpoint::Chat, "reasoning_effort", json!(long)),
        (Endpoint::Chat, "reasoning", json!({"effort": long})),
        (Endpoint::Chat, "thinking", json!({long.as_str(): 1})),
        (Endpoint::Chat, "verbosity", json!(["\"\\\"", long])),
        (Endpoint::Chat, "reasoning_effort", json!(vec![1_000_000; 300])),
        (Endpoint::Responses, "truncation", json!(long)),
        (Endpoint::Messages, "thinking", json!({"type": long})),
        (Endpoint::Embeddings, "encoding_format", json!(long)),
    ] {
        let mut body =
            json!({"model": "small", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]});
        if matches!(endpoint, Endpoint::Responses | Endpoint::Embeddings) {
            body = json!({"model": "small", "input": "a"});
        }
        body[name] = value;
        let wanted = ("invalid_parameter", Some(name.to_string()));
        assert_eq!(refused(endpoint, &body), wanted, "{endpoint:?}");
    }
    let stops = json!({"stop": [long.repeat(9)], "grammar": "root ::= ".repeat(500), "user": long.repeat(3),
        "logit_bias": {"50256": -100}, "metadata": {"run": long}, "reasoning_effort": "x".repeat(64)});
    assert!(bound(Endpoint::Chat, &chat(stops)).is_ok());
}

#[test]
fn nothing_is_stored_and_no_cache_is_dear() {
    for endpoint in [Endpoint::Chat, Endpoint::Text, Endpoint::Responses] {
        let body = |store: Value| {
            let mut body = chat(json!({"store": store}));
            body["prompt"] = json!("a");
            body["input"] = json!("a");
            let unused: &[&str] = match endpoint {
                Endpoint::Chat => &["prompt", "input"],
                Endpoint::Text => &["messages", "input"],
                _ => &["messages", "prompt"],
            };
            unused.iter().for_each(|name| drop(body.as_object_mut().unwrap().remove(*name)));
            body
        };
        let wanted = ("unsupported_parameter", Some("store".to_string()));
        assert_eq!(refused(endpoint, &body(json!(true))), wanted, "{endpoint:?}");
        assert!(bound(endpoint, &body(json!(false))).is_ok(), "{endpoint:?}");
    }
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let claude = |mark: &Value, at: &str| {
        let mut body = json!({"model": "small", "max_tokens": 9, "system": [{"type": "text", "text": "a"}],
            "tools": [{"name": "f", "input_schema": {}}],
            "messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "a"}]}]}]});
        *body.pointer_mut(at).unwrap() = {
            let mut object = body.pointer(at).unwrap().clone();
            object["cache_control"] = mark.clone();
            object
        };
        body
    };
    for at in [
        "",
        "/system/0",
        "/tools/0",
        "/messages/0",
        "/messages/0/content/0",
        "/messages/0/content/0/content/0",
    ] {
        assert_eq!(refused(Endpoint::Messages, &claude(&hour, at)).0, "unsupported_parameter", "{at}");
        for mark in [json!({"type": "ephemeral"}), json!({"type": "ephemeral", "ttl": "5m"}), Value::Null] {
            assert!(bound(Endpoint::Messages, &claude(&mark, at)).is_ok(), "{at} {mark}");
        }
    }
}

#[test]
fn embeddings_say_that_they_are_never_streamed() {
    let body = |stream: bool| json!({"model": "small", "input": "a", "stream": stream});
    assert!(bound(Endpoint::Embeddings, &body(false)).is_ok());
    let error = bound(Endpoint::Embeddings, &body(true)).unwrap_err();
    assert!(error.message.contains("never streamed"), "{}", error.message);
}
