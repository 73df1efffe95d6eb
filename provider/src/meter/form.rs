//! The forms of answers: where usage, text, errors and the end stand in them.

use {
    super::{
        count::{Text, text_quarters},
        members::Members,
        usage,
    },
    crate::price::Tokens,
    serde_json::{Map, Value, value::RawValue},
};

/// The form of an endpoint's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Text,
    /// `/v1/embeddings`, which are never streamed.
    Embeddings,
    /// `/v1/responses`.
    Responses,
    /// `/v1/messages`.
    Messages,
}

/// The facts of one event, or of an answer that is not streamed.
#[derive(Debug, Default)]
pub(crate) struct Reading<'a> {
    /// The tokens that its usage states.
    pub usage: Option<Tokens>,
    /// The place of its usage.
    pub usage_value: Option<&'a RawValue>,
    /// The place of the model's name.
    pub model_value: Option<&'a RawValue>,
    /// The text in it that no event had before.
    pub text: Text,
    /// The text in a finished part of the answer, in quarters of tokens, which most streams have had in pieces before.
    pub finished: Option<(Part, u64)>,
    /// True where it delivers what has no text: embeddings.
    pub has_content: bool,
    /// The number of an event of `/v1/responses`.
    pub sequence: Option<u64>,
    /// Numbers of the answers that go on in it.
    pub going_on: Vec<u64>,
    /// Numbers of the answers that end with it.
    pub ended: Vec<u64>,
    /// True where a part of the answer ends with it, so that all text may have come.
    pub ends_part: bool,
    /// True where its usage names the tokens of a cache, which stand next to the others.
    pub names_cache: bool,
    /// True where it says that the upstream failed.
    pub is_error: bool,
    /// True for the last event of a stream.
    pub is_last: bool,
    /// True for an event that has usage and nothing else.
    pub is_bare: bool,
    /// True where it has the member in which a whole answer of this form has its content.
    pub is_answer: bool,
}

/// The parts in which the text of a response comes once it is finished, each as a whole: a text stands in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// One text.
    Text,
    /// A part of an item.
    Content,
    /// An item.
    Item,
    /// What an item or a part of one begins with.
    Beginning,
    /// The whole answer.
    Answer,
}

impl Part {
    /// The number of parts.
    pub(super) const COUNT: usize = 5;
}

impl AnswerForm {
    /// The member of a whole answer that has its content.
    fn content(self) -> &'static str {
        match self {
            AnswerForm::Chat | AnswerForm::Text => "choices",
            AnswerForm::Embeddings => "data",
            AnswerForm::Responses => "output",
            AnswerForm::Messages => "content",
        }
    }

    /// The objects that usage and the model's name may stand in, besides the event itself.
    fn inner(self) -> &'static [&'static str] {
        match self {
            AnswerForm::Chat | AnswerForm::Text => &["x_groq"],
            AnswerForm::Embeddings => &[],
            AnswerForm::Responses => &["response"],
            AnswerForm::Messages => &["message"],
        }
    }

    /// Reads an event with its name.
    pub(crate) fn read_event<'a>(self, name: &str, members: &Members<'a>) -> Reading<'a> {
        let kind: String = members.value("type").unwrap_or_default();
        let mut reading = self.read_common(members);
        reading.is_error |= name == "error" || kind == "error";
        match self {
            AnswerForm::Chat | AnswerForm::Text => self.read_choices(members, &mut reading),
            AnswerForm::Embeddings => {}
            AnswerForm::Responses => reading.read_response(&kind, members),
            AnswerForm::Messages => {
                if kind == "content_block_delta" || kind == "content_block_start" {
                    reading.add(0, members.value::<Value>("delta"));
                    reading.add(0, members.value::<Value>("content_block"));
                }
                reading.ends_part = kind == "content_block_stop";
                reading.is_last = kind == "message_stop";
            }
        }
        if reading.is_last {
            let output = members.object("response").value::<Value>(self.content());
            reading.finished = output.map(|output| (Part::Answer, text_quarters(&output)));
            reading.ended.push(0);
        }
        reading
    }

    /// Reads an answer that is not streamed.
    pub(crate) fn read_whole<'a>(self, members: &Members<'a>) -> Reading<'a> {
        let mut reading = self.read_common(members);
        match self {
            AnswerForm::Embeddings => reading.read_embeddings(members),
            // A usage with generated tokens covers the text, which may be long.
            _ if reading.usage.is_some_and(|tokens| tokens.generated > 0) => {}
            AnswerForm::Chat | AnswerForm::Text => self.read_choices(members, &mut reading),
            AnswerForm::Responses | AnswerForm::Messages => {
                reading.add(0, members.value::<Value>(self.content()));
            }
        }
        reading
    }

    fn read_common<'a>(self, members: &Members<'a>) -> Reading<'a> {
        let mut reading = Reading {
            model_value: members.get("model"),
            is_error: members.get("error").is_some_and(|error| error.get() != "false")
                || members.value::<&str>("object").is_some_and(|object| object == "error"),
            is_answer: members.get(self.content()).is_some(),
            ..Reading::default()
        };
        reading.read_usage(members);
        for name in self.inner() {
            let inner = members.object(name);
            if !inner.is_empty() {
                reading.read_usage(&inner);
                reading.model_value = reading.model_value.or(inner.get("model"));
            }
        }
        reading
    }

    fn read_choices(self, members: &Members, reading: &mut Reading) {
        let choices: Vec<Map<String, Value>> = members.value("choices").unwrap_or_default();
        reading.is_bare = reading.usage.is_some() && choices.iter().all(is_empty) && !reading.is_error;
        for (place, mut choice) in choices.into_iter().enumerate() {
            let index = choice.get("index").and_then(Value::as_u64).unwrap_or(place as u64);
            let ended = choice.get("finish_reason").is_some_and(|reason| !reason.is_null());
            let text = match self {
                AnswerForm::Text => choice.remove("text"),
                _ => choice.remove("delta").or_else(|| choice.remove("message")),
            };
            reading.add(index, text);
            if ended {
                reading.ended.push(index);
            }
        }
    }
}

