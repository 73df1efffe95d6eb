//! The rows of the tables, and the words that they are written in.

use {
    super::script::Act,
    serde_json::{Value, json},
};

/// A behaviour of an upstream, a request, its charge and the client's view.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: &'static str,
    pub acts: Vec<Act>,
    pub path: &'static str,
    pub model: &'static str,
    /// Members of the request besides the model and a prompt of 2 counted tokens.
    pub more: Value,
    pub cost: Cost,
    /// Expected status.
    pub status: u16,
    /// Parts that the answer has, in this order.
    pub has: Vec<String>,
    /// Parts that it does not have.
    pub lacks: Vec<&'static str>,
    /// The code of the error at its end.
    pub code: Option<&'static str>,
    /// Set where the client leaves: once it has seen a text, or once the upstream has got the request where that is empty.
    pub leaves: Option<&'static str>,
    /// True where the upstream must see its connection closed.
    pub aborts: bool,
    /// Members that the upstream's request must have.
    pub sends: Option<Value>,
}

/// The charge of a case.
#[derive(Clone, Copy, Debug)]
pub enum Cost {
    /// So many units.
    Units(u64),
    /// All that was held.
    Hold,
}

/// The bound in tokens on the prompt of a chat.
pub const BOUND: u64 = 82;

/// A chat that is streamed, with room for 16,000 tokens; its client asks for usage.
pub fn stream(name: &'static str) -> Case {
    let more = json!({"stream": true, "max_tokens": 16_000, "stream_options": {"include_usage": true}});
    Case {
        name,
        acts: vec![head("200 OK", "text/event-stream")],
        path: "/v1/chat/completions",
        model: "plain",
        more,
        cost: Cost::Units(0),
        status: 200,
        has: Vec::new(),
        lacks: Vec::new(),
        code: None,
        leaves: None,
        aborts: false,
        sends: None,
    }
}

/// A chat that is not streamed, with a body that its upstream sends.
pub fn whole(name: &'static str, body: impl Into<String>) -> Case {
    Case {
        acts: vec![json_answer("200 OK", &body.into())],
        more: json!({"max_tokens": 16_000}),
        ..stream(name)
    }
}

impl Case {
    /// Sends pieces and ends the body.
    pub fn sends(self, pieces: &[&str]) -> Case {
        self.then(pieces).act(Act::End)
    }

    /// Sends pieces.
    pub fn then(mut self, pieces: &[&str]) -> Case {
        self.acts.extend(pieces.iter().map(|piece| Act::Piece(piece.as_bytes().to_vec())));
        self
    }

    pub fn act(mut self, act: Act) -> Case {
        self.acts.push(act);
        self
    }

    /// Replaces all acts.
    pub fn acts(self, acts: Vec<Act>) -> Case {
        Case { acts, ..self }
    }

    pub fn costs(self, units: u64) -> Case {
        Case { cost: Cost::Units(units), ..self }
    }

    pub fn costs_hold(self) -> Case {
        Case { cost: Cost::Hold, ..self }
    }

    /// Parts of the answer in their order.
    pub fn has(mut self, parts: &[&str]) -> Case {
        self.has.extend(parts.iter().map(|part| (*part).to_string()));
        self
    }

    pub fn lacks(mut self, parts: &[&'static str]) -> Case {
        self.lacks.extend(parts);
        self
    }

    /// An error with a code, of an answer with a status.
    pub fn fails(self, status: u16, code: &'static str) -> Case {
        Case { status, code: Some(code), ..self }
    }

    pub fn model(self, model: &'static str) -> Case {
        Case { model, ..self }
    }

    /// More members of the request.
    pub fn with(mut self, more: Value) -> Case {
        self.more.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self
    }

    /// The client leaves once it has seen a text, and the upstream must be aborted.
    pub fn leaves(self, seen: &'static str) -> Case {
        Case { leaves: Some(seen), aborts: true, ..self }
    }

    /// A request to another endpoint than chats, with the same limit under its name there.
    pub fn at(self, path: &'static str) -> Case {
        let mut case = Case { path, ..self };
        let more = case.more.as_object_mut().unwrap();
        let limit = more.remove("max_tokens").unwrap();
        more.remove("stream_options");
        match path {
            "/v1/messages" => more.insert("max_tokens".to_string(), limit),
            "/v1/responses" => more.insert("max_output_tokens".to_string(), limit),
            _ => None,
        };
        case
    }

    /// A text completion.
    pub fn text(self) -> Case {
        Case { path: "/v1/completions", ..self }
    }
}

/// The head of an answer whose length is not announced.
pub fn head(status: &str, kind: &str) -> Act {
    let text = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    Act::Raw(text.into_bytes())
}

/// A whole answer with JSON.
pub fn json_answer(status: &str, body: &str) -> Act {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    Act::Raw([head.as_bytes(), body.as_bytes()].concat())
}

pub const DONE: &str = "data: [DONE]\n\n";
pub const FINISH: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
pub const ERROR: &str =
    "data: {\"error\":{\"message\":\"CUDA out of memory at gpu-7.internal\",\"type\":\"server_error\"}}\n\n";

/// An event with its name, as the newer forms have them. Its data has its type.
pub fn event(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

/// A piece of an answer.
pub fn text(text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!("data: {}\n\n", json!({"choices": [choice], "usage": null}))
}

/// Usage alone.
pub fn usage(prompt: u64, generated: u64) -> String {
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": generated});
    format!("data: {}\n\n", json!({"choices": [], "usage": usage}))
}

/// A piece with usage.
pub fn text_with_usage(text: &str, prompt: u64, generated: u64) -> String {
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": generated});
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!("data: {}\n\n", json!({"choices": [choice], "usage": usage}))
}

/// The body of a whole answer with a text and a usage as it is written.
pub fn body(text: &str, usage: &str) -> String {
    let message = json!({"role": "assistant", "content": text});
    let choices = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
    format!("{{\"id\":\"x\",\"choices\":{choices},\"usage\":{usage}}}")
}
