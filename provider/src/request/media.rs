//! Images, sounds, videos and files in a request: their data must stand in it.
//!
//! A URL would have the model's server fetch it, from the provider's own network or disk as well, and the number of an uploaded or
//! cached file may be another customer's. So a part holds its data in base64, alone or in a `data:` URL; a model's
//! `media_urls = "http"` allows addresses of the web.

use {
    super::{names, raw::Fields},
    crate::config::MediaUrls,
    serde_json::value::RawValue,
};

/// Members that hold the data, which a model never reads as text, or the place of it.
const DATA: [&str; 15] = [
    "audio",
    "audio_url",
    "file",
    "file_data",
    "file_path",
    "file_uri",
    "file_url",
    "image",
    "image_url",
    "input_audio",
    "path",
    "source",
    "uri",
    "video",
    "video_url",
];
/// Members that name what is stored or cached elsewhere. `uuid` is vLLM's name of a cached part, whoever has sent that.
const STORED: [&str; 3] = ["file_id", "id", "uuid"];
/// Members of an object with data in which the data or its URL stands. The others describe it.
const WITHIN: [&str; 2] = ["data", "url"];

/// Members with data in base64 alone. Of the others a server may take such a text for the path of a file.
const BARE: [&str; 2] = ["data", "file_data"];

/// The kinds of a `source`, as Anthropic's documents and images have it.
pub(super) enum Source<'a> {
    /// Parts, each to be read as such.
    Parts(&'a RawValue),
    /// A text, which the model reads.
    Text,
    /// Data, or the place of it.
    Data,
}

impl<'a> Source<'a> {
    /// Reads the value of `source`. Errors: the message for a source of another kind, or with members of other kinds.
    pub(super) fn read(value: &'a RawValue) -> Result<Source<'a>, String> {
        if !value.get().starts_with('{') {
            return Ok(Source::Data);
        }
        let members = members("source", value)?;
        let kind = members.text("type").unwrap_or_default();
        let (source, own) = match (kind.as_str(), members.get("content")) {
            ("base64" | "url" | "file", _) => return Ok(Source::Data),
            ("text", _) => (Source::Text, "data"),
            ("content", Some(parts)) => (Source::Parts(parts), "content"),
            _ => {
                let message = "`source` must have a `type` of base64, url or text, or one of content with its `content`";
                return Err(message.to_string());
            }
        };
        let mut given = members.all().filter(|(_, value)| value.get() != "null").map(|(name, _)| name);
        match given.find(|name| !["type", "media_type", own].contains(name)) {
            Some(name) => Err(format!("`{name}` does not belong to a `source` of type {kind:?}; remove it")),
            None => Ok(source),
        }
    }
}

/// True for a member of a part that holds data.
pub(super) fn holds_data(name: &str) -> bool {
    DATA.contains(&name)
}

/// True for a member that names what is stored elsewhere.
pub(super) fn is_stored(name: &str) -> bool {
    STORED.contains(&name)
}

/// The message for such a member.
pub(super) fn stored(name: &str) -> String {
    format!(
        "`{name}` names data that is stored elsewhere, and perhaps another customer's; send the data itself in base64"
    )
}

/// Checks the data in a member. Returns the members that describe it, to be counted. Errors: the message for data that the model's
/// server would fetch, or that is stored elsewhere.
pub(super) fn check<'a>(
    name: &str,
    value: &'a RawValue,
    urls: MediaUrls,
) -> Result<Vec<(String, &'a RawValue)>, String> {
    if !value.get().starts_with('{') {
        return check_text(name, value, urls).map(|()| Vec::new());
    }
    let members = members(name, value)?;
    let mut described = Vec::new();
    for (member, value) in members.all().filter(|(_, value)| value.get() != "null") {
        if is_stored(member) {
            return Err(stored(member));
        }
        if WITHIN.contains(&member) || holds_data(member) {
            check_text(member, value, urls)?;
        } else if value.get().starts_with(['{', '[']) {
            return Err(format!(
                "`{member}` in `{name}` may be a text, a number, true or false; change or remove it"
            ));
        } else {
            described.push((member.to_string(), value));
        }
    }
    Ok(described)
}

/// Reads the members of an object with data. Errors: the message for names that are given twice, or that stand for others.
fn members<'a>(name: &str, value: &'a RawValue) -> Result<Fields<'a>, String> {
    let wrong = |_| format!("`{name}` must be an object with distinct members");
    let members: Fields = serde_json::from_str(value.get()).map_err(wrong)?;
    match names::disguised(&members) {
        Some(member) => Err(format!(
            "`{member}` in `{name}` may be taken for a member of another name; correct or remove it"
        )),
        None => Ok(members),
    }
}

fn check_text(name: &str, value: &RawValue, urls: MediaUrls) -> Result<(), String> {
    let Ok(text) = serde_json::from_str::<String>(value.get()) else {
        return Err(format!("`{name}` must be a text with the data, in base64 or as a `data:` URL"));
    };
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    let is_allowed = match urls {
        _ if begins("data:") => true,
        _ if BARE.contains(&name) => is_base64(&text),
        MediaUrls::Http => begins("https://") || begins("http://"),
        MediaUrls::Data => false,
    };
    match (is_allowed, urls) {
        (true, _) => Ok(()),
        (false, MediaUrls::Data) => Err(format!(
            "`{name}` must hold its data, in base64 or as a `data:` URL: nothing is fetched here"
        )),
        (false, MediaUrls::Http) => {
            Err(format!("`{name}` must be a `data:`, `https:` or `http:` URL, or data in base64"))
        }
    }
}

/// True for a text that can be base64, with line ends in it. No URL is one, since it has a colon.
fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(&byte))
}
