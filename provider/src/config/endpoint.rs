//! The endpoints that models are served at.

/// An endpoint of models, which is a form of requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
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

impl Endpoint {
    /// All endpoints.
    pub const ALL: [Endpoint; 5] =
        [Endpoint::Chat, Endpoint::Text, Endpoint::Embeddings, Endpoint::Responses, Endpoint::Messages];
    /// Those of a model whose entry names none: every server of OpenAI's protocol has them.
    pub const USUAL: [Endpoint; 2] = [Endpoint::Chat, Endpoint::Text];

    /// Its path below `/v1` of the server, and below the upstream's URL.
    pub fn path(self) -> &'static str {
        match self {
            Endpoint::Chat => "/chat/completions",
            Endpoint::Text => "/completions",
            Endpoint::Embeddings => "/embeddings",
            Endpoint::Responses => "/responses",
            Endpoint::Messages => "/messages",
        }
    }

    /// Its name in metrics, references and the file.
    pub fn name(self) -> &'static str {
        match self {
            Endpoint::Chat => "chat",
            Endpoint::Text => "text",
            Endpoint::Embeddings => "embeddings",
            Endpoint::Responses => "responses",
            Endpoint::Messages => "messages",
        }
    }
}
