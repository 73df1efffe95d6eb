//! JSON values of any shape, and changes of good ones.

use {
    rand::{Rng, rngs::StdRng, seq::IndexedRandom},
    serde_json::{Map, Value, json},
};

const TEXTS: &[&str] =
    &["", "text", "\u{0}", "é🦀", "\u{fb9}\u{202e}", "image_url", "null", "-1", "../..", "%00", "echo"];
const NAMES: &[&str] =
    &["role", "content", "type", "text", "n", "x", "model", "stream", "max_tokens", "tools", "__proto__", ""];

/// A value of any shape.
pub fn any(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random::<i64>()),
        3 => json!(random.random::<f64>() * 1e300),
        4 => json!(TEXTS.choose(random)),
        5 => json!(random.random_range(-1..3)),
        6 => json!([u64::MAX, i64::MAX as u64, 1 << 53, u64::from(u32::MAX)].choose(random)),
        7 => (0..random.random_range(0..4)).map(|_| any(random, depth - 1)).collect(),
        _ => {
            let members = (0..random.random_range(0..4))
                .map(|_| (NAMES.choose(random).unwrap().to_string(), any(random, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

/// A list within a list, so many times.
fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Changes some members of an object, at any depth.
pub fn mutate(random: &mut StdRng, value: &mut Value) {
    let Value::Object(members) = value else {
        *value = any(random, 2);
        return;
    };
    let names: Vec<String> = members.keys().cloned().collect();
    match (random.random_range(0..5), names.choose(random)) {
        (0, _) | (_, None) => drop(members.insert(NAMES.choose(random).unwrap().to_string(), any(random, 3))),
        (1, Some(name)) => drop(members.remove(name)),
        (2 | 3, Some(name)) => drop(members.insert(name.clone(), any(random, 3))),
        (_, Some(name)) => {
            let member = members.get_mut(name).unwrap();
            match member {
                Value::Array(items) if !items.is_empty() => {
                    let place = random.random_range(0..items.len());
                    mutate(random, &mut items[place]);
                }
                member => mutate(random, member),
            }
        }
    }
}

/// The bytes of a body, most often as they should be.
pub fn bytes(random: &mut StdRng, value: &Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    match random.random_range(0..40) {
        0 => bytes = nested(random.random_range(100..20_000)).into_bytes(),
        1 => bytes = [b"\xef\xbb\xbf".as_slice(), &bytes].concat(),
        2 => bytes.extend(b"{}"),
        3 => bytes = duplicated(value).into_bytes(),
        4..7 => {
            for _ in 0..random.random_range(1..4) {
                spoil(random, &mut bytes);
            }
        }
        _ => {}
    }
    bytes
}

/// The same object with its first member twice.
fn duplicated(value: &Value) -> String {
    let empty = Map::new();
    let members = value.as_object().unwrap_or(&empty);
    let text = value.to_string();
    match members.iter().next() {
        Some((name, value)) => format!("{{{}:{value},{}", Value::from(name.as_str()), &text[1..]),
        None => text,
    }
}

/// Changes bytes at a place.
pub fn spoil(random: &mut StdRng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        bytes.push(b'{');
    }
    let place = random.random_range(0..bytes.len());
    match random.random_range(0..4) {
        0 => bytes[place] = random.random(),
        1 => bytes.truncate(place + 1),
        2 => bytes.insert(place, random.random()),
        _ => drop(bytes.remove(place)),
    }
}
