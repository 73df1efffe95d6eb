use {super::*, crate::price::Price, serde_json::json};

fn model() -> ModelConfig {
    let model = ModelConfig::echo("small", Price::default());
    ModelConfig { overhead_tokens: Some(10), overhead_tokens_per_message: Some(4), ..model }
}

fn questions(endpoint: Endpoint, body: &Value, family: &[u64]) -> Option<Questions> {
    let text = body.to_string();
    CompletionRequest::parse(endpoint, text.as_bytes()).unwrap().questions(&model(), family)
}

#[test]
fn a_chat_is_asked_for_with_what_its_template_prints_and_the_rest_is_bounded() {
    let messages =
        json!([{"role": "user", "content": "x".repeat(600)}, {"role": "assistant", "content": null}]);
    let body = json!({"model": "small", "messages": messages, "tools": [{"type": "function"}], "max_tokens": 7,
        "temperature": 0, "add_special_tokens": true});
    let asked = questions(Endpoint::Chat, &body, &[5_000]).unwrap();
    let sent: Value = serde_json::from_str(&asked.bodies("org/\"own\"").next().unwrap()).unwrap();
    assert_eq!(
        sent,
        json!({"model": "org/\"own\"", "messages": messages, "tools": [{"type": "function"}], "add_special_tokens": true})
    );
    let overhead = 10 + 3 * 4;
    assert_eq!(asked.bound(&[150], &[5_000]), Some(vec![150 + overhead]));
    assert_eq!(asked.bound(&[6_000], &[5_000]), Some(vec![5_000]), "never above the family's bound");
    assert_eq!(asked.bound(&[2], &[5_000]), None, "600 bytes are three tokens at least");
    assert_eq!(asked.bound(&[], &[5_000]), None);
    let mut documents = body;
    documents["documents"] = json!([{"text": "y".repeat(100)}]);
    let asked = questions(Endpoint::Chat, &documents, &[5_000]).unwrap();
    assert!(asked.bound(&[150], &[5_000]).unwrap()[0] >= 150 + overhead + 100, "documents are not seen");
}

#[test]
fn texts_are_asked_for_one_by_one() {
    let body = json!({"model": "small", "prompt": ["a\"b", "z".repeat(900)], "suffix": "s".repeat(50)});
    let asked = questions(Endpoint::Text, &body, &[7, 904]).unwrap();
    let sent: Vec<Value> = asked.bodies("m").map(|body| serde_json::from_str(&body).unwrap()).collect();
    assert_eq!(sent[0], json!({"model": "m", "prompt": "a\"b"}));
    let bound = asked.bound(&[2, 300], &[900, 904]).unwrap();
    assert!(bound[0] >= 2 + 4 + 50 && bound[1] >= 300 + 4 + 50, "{bound:?}");
    assert_eq!(asked.bound(&[0, 300], &[7, 904]), None);
    let vectors = json!({"model": "small", "input": "z".repeat(900)});
    assert!(questions(Endpoint::Embeddings, &vectors, &[904]).is_some());
}

#[test]
fn nothing_is_asked_for_where_it_would_not_be_seen_or_is_not_worth_it() {
    let chat = |content: Value| json!({"model": "small", "messages": [{"role": "user", "content": content}]});
    let text = json!([{"type": "text", "text": "a"}]);
    assert!(questions(Endpoint::Chat, &chat(text), &[5_000]).is_some());
    assert_eq!(questions(Endpoint::Chat, &chat(json!("a")), &[511]), None);
    let image = json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}]);
    assert_eq!(questions(Endpoint::Chat, &chat(image), &[5_000]), None);
    let tokens = json!({"model": "small", "prompt": [[1, 2], [3]]});
    assert_eq!(questions(Endpoint::Text, &tokens, &[600, 600]), None, "their count is known");
    let many = json!({"model": "small", "prompt": vec!["a"; 9]});
    assert_eq!(questions(Endpoint::Text, &many, &[600; 9]), None);
    let picture = json!([{"type": "tool_result", "content": [{"type": "image", "source": {}}]}]);
    assert_eq!(questions(Endpoint::Messages, &chat(picture), &[5_000]), None);
    let documents = json!({"model": "small", "input": "a", "instructions": [{"type": "input_file"}]});
    assert_eq!(questions(Endpoint::Responses, &documents, &[5_000]), None);
}

