//! Changes of an answer on its way to the client.

use {super::form::Reading, blockable_service::sse::SseEvent, serde_json::value::RawValue};

/// The changes to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewrite {
    /// True where the client gets the usage at the end of a stream.
    pub passes_usage: bool,
    /// True where the usage within running answers was not asked for by the client, so that it must not add it up.
    pub drops_running_usage: bool,
    /// The model's name for the client.
    pub model: Option<String>,
}

impl Rewrite {
    /// The event for the client; `None` where it gets none.
    pub(super) fn event(&self, event: &SseEvent, data: &[u8], reading: &Reading) -> Option<Vec<u8>> {
        if reading.is_bare && !self.passes_usage {
            return None;
        }
        let runs = reading.ended.is_empty() && !reading.is_bare && !reading.is_last;
        let usage = reading.usage_value.filter(|_| self.drops_running_usage && runs);
        let Some(data) = self.edit(data, reading, usage) else { return Some(event.raw.clone()) };
        let mut raw = Vec::with_capacity(data.len() + event.name.len() + 32);
        if !event.name.is_empty() {
            raw.extend_from_slice(format!("event: {}\n", event.name).as_bytes());
        }
        for line in data.split(|byte| *byte == b'\n') {
            raw.extend_from_slice(b"data: ");
            raw.extend_from_slice(line);
            raw.push(b'\n');
        }
        raw.push(b'\n');
        Some(raw)
    }

    /// The body of an answer for the client; `None` where it stays as it is.
    pub(super) fn whole(&self, body: &[u8], reading: &Reading) -> Option<Vec<u8>> {
        self.edit(body, reading, None)
    }

    /// Replaces values in `json`, of which they are parts. `None` where nothing changes.
    fn edit(&self, json: &[u8], reading: &Reading, usage: Option<&RawValue>) -> Option<Vec<u8>> {
        let model = self.model.as_ref().and_then(|name| Some((reading.model_value?, name)));
        let model = model.map(|(value, name)| (value, serde_json::Value::from(name.as_str()).to_string()));
        let usage = usage.map(|value| (value, "null".to_string()));
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        for (value, with) in model.into_iter().chain(usage) {
            let text = value.get();
            let start = text.as_ptr().addr().wrapping_sub(json.as_ptr().addr());
            let end = start.wrapping_add(text.len());
            if text != with && json.get(start..end) == Some(text.as_bytes()) {
                edits.push((start, end, with));
            }
        }
        if edits.is_empty() {
            return None;
        }
        edits.sort_by_key(|(start, _, _)| *start);
        let (mut edited, mut done) = (Vec::with_capacity(json.len()), 0);
        for (start, end, with) in edits {
            edited.extend_from_slice(json.get(done..start).unwrap_or_default());
            edited.extend_from_slice(with.as_bytes());
            done = end;
        }
        edited.extend_from_slice(json.get(done..).unwrap_or_default());
        Some(edited)
    }
}
