use super::*;

fn names() -> PublicNames {
    PublicNames {
        model: "chat \"large\"".to_string(),
        internal: "internal-7b".to_string(),
        id: "chatcmpl-ours".to_string(),
        repeated: vec![("metadata", Bytes::from_static(br#"{"run":"7"}"#))],
    }
}

fn rewritten(json: &str) -> String {
    String::from_utf8(names().rewrite(json.as_bytes(), None).unwrap().to_vec()).unwrap()
}

#[test]
fn the_model_has_its_public_name_and_the_rest_of_the_text_stays() {
    for (json, expected) in [
        (
            r#"{"id":"a-1","model":"internal-7b","x": [ 1.50 ]}"#,
            r#"{"id":"a-1","model":"chat \"large\"","x": [ 1.50 ]}"#,
        ),
        (r#" {"model" : {"name":"internal-7b"} } "#, r#"{"model" : "chat \"large\"" }"#),
        (r#"{"model":"x","model":"internal-7b"}"#, r#"{"model":"chat \"large\"","model":"chat \"large\""}"#),
        (r#"{"mod\u0065l":"internal-7b"}"#, r#"{"mod\u0065l":"chat \"large\""}"#),
        (
            r#"{"type":"response.created","response":{"id":"resp_1","model":"internal-7b"}}"#,
            r#"{"type":"response.created","response":{"id":"resp_1","model":"chat \"large\""}}"#,
        ),
        (r#"{"message":{"model":"internal-7b"}}"#, r#"{"message":{"model":"chat \"large\""}}"#),
        (r#"{"message":"text"}"#, r#"{"message":"text"}"#),
        ("{}", "{}"),
    ] {
        assert_eq!(rewritten(json), expected);
    }
}

#[test]
fn ids_and_fingerprints_name_nothing_of_the_providers() {
    for id in [
        "chatcmpl-internal-7b-1",
        "a/b",
        "10.0.0.7",
        "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDphYmM",
        "a b",
    ] {
        assert_eq!(rewritten(&format!(r#"{{"id":"{id}"}}"#)), r#"{"id":"chatcmpl-ours"}"#);
    }
    assert_eq!(rewritten(r#"{"id":["x"]}"#), r#"{"id":"chatcmpl-ours"}"#);
    for kept in [r#"{"id":"chatcmpl-9aZ_1"}"#, r#"{"id":null}"#, r#"{"system_fingerprint":"fp_44709d6fcb"}"#]
    {
        assert_eq!(rewritten(kept), kept);
    }
    assert_eq!(rewritten(r#"{"system_fingerprint":"fp_gandalf12"}"#), r#"{"system_fingerprint":null}"#);
    assert_eq!(rewritten(r#"{"system_fingerprint":"b4567-gpu7"}"#), r#"{"system_fingerprint":null}"#);
    let transfer = r#"{"kv_transfer_params":{"remote_host":"10.0.0.7"},"choices":[]}"#;
    assert_eq!(rewritten(transfer), r#"{"kv_transfer_params":null,"choices":[]}"#);
}

#[test]
fn what_is_no_object_is_not_rewritten() {
    for json in ["", "[]", "7", "<html>", "{", "{\"a\":}", "{} {}"] {
        assert_eq!(names().rewrite(json.as_bytes(), None), None, "{json}");
    }
    assert_eq!(names().rewrite(b"{\"a\":\"\xff\"}", None), None);
    assert_eq!(rewritten("\u{feff}{}"), "{}");
}

#[test]
fn a_member_stands_before_the_others() {
    let with = |text: &str| String::from_utf8(with_member(text.into(), r#""units":3"#)).unwrap();
    assert_eq!(with(r#"{"model":"m"}"#), r#"{"units":3,"model":"m"}"#);
    assert_eq!(with("data: {\ndata: \"a\":1}\n\n"), "data: {\"units\":3,\ndata: \"a\":1}\n\n");
    assert_eq!(with("{ }"), r#"{"units":3 }"#);
    assert_eq!(with("data: [DONE]\n\n"), "data: [DONE]\n\n");
}

#[test]
fn an_event_has_its_name_and_each_line_of_its_data() {
    assert_eq!(event("", b"{}"), b"data: {}\n\n");
    assert_eq!(event("response.created", b"{\n}"), b"event: response.created\ndata: {\ndata: }\n\n");
    assert_eq!(event("gpu-node-7", b"{}"), b"data: {}\n\n");
}

#[test]
fn usage_has_its_figures_and_nothing_else() {
    for (json, expected) in [
        (
            r#"{"usage":{"prompt_tokens":3,"cost":0.0007,"cost_details":{"upstream_inference_cost":1},"completion_tokens":"4"}}"#,
            r#"{"usage":{"prompt_tokens":3,"completion_tokens":"4"}}"#,
        ),
        (
            r#"{"usage":{"input_tokens":3,"deployment":"gpu-7","input_tokens_details":{"cached_tokens":1,"node":"10.0.0.7"}}}"#,
            r#"{"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1}}}"#,
        ),
        (r#"{"usage":{"prompt_tokens":"http://10.0.0.7","total_tokens":[1]}}"#, r#"{"usage":{}}"#),
        (r#"{"usage":"7 at gpu-7"}"#, r#"{"usage":null}"#),
        (
            r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":3,"inference_geo":"eu-1"}}}"#,
            r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":3}}}"#,
        ),
        (
            r#"{"type":"response.completed","response":{"usage":{"output_tokens":3,"is_byok":true}}}"#,
            r#"{"type":"response.completed","response":{"usage":{"output_tokens":3}}}"#,
        ),
        (
            r#"{"x_groq":{"usage":{"prompt_tokens":3,"queue":"a"}}}"#,
            r#"{"x_groq":{"usage":{"prompt_tokens":3}}}"#,
        ),
    ] {
        assert_eq!(rewritten(json), expected);
    }
    let all = r#"{"usage": { "prompt_tokens": 3.0, "completion_tokens": null, "total_tokens": 5, "reasoning_tokens": 0,
        "cached_tokens": 1, "prompt_cache_hit_tokens": 1, "prompt_cache_miss_tokens": 2, "input_tokens": 3,
        "output_tokens": 2, "cache_read_input_tokens": 1, "cache_creation_input_tokens": 0,
        "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0, "image_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0}, "input_tokens_details": null, "output_tokens_details": {} }}"#;
    assert_eq!(rewritten(all), all, "all that the charge is read from stays as it is");
}

#[test]
fn what_is_the_providers_is_null_at_every_depth() {
    for (json, expected) in [
        (
            r#"{"choices":[{"index":0,"provider":"host-9","message":{"content":"a","provider_specific_fields":{"api_base":"x"}}}]}"#,
            r#"{"choices":[{"index":0,"provider":null,"message":{"content":"a","provider_specific_fields":null}}]}"#,
        ),
        (
            r#"{"hidden":{"api_base":"http://10.0.0.7"},"a":[[{"model":"internal-7b"}]]}"#,
            r#"{"hidden":null,"a":[[{"model":"chat \"large\""}]]}"#,
        ),
        (r#"{"_anything":1,"__verbose":{"model":"internal-7b"}}"#, r#"{"_anything":null,"__verbose":null}"#),
        (
            r#"{"item":{"content":[ {"type":"output_text","text":"a","deployment":"b"} ]}}"#,
            r#"{"item":{"content":[ {"type":"output_text","text":"a","deployment":null} ]}}"#,
        ),
    ] {
        assert_eq!(rewritten(json), expected);
    }
    let deep = format!("{}{}{}", r#"{"a":"#.repeat(40), r#""http://10.0.0.7""#, "}".repeat(40));
    assert!(!rewritten(&deep).contains("10.0.0.7"));
}

#[test]
fn what_the_model_and_the_customer_wrote_stays() {
    for json in [
        r#"{"choices":[{"message":{"content":"{\"provider\":1}","tool_calls":[{"function":{"name":"f","arguments":"{\"cost\":2}"}}]}}]}"#,
        r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"provider":"a","usage":{"cost":1},"model":"b"}}]}"#,
        r#"{"tools":[{"type":"function","parameters":{"properties":{"provider":{"type":"string"},"cost":{}}}}],"text":{"format":{"schema":{"host":{}}}}}"#,
        r#"{"choices":[{"logprobs":{"content":[{"token":"a","bytes":[97],"host":1}]}}]}"#,
        r#"{"data":[{"embedding":[0.1,0.2],"index":0}]}"#,
    ] {
        assert_eq!(rewritten(json), json);
    }
}

#[test]
fn an_answer_repeats_the_request_and_not_what_a_gateway_made_of_it() {
    let json = r#"{"type":"response.completed","response":{"instructions":"You run at host-9.","metadata":{"team":"gpu"},"user":null}}"#;
    let expected = r#"{"type":"response.completed","response":{"instructions":null,"metadata":{"run":"7"},"user":null}}"#;
    assert_eq!(rewritten(json), expected);
    assert_eq!(rewritten(r#"{"metadata":{"team":"gpu"}}"#), r#"{"metadata":{"run":"7"}}"#);
}

#[test]
fn a_usage_that_is_hidden_is_null_and_not_rewritten_as_well() {
    let json = r#"{"usage":{"prompt_tokens":3,"cost":1},"a":1}"#;
    let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap();
    let hidden = names().rewrite(json.as_bytes(), Some(members["usage"])).unwrap();
    assert_eq!(String::from_utf8(hidden).unwrap(), r#"{"usage":null,"a":1}"#);
}
