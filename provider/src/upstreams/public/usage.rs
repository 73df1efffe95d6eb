//! Usage as customers see it: the figures that are known, and no others.

use {
    crate::members::Members,
    serde_json::{Value, value::RawValue},
};

/// Figures of tokens in a usage, those by which jobs are charged.
const FIGURES: [&str; 11] = [
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cached_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",
    "prompt_tokens",
    "reasoning_tokens",
    "total_tokens",
];
/// Objects with the classes of such figures.
const DETAILS: [&str; 4] =
    ["completion_tokens_details", "input_tokens_details", "output_tokens_details", "prompt_tokens_details"];
/// Classes in them.
const CLASSES: [&str; 8] = [
    "accepted_prediction_tokens",
    "audio_tokens",
    "cached_tokens",
    "image_tokens",
    "reasoning_tokens",
    "rejected_prediction_tokens",
    "text_tokens",
    "video_tokens",
];

/// The usage for a customer; `None` where it may stay as it is.
pub(super) fn public(usage: &RawValue) -> Option<String> {
    if usage.get() == "null" {
        return None;
    }
    let Ok(members) = serde_json::from_str::<Members>(usage.get()) else {
        return Some(Value::Null.to_string());
    };
    let members = members.all();
    let kept: Vec<(&str, String)> = members.iter().filter_map(|(name, value)| known(name, value)).collect();
    let is_same = kept.len() == members.len()
        && kept.iter().zip(members).all(|((_, kept), (_, value))| kept == value.get());
    (!is_same).then(|| object(&kept))
}

/// A member that is known, with what of its value is.
fn known<'a>(name: &'a str, value: &RawValue) -> Option<(&'a str, String)> {
    if FIGURES.contains(&name) && is_figure(value) {
        return Some((name, value.get().to_string()));
    }
    if !DETAILS.contains(&name) {
        return None;
    }
    if value.get() == "null" {
        return Some((name, value.get().to_string()));
    }
    let details: Members = serde_json::from_str(value.get()).ok()?;
    let is_class = |name: &str, value: &RawValue| CLASSES.contains(&name) && is_figure(value);
    if details.all().iter().all(|(name, value)| is_class(name, value)) {
        return Some((name, value.get().to_string()));
    }
    let classes = details.all().iter().filter(|(name, value)| is_class(name, value));
    let classes: Vec<(&str, String)> =
        classes.map(|(name, value)| (name.as_ref(), value.get().to_string())).collect();
    Some((name, object(&classes)))
}

/// True for a number, as a text as well, or null.
fn is_figure(value: &RawValue) -> bool {
    let text = value.get().trim_matches('"').trim();
    text == "null" || text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("{{{}}}", members.join(","))
}
