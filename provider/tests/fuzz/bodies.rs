//! Bodies of each endpoint, by its grammar.

use {
    super::{orders::Orders, values},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_testkit::openapi::Description,
    rand::{Rng, rngs::StdRng, seq::IndexedRandom},
    serde_json::{Map, Value, json},
};

/// The body of a route, good or nearly so; `None` for a route that takes none.
pub fn body(
    random: &mut StdRng,
    description: &Description,
    path: &str,
    method: &str,
    credit: &str,
    orders: &Orders,
) -> Option<Value> {
    let content =
        &description.0["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
    let mut body = match path {
        "/v1/chat/completions" => chat(random),
        "/v1/completions" => text(random),
        "/v1/embeddings" => embeddings(random),
        "/v1/responses" => responses(random),
        "/v1/messages" => messages(random),
        "/v1/freezes" => json!({"transaction": STANDARD.encode(orders.make(random))}),
        _ if content.is_null() => return None,
        _ => by_schema(random, description, content, credit, 0),
    };
    if random.random_ratio(1, 3) {
        for _ in 0..random.random_range(1..3) {
            values::mutate(random, &mut body);
        }
    }
    Some(body)
}

fn model(random: &mut StdRng) -> &'static str {
    ["echo", "wild", "wild", "wild", "fleet", "none"].choose(random).unwrap()
}

fn words(random: &mut StdRng) -> String {
    let count = random.random_range(1..6);
    (0..count)
        .map(|_| *["one", "two", "🦀", "\n", "drei"].choose(random).unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Members that many requests have.
fn common(random: &mut StdRng, body: &mut Value, limit: &str) {
    let members = body.as_object_mut().unwrap();
    if random.random_ratio(4, 5) {
        members.insert(limit.to_string(), json!(random.random_range(0..40)));
    }
    if random.random_ratio(1, 3) {
        members.insert("stream".to_string(), json!(true));
    }
    if random.random_ratio(1, 8) {
        members.insert("temperature".to_string(), json!(0.5));
    }
    if random.random_ratio(1, 8) {
        members.insert("metadata".to_string(), json!({"a": "b"}));
    }
}

fn content(random: &mut StdRng, kind: &str) -> Value {
    match random.random_range(0..4) {
        0 => json!([{"type": kind, "text": words(random)}]),
        1 => {
            json!([{"type": kind, "text": words(random)}, {"type": "image_url", "image_url": {"url": "data:,"}}])
        }
        _ => json!(words(random)),
    }
}

fn turns(random: &mut StdRng, kind: &str) -> Value {
    let count = random.random_range(1..4);
    let turn = |_| {
        let role = ["user", "assistant", "system"].choose(random);
        json!({"role": role, "content": content(random, kind)})
    };
    (0..count).map(turn).collect()
}

fn tools(random: &mut StdRng, body: &mut Value) {
    if random.random_ratio(1, 10) {
        let parameters = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        body["tools"] = json!([{"type": "function", "function": {"name": "f", "parameters": parameters}}]);
        body["tool_choice"] = json!(["auto", "none", "required"].choose(random));
    }
}

fn chat(random: &mut StdRng) -> Value {
    let mut body = json!({"model": model(random), "messages": turns(random, "text")});
    let limit = ["max_tokens", "max_completion_tokens"].choose(random).unwrap();
    common(random, &mut body, limit);
    tools(random, &mut body);
    if random.random_ratio(1, 6) {
        body["stream_options"] = json!({"include_usage": random.random::<bool>()});
    }
    if random.random_ratio(1, 10) {
        body["n"] = json!(random.random_range(0..4));
    }
    body
}

fn text(random: &mut StdRng) -> Value {
    let prompt = match random.random_range(0..3) {
        0 => json!([words(random), words(random)]),
        1 => json!([1, 2, 3]),
        _ => json!(words(random)),
    };
    let mut body = json!({"model": model(random), "prompt": prompt});
    common(random, &mut body, "max_tokens");
    body
}

fn embeddings(random: &mut StdRng) -> Value {
    let input = if random.random() { json!(words(random)) } else { json!([words(random), words(random)]) };
    let format = ["float", "base64"].choose(random);
    json!({"model": model(random), "input": input, "encoding_format": format})
}

fn responses(random: &mut StdRng) -> Value {
    let input = if random.random() { json!(words(random)) } else { turns(random, "input_text") };
    let mut body = json!({"model": model(random), "input": input});
    common(random, &mut body, "max_output_tokens");
    if random.random_ratio(1, 4) {
        body["instructions"] = json!(words(random));
    }
    body
}

fn messages(random: &mut StdRng) -> Value {
    let mut body = json!({"model": model(random), "messages": turns(random, "text"), "max_tokens": 20});
    common(random, &mut body, "max_tokens");
    if random.random_ratio(1, 4) {
        body["system"] = content(random, "text");
    }
    body
}

/// A value that a schema describes.
fn by_schema(
    random: &mut StdRng,
    description: &Description,
    schema: &Value,
    credit: &str,
    depth: u32,
) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let known = description.0.pointer(reference.trim_start_matches('#')).unwrap();
        return match reference.rsplit('/').next().unwrap() {
            "Address" => json!(credit),
            "Base64" => json!(["AAAA", "AQ==", "AQ", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="].choose(random)),
            _ => by_schema(random, description, known, credit, depth + 1),
        };
    }
    if let Some(either) = schema["oneOf"].as_array() {
        let one = either.choose(random).unwrap();
        return by_schema(random, description, one, credit, depth + 1);
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.choose(random).unwrap().clone();
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    match kinds.choose(random).copied() {
        Some("object") if depth < 8 => {
            let mut members = Map::new();
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for (name, part) in schema["properties"].as_object().into_iter().flatten() {
                if required.contains(&json!(name)) || random.random() {
                    members.insert(name.clone(), by_schema(random, description, part, credit, depth + 1));
                }
            }
            if members.contains_key("gpu") {
                members.insert("gpu".to_string(), json!(["h100", "h100", "a1"].choose(random)));
            }
            Value::Object(members)
        }
        Some("integer") => json!([0, 1, 2, 60, 3_600, 1_900_000_000].choose(random)),
        Some("boolean") => json!(random.random::<bool>()),
        Some("string") => json!(words(random)),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        _ => values::any(random, 2),
    }
}
