//! The forms of answers: where usage, text, errors and the end stand in them.

use {
    super::{
        count::{Text, text_quarters},
        usage,
    },
    crate::{members::Members, price::Tokens},
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
    /// The beginning of an item or of a part of one.
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
