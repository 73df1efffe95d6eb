//! Each code of a refusal stands on the page for those who call the server.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Places in which a code is named: constructors of errors, and helpers that take one.
const PLACES: [&str; 10] = [
    "ApiError::invalid(",
    "ApiError::new(",
    "ApiError::not_found(",
    "ApiError::too_many(",
    "ApiError::unavailable(",
    "ApiError::upstream(",
    "StatusCode::",
    "code:",
    "conflict(",
    "(code, message) =",
];
/// Types of errors, which stand in the same places, and codes that no answer has: nobody reads that of a client that has left, and
/// the built-in model's own stays behind the server.
const NO_CODES: [&str; 11] = [
    "authentication_error",
    "client_left",
    "error_type",
    "insufficient_quota",
    "invalid_request_error",
    "invalid_value",
    "permission_error",
    "rate_limit_error",
    "server_error",
    "snake_case",
    "upstream_error",
];

/// The sources below a folder, without tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" && name != "commands" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "codes.rs" {
            found.push(path);
        }
    }
}

fn is_code(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    text.len() > 3 && text.bytes().all(is_plain) && !text.starts_with('_') && !NO_CODES.contains(&text)
}

/// The codes of a source: names in quotes whose statement has one of the places before them.
fn codes_of(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut codes = BTreeSet::new();
    for (start, _) in source.match_indices('"') {
        let rest = &source[start + 1..];
        let text = &rest[..rest.find('"').unwrap_or(0)];
        let statement = source[..start].rfind([';', '{', '}']).map_or(0, |end| end + 1);
        let before = &source[statement..start];
        if text.contains('_') && is_code(text) && PLACES.iter().any(|place| before.contains(place)) {
            codes.insert(text.to_string());
        }
    }
    codes
}

/// The codes that a function `code` of the gate names.
fn codes_of_refusals(source: &str) -> BTreeSet<String> {
    let start = source.find("fn code(&self)").unwrap();
    let body = &source[start..];
    let body = &body[..body.find("\n    }\n").unwrap()];
    body.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

#[test]
fn every_code_of_a_refusal_stands_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut files = Vec::new();
    sources(&root.join("provider/src"), &mut files);
    let mut codes: BTreeSet<String> = files.iter().flat_map(|file| codes_of(&read(file))).collect();
    for file in ["gate/src/hold.rs", "gate/src/freeze_orders/refused.rs"] {
        codes.extend(codes_of_refusals(&read(&root.join(file))));
    }
    codes.insert("too_many_connections".to_string());
    assert!(codes.len() > 80, "the sources are read: {codes:?}");
    let page = read(&root.join("docs/provider-api.md"));
    let missing: Vec<&String> = codes.iter().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert_eq!(missing, [] as [&String; 0], "docs/provider-api.md has a row for each code");
}
