mod media;
mod refused;

use {
    super::{CompletionRequest, fields},
    crate::{
        config::{Endpoint, LimitParameter, ModelConfig, PartTokens},
        error::ApiError,
        price::{Price, TokenBound},
        tokens::Family,
    },
    blockable_sdk::amounts::Units,
    bytes::Bytes,
    proptest::prelude::*,
    serde_json::{Value, json},
};

fn model() -> ModelConfig {
    let model = ModelConfig::echo("small", Price::new(Units(1), Units(2)));
    ModelConfig {
        overhead_tokens: Some(0),
        overhead_tokens_per_message: Some(4),
        context_tokens: 1_000,
        ..model
    }
}

fn bound(endpoint: Endpoint, body: &Value) -> Result<TokenBound, ApiError> {
    CompletionRequest::parse(endpoint, body.to_string().as_bytes())?.bound(&model())
}

fn chat(more: Value) -> Value {
    let mut body = json!({"model": "small", "messages": [{"role": "user", "content": "four"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn refused(endpoint: Endpoint, body: &Value) -> (&'static str, Option<String>) {
    let error = bound(endpoint, body).unwrap_err();
    assert_eq!(error.status, 400, "{body}");
    (error.code, error.param)
}

#[test]
fn a_chat_is_bounded_by_its_bytes_and_its_limits() {
    let plain = bound(Endpoint::Chat, &chat(json!({}))).unwrap();
    assert_eq!(plain, TokenBound { prompts: vec![4 + 4 + 4], answer: 1_000, answers: 1, context: 1_000 });
    let limited = bound(Endpoint::Chat, &chat(json!({"max_tokens": 7, "n": 3, "temperature": 0.5}))).unwrap();
    assert_eq!(limited, TokenBound { answer: 7, answers: 3, ..plain.clone() });
    let larger = bound(Endpoint::Chat, &chat(json!({"max_tokens": 7, "max_completion_tokens": 9}))).unwrap();
    assert_eq!(larger.answer, 9, "whichever the upstream takes");
    let tools = bound(Endpoint::Chat, &chat(json!({"tools": [{"type": "function"}]}))).unwrap();
    let introduced = 64 + 128;
    assert_eq!(
        tools.prompts,
        [12 + introduced + 2 + 2 + 2 + (4 + 4 + 10 + 2)],
        "tools become part of the prompt"
    );
    let none = bound(Endpoint::Chat, &chat(json!({"max_tokens": null, "n": null}))).unwrap();
    assert_eq!(none, plain);
}

#[test]
fn prompts_of_every_form_are_bounded() {
    let prompts =
        |prompt: Value| bound(Endpoint::Text, &json!({"model": "small", "prompt": prompt})).unwrap().prompts;
    assert_eq!(prompts(json!("über")), [5]);
    assert_eq!(prompts(json!(["a", "bcd"])), [1, 3]);
    assert_eq!(prompts(json!([1, 2, 3])), [3]);
    assert_eq!(prompts(json!([[1], [2, 3]])), [1, 2]);
    for prompt in [json!(7), json!([]), json!([1, "a"]), json!({}), json!([-1])] {
        let body = json!({"model": "small", "prompt": prompt});
        assert_eq!(refused(Endpoint::Text, &body), ("invalid_parameter", Some("prompt".to_string())));
    }
}

#[test]
fn parts_that_are_not_text_need_a_bound_of_their_own() {
    let parts =
        json!([{"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "data:"}}]);
    let body = chat(json!({"messages": [{"role": "user", "content": parts}]}));
    assert_eq!(refused(Endpoint::Chat, &body), ("unsupported_content", Some("messages".to_string())));
    let text = body.to_string();
    let request = CompletionRequest::parse(Endpoint::Chat, text.as_bytes()).unwrap();
    let seeing =
        ModelConfig { part_tokens: PartTokens { image: Some(500), ..PartTokens::default() }, ..model() };
    assert_eq!(request.bound(&seeing).unwrap().prompts, [4 + 4 + (32 + 3) + (32 + 500)]);
}

#[test]
fn a_document_with_its_text_in_it_counts_that_text() {
    let reading =
        ModelConfig { part_tokens: PartTokens { file: Some(500), ..PartTokens::default() }, ..model() };
    let most = |source: Value| {
        let body = json!({"model": "small", "max_tokens": 9, "messages": [{"role": "user", "content":
            [{"type": "document", "source": source, "title": "t"}]}]})
        .to_string();
        let request = CompletionRequest::parse(Endpoint::Messages, body.as_bytes()).unwrap();
        request.bound(&reading).unwrap().prompts[0]
    };
    let text = "x".repeat(9_000);
    let packed = most(json!({"type": "base64", "media_type": "application/pdf", "data": text}));
    assert!(packed < 700, "{packed}");
    assert!(most(json!({"type": "text", "media_type": "text/plain", "data": text})) > 9_000 + 500);
    assert!(most(json!({"type": "content", "content": [{"type": "text", "text": text}]})) > 9_000 + 500);
}

/// The name of a model at its upstream.
fn name_of(model: &ModelConfig) -> &str {
    model.upstreams[0].model.as_deref().unwrap_or(&model.name)
}

fn forwarded(text: &str, model: &ModelConfig) -> String {
    let whole = Bytes::copy_from_slice(text.as_bytes());
    let request = CompletionRequest::parse(Endpoint::Chat, &whole).unwrap();
    String::from_utf8(request.forward(&whole, model, name_of(model), None, None).to_vec()).unwrap()
}

#[test]
fn a_body_is_forwarded_as_it_came_but_for_what_must_differ() {
    let plain = r#" { "model" : "small", "messages":[{"content":"\u00e9"}] , "x":1e400}"#;
    assert_eq!(forwarded(plain, &model()), plain);
    let mut renamed = model();
    renamed.upstreams[0].model = Some("org/\"big\"".to_string());
    assert_eq!(forwarded(plain, &renamed), plain.replace("\"small\"", r#""org/\"big\"""#));
    let streamed = r#"{"stream":true,"model":"small","messages":[{}],"max_tokens":99999}"#;
    assert_eq!(
        forwarded(streamed, &renamed),
        r#"{"stream_options":{"include_usage":true},"stream":true,"model":"org/\"big\"","messages":[{}],"max_tokens":16384}"#
    );
    let options =
        r#"{"stream_options":{"a":1,"include_usage":false},"stream":true,"model":"small","messages":[{}]}"#;
    let sent: Value = serde_json::from_str(&forwarded(options, &model())).unwrap();
    assert_eq!(sent["stream_options"], json!({"a": 1, "include_usage": true}));
    let asked = options.replace("false", "true");
    assert_eq!(forwarded(&asked, &model()), asked);
}

#[test]
fn a_salt_takes_the_place_of_the_clients() {
    let salted = ModelConfig { cache_salt: true, ..model() };
    let sent = |endpoint, text: &str, model: &ModelConfig| {
        let whole = Bytes::copy_from_slice(text.as_bytes());
        let request = CompletionRequest::parse(endpoint, &whole).unwrap();
        let salt = request.own_salt(model).map(|own| format!("of ours and {own}"));
        let sent = request.forward(&whole, model, "small", None, salt.as_deref());
        serde_json::from_slice::<Value>(&sent).unwrap()["cache_salt"].clone()
    };
    let plain = r#"{"model":"small","messages":[{}],"prompt":"a","input":"a"}"#;
    for endpoint in [Endpoint::Chat, Endpoint::Text, Endpoint::Embeddings, Endpoint::Responses] {
        assert_eq!(sent(endpoint, plain, &salted), json!("of ours and "), "{endpoint:?}");
        assert_eq!(sent(endpoint, plain, &model()), Value::Null, "{endpoint:?}");
    }
    assert_eq!(sent(Endpoint::Messages, plain, &salted), Value::Null, "no server takes it there");
    for (own, salt) in
        [("\"team\"", "of ours and \"team\""), ("null", "of ours and "), ("7", "of ours and 7")]
    {
        let text = plain.replacen('{', &format!("{{\"cache_salt\":{own},"), 1);
        assert_eq!(sent(Endpoint::Chat, &text, &salted), json!(salt));
    }
}

#[test]
fn a_fitted_limit_is_added_under_the_name_that_the_upstream_takes() {
    let limited = |endpoint, text: &str, model: &ModelConfig| {
        let whole = Bytes::copy_from_slice(text.as_bytes());
        let request = CompletionRequest::parse(endpoint, &whole).unwrap();
        assert_eq!(request.own_limit(), None);
        String::from_utf8(request.forward(&whole, model, name_of(model), Some(77), None).to_vec()).unwrap()
    };
    let chat = r#"{"model":"small","messages":[{}],"max_tokens":null,"stream":true}"#;
    assert_eq!(
        limited(Endpoint::Chat, chat, &model()),
        r#"{"stream_options":{"include_usage":true},"model":"small","messages":[{}],"max_tokens":77,"stream":true}"#
    );
    let newer = ModelConfig { limit_parameter: LimitParameter::MaxCompletionTokens, ..model() };
    let sent = limited(Endpoint::Chat, chat, &newer);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&sent["max_completion_tokens"], &sent["max_tokens"]), (&json!(77), &Value::Null));
    assert_eq!(sent["stream_options"]["include_usage"], true);
    let text = r#" {"model":"small","prompt":"a"}"#;
    assert_eq!(limited(Endpoint::Text, text, &newer), r#" {"max_tokens":77,"model":"small","prompt":"a"}"#);
    let asked =
        json!({"model": "small", "messages": [{}], "max_tokens": 3, "max_completion_tokens": 9}).to_string();
    let request = CompletionRequest::parse(Endpoint::Chat, asked.as_bytes()).unwrap();
    assert_eq!(request.own_limit(), Some("max_completion_tokens"));
}

proptest! {
    /// No bytes are a request that panics, and what is forwarded is JSON again.
    #[test]
    fn any_bytes_are_a_request_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(request) = CompletionRequest::parse(Endpoint::Chat, &bytes) {
            let _ = request.bound(&model());
        }
    }

    #[test]
    fn a_prompt_has_no_more_words_than_its_bound(content in "\\PC{0,80}", name in "\\PC{0,20}") {
        let body = chat(json!({"messages": [{"role": "user", "name": name, "content": content}], "stream": true}));
        let bound = bound(Endpoint::Chat, &body).unwrap();
        prop_assert!(bound.prompts[0] >= (content.len() + name.len()) as u64);
        let sent: Value = serde_json::from_str(&forwarded(&body.to_string(), &model())).unwrap();
        prop_assert_eq!(&sent["messages"], &body["messages"]);
        prop_assert_eq!(&sent["stream_options"]["include_usage"], &Value::Bool(true));
    }
}

/// The parameters that the newest clients know, by endpoint: openai 3.57 and anthropic 2.14 for Python. Each is forwarded, read,
/// counted or refused on purpose.
#[test]
fn every_parameter_of_the_usual_clients_has_a_use() {
    let clients: [(Endpoint, &str); 5] = [
        (
            Endpoint::Chat,
            "messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens \
             max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key \
             prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed \
             service_tier stop store stream_options temperature tool_choice tools top_logprobs top_p user verbosity \
             web_search_options stream",
        ),
        (
            Endpoint::Text,
            "model prompt best_of echo frequency_penalty logit_bias logprobs max_tokens n presence_penalty seed stop \
             stream_options suffix temperature top_p user stream",
        ),
        (Endpoint::Embeddings, "input model dimensions encoding_format user"),
        (
            Endpoint::Responses,
            "access_programs background background_options context_management conversation image include input \
             instructions max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls \
             previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning \
             safety_identifier service_tier store stream_options temperature text tool_choice tools top_logprobs top_p \
             truncation user stream",
        ),
        (
            Endpoint::Messages,
            "max_tokens messages model cache_control container diagnostics inference_geo metadata output_config \
             service_tier speed stop_sequences system temperature top_k top_p thinking tool_choice tools user_profile_id \
             workspace_id stream context_management mcp_servers fallbacks betas",
        ),
    ];
    for (endpoint, names) in clients {
        for name in names.split_whitespace() {
            assert!(fields::find(endpoint, name).is_some(), "{endpoint:?} {name}");
        }
    }
}

#[test]
fn a_parameter_is_listed_once() {
    for endpoint in Endpoint::ALL {
        let mut names: Vec<&str> = fields::names(endpoint).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{endpoint:?}");
    }
}

#[test]
fn messages_are_bounded_by_what_templates_print_of_them() {
    let qwen = ModelConfig { family: Family::Qwen, context_tokens: 1 << 30, ..model() };
    let most = |message: Value| {
        let text = chat(json!({"messages": [message]})).to_string();
        let request = CompletionRequest::parse(Endpoint::Chat, text.as_bytes()).unwrap();
        request.bound(&qwen).map(|bound| bound.prompts[0]).map_err(|error| (error.code, error.param))
    };
    let empty = most(json!({"role": "user", "content": ""})).unwrap();
    assert_eq!(most(json!({"role": "user", "content": "\u{fb9}".repeat(100)})), Ok(empty + 600));
    // Llama 3 prints the result of a tool as JSON: a control character becomes `\u0001`.
    let quoted = json!({"role": "tool", "tool_call_id": "c", "content": "\u{1}".repeat(100)});
    assert!(most(quoted).unwrap() > empty + 600);
    let arguments = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function",
        "function": {"name": "f", "arguments": format!("[{}1]", "1e15,".repeat(1_000))}}]});
    assert!(most(arguments).unwrap() > empty + 20_000);
    let sound = json!({"role": "assistant", "audio": {"id": "audio_1"}});
    assert_eq!(most(sound).unwrap_err().0, "unsupported_content");
    let mut deep = json!("x");
    for _ in 0..8 {
        deep = json!([{"type": "tool_result", "content": deep}]);
    }
    assert_eq!(most(json!({"role": "user", "content": deep})).unwrap_err().0, "invalid_parameter");
    let file = json!({"role": "user", "content": [{"type": "file", "file": {"file_id": "file-of-another"}}]});
    assert_eq!(most(file).unwrap_err().0, "unsupported_content");
    let endless = "[".repeat(300_000);
    assert!(
        CompletionRequest::parse(Endpoint::Chat, format!(r#"{{"model":"a","messages":{endless}"#).as_bytes())
            .is_err()
    );
}

#[test]
fn the_newer_forms_are_bounded_by_their_own_parameters() {
    let most = |endpoint, body: Value| bound(endpoint, &body).map(|bound| (bound.prompts, bound.answer));
    let vectors = json!({"model": "small", "input": ["four", "über"], "dimensions": 8});
    assert_eq!(most(Endpoint::Embeddings, vectors), Ok((vec![4, 5], 0)));
    let plain = json!({"model": "small", "input": "four", "instructions": "six by", "max_output_tokens": 9, "store": false});
    assert_eq!(most(Endpoint::Responses, plain), Ok((vec![4 + 2 * 4 + 6 + 4], 9)));
    let claude = json!({"model": "small", "max_tokens": 9, "system": [{"type": "text", "text": "six by"}],
        "messages": [{"role": "user", "content": "four"}], "thinking": {"type": "enabled", "budget_tokens": 4}});
    assert_eq!(most(Endpoint::Messages, claude), Ok((vec![4 + 4 + 4 + 4 + 32 + 6], 9)));
    for (endpoint, body, code) in [
        (Endpoint::Embeddings, json!({"input": "a", "messages": []}), "unsupported_parameter"),
        (
            Endpoint::Responses,
            json!({"input": "a", "previous_response_id": "resp_1"}),
            "unsupported_parameter",
        ),
        (Endpoint::Responses, json!({"input": "a", "background": true}), "unsupported_parameter"),
        (
            Endpoint::Responses,
            json!({"input": "a", "tools": [{"type": "web_search"}]}),
            "unsupported_parameter",
        ),
        (
            Endpoint::Responses,
            json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
            "unsupported_content",
        ),
        (Endpoint::Messages, json!({"messages": [{}], "mcp_servers": []}), "unsupported_parameter"),
        (
            Endpoint::Messages,
            json!({"messages": [{}], "tools": [{"type": "bash_20250124"}]}),
            "unsupported_parameter",
        ),
    ] {
        let mut body = body;
        body["model"] = json!("small");
        assert_eq!(most(endpoint, body.clone()).unwrap_err().code, code, "{body}");
    }
}
