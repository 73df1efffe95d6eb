//! Images, sounds, videos and files: where their data may be.

use {
    super::model,
    crate::{
        config::{Endpoint, MediaUrls, ModelConfig, PartTokens},
        request::CompletionRequest,
    },
    serde_json::{Value, json},
};

fn seeing(media_urls: MediaUrls) -> ModelConfig {
    let all = Some(500);
    let part_tokens = PartTokens { image: all, audio: all, video: all, file: all };
    ModelConfig { part_tokens, media_urls, context_tokens: 1 << 30, ..model() }
}

/// The bound of a request with a part, or the code of its refusal.
fn most(endpoint: Endpoint, part: &Value, model: &ModelConfig) -> Result<u64, &'static str> {
    let message = json!([{"role": "user", "content": [part]}]);
    let body = json!({"model": "small", "max_tokens": 9, endpoint.input(): message});
    let body = match endpoint {
        Endpoint::Responses => json!({"model": "small", "input": message}),
        _ => body,
    };
    let text = body.to_string();
    let request = CompletionRequest::parse(endpoint, text.as_bytes()).unwrap();
    request.bound(model).map(|bound| bound.prompts[0]).map_err(|error| error.code)
}

/// Parts of each endpoint with a place for their data.
fn parts(place: &str) -> Vec<(Endpoint, Value)> {
    vec![
        (Endpoint::Chat, json!({"type": "image_url", "image_url": {"url": place, "detail": "low"}})),
        (Endpoint::Chat, json!({"type": "image_url", "image_url": place})),
        (Endpoint::Chat, json!({"type": "audio_url", "audio_url": {"url": place}})),
        (Endpoint::Chat, json!({"type": "video_url", "video_url": {"url": place}})),
        (Endpoint::Chat, json!({"type": "image", "image": place})),
        (Endpoint::Chat, json!({"type": "file", "file": {"file_url": place}})),
        (Endpoint::Responses, json!({"type": "input_image", "image_url": place})),
        (Endpoint::Responses, json!({"type": "input_file", "file_url": place, "filename": "a.pdf"})),
        (Endpoint::Messages, json!({"type": "image", "source": {"type": "url", "url": place}})),
        (Endpoint::Messages, json!({"type": "document", "source": {"type": "url", "url": place}})),
        (
            Endpoint::Messages,
            json!({"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": place}}]}),
        ),
        (
            Endpoint::Messages,
            json!({"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": {"type": "url", "url": place}}]}}),
        ),
    ]
}

#[test]
fn nothing_makes_the_upstream_fetch() {
    let (plain, web) = (seeing(MediaUrls::Data), seeing(MediaUrls::Http));
    for place in ["http://169.254.169.254/latest/meta-data", "HTTPS://images.example/1.png"] {
        for (endpoint, part) in parts(place) {
            assert_eq!(most(endpoint, &part, &plain), Err("unsupported_content"), "{part}");
            assert!(most(endpoint, &part, &web).is_ok(), "{part}");
        }
    }
    for place in [
        "file:///etc/passwd",
        "/etc/passwd",
        "gs://bucket/a",
        "ftp://a/b",
        " http://a",
        "//a/b",
        "jav\u{0}a:",
        "",
    ] {
        for (endpoint, part) in parts(place) {
            for model in [&plain, &web] {
                assert_eq!(most(endpoint, &part, model), Err("unsupported_content"), "{part}");
            }
        }
    }
    for (endpoint, part) in parts("data:image/png;base64,AA==") {
        assert!(most(endpoint, &part, &plain).is_ok_and(|tokens| tokens < 1_500), "{part}");
    }
}

#[test]
fn data_stands_in_base64_and_nothing_is_named_that_is_stored_elsewhere() {
    let plain = seeing(MediaUrls::Data);
    let long = "QUJD".repeat(2_000);
    for (endpoint, part) in [
        (Endpoint::Chat, json!({"type": "input_audio", "input_audio": {"data": long, "format": "wav"}})),
        (
            Endpoint::Chat,
            json!({"type": "file", "file": {"file_data": format!("data:application/pdf;base64,{long}")}}),
        ),
        (Endpoint::Responses, json!({"type": "input_file", "file_data": long, "filename": "a.pdf"})),
        (
            Endpoint::Messages,
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": long}}),
        ),
    ] {
        assert!(most(endpoint, &part, &plain).is_ok_and(|tokens| tokens < 1_000), "{part}");
    }
    for (endpoint, part) in [
        (
            Endpoint::Chat,
            json!({"type": "input_audio", "input_audio": {"data": "http://a/b.wav", "format": "wav"}}),
        ),
        (Endpoint::Chat, json!({"type": "file", "file": {"file_id": "file-of-another"}})),
        (Endpoint::Chat, json!({"type": "image_url", "image_url": null, "uuid": "of-another"})),
        (Endpoint::Chat, json!({"type": "image_url", "image_url": {"url": ["http://a"]}})),
        (Endpoint::Chat, json!({"type": "text", "text": "a", "image_url": {"url": "http://a"}})),
        (Endpoint::Responses, json!({"type": "input_image", "file_id": "file-of-another"})),
        (
            Endpoint::Messages,
            json!({"type": "image", "source": {"type": "file", "file_id": "file-of-another"}}),
        ),
        (Endpoint::Messages, json!({"type": "document", "source": "http://a"})),
    ] {
        assert_eq!(most(endpoint, &part, &plain), Err("unsupported_content"), "{part}");
    }
    // What describes the data is read by some models, so it counts.
    let named = json!({"type": "file", "file": {"file_data": "QUJD", "filename": "x".repeat(3_000)}});
    assert!(most(Endpoint::Chat, &named, &plain).unwrap() > 3_500);
}

