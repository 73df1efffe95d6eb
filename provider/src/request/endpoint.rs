//! The parts of requests that differ between endpoints.

use crate::{config::Endpoint, error::ErrorShape, meter::AnswerForm};

impl Endpoint {
    /// The form of its answers.
    pub(crate) fn form(self) -> AnswerForm {
        match self {
            Endpoint::Chat => AnswerForm::Chat,
            Endpoint::Text => AnswerForm::Text,
            Endpoint::Embeddings => AnswerForm::Embeddings,
            Endpoint::Responses => AnswerForm::Responses,
            Endpoint::Messages => AnswerForm::Messages,
        }
    }

    /// The shape of its errors.
    pub(crate) fn error_shape(self) -> ErrorShape {
        match self {
            Endpoint::Messages => ErrorShape::Anthropic,
            Endpoint::Chat | Endpoint::Text | Endpoint::Embeddings | Endpoint::Responses => {
                ErrorShape::OpenAi
            }
        }
    }

    /// The parameter that holds the prompt.
    pub(crate) fn input(self) -> &'static str {
        match self {
            Endpoint::Chat | Endpoint::Messages => "messages",
            Endpoint::Text => "prompt",
            Endpoint::Embeddings | Endpoint::Responses => "input",
        }
    }

    /// The parameters that limit an answer.
    pub(super) fn limits(self) -> &'static [&'static str] {
        match self {
            Endpoint::Chat | Endpoint::Text => &["max_tokens", "max_completion_tokens"],
            Endpoint::Embeddings => &[],
            Endpoint::Responses => &["max_output_tokens"],
            Endpoint::Messages => &["max_tokens"],
        }
    }

    /// True where an answer can be streamed.
    pub(crate) fn streams(self) -> bool {
        self != Endpoint::Embeddings
    }

    /// True for the two older forms, whose streams state usage only where they are asked to.
    pub(super) fn is_completion(self) -> bool {
        matches!(self, Endpoint::Chat | Endpoint::Text)
    }
}