#[test]
fn anthropics_form_is_asked_for_whole() {
    let messages = json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t",
        "content": [{"type": "text", "text": "r".repeat(900)}]}]}]);
    let body = json!({"model": "small", "max_tokens": 9, "messages": messages, "system": "be brief", "temperature": 0,
        "tools": [{"name": "f", "input_schema": {}}], "output_format": {"schema": "s".repeat(50)}});
    let asked = questions(Endpoint::Messages, &body, &[5_000]).unwrap();
    assert_eq!(asked.path.url("http://gpu:8000/v1"), "http://gpu:8000/v1/messages/count_tokens");
    let sent: Value = serde_json::from_str(&asked.bodies("org/own").next().unwrap()).unwrap();
    let expected = json!({"model": "org/own", "messages": messages, "system": "be brief",
        "tools": [{"name": "f", "input_schema": {}}]});
    assert_eq!(sent, expected);
    let bound = asked.bound(&[400], &[5_000]).unwrap()[0];
    assert!((400 + 10 + 3 * 4 + 50..700).contains(&bound), "{bound}: the schema is not seen");
    assert_eq!(asked.bound(&[3], &[5_000]), None, "900 bytes are four tokens at least");
}

#[test]
fn the_texts_of_a_response_are_asked_for_as_a_chat_and_the_rest_is_bounded() {
    let plain = json!({"model": "small", "input": "z".repeat(900), "instructions": "be brief"});
    let asked = questions(Endpoint::Responses, &plain, &[5_000]).unwrap();
    let sent: Value = serde_json::from_str(&asked.bodies("m").next().unwrap()).unwrap();
    let expected =
        json!([{"role": "system", "content": "be brief"}, {"role": "user", "content": "z".repeat(900)}]);
    assert_eq!(sent, json!({"model": "m", "messages": expected}));
    assert_eq!(asked.path.url("http://gpu:8000/v1"), "http://gpu:8000/tokenize");
    assert_eq!(asked.bound(&[300], &[5_000]), Some(vec![300 + 10 + 4 * 4]));
    let output = "o".repeat(700);
    let items = json!({"model": "small", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        {"type": "message", "role": "assistant", "id": "msg_1", "content": [{"type": "output_text", "text": "c"}]},
        {"type": "function_call_output", "call_id": "c", "output": output},
        {"role": "user", "name": "odd", "content": "d"},
    ], "tools": [{"type": "function", "name": "f", "parameters": {}}]});
    let asked = questions(Endpoint::Responses, &items, &[9_000]).unwrap();
    let sent: Value = serde_json::from_str(&asked.bodies("m").next().unwrap()).unwrap();
    assert_eq!(
        sent["messages"],
        json!([{"role": "user", "content": "a\nb"}, {"role": "assistant", "content": "c"}])
    );
    assert!(sent.get("tools").is_none());
    let bound = asked.bound(&[20], &[9_000]).unwrap()[0];
    assert!(bound >= 20 + 700 + 10 + 4 * 4, "{bound}: results of tools, and what is odd, are not seen");
}

#[test]
fn a_count_is_a_whole_number() {
    assert_eq!(CountPath::Tokenize.read(br#"{"count":7,"max_model_len":9,"tokens":[1]}"#), Some(7));
    assert_eq!(CountPath::CountTokens.read(br#"{"input_tokens":7}"#), Some(7));
    for none in ["", "{}", "[7]", r#"{"count":-1}"#, r#"{"count":"7"}"#, r#"{"count":[7]}"#, "<html>"] {
        assert_eq!(CountPath::Tokenize.read(none.as_bytes()), None, "{none}");
    }
}
