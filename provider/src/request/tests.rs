use {
    super::{CompletionKind, CompletionRequest},
    crate::{
        config::{LimitParameter, ModelConfig},
        error::ApiError,
        price::{Price, TokenBound},
    },
    blockable_sdk::amounts::Units,
    bytes::Bytes,
    proptest::prelude::*,
    serde_json::{Value, json},
};

fn model() -> ModelConfig {
    let model = ModelConfig::echo("small", Price::new(Units(1), Units(2)));
    ModelConfig { overhead_tokens: 0, overhead_tokens_per_message: 4, context_tokens: 1_000, ..model }
}

fn bound(endpoint: CompletionKind, body: &Value) -> Result<TokenBound, ApiError> {
    CompletionRequest::parse(endpoint, body.to_string().as_bytes())?.bound(&model())
}

fn chat(more: Value) -> Value {
    let mut body = json!({"model": "small", "messages": [{"role": "user", "content": "four"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn refused(endpoint: CompletionKind, body: &Value) -> (&'static str, Option<String>) {
    let error = bound(endpoint, body).unwrap_err();
    assert_eq!(error.status, 400, "{body}");
    (error.code, error.param)
}

#[test]
fn a_chat_is_bounded_by_its_bytes_and_its_limits() {
    let plain = bound(CompletionKind::Chat, &chat(json!({}))).unwrap();
    assert_eq!(plain, TokenBound { prompts: vec![4 + 4 + 4], answer: 1_000, answers: 1, context: 1_000 });
    let limited =
        bound(CompletionKind::Chat, &chat(json!({"max_tokens": 7, "n": 3, "temperature": 0.5}))).unwrap();
    assert_eq!(limited, TokenBound { answer: 7, answers: 3, ..plain.clone() });
    let larger =
        bound(CompletionKind::Chat, &chat(json!({"max_tokens": 7, "max_completion_tokens": 9}))).unwrap();
    assert_eq!(larger.answer, 9, "whichever the upstream takes");
    let tools = bound(CompletionKind::Chat, &chat(json!({"tools": [{"type": "function"}]}))).unwrap();
    assert_eq!(tools.prompts, [12 + 5 + 21], "unknown members may become part of the prompt");
    let none = bound(CompletionKind::Chat, &chat(json!({"max_tokens": null, "n": null}))).unwrap();
    assert_eq!(none, plain);
}

#[test]
fn prompts_of_every_form_are_bounded() {
    let prompts = |prompt: Value| {
        bound(CompletionKind::Text, &json!({"model": "small", "prompt": prompt})).unwrap().prompts
    };
    assert_eq!(prompts(json!("über")), [5]);
    assert_eq!(prompts(json!(["a", "bcd"])), [1, 3]);
    assert_eq!(prompts(json!([1, 2, 3])), [3]);
    assert_eq!(prompts(json!([[1], [2, 3]])), [1, 2]);
    for prompt in [json!(7), json!([]), json!([1, "a"]), json!({}), json!([-1])] {
        let body = json!({"model": "small", "prompt": prompt});
        assert_eq!(refused(CompletionKind::Text, &body), ("invalid_parameter", Some("prompt".to_string())));
    }
}

#[test]
fn what_has_no_bound_is_refused() {
    for (more, code, param) in [
        (json!({"n": 0}), "invalid_parameter", "n"),
        (json!({"n": 1.5}), "invalid_parameter", "n"),
        (json!({"best_of": 1_000}), "invalid_parameter", "best_of"),
        (json!({"max_tokens": -1}), "invalid_parameter", "max_tokens"),
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
        assert_eq!(
            refused(CompletionKind::Chat, &chat(more.clone())),
            (code, Some(param.to_string())),
            "{more}"
        );
    }
    for text in ["", "[]", "{", "{\"model\":\"a\",\"model\":\"b\"}", "{\"model\":\"\\ud800\"}", "nul"] {
        let error = CompletionRequest::parse(CompletionKind::Chat, text.as_bytes()).unwrap_err();
        assert_eq!(error.status, 400, "{text}");
    }
}

#[test]
fn parts_that_are_not_text_need_a_bound_of_their_own() {
    let parts =
        json!([{"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "data:"}}]);
    let body = chat(json!({"messages": [{"role": "user", "content": parts}]}));
    assert_eq!(refused(CompletionKind::Chat, &body), ("unsupported_content", Some("messages".to_string())));
    let text = body.to_string();
    let request = CompletionRequest::parse(CompletionKind::Chat, text.as_bytes()).unwrap();
    let seeing = ModelConfig { tokens_per_part: Some(500), ..model() };
    assert_eq!(request.bound(&seeing).unwrap().prompts, [4 + 4 + 3 + 500]);
}

fn forwarded(text: &str, model: &ModelConfig) -> String {
    let whole = Bytes::copy_from_slice(text.as_bytes());
    let request = CompletionRequest::parse(CompletionKind::Chat, &whole).unwrap();
    String::from_utf8(request.forward(&whole, model, None).to_vec()).unwrap()
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
fn a_fitted_limit_is_added_under_the_name_that_the_upstream_takes() {
    let limited = |endpoint, text: &str, model: &ModelConfig| {
        let whole = Bytes::copy_from_slice(text.as_bytes());
        let request = CompletionRequest::parse(endpoint, &whole).unwrap();
        assert_eq!(request.own_limit(), None);
        String::from_utf8(request.forward(&whole, model, Some(77)).to_vec()).unwrap()
    };
    let chat = r#"{"model":"small","messages":[{}],"max_tokens":null,"stream":true}"#;
    assert_eq!(
        limited(CompletionKind::Chat, chat, &model()),
        r#"{"stream_options":{"include_usage":true},"model":"small","messages":[{}],"max_tokens":77,"stream":true}"#
    );
    let newer = ModelConfig { limit_parameter: LimitParameter::MaxCompletionTokens, ..model() };
    let sent = limited(CompletionKind::Chat, chat, &newer);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&sent["max_completion_tokens"], &sent["max_tokens"]), (&json!(77), &Value::Null));
    assert_eq!(sent["stream_options"]["include_usage"], true);
    let text = r#" {"model":"small","prompt":"a"}"#;
    assert_eq!(
        limited(CompletionKind::Text, text, &newer),
        r#" {"max_tokens":77,"model":"small","prompt":"a"}"#
    );
    let asked =
        json!({"model": "small", "messages": [{}], "max_tokens": 3, "max_completion_tokens": 9}).to_string();
    let request = CompletionRequest::parse(CompletionKind::Chat, asked.as_bytes()).unwrap();
    assert_eq!(request.own_limit(), Some("max_completion_tokens"));
}

proptest! {
    /// No bytes are a request that panics, and what is forwarded is JSON again.
    #[test]
    fn any_bytes_are_a_request_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(request) = CompletionRequest::parse(CompletionKind::Chat, &bytes) {
            let _ = request.bound(&model());
        }
    }

    #[test]
    fn a_prompt_has_no_more_words_than_its_bound(content in "\\PC{0,80}", name in "\\PC{0,20}") {
        let body = chat(json!({"messages": [{"role": "user", "name": name, "content": content}], "stream": true}));
        let bound = bound(CompletionKind::Chat, &body).unwrap();
        prop_assert!(bound.prompts[0] >= (content.len() + name.len()) as u64);
        let sent: Value = serde_json::from_str(&forwarded(&body.to_string(), &model())).unwrap();
        prop_assert_eq!(&sent["messages"], &body["messages"]);
        prop_assert_eq!(&sent["stream_options"]["include_usage"], &Value::Bool(true));
    }
}
