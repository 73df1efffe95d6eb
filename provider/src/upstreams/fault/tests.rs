use {super::*, axum::http::header::RETRY_AFTER, proptest::prelude::*};

const NAMES: Names = Names { public: "chat", internal: "org/internal-7b", key: Some("own-key-1") };

/// Words of upstreams that no customer may see.
const HOSTILE: &[&str] = &[
    "Incorrect API key provided: sk-proj-ab12********XY89. You can find your API key at https://platform.openai.com/account/api-keys.",
    "API key not valid. Please pass a valid API key AIzaSyA-1234567890abcdefghijklmnopqrstuv",
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to purchase credits.",
    "Invalid proxy server token passed. Received API Key = hf_abcdefghijklmnopqrstuvwxyz012345",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl rejected",
    "AKIAIOSFODNN7EXAMPLE / wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Cannot connect to host gpu-node-7.internal:8000 ssl:default [Connect call failed ('10.0.0.7', 8000)]",
    "dial tcp [fe80::1ff:fe23:4567:890a%eth0]:8000: connection refused",
    "http://user:hunter2@vllm.prod.svc.cluster.local/v1/chat/completions?key=abc123 is gone",
    "litellm.BadRequestError: OpenAIException - Connection error. Deployment: azure-eastus-2",
    "The model org/other-13b-awq does not exist",
    "/opt/vllm/lib/python3.12/site-packages/vllm/engine.py line 42 in step: CUDA out of memory on gandalf",
    "own-key-1",
    "Organization org-AbCdEfGh0123456789 has been deactivated",
    "<html><body><h1>502 Bad Gateway</h1>nginx/1.25.3 at ingress-7</body></html>",
];

/// Pieces of them, as a customer might find them.
const SECRETS: &[&str] = &[
    "sk-",
    "ab12",
    "XY89",
    "AIza",
    "hf_",
    "eyJ",
    "AKIA",
    "wJalr",
    "gpu-node",
    "10.0.0.7",
    "fe80",
    "hunter2",
    "vllm",
    "cluster",
    "abc123",
    "azure",
    "other-13b",
    "/opt",
    "gandalf",
    "own-key",
    "org-",
    "nginx",
    "ingress",
    "internal-7b",
    "://",
    "openai",
    "nthropic",
];

fn answer(status: u16, body: &[u8]) -> UpstreamFault {
    UpstreamFault::from_answer(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body, NAMES)
}

fn stated(status: u16, code: &str, message: &str) -> UpstreamFault {
    let error =
        serde_json::json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    answer(status, serde_json::json!({"error": error}).to_string().as_bytes())
}

fn require_clean(fault: &UpstreamFault, input: &str) {
    let shown = fault.error.body().to_string();
    let leaked =
        SECRETS.iter().find(|secret| shown.to_ascii_lowercase().contains(&secret.to_ascii_lowercase()));
    assert_eq!(leaked, None, "{input}: {shown}");
    for secret in ["ab12", "hunter2", "own-key", "AIza", "eyJ", "hf_a", "AKIA", "AbCdEfGh"] {
        assert!(!fault.detail.contains(secret), "{input}: {}", fault.detail);
    }
    assert!(fault.detail.len() < 1_500 && !fault.detail.contains('\n'), "{}", fault.detail);
}

