//! The routes of models, from the table of their parameters.

use {
    super::reference,
    crate::{
        config::Endpoint,
        gateway::{HOLD_HEADER, MAX_TOKENS_HEADER, SERVED, UNITS_HEADER},
        request::{MAX_ANSWERS, Use, parameters},
    },
    serde_json::{Map, Value, json},
};

/// Most characters of an `Idempotency-Key`.
const MAX_NAME: u64 = 255;

/// Describes the routes of the models that are served.
pub(super) fn paths() -> impl Iterator<Item = (&'static str, Value)> {
    SERVED.into_iter().map(|(path, kind)| (path, json!({ "post": operation(kind) })))
}

/// Describes the types of these routes.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let number =
        |text: &str| json!({"type": "integer", "format": "int64", "minimum": 0, "description": text});
    let figures = json!({
        "type": "object",
        "description": "What the request cost.",
        "properties": {
            "units": number("Units charged."), "hold": number("Number of its hold."),
            "prompt_tokens": number("Tokens of the prompt."), "cached_tokens": number("Those of them from the cache."),
            "generated_tokens": number("Generated tokens."), "reasoning_tokens": number("Those of them for reasoning."),
        },
        "required": ["units", "hold", "prompt_tokens", "cached_tokens", "generated_tokens", "reasoning_tokens"],
    });
    let answer = json!({
        "type": "object",
        "description": "The upstream's answer under the model's public name, with the figures of the request.",
        "properties": { "blockable": reference("JobFigures") },
        "required": ["blockable"],
        "additionalProperties": true,
    });
    let mut schemas = vec![("JobFigures", figures), ("ModelAnswer", answer)];
    schemas.push(("MessagesErrorBody", messages_error()));
    schemas.extend(Endpoint::ALL.map(|kind| (request_name(kind), request(kind))));
    schemas
}

/// An error in Anthropic's shape.
fn messages_error() -> Value {
    let kinds = [
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
        "rate_limit_error",
        "api_error",
        "timeout_error",
        "overloaded_error",
    ];
    let detail = json!({
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": kinds},
            "message": {"type": "string", "description": "For people: the fault and the next step."},
            "param": {"type": ["string", "null"], "description": "The parameter that is wrong."},
            "code": {"type": "string", "description": "For programs."},
        },
        "required": ["type", "message", "param", "code"],
    });
    json!({
        "type": "object",
        "description": "A refusal in Anthropic's shape. With 402 it has the members of `ShortageBody` as well.",
        "properties": {
            "type": {"type": "string", "enum": ["error"]},
            "request_id": {"type": "string"},
            "error": detail,
            "units": reference("LackingUnits"),
            "payment": reference("PaymentsView"),
            "fits": {"type": "object", "additionalProperties": true},
        },
        "required": ["type", "request_id", "error"],
    })
}

fn request_name(kind: Endpoint) -> &'static str {
    match kind {
        Endpoint::Chat => "ChatRequest",
        Endpoint::Text => "TextRequest",
        Endpoint::Embeddings => "EmbeddingsRequest",
        Endpoint::Responses => "ResponsesRequest",
        Endpoint::Messages => "MessagesRequest",
    }
}

fn summary(kind: Endpoint) -> &'static str {
    match kind {
        Endpoint::Chat => "Answers a chat, in OpenAI's form.",
        Endpoint::Text => "Completes texts, in OpenAI's older form.",
        Endpoint::Embeddings => "Embeds texts, in OpenAI's form.",
        Endpoint::Responses => "Answers in OpenAI's newer form.",
        Endpoint::Messages => "Answers a chat, in Anthropic's form.",
    }
}

fn operation(kind: Endpoint) -> Value {
    let name = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A name of the request. The credit pays once for each; a request that comes again gets the first one's answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": "^[!-~]+$"},
    });
    let mut security = vec![json!({"api_key": []})];
    if kind == Endpoint::Messages {
        security.push(json!({"x_api_key": []}));
    }
    json!({
        "tags": ["models"],
        "summary": summary(kind),
        "description": "Holds the most that the request can cost, and charges what it used.",
        "operationId": kind.name(),
        "parameters": [name],
        "requestBody": {"required": true, "content": {"application/json": {"schema": reference(request_name(kind))}}},
        "responses": responses(kind),
        "security": security,
    })
}

