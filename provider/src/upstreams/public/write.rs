//! Writes members and events for customers.

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
