//! Answers of upstreams without what is only the provider's.

use {
    serde::{
        Deserialize, Deserializer,
        de::{MapAccess, Visitor},
    },
    serde_json::{Value, value::RawValue},
    std::{borrow::Cow, fmt, ops::Range},
};

/// Members of answers that name deployments, hosts or costs of the provider.
const PRIVATE: &[&str] = &[
    "_hidden_params",
    "_response_ms",
    "api_base",
    "deployment",
    "kv_transfer_params",
    "provider",
    "provider_specific_fields",
    "system_fingerprint",
];
/// Members in whose objects the model and the id stand as well: the events of `/v1/responses` and `/v1/messages`.
const NESTED: &[&str] = &["message", "response"];
/// Most bytes of an id that is kept: longer ones encode the deployment.
const MAX_ID: usize = 64;

/// The names in the answers to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublicNames {
    /// The model's name in requests of customers.
    pub model: String,
    /// Its name at the upstream.
    pub internal: String,
    /// An id for answers whose own one cannot be shown.
    pub id: String,
}

impl PublicNames {
    /// Rewrites an answer or the data of an event: the model has its public name, ids and other members name nothing of the
    /// provider's, and a `hidden` value, which must be a part of the text, is null. `None` where the text is no JSON object.
    pub(crate) fn rewrite(&self, json: &[u8], hidden: Option<&RawValue>) -> Option<Vec<u8>> {
        let json = json.trim_ascii();
        let text = std::str::from_utf8(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)).ok()?;
        let members: Members = serde_json::from_str(text).ok()?;
        let mut edits = Vec::new();
        self.edit(text, &members, true, &mut edits);
        if let Some(hidden) = hidden {
            edits.push((place(text, hidden), Value::Null.to_string()));
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut rewritten = String::with_capacity(text.len().saturating_add(256));
        let mut done = 0;
        for (range, with) in edits {
            rewritten.push_str(text.get(done..range.start)?);
            rewritten.push_str(&with);
            done = range.end;
        }
        rewritten.push_str(text.get(done..)?);
        Some(rewritten.into_bytes())
    }

    fn edit(&self, text: &str, members: &Members, is_outer: bool, edits: &mut Vec<(Range<usize>, String)>) {
        for (name, value) in &members.0 {
            let with = match name.as_ref() {
                "model" => Some(Value::from(self.model.as_str())),
                "id" if !self.may_show(value) => Some(Value::from(self.id.as_str())),
                "system_fingerprint" if self.is_fingerprint(value) => None,
                name if PRIVATE.contains(&name) => Some(Value::Null),
                name if is_outer && NESTED.contains(&name) => {
                    if let Ok(inner) = serde_json::from_str(value.get()) {
                        self.edit(text, &inner, false, edits);
                    }
                    None
                }
                _ => None,
            };
            if let Some(with) = with {
                edits.push((place(text, value), with.to_string()));
            }
        }
    }

    /// True for an id in which no name of the provider's can stand.
    fn may_show(&self, value: &RawValue) -> bool {
        match serde_json::from_str(value.get()) {
            Ok(Value::String(id)) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                id.len() <= MAX_ID
                    && id.bytes().all(is_plain)
                    && (self.internal.is_empty() || !id.contains(&self.internal))
            }
            Ok(Value::Null | Value::Number(_)) => true,
            _ => false,
        }
    }

    /// True for a fingerprint as OpenAI makes them. Other servers write their build or deployment there.
    fn is_fingerprint(&self, value: &RawValue) -> bool {
        let text = value.get().trim_matches('"');
        let digits = text.strip_prefix("fp_").unwrap_or_default();
        text == "null"
            || ((8..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }
}

/// The place of a value in the text that it is a part of.
fn place(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    start..start.wrapping_add(value.get().len())
}

/// Puts a member before the others of the first object in an answer or an event. Bytes without an object stay.
pub(crate) fn with_member(mut bytes: Vec<u8>, member: &str) -> Vec<u8> {
    let Some(brace) = bytes.iter().position(|byte| *byte == b'{') else { return bytes };
    let after = brace.saturating_add(1);
    let next = bytes.iter().skip(after).find(|byte| !byte.is_ascii_whitespace());
    let comma = if next == Some(&b'}') { "" } else { "," };
    bytes.splice(after..after, format!("{member}{comma}").into_bytes());
    bytes
}

/// Writes an event with a name and data. The name is left out where it is none that an API has.
pub(crate) fn event(name: &str, data: &[u8]) -> Vec<u8> {
    let mut event = Vec::with_capacity(data.len().saturating_add(64));
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(is_plain) {
        event.extend_from_slice(b"event: ");
        event.extend_from_slice(name.as_bytes());
        event.push(b'\n');
    }
    for line in data.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event
}

/// The members of an object in their order. One name may stand twice.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<Name>()? {
                    members.push((name.0, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> PublicNames {
        PublicNames {
            model: "chat \"large\"".to_string(),
            internal: "internal-7b".to_string(),
            id: "chatcmpl-ours".to_string(),
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
            (
                r#"{"model":"x","model":"internal-7b"}"#,
                r#"{"model":"chat \"large\"","model":"chat \"large\""}"#,
            ),
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
        for kept in
            [r#"{"id":"chatcmpl-9aZ_1"}"#, r#"{"id":null}"#, r#"{"system_fingerprint":"fp_44709d6fcb"}"#]
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
}
