//! The forms of requests to models.

use crate::meter::AnswerForm;

/// A form of requests to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompletionKind {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Text,
    /// `/v1/embeddings`.
    Embeddings,
    /// `/v1/responses`.
    Responses,
    /// `/v1/messages`, in Anthropic's form.
    Messages,
}

impl CompletionKind {
    /// All forms.
    pub(crate) const ALL: [CompletionKind; 5] = [
        CompletionKind::Chat,
        CompletionKind::Text,
        CompletionKind::Embeddings,
        CompletionKind::Responses,
        CompletionKind::Messages,
    ];

    /// The form of its answers.
    pub(crate) fn form(self) -> AnswerForm {
        match self {
            CompletionKind::Chat => AnswerForm::Chat,
            CompletionKind::Text => AnswerForm::Text,
            CompletionKind::Embeddings => AnswerForm::Embeddings,
            CompletionKind::Responses => AnswerForm::Responses,
            CompletionKind::Messages => AnswerForm::Messages,
        }
    }

    /// Its path below the upstream's URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            CompletionKind::Chat => "/chat/completions",
            CompletionKind::Text => "/completions",
            CompletionKind::Embeddings => "/embeddings",
            CompletionKind::Responses => "/responses",
            CompletionKind::Messages => "/messages",
        }
    }

    /// Its name in metrics, references and the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CompletionKind::Chat => "chat",
            CompletionKind::Text => "text",
            CompletionKind::Embeddings => "embeddings",
            CompletionKind::Responses => "responses",
            CompletionKind::Messages => "messages",
        }
    }

    /// The parameter that holds the prompt.
    pub(super) fn input(self) -> &'static str {
        match self {
            CompletionKind::Chat | CompletionKind::Messages => "messages",
            CompletionKind::Text => "prompt",
            CompletionKind::Embeddings | CompletionKind::Responses => "input",
        }
    }

    /// The parameters that limit an answer.
    pub(super) fn limits(self) -> &'static [&'static str] {
        match self {
            CompletionKind::Chat | CompletionKind::Text => &["max_tokens", "max_completion_tokens"],
            CompletionKind::Embeddings => &[],
            CompletionKind::Responses => &["max_output_tokens"],
            CompletionKind::Messages => &["max_tokens"],
        }
    }

    /// True where an answer can be streamed.
    pub(super) fn streams(self) -> bool {
        self != CompletionKind::Embeddings
    }

    /// True for the two older forms, whose streams state usage only where they are asked to.
    pub(super) fn is_completion(self) -> bool {
        matches!(self, CompletionKind::Chat | CompletionKind::Text)
    }
}
