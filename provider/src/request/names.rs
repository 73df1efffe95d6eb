//! Names of members that an upstream may take for others.
//!
//! A name stands for one thing here, letter by letter. Some servers ignore the case of names, also of letters such as the Kelvin
//! sign, whose small form is `k`, and some take `imageUrl` for `image_url`: they would read what was not checked under its name.

use {super::raw::Fields, crate::error::ApiError};

/// Members that are read, checked or refused by their names in messages, parts, sources, tools and marks for the cache.
const KNOWN: &[&str] = &[
    "audio",
    "audio_url",
    "cache_control",
    "content",
    "continuous_usage_stats",
    "data",
    "encrypted_content",
    "file",
    "file_data",
    "file_id",
    "file_path",
    "file_uri",
    "file_url",
    "id",
    "image",
    "image_url",
    "include_usage",
    "input_audio",
    "output",
    "path",
    "refusal",
    "role",
    "source",
    "summary",
    "text",
    "thinking",
    "tool_calls",
    "ttl",
    "type",
    "uri",
    "url",
    "uuid",
    "video",
    "video_url",
];

/// The name as a server may read it that ignores case and marks between words.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Finds a member whose name a server may take for another one.
pub(super) fn disguised<'a>(members: &'a Fields) -> Option<&'a str> {
    let is_disguised = |name: &str| {
        !name.is_ascii()
            || (!KNOWN.contains(&name) && {
                let name = folded(name);
                KNOWN.iter().any(|known| folded(known) == name)
            })
    };
    members.all().map(|(name, _)| name).find(|name| is_disguised(name))
}

/// Requires names that no server takes for others. Errors: 400, with the name.
pub(super) fn require_plain(param: &str, members: &Fields) -> Result<(), ApiError> {
    let Some(name) = disguised(members) else { return Ok(()) };
    let message = format!("`{name}` may be taken for a member of another name; correct or remove it");
    Err(ApiError { code: "unsupported_content", ..ApiError::param(param, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_server_may_take_for_another_is_found() {
        let found = |name: &str| {
            let text = format!("{{\"a\":1,{}:2}}", serde_json::Value::from(name));
            disguised(&serde_json::from_str(&text).unwrap()).is_some()
        };
        for name in
            ["URL", "imageUrl", "Image_url", "image-url", " type", "url\0", "\u{212a}ey", "tYpe", "fileId"]
        {
            assert!(found(name), "{name}");
        }
        for name in KNOWN.iter().chain(&["detail", "name", "types", "arguments", "x-y", "Title", "is_error"])
        {
            assert!(!found(name), "{name}");
        }
    }
}
