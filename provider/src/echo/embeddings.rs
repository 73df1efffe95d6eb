//! `/v1/embeddings`: a word's vector has its letters, so that equal texts have equal vectors.

use {
    super::{Posted, Settings, read, refuse, words::words},
    axum::{
        Json,
        extract::State,
        response::{IntoResponse, Response},
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    serde::Deserialize,
    serde_json::{Value, json},
    std::sync::Arc,
};

/// Numbers of a vector, where the request does not say.
const DIMENSIONS: usize = 16;
/// Most numbers of a vector.
const MOST_DIMENSIONS: usize = 4_096;

#[derive(Deserialize)]
pub(super) struct EmbeddingsRequest {
    model: String,
    input: Input,
    dimensions: Option<usize>,
    encoding_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
    Tokens(Vec<u64>),
    ManyTokens(Vec<Vec<u64>>),
}

pub(super) async fn embeddings(
    State(settings): State<Arc<Settings>>,
    body: Posted<EmbeddingsRequest>,
) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    settings.wait().await;
    let of_tokens = |tokens: Vec<u64>| tokens.iter().map(u64::to_string).collect();
    let inputs: Vec<Vec<String>> = match request.input {
        Input::One(text) => vec![words(&text)],
        Input::Many(texts) => texts.iter().map(|text| words(text)).collect(),
        Input::Tokens(tokens) => vec![of_tokens(tokens)],
        Input::ManyTokens(lists) => lists.into_iter().map(of_tokens).collect(),
    };
    let size = request.dimensions.unwrap_or(DIMENSIONS);
    if !(1..=MOST_DIMENSIONS).contains(&size) {
        return refuse("invalid_value", "dimensions must be between 1 and 4096");
    }
    let is_packed = request.encoding_format.as_deref() == Some("base64");
    let entry = |(index, words): (usize, &Vec<String>)| json!({"object": "embedding", "index": index, "embedding": written(&vector(words, size), is_packed)});
    let data: Vec<Value> = inputs.iter().enumerate().map(entry).collect();
    let tokens: usize = inputs.iter().map(Vec::len).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Json(json!({"object": "list", "data": data, "model": request.model, "usage": usage})).into_response()
}

/// Counts the letters of the words, by the rest of their code, in a vector of length 1.
fn vector(words: &[String], size: usize) -> Vec<f32> {
    let mut counts = vec![0_f32; size];
    for letter in words.iter().flat_map(|word| word.bytes()) {
        if let Some(count) = counts.get_mut(usize::from(letter) % size) {
            *count += 1.0;
        }
    }
    let length = counts.iter().map(|count| count * count).sum::<f32>().sqrt().max(1.0);
    counts.iter().map(|count| count / length).collect()
}

/// Writes a vector as numbers, or as its bytes in base64, for which OpenAI's clients ask.
fn written(vector: &[f32], is_packed: bool) -> Value {
    match is_packed {
        false => json!(vector),
        true => {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            json!(BASE64_STANDARD.encode(bytes))
        }
    }
}