#[test]
fn nothing_of_an_upstream_reaches_a_customer_in_any_form_and_under_any_status() {
    for words in HOSTILE {
        let quoted = serde_json::Value::from(*words);
        let bodies = [
            (*words).to_string(),
            format!(r#"{{"error":{{"message":{quoted},"type":{quoted},"param":{quoted},"code":{quoted}}}}}"#),
            format!(r#"{{"error":{quoted}}}"#),
            format!(r#"{{"detail":{quoted}}}"#),
            format!(r#"{{"detail":[{{"loc":["body",{quoted}],"msg":{quoted},"type":"x"}}]}}"#),
            format!(r#"[{{"error":{{"code":400,"message":{quoted},"status":"INVALID_ARGUMENT"}}}}]"#),
            format!(r#"{{"object":"error","message":{quoted},"type":"BadRequestError","code":400}}"#),
        ];
        for body in &bodies {
            for status in 300..600 {
                let fault = answer(status, body.as_bytes());
                require_clean(&fault, body);
                let shown = fault.error.status.as_u16();
                assert!(![401, 402, 403, 404].contains(&shown) && shown >= 400, "{status} became {shown}");
            }
            if let Some(fault) = UpstreamFault::from_event(body.as_bytes(), NAMES) {
                require_clean(&fault, body);
            }
        }
    }
}

#[test]
fn each_failure_has_the_status_and_code_of_its_cause() {
    for (status, code, message, expected) in [
        (400, "", "temperature must be between 0 and 2", (400, "invalid_request", FaultClass::Request)),
        (422, "", "Field required", (422, "invalid_request", FaultClass::Request)),
        (413, "", "payload at ingress-7", (413, "invalid_request", FaultClass::Request)),
        (400, "context_length_exceeded", "x", (400, "context_length_exceeded", FaultClass::Request)),
        (
            400,
            "",
            "This model's maximum context length is 4096 tokens.",
            (400, "context_length_exceeded", FaultClass::Request),
        ),
        (
            400,
            "",
            "prompt is too long: 208310 tokens > 200000 maximum",
            (400, "context_length_exceeded", FaultClass::Request),
        ),
        (
            422,
            "",
            "`inputs` tokens + `max_new_tokens` must be <= 4096",
            (400, "context_length_exceeded", FaultClass::Request),
        ),
        (400, "content_filter", "x", (400, "content_filter", FaultClass::Request)),
        (400, "", "rejected as a result of our safety system", (400, "content_filter", FaultClass::Request)),
        (
            400,
            "",
            "thinking.budget_tokens must be greater than 1024",
            (400, "invalid_request", FaultClass::Request),
        ),
        (400, "", "Your credit balance is too low", (502, "upstream_refused", FaultClass::Refused)),
        (400, "", "API key not valid", (502, "upstream_refused", FaultClass::Refused)),
        (400, "budget_exceeded", "x", (502, "upstream_refused", FaultClass::Refused)),
        (401, "invalid_api_key", "x", (502, "upstream_refused", FaultClass::Refused)),
        (402, "", "x", (502, "upstream_refused", FaultClass::Refused)),
        (403, "", "x", (502, "upstream_refused", FaultClass::Refused)),
        (404, "model_not_found", "x", (502, "upstream_refused", FaultClass::Refused)),
        (405, "", "x", (502, "upstream_refused", FaultClass::Refused)),
        (418, "", "x", (502, "upstream_refused", FaultClass::Refused)),
        (307, "", "x", (502, "upstream_refused", FaultClass::Refused)),
        (429, "rate_limit_exceeded", "see /account/billing", (429, "model_busy", FaultClass::Busy)),
        (429, "insufficient_quota", "x", (502, "upstream_refused", FaultClass::Refused)),
        (429, "", "You exceeded your current quota", (502, "upstream_refused", FaultClass::Refused)),
        (503, "", "loading", (503, "model_busy", FaultClass::Busy)),
        (529, "", "overloaded", (503, "model_busy", FaultClass::Busy)),
        (504, "", "x", (504, "upstream_timeout", FaultClass::TimedOut)),
        (500, "context_length_exceeded", "x", (502, "upstream_failed", FaultClass::Failed)),
        (502, "", "x", (502, "upstream_failed", FaultClass::Failed)),
    ] {
        let fault = stated(status, code, message);
        assert_eq!(
            (fault.error.status.as_u16(), fault.error.code, fault.class),
            expected,
            "{status} {code} {message}"
        );
        assert_eq!(fault.error.retry_after.is_some(), fault.class == FaultClass::Busy);
    }
}

#[test]
fn a_mistake_of_the_request_is_named_with_the_public_model() {
    let fault = stated(400, "", "The model `org/internal-7b` does not support tools.");
    assert_eq!(
        fault.error.message,
        "the model refused the request: The model `chat` does not support tools."
    );
    let body = br#"{"error":{"message":"Invalid value: 'sekret'","param":"messages[0].role","code":"invalid_value"}}"#;
    let fault = answer(400, body);
    assert_eq!(
        fault.error.message,
        "the model refused the request because of `messages[0].role`; correct it"
    );
    assert_eq!(fault.error.param.as_deref(), Some("messages[0].role"));
    assert!(!fault.detail.contains("sekret"), "the request is not logged: {}", fault.detail);
}

#[test]
fn a_wait_is_passed_on_within_bounds() {
    for (given, seconds) in [
        ("7", 7),
        ("0", 1),
        ("1.2", 2),
        ("-1", 5),
        ("nan", 5),
        ("1e9", 600),
        ("Fri, 21 Oct 2016 07:28:00 GMT", 1),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 600),
        ("Wednesday", 5),
    ] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, given.parse().unwrap())]);
        let fault = UpstreamFault::from_answer(StatusCode::TOO_MANY_REQUESTS, &headers, b"", NAMES);
        assert_eq!(fault.error.retry_after, Some(seconds), "{given}");
    }
}

#[test]
fn bodies_that_are_large_or_not_text_are_survived() {
    let mut deep = b"{\"error\":".repeat(10_000);
    deep.extend(b"1");
    let large = format!(r#"{{"error":{{"message":"{}"}}}}"#, "sk-ab12 ".repeat(1 << 17));
    for body in [
        &deep[..],
        large.as_bytes(),
        &[0xff; 1 << 20],
        b"\xef\xbb\xbf{}",
        b"{\"error\":{\"message\":\"\\ud800\"}}",
        b"",
    ] {
        for status in [400, 401, 500] {
            require_clean(&answer(status, body), "a large body");
        }
        assert!(
            UpstreamFault::from_event(body, NAMES).is_none_or(|fault| fault.error.status.as_u16() >= 400)
        );
    }
}

#[test]
fn errors_of_events_have_the_status_they_state_or_that_of_their_type() {
    for (event, status) in [
        (r#"{"error":{"message":"x","code":429}}"#, 429),
        (r#"{"error":{"message":"x","code":"invalid_api_key","type":"authentication_error"}}"#, 502),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, 429),
        (r#"{"error":{"message":"x","type":"BadRequestError","code":400}}"#, 400),
        (r#"{"error":"engine died at gpu-node-7"}"#, 502),
        (r#"{"error":true}"#, 502),
    ] {
        let fault = UpstreamFault::from_event(event.as_bytes(), NAMES).unwrap();
        assert_eq!(fault.error.status.as_u16(), status, "{event}");
        require_clean(&fault, event);
    }
    assert!(UpstreamFault::from_event(b"{\"choices\":[]}", NAMES).is_none());
}

#[test]
fn another_upstream_is_asked_only_where_nothing_was_produced() {
    use Evidence::{Certain, Failure, None, Refusal};
    for (status, another, evidence) in [
        (400, false, None),
        (401, true, Certain),
        (402, true, Certain),
        (403, true, Refusal),
        (404, true, Refusal),
        (407, true, Certain),
        (429, true, None),
        (431, true, Refusal),
        (451, true, Refusal),
        (500, true, Failure),
        (503, true, None),
        (504, false, Failure),
    ] {
        let fault = stated(status, "", "x");
        assert_eq!((fault.allows_another(), fault.evidence()), (another, evidence), "{status}");
    }
    let quoted = stated(400, "", "no such field `api_key`");
    assert_eq!(quoted.evidence(), None, "a message may quote the request");
    for fault in [UpstreamFault::took_too_long(""), UpstreamFault::too_large("")] {
        assert_eq!((fault.allows_another(), fault.evidence()), (false, None), "the request may ask for it");
    }
}

/// Filters before an upstream answer with statuses that name the provider elsewhere.
#[test]
fn content_that_a_filter_refuses_is_the_requests_under_any_status() {
    for (status, message) in [
        (403, "Your input was flagged by moderation: violence"),
        (451, "blocked by our content policy"),
        (400, "the response was filtered by the content filter"),
    ] {
        let fault = stated(status, "", message);
        assert_eq!((fault.class, fault.error.code), (FaultClass::Request, "content_filter"), "{message}");
        assert_eq!(
            (fault.error.status.as_u16(), fault.evidence(), fault.allows_another()),
            (400, Evidence::None, false)
        );
    }
    let own = stated(403, "", "the API key was flagged");
    assert_eq!((own.class, own.error.code), (FaultClass::Refused, "upstream_refused"));
}

/// Secrets of many shapes, none of which is a plain word or number.
fn secret() -> impl Strategy<Value = String> {
    let shapes = prop_oneof![
        "(sk|pk|rk|hf|gsk|key)[-_][A-Za-z0-9]{4,40}",
        "[A-Z]{4}[A-Z0-9]{8,20}",
        "eyJ[A-Za-z0-9_-]{8,40}\\.[A-Za-z0-9_-]{8,40}\\.[A-Za-z0-9_-]{8,40}",
        "[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{2,5})?",
        "\\[?([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\\]?(:[0-9]{2,5})?",
        "https?://[a-z0-9.-]{3,30}(:[0-9]{2,5})?(/[a-z0-9/?=&]{0,20})?",
        "[a-z]{3,12}(-[a-z0-9]{1,8}){1,3}(\\.[a-z]{2,8}){0,3}",
        "[A-Za-z0-9+/]{16,64}={0,2}",
        "[0-9]{11,40}",
        "[a-z]{3,10}@[a-z]{3,10}\\.[a-z]{2,3}",
        "(/[a-z0-9_.]{2,10}){2,5}",
        "\\*{3,12}[A-Za-z0-9]{2,4}",
        "\\PC{6,30}",
    ];
    shapes.prop_filter("plain words are no secrets", |secret| {
        secret.chars().filter(|character| character.is_alphanumeric()).count() > 3
            && super::super::words::copy_plain(secret, "org/internal-7b", "chat").is_none()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Wherever a secret stands in an error, whatever its form and status, no customer sees it.
    #[test]
    fn no_customer_sees_a_secret(
        secret in secret(),
        plain in "(the model does not support|max_tokens must be less than|invalid value for) ?",
        more in "( for `temperature`| tokens|)",
        status in prop::sample::select(vec![400_u16, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504]),
        place in 0..5_usize,
    ) {
        let mut members = ["a plain message".to_string(), "invalid_request_error".to_string(), "temperature".to_string(), "x".to_string()];
        match members.get_mut(place) {
            Some(member) => *member = secret.clone(),
            None => members[0] = format!("{plain} {secret}{more}"),
        }
        let [message, kind, param, code] = &members;
        let body = serde_json::json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
        let shown = answer(status, body.to_string().as_bytes()).error.body();
        let texts = [&shown["error"]["message"], &shown["error"]["param"]].map(|text| text.as_str().unwrap_or_default().to_string());
        prop_assert!(texts.iter().all(|text| !text.contains(secret.trim())), "{texts:?}");
        let event = UpstreamFault::from_event(body.to_string().as_bytes(), NAMES).unwrap().error.body();
        prop_assert!(!event["error"]["message"].as_str().unwrap().contains(secret.trim()), "{event}");
    }

    /// Any bytes are read without a panic, and make one line of bounded length for the log.
    #[test]
    fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..400), status in 300_u16..600) {
        let fault = answer(status, &body);
        prop_assert!(fault.error.status.as_u16() >= 400 && fault.detail.chars().count() < 800);
        prop_assert!(!fault.detail.contains('\n'));
    }
}
