//! The families of models whose tokenizers and templates are known.

use super::{print::Place, text::Normalisation};

/// A family of models: its tokenizer, and the manner in which its chat template prints a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// A byte-level tokenizer without normalisation, and a template that adds only what the file says.
    Plain,
    /// Llama 3 and 4: tools are printed with an indentation of four, results of tools as JSON.
    Llama3,
    /// Qwen 2, 2.5 and 3: the text is normalised (NFC).
    Qwen,
    /// Qwen3-Coder, and others whose template prints tools and calls as XML.
    QwenCoder,
    /// gpt-oss: tools are printed as TypeScript.
    GptOss,
    /// Mistral and Mixtral, with either of their tokenizers.
    Mistral,
    /// DeepSeek V3, R1 and later.
    Deepseek,
    /// Gemma 2 and 3.
    Gemma,
    /// Any model: each bound is the largest one known.
    #[default]
    Any,
}

/// The numbers behind a family's bounds. Those of fixed text are tokens, with room to spare; `scripts/check-bounds` checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The normalisation of text.
    pub normalisation: Normalisation,
    /// Spaces of an indentation that are one token at least.
    spaces_per_token: u64,
    /// The printing of tools and schemas.
    pub tools: Place,
    /// The printing of calls, and of every other member of a message.
    pub calls: Place,
    /// Tokens around a message.
    pub per_message: u64,
    /// Tokens around a request, with a system prompt that the template brings.
    pub per_request: u64,
    /// Tokens of the text that introduces tools.
    pub with_tools: u64,
    /// Tokens around a tool, with members that the upstream adds to it.
    pub per_tool: u64,
}

impl Rules {
    /// Bounds the tokens of a line's end and the spaces at the start of the next line.
    pub(super) fn indentation(&self, spaces: u64) -> u64 {
        spaces.div_ceil(self.spaces_per_token).saturating_add(3)
    }
}

/// All on one line, with `, ` and `: ` between.
const ONE_LINE: Place =
    Place { indent: None, around: 2, names: 1, texts: 1, escapes: false, comments: false, parsed: false };
/// An element a line.
const INDENTED: Place = Place { indent: Some(4), around: 1, ..ONE_LINE };
/// The same in a message.
const ONE_LINE_CALLS: Place = Place { parsed: true, ..ONE_LINE };
/// `<parameter=NAME>`, `<NAME>` and `</NAME>` on lines of their own.
const XML: Place = Place { around: 48, names: 2, ..ONE_LINE };
/// `<｜DSML｜parameter name="NAME" string="false">` and its end.
const DSML: Place = Place { around: 72, ..ONE_LINE_CALLS };
/// TypeScript with a comment for each description, which an object within an object has twice.
const TYPESCRIPT: Place =
    Place { indent: Some(4), around: 12, names: 2, texts: 2, escapes: false, comments: true, parsed: false };
/// The largest of them all.
const LARGEST: Place =
    Place { indent: Some(4), around: 72, names: 2, texts: 2, escapes: true, comments: true, parsed: true };

const PLAIN: Rules = Rules {
    normalisation: Normalisation::None,
    spaces_per_token: 64,
    tools: ONE_LINE,
    calls: ONE_LINE_CALLS,
    per_message: 8,
    per_request: 64,
    with_tools: 64,
    per_tool: 128,
};
const QWEN: Rules =
    Rules { normalisation: Normalisation::Canonical, per_message: 24, with_tools: 256, ..PLAIN };

impl Family {
    /// The numbers behind its bounds.
    pub(crate) const fn rules(self) -> &'static Rules {
        const LLAMA3: Rules = Rules { tools: INDENTED, per_request: 96, with_tools: 192, ..PLAIN };
        const XML_CALLS: Place = Place { parsed: true, ..XML };
        const QWEN_CODER: Rules = Rules { tools: XML, calls: XML_CALLS, with_tools: 512, ..QWEN };
        const GPT_OSS: Rules = Rules { tools: TYPESCRIPT, per_message: 32, per_request: 512, ..PLAIN };
        const MISTRAL: Rules = Rules { spaces_per_token: 1, per_request: 1_024, ..PLAIN };
        const DEEPSEEK: Rules = Rules { calls: DSML, per_message: 24, with_tools: 768, ..PLAIN };
        const GEMMA: Rules = Rules { spaces_per_token: 1, with_tools: 512, ..PLAIN };
        const ANY: Rules = Rules {
            normalisation: Normalisation::Any,
            spaces_per_token: 1,
            tools: LARGEST,
            calls: LARGEST,
            per_message: 64,
            per_request: 1_024,
            with_tools: 1_024,
            per_tool: 192,
        };
        match self {
            Family::Plain => &PLAIN,
            Family::Llama3 => &LLAMA3,
            Family::Qwen => &QWEN,
            Family::QwenCoder => &QWEN_CODER,
            Family::GptOss => &GPT_OSS,
            Family::Mistral => &MISTRAL,
            Family::Deepseek => &DEEPSEEK,
            Family::Gemma => &GEMMA,
            Family::Any => &ANY,
        }
    }

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Family::Plain => "plain",
            Family::Llama3 => "llama3",
            Family::Qwen => "qwen",
            Family::QwenCoder => "qwen-coder",
            Family::GptOss => "gpt-oss",
            Family::Mistral => "mistral",
            Family::Deepseek => "deepseek",
            Family::Gemma => "gemma",
            Family::Any => "any",
        }
    }

    /// All families.
    pub const ALL: [Family; 9] = [
        Family::Plain,
        Family::Llama3,
        Family::Qwen,
        Family::QwenCoder,
        Family::GptOss,
        Family::Mistral,
        Family::Deepseek,
        Family::Gemma,
        Family::Any,
    ];
}