fn responses(kind: Endpoint) -> Value {
    let number = json!({"schema": {"type": "integer", "format": "int64", "minimum": 0}});
    let mut headers = Map::new();
    for name in [HOLD_HEADER, UNITS_HEADER, MAX_TOKENS_HEADER] {
        headers.insert(name.to_string(), number.clone());
    }
    let mut content = json!({"application/json": {"schema": reference("ModelAnswer")}});
    if kind.streams() {
        content["text/event-stream"] = json!({"schema": {"type": "string"}});
    }
    let error = match kind {
        Endpoint::Messages => reference("MessagesErrorBody"),
        _ => reference("ErrorBody"),
    };
    let mut responses = json!({"200": {"description": "The answer", "headers": headers, "content": content}});
    for (status, text) in [
        ("400", "The request is not as it must be, or the upstream refuses it"),
        ("401", "The API key is missing, forged, revoked or expired"),
        ("402", "The credit has too few open units, or the sub-key too little of its budget"),
        ("403", "This key may not do that"),
        ("404", "There is no such model"),
        ("408", "The body came too slowly"),
        ("409", "A request of this Idempotency-Key still runs, or its answer was not kept"),
        ("413", "The body is too large"),
        ("415", "The body has an encoding that is not read"),
        ("422", "Another request had this Idempotency-Key"),
        ("429", "Too many requests run at once, or the upstream is busy"),
        ("502", "The upstream failed"),
        ("503", "The server stops, lags behind the chain, or cannot record anything"),
        ("504", "The upstream took too long"),
    ] {
        let status = match (status, kind) {
            ("503", Endpoint::Messages) => "529",
            _ => status,
        };
        let schema = match (status, kind) {
            ("402", kind) if kind != Endpoint::Messages => reference("ShortageBody"),
            _ => error.clone(),
        };
        responses[status] = json!({"description": text, "content": {"application/json": {"schema": schema}}});
    }
    responses
}

/// Describes a request: the parameters of the table, and no others.
pub(super) fn request(kind: Endpoint) -> Value {
    let mut properties = Map::new();
    for (name, how) in parameters(kind) {
        let schema = match how {
            Use::Refused(_) => continue,
            Use::Read => read(name),
            Use::Forward => json!({"description": "Passed on to the model's server, where it is short."}),
            Use::Long => json!({"description": "Passed on to the model's server."}),
            Use::Counted => json!({"description": "Passed on, and counted as a part of the prompt."}),
            Use::Tools => {
                json!({"description": "Passed on, and counted with what introduces them.", "type": ["array", "null"]})
            }
            Use::Variables => {
                json!({"description": "Texts, numbers, true and false, counted.", "type": ["object", "null"]})
            }
            Use::Only(values) => {
                let values = values.iter().filter_map(|value| serde_json::from_str(value).ok());
                let values: Vec<Value> = values.chain([Value::Null]).collect();
                json!({ "enum": values })
            }
        };
        properties.insert((*name).to_string(), schema);
    }
    json!({
        "type": "object",
        "description": "Parameters that are not listed are refused, unless the model counts them.",
        "properties": properties,
        "required": ["model", kind.input()],
        "additionalProperties": false,
    })
}

/// Describes a parameter that is read.
fn read(name: &str) -> Value {
    let member = json!({"type": "object", "additionalProperties": true});
    match name {
        "model" => json!({"type": "string", "description": "A model of GET /v1/models."}),
        "messages" => json!({
            "type": "array", "minItems": 1, "description": "The chat.",
            "items": {"type": "object", "properties": {"role": {"type": "string"}, "content": {}}, "additionalProperties": true},
        }),
        "prompt" | "input" => json!({
            "oneOf": [{"type": "string"}, {"type": "array", "minItems": 1}],
            "description": "A text, or a list.",
        }),
        "system" | "instructions" => {
            json!({"oneOf": [{"type": "string"}, {"type": "array"}, {"type": "null"}], "description": "Instructions before the rest."})
        }
        "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
            json!({"type": ["integer", "null"], "minimum": 1, "description": "Most tokens of an answer."})
        }
        "n" | "best_of" => {
            json!({"type": ["integer", "null"], "minimum": 1, "maximum": MAX_ANSWERS, "description": "Number of answers."})
        }
        "stream" => json!({"type": ["boolean", "null"], "description": "True for server-sent events."}),
        "stream_options" => {
            let flag = json!({"type": "boolean"});
            json!({
                "type": ["object", "null"], "additionalProperties": true,
                "properties": {"include_usage": flag, "continuous_usage_stats": flag},
            })
        }
        "cache_control" => json!({
            "type": ["object", "null"], "additionalProperties": false,
            "properties": {"type": {"enum": ["ephemeral"]}, "ttl": {"enum": ["5m", null]}},
        }),
        _ => member,
    }
}
