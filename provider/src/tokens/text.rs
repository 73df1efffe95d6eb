//! Bounds on the tokens of a text.

use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_public_assigned};

/// The normalisation that a tokenizer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalisation {
    /// None: the bytes are taken as they are.
    None,
    /// Canonical composition.
    Canonical,
    /// Any: composition or decomposition, canonical or by compatibility, also with lower case.
    Any,
}

/// Most bytes that the canonical decomposition of a character has for each of its own, by the Unicode standard.
const CANONICAL: u64 = 3;
/// The same for the decomposition by compatibility.
const COMPATIBLE: u64 = 11;

/// Bounds the tokens of a text that is printed as it is.
pub(crate) fn text(normalisation: Normalisation, text: &str) -> u64 {
    let bytes = text.len() as u64;
    // No normalisation changes ASCII.
    if normalisation == Normalisation::None || text.is_ascii() {
        return bytes;
    }
    text.chars().map(|character| character_tokens(normalisation, character)).sum()
}

/// Bounds the tokens of one character within any text.
///
/// It takes the larger one of the character and its decomposition: an upstream whose Unicode is older leaves a character as it
/// is that this one knows. A character that is not assigned here may be decomposed by a newer Unicode.
pub(super) fn character_tokens(normalisation: Normalisation, character: char) -> u64 {
    let bytes = character.len_utf8() as u64;
    if normalisation == Normalisation::None || character.is_ascii() || has_no_decomposition(character) {
        return bytes;
    }
    let mut decomposed = 0;
    match normalisation {
        Normalisation::None => return bytes,
        // A Hangul syllable is composed again: nothing can stand between its parts, which are starters.
        Normalisation::Canonical if ('\u{ac00}'..='\u{d7a3}').contains(&character) => return bytes,
        Normalisation::Canonical if !is_public_assigned(character) => return bytes * CANONICAL,
        Normalisation::Any if !is_public_assigned(character) => return bytes * COMPATIBLE,
        Normalisation::Canonical => {
            decompose_canonical(character, |part| decomposed += part.len_utf8() as u64);
        }
        Normalisation::Any => {
            let mut canonical = 0;
            decompose_canonical(character, |part| canonical += with_lower_case(part));
            decompose_compatible(character, |part| decomposed += with_lower_case(part));
            decomposed = decomposed.max(canonical).max(with_lower_case(character));
        }
    }
    decomposed.max(bytes)
}

/// Bytes of the longer one of a character and its lower case.
fn with_lower_case(character: char) -> u64 {
    let lower: u64 = character.to_lowercase().map(|part| part.len_utf8() as u64).sum();
    lower.max(character.len_utf8() as u64)
}

/// Finds the ideographs, quickly: they are many in some texts. The ones for compatibility lie elsewhere.
fn has_no_decomposition(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}
