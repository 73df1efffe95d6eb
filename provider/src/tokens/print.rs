//! Bounds on the tokens of JSON that a chat template prints: tools, calls of tools, schemas.
//!
//! A template parses the JSON and prints it anew: on many lines with an indentation, with other separators and escapes, as XML
//! or as TypeScript. So the bound goes by what stands in it and not by its length.

use {
    super::{
        family::Rules,
        text::{Normalisation, character_tokens},
    },
    serde::{
        Deserializer,
        de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    },
    std::{borrow::Cow, fmt},
};

/// Characters of the longest number with a fraction or an exponent, such as `-2.2250738585072014e-308`, and one more.
const LONGEST_FLOAT: u64 = 25;
/// Digits of the largest whole number that is read as a float here, and may be printed in full.
const LONGEST_WHOLE: u64 = 310;
/// Levels of JSON that readers take at most, with room to spare.
const DEEPEST: u64 = 1_024;
/// The least float that may stand for a whole number beyond 64 bits.
const WHOLE: f64 = 9_223_372_036_854_775_808.0;

/// The manner in which a template prints JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Spaces by which a level is indented; `None` where all stands on one line.
    pub indent: Option<u64>,
    /// Bytes that are printed around an element or a member, beyond the quotation marks of a text.
    pub around: u64,
    /// Times that the name of a member is printed.
    pub names: u64,
    /// Times that a text is printed.
    pub texts: u64,
    /// True where everything but plain ASCII, and what HTML knows as a mark, is printed as an escape.
    pub escapes: bool,
    /// True where each line of a text begins with the indentation and the mark of a comment.
    pub comments: bool,
    /// True where a text that is JSON itself, such as the arguments of a call, may be parsed and printed anew.
    pub parsed: bool,
}

/// Bounds the tokens of a JSON text that is parsed and printed anew. `None` where it is no JSON.
pub(crate) fn printed(rules: &Rules, place: &Place, json: &str) -> Option<u64> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let tokens = Seed { rules, place, depth: 0 }.deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| tokens)
}

/// Bounds the tokens of a text that is printed as JSON, without its quotation marks, at a depth.
pub(crate) fn printed_text(rules: &Rules, place: &Place, printed: &str, depth: u64) -> u64 {
    let line = if place.comments { line(rules, place, depth).saturating_add(4) } else { 2 };
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if !place.escapes && printed.bytes().all(plain) {
        return printed.len() as u64;
    }
    printed.chars().map(|character| escaped(rules.normalisation, place, character, line)).sum()
}

/// Bounds the tokens of one character of a text that is printed as JSON.
fn escaped(normalisation: Normalisation, place: &Place, character: char, line: u64) -> u64 {
    match character {
        '\n' => line.max(2),
        '"' | '\\' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        '<' | '>' | '&' | '\'' | '\u{7f}' if place.escapes => 6,
        '\u{80}'.. if place.escapes => {
            // `\u00e9`, once for each 16 bits.
            character_tokens(normalisation, character).max(6 * character.len_utf16() as u64)
        }
        _ => character_tokens(normalisation, character),
    }
}

/// Tokens of a line's end and the indentation after it.
fn line(rules: &Rules, place: &Place, depth: u64) -> u64 {
    match place.indent {
        Some(indent) => rules.indentation(indent.saturating_mul(depth)),
        None => 0,
    }
}

/// Sums up what stands in a JSON text, without keeping any of it.
struct Seed<'a> {
    rules: &'a Rules,
    place: &'a Place,
    depth: u64,
}

impl Seed<'_> {
    fn inner(&self) -> Seed<'_> {
        Seed { rules: self.rules, place: self.place, depth: self.depth + 1 }
    }

    /// Tokens of the brackets, and of the line that the closing one stands on.
    fn brackets(&self) -> u64 {
        2 + line(self.rules, self.place, self.depth)
    }

    /// Tokens around an element or a member.
    fn around(&self) -> u64 {
        self.place.around.saturating_add(line(self.rules, self.place, self.depth + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<u64, E> {
        // `null` or `None`, and `undefined` in some templates.
        Ok(9)
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<u64, E> {
        Ok(5)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(1 + u64::from(value.checked_ilog10().unwrap_or(0)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        self.visit_u64(value.unsigned_abs()).map(|digits| digits + 1)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
        Ok(if value.abs() < WHOLE { LONGEST_FLOAT } else { LONGEST_WHOLE })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<u64, E> {
        Ok(match self.place.parsed {
            true => text_or_json(self.rules, self.place, value, self.depth),
            false => printed_text(self.rules, self.place, value, self.depth)
                .saturating_add(2)
                .saturating_mul(self.place.texts),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let (mut tokens, around) = (self.brackets(), self.around());
        while let Some(element) = list.next_element_seed(self.inner())? {
            tokens = tokens.saturating_add(element).saturating_add(around);
        }
        Ok(tokens)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let (mut tokens, around) = (self.brackets(), self.around());
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            // The quotation marks and a colon with a space are part of it.
            let name = printed_text(self.rules, self.place, &name, self.depth + 1).saturating_add(4);
            let value = map.next_value_seed(self.inner())?;
            tokens = tokens
                .saturating_add(name.saturating_mul(self.place.names))
                .saturating_add(value)
                .saturating_add(around);
        }
        Ok(tokens)
    }
}

/// Bounds the tokens of a text that is printed as JSON, or parsed and printed anew where the upstream can read it.
fn text_or_json(rules: &Rules, place: &Place, value: &str, depth: u64) -> u64 {
    let as_text = printed_text(rules, place, value, depth).saturating_add(2).saturating_mul(place.texts);
    match value.trim_start().bytes().next() {
        Some(b'{' | b'[' | b'"') => {}
        Some(b'-' | b'0'..=b'9') => return as_text.max(LONGEST_FLOAT),
        _ => return as_text,
    }
    // Once: a text within this JSON stays a text.
    let once = Place { parsed: false, ..*place };
    let mut reader = serde_json::Deserializer::from_str(value);
    let seed = Seed { rules, place: &once, depth };
    match seed.deserialize(&mut reader).and_then(|tokens| reader.end().map(|()| tokens)) {
        Ok(tokens) => tokens.max(as_text),
        // A reader that takes more than JSON may read it. A value has a byte and a comma at least, and none is printed with
        // more than four times its bytes (`1e15` as 1000000000000000.0) and what stands around it.
        Err(_) => {
            let values = (value.len() as u64).div_ceil(2);
            let around = place.around.saturating_add(line(rules, place, DEEPEST)).saturating_add(4);
            as_text.saturating_mul(5).saturating_add(values.saturating_mul(around))
        }
    }
}
