//! Upper bounds on the tokens of texts and of JSON that a chat template prints, per family of models.
//!
//! The proof has three steps. Each holds for every input, and `scripts/check-bounds` tries it on the real tokenizers.
//!
//! 1. *A token is made of at least one byte* of the text that the tokenizer's model sees. Byte-level BPE has no token without
//!    a byte; SentencePiece has one token for a known piece and one token for each byte of an unknown character.
//! 2. *That text is the prompt after normalisation.* Canonical composition (NFC) ends with a step that replaces a pair by one
//!    character of no more bytes, so a text has at most the bytes of its canonical decomposition, which is made character by
//!    character: see [`text`].
//! 3. *The prompt is what the template prints*: each text of the request once, and fixed text that is bounded per request, per
//!    message, per tool, per member and per element: see [`print`].

mod family;
mod print;
mod text;

pub use family::Family;
pub(crate) use {
    family::Rules,
    print::{printed, printed_text},
    text::text,
};

#[cfg(test)]
mod tests;