#[test]
fn items_of_responses_hold_their_text() {
    let bound = |item: Value| {
        let text = json!({"model": "small", "input": [item]}).to_string();
        let request = CompletionRequest::parse(Endpoint::Responses, text.as_bytes()).unwrap();
        request.bound(&model()).map(|_| ()).map_err(|error| error.code)
    };
    for stored in [
        json!({"id": "msg_x"}),
        json!({"id": "msg_x", "content": "a"}),
        json!({"type": "message", "role": "user", "id": "msg_x"}),
        json!({"role": "user", "id": "msg_x", "content": null}),
        json!({"type": "reasoning", "id": "rs_x", "summary": []}),
        json!({"type": "item_reference", "id": "msg_x"}),
        json!({}),
    ] {
        assert!(bound(stored.clone()).is_err(), "{stored}");
    }
    for whole in [
        json!({"role": "user", "content": "a"}),
        json!({"type": "message", "role": "assistant", "id": "msg_x", "content": [{"type": "output_text", "text": "a"}]}),
        json!({"type": "reasoning", "id": "rs_x", "summary": [], "encrypted_content": "AAAA"}),
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]}),
        json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
    ] {
        assert_eq!(bound(whole.clone()), Ok(()), "{whole}");
    }
}

/// The bound of a request whose only part is written so, or the code of its refusal.
fn most_of_text(endpoint: Endpoint, part: &str) -> Result<u64, &'static str> {
    let text = format!(
        r#"{{"model":"small","max_tokens":9,"{}":[{{"role":"user","content":[{part}]}}]}}"#,
        endpoint.input()
    );
    let text = if endpoint == Endpoint::Responses { text.replace(r#""max_tokens":9,"#, "") } else { text };
    let request = CompletionRequest::parse(endpoint, text.as_bytes()).unwrap();
    request.bound(&seeing(MediaUrls::Data)).map(|bound| bound.prompts[0]).map_err(|error| error.code)
}

#[test]
fn no_spelling_of_a_source_passes_its_check() {
    for part in [
        r#"{"type":"image","source":{"type":"\u0075rl","url":"http://169.254.169.254/x"}}"#,
        r#"{"type":"image","source":{"t\u0079pe":"\u0075rl","url":"http://169.254.169.254/x"}}"#,
        r#"{"type":"image","source":{"type":"f\u0069le","file_id":"file-of-another"}}"#,
        r#"{"type":"document","source":{"type":"ur\u006c","url":"file:///etc/passwd"}}"#,
        r#"{"type":"image","source":{"url":"http://169.254.169.254/x"}}"#,
        r#"{"type":"image","source":{"type":null,"url":"http://169.254.169.254/x"}}"#,
        r#"{"type":"image","source":{"type":"URL","url":"data:,x"}}"#,
        r#"{"type":"image","source":{"type":"Base64","data":"QUJD"}}"#,
        r#"{"type":"document","source":{"type":"text","data":"a","url":"http://a"}}"#,
        r#"{"type":"document","source":{"type":"text","data":"a","file_id":"b"}}"#,
        r#"{"type":"document","source":{"type":"content","content":"a","url":"http://a"}}"#,
        r#"{"type":"document","source":{"type":"url","content":"a","url":"http://a"}}"#,
        r#"{"type":"document","source":{"type":"url","url":"data:,x","content":[{"type":"image"}]}}"#,
        r#"{"type":"document","source":{"data":"a text of a document"}}"#,
        r#"{"type":"document","source":{"content":[{"type":"text","text":"a"}]}}"#,
        r#"{"type":"tool_result","content":[{"type":"image","source":{"type":"\u0075rl","url":"http://a"}}]}"#,
        r#"{"type":"image","source":{"type":"base64","data":"QUJD","image":{"url":"http://a"}}}"#,
        r#"{"type":"image","source":{"type":"base64","data":"QUJD","more":{"url":"http://a"}}}"#,
    ] {
        assert_eq!(most_of_text(Endpoint::Messages, part), Err("unsupported_content"), "{part}");
    }
    for part in [
        r#"{"type":"document","source":{"type":"\u0074ext","media_type":"text/plain","data":"a"},"citations":{"enabled":true}}"#,
        r#"{"type":"document","source":{"type":"c\u006fntent","content":"a"}}"#,
        r#"{"type":"image","source":{"type":"b\u0061se64","media_type":"image/png","data":"QUJD"}}"#,
    ] {
        assert!(most_of_text(Endpoint::Messages, part).is_ok_and(|tokens| tokens < 700), "{part}");
    }
}

#[test]
fn no_name_that_stands_for_another_passes_in_messages_and_parts() {
    for (endpoint, part) in [
        (Endpoint::Chat, r#"{"type":"image_url","image_url":{"url":"data:,x","URL":"http://a"}}"#),
        (Endpoint::Chat, r#"{"type":"image_url","image_url":{"url":"data:,x","u\u0052l":"http://a"}}"#),
        (Endpoint::Chat, r#"{"type":"image_url","image_url":"data:,x","imageUrl":"http://a"}"#),
        (Endpoint::Chat, r#"{"type":"text","text":"a","Image_URL":{"url":"http://a"}}"#),
        (Endpoint::Chat, r#"{"type":"text","Type":"image_url","text":"a"}"#),
        (Endpoint::Chat, r#"{"type":"image","image":"data:,x","url":"http://a"}"#),
        (Endpoint::Chat, r#"{"type":"image","path":"/etc/passwd"}"#),
        (Endpoint::Chat, r#"{"type":"image","image":"data:,x","\u212aey":"http://a"}"#),
        (Endpoint::Responses, r#"{"type":"input_image","image_url":"data:,x","Image_url":"http://a"}"#),
        (Endpoint::Responses, r#"{"type":"input_image","image_url":"data:,x","File_ID":"a"}"#),
        (Endpoint::Messages, r#"{"type":"image","source":{"type":"base64","data":"QUJD"},"Source":{}}"#),
        (Endpoint::Messages, r#"{"type":"image","source":{"type":"base64","Type":"url","data":"QUJD"}}"#),
    ] {
        assert_eq!(most_of_text(endpoint, part), Err("unsupported_content"), "{part}");
    }
    for body in [
        r#"{"model":"small","messages":[{"role":"user","content":"a","Content":"b"}]}"#,
        r#"{"model":"small","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","Type":"web_search"}]}"#,
    ] {
        let request = CompletionRequest::parse(Endpoint::Chat, body.as_bytes()).unwrap();
        assert_eq!(request.bound(&model()).unwrap_err().code, "unsupported_content", "{body}");
    }
    let body = r#"{"model":"small","messages":[{"role":"user","content":"a"}],"stream":true,
        "stream_options":{"include_usage":true,"Include_Usage":false}}"#;
    assert_eq!(CompletionRequest::parse(Endpoint::Chat, body.as_bytes()).unwrap_err().status, 400);
}

#[test]
fn an_item_is_known_by_its_type_however_that_is_written() {
    let bound = |item: &str| {
        let text = format!(r#"{{"model":"small","input":[{item}]}}"#);
        let request = CompletionRequest::parse(Endpoint::Responses, text.as_bytes()).unwrap();
        request.bound(&model()).map(|bound| bound.prompts[0]).map_err(|error| error.status.as_u16())
    };
    let plain = bound(r#"{"type":"message","role":"user","content":"a"}"#).unwrap();
    assert_eq!(bound(r#"{"type":"mess\u0061ge","role":"user","content":"a"}"#), Ok(plain));
    for item in [
        r#"{"type":"item_ref\u0065rence","id":"msg_x"}"#,
        r#"{"type":"re\u0061soning","id":"rs_x","summary":[]}"#,
        r#"{"type":5,"role":"user","content":"a"}"#,
        r#"{"type":"message","Type":"item_reference","id":"msg_x","role":"user","content":"a"}"#,
    ] {
        assert_eq!(bound(item), Err(400), "{item}");
    }
}

#[test]
fn a_mark_for_the_cache_is_cheap_however_it_is_written() {
    let bound = |mark: &str| {
        let part = format!(r#"{{"type":"text","text":"a","cache_control":{mark}}}"#);
        most_of_text(Endpoint::Messages, &part).map(|_| ())
    };
    assert_eq!(bound(r#"{"type":"ephemeral","ttl":"\u0035m"}"#), Ok(()));
    for mark in [r#"{"type":"ephemeral","ttl":"1\u0068"}"#, r#"{"ttl":"5m","TTL":"1h"}"#, r#"{"ttl":60}"#] {
        assert!(bound(mark).is_err(), "{mark}");
    }
}