/// True for a choice that delivers and ends nothing, as LiteLLM's proxy writes it next to the usage.
fn is_empty(choice: &Map<String, Value>) -> bool {
    choice.iter().all(|(name, value)| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => name == "index",
    })
}

impl<'a> Reading<'a> {
    fn read_usage(&mut self, members: &Members<'a>) {
        let value = members.get("usage");
        if let Some(tokens) = value.and_then(usage::read) {
            (self.usage, self.usage_value) = (Some(tokens), value);
            self.names_cache = value.is_some_and(usage::names_cache);
        }
    }

    /// Reads an event of `/v1/responses`.
    fn read_response(&mut self, kind: &str, members: &Members) {
        const TEXTS: [&str; 6] = ["arguments", "code", "input", "refusal", "text", "transcript"];
        self.sequence = members.value("sequence_number");
        if kind.ends_with(".delta") {
            self.add(0, members.value::<Value>("delta"));
        }
        let count = |name: &str| members.value::<Value>(name).map_or(0, |value| text_quarters(&value));
        self.finished = match kind {
            "response.output_item.added" => Some((Part::Beginning, count("item"))),
            "response.output_item.done" => Some((Part::Item, count("item"))),
            kind if kind.ends_with("part.added") => Some((Part::Beginning, count("part"))),
            kind if kind.ends_with("part.done") => Some((Part::Content, count("part"))),
            kind if kind.ends_with(".done") => {
                Some((Part::Text, TEXTS.into_iter().map(count).fold(0, u64::saturating_add)))
            }
            _ => None,
        };
        self.ends_part = kind.ends_with(".done");
        let failed = kind == "response.failed";
        self.is_error |= failed;
        self.is_last = failed || kind == "response.completed" || kind == "response.incomplete";
    }

    /// Reads the usage of embeddings, all of whose tokens are the prompt's, and whether there are any.
    fn read_embeddings(&mut self, members: &Members) {
        self.has_content = members.get("data").is_some_and(|data| data.get().len() > "[]".len());
        if let (Some(tokens), Some(value)) = (&mut self.usage, self.usage_value) {
            let prompt = tokens.prompt.saturating_add(tokens.generated).max(usage::total(value));
            let Tokens { cached, prompt_image, prompt_audio, .. } = *tokens;
            *tokens = Tokens { cached, prompt_image, prompt_audio, ..Tokens::new(prompt, 0) };
        }
    }

    /// Adds the text of one answer.
    fn add(&mut self, index: u64, value: Option<Value>) {
        let quarters = value.map_or(0, |value| text_quarters(&value));
        if quarters > 0 {
            self.text.add(quarters);
            self.going_on.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use {
        super::super::{AnswerForm, Meter, Outcome, Rewrite, Stop},
        proptest::{collection::vec, prelude::*, sample::select},
        serde_json::{Value, json},
    };

    /// Tokens of a prompt that no usage states.
    const PROMPT: u64 = 7;

    fn event(data: Value) -> String {
        format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
    }

    fn messages() -> Vec<String> {
        let usage = json!({"input_tokens": 12, "output_tokens": 4});
        vec![
            event(json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 9}}})),
            event(
                json!({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f", "input": {}}}),
            ),
            event(
                json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "\u{6f22} and more"}}),
            ),
            event(
                json!({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
            ),
            event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})),
            event(json!({"type": "ping"})),
            event(json!({"type": "error", "error": {"type": "api_error", "message": "x"}})),
            event(json!({"type": "message_stop"})),
        ]
    }

    fn responses() -> Vec<String> {
        let usage =
            json!({"input_tokens": 12, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}});
        let output = json!([{"type": "message", "content": [{"type": "output_text", "text": "all"}]}]);
        let done = |usage: &Value| json!({"model": "m", "usage": usage, "output": output, "error": null});
        vec![
            event(
                json!({"type": "response.created", "sequence_number": 0, "response": {"model": "m", "usage": null}}),
            ),
            event(
                json!({"type": "response.output_text.delta", "sequence_number": 5, "delta": "\u{6f22} and more"}),
            ),
            event(json!({"type": "response.function_call_arguments.delta", "delta": "{}"})),
            event(json!({"type": "response.output_item.done", "item": output[0]})),
            event(json!({"type": "response.completed", "response": done(&usage)})),
            event(json!({"type": "response.incomplete", "response": done(&Value::Null)})),
            event(json!({"type": "response.failed", "response": {"error": {"code": "server_error"}}})),
        ]
    }

    /// A form, the events of a stream in it, and a piece of text.
    fn streams() -> impl Strategy<Value = (AnswerForm, String, String)> {
        let form = select(vec![AnswerForm::Messages, AnswerForm::Responses]);
        form.prop_flat_map(|form| {
            let (events, text) = match form {
                AnswerForm::Messages => (messages(), messages().swap_remove(2)),
                _ => (responses(), responses().swap_remove(1)),
            };
            vec(select(events), 0..10).prop_map(move |events| (form, events.concat(), text.clone()))
        })
    }

    fn measure(form: AnswerForm, pieces: &[&[u8]], stop: Stop) -> (Outcome, String) {
        let mut meter = Meter::new(form, Rewrite::default());
        let mut out = Vec::new();
        for piece in pieces {
            meter.feed(piece, &mut out).unwrap();
        }
        let outcome = meter.finish(stop, || PROMPT, &mut out);
        let (usage, last) = meter.take_kept();
        out.extend([usage, last].into_iter().flatten().flatten());
        (outcome, String::from_utf8(out).unwrap())
    }

    proptest! {
        #[test]
        fn splits_of_the_newer_forms_change_nothing(
            (form, stream, _) in streams(), cuts in vec(0_usize..2_000, 0..20), end in select(vec![Stop::Ended, Stop::Broke]),
        ) {
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(measure(form, &[bytes], end), measure(form, &pieces, end));
        }

        /// Text is charged, wherever a stream breaks, and what comes after an end is not passed on.
        #[test]
        fn text_of_the_newer_forms_is_never_free((form, before, text) in streams(), pieces in 1_usize..20) {
            let stream = before.clone() + &text.repeat(pieces);
            let (outcome, passed) = measure(form, &[stream.as_bytes()], Stop::Silent);
            let delivered = passed.matches("and more").count() as u64;
            prop_assert!(outcome.tokens.generated >= delivered.min(4), "{} of {}", outcome.tokens.generated, passed);
            if delivered > 0 {
                prop_assert!(outcome.tokens.prompt > 0);
            }
            let is_over = ["message_stop", "response.completed", "response.incomplete", "response.failed"];
            if !is_over.iter().any(|end| before.contains(end)) {
                prop_assert!(outcome.tokens.generated >= pieces as u64 && delivered >= pieces as u64);
            }
        }
    }
}
