//! Docs as text that stands outside Rust.

use {
    crate::constants::named,
    anchor_lang_idl::types::{Idl, IdlDefinedFields, IdlField, IdlInstructionAccountItem, IdlTypeDefTy},
    regex::{Captures, Regex},
    std::{collections::BTreeMap, sync::LazyLock},
};

/// A pattern that the tests of this module compile.
type Pattern = LazyLock<Option<Regex>>;

/// A link of rustdoc with its target: the text in square brackets stays.
static LINK: Pattern =
    LazyLock::new(|| Regex::new(r"\[([^\[\]]+)\]\([^()\s]*(?:\([^()]*\))?[^()\s]*\)").ok());
/// A link of rustdoc that is its own target.
static SHORT_LINK: Pattern = LazyLock::new(|| Regex::new(r"\[(`[^`]+`)\]").ok());
/// The reference to the handler, in the docs of an instruction.
static REFERENCE: Pattern = LazyLock::new(|| Regex::new(r"; see\s+\[`[^`]+`\]\.").ok());
/// The description of an argument.
static ARGUMENT: Pattern = LazyLock::new(|| Regex::new(r"^- `(\w+)`: (.+)$").ok());

/// A constant of a type, by its name in Rust.
static CONSTANT: Pattern = LazyLock::new(|| Regex::new(r"`([A-Z]\w*)::([A-Z][A-Z0-9_]+)`").ok());

fn replace(text: &str, pattern: &Pattern, by: &str) -> String {
    pattern.as_ref().map_or_else(|| text.to_string(), |found| found.replace_all(text, by).into_owned())
}

/// The text without links, and with constants by their names in the IDL.
fn plain(text: &str) -> String {
    let text = replace(&replace(text, &LINK, "$1"), &SHORT_LINK, "$1");
    let by_idl = |found: &Captures| format!("`{}`", named(&found[1], &found[2]));
    CONSTANT
        .as_ref()
        .map_or_else(|| text.clone(), |constant| constant.replace_all(&text, by_idl).into_owned())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(ToString::to_string).collect()
}

/// The docs of an account, whose field may begin with the mark that Anchor asks for. The first letter is a capital one.
pub(crate) fn account_docs(docs: &[String]) -> Vec<String> {
    let text = docs.join("\n");
    let text = text.strip_prefix("CHECK:").unwrap_or(&text).trim_start();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    lines(&(first + letters.as_str()))
}

/// The docs of an instruction without the reference to its handler.
pub(crate) fn without_reference(docs: &[String]) -> Vec<String> {
    lines(&replace(&docs.join("\n"), &REFERENCE, "."))
}

/// The first sentence of docs, on one line.
pub(crate) fn first_sentence(docs: &[String]) -> String {
    let text =
        docs.iter().take_while(|line| !line.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
    match text.split_once(". ") {
        Some((sentence, _)) => format!("{sentence}."),
        None => text,
    }
}

/// The docs of a handler, apart from those of its arguments.
#[derive(Default)]
pub(crate) struct HandlerDocs {
    pub(crate) text: Vec<String>,
    /// By name, on one line each.
    pub(crate) arguments: BTreeMap<String, String>,
}

/// Takes the list of arguments out of a handler's docs.
pub(crate) fn split_arguments(docs: Vec<String>) -> HandlerDocs {
    let mut split = HandlerDocs::default();
    let mut current: Option<String> = None;
    for line in docs {
        let begun =
            ARGUMENT.as_ref().and_then(|pattern| pattern.captures(&line)).map(|found| found.extract().1);
        match (begun, &current) {
            (Some([name, text]), _) => {
                split.arguments.insert(name.to_string(), text.to_string());
                current = Some(name.to_string());
            }
            (None, Some(name)) if !line.is_empty() => {
                let text = split.arguments.entry(name.clone()).or_default();
                *text = format!("{text} {line}");
            }
            (None, _) => {
                current = None;
                split.text.push(line);
            }
        }
    }
    while split.text.last().is_some_and(String::is_empty) {
        split.text.pop();
    }
    split.arguments.values_mut().for_each(|text| *text = sentence(text));
    split
}

/// The text with a capital letter at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// Takes the links out of all docs.
pub(crate) fn mend(idl: &mut Idl) {
    mend_docs(&mut idl.docs);
    for instruction in &mut idl.instructions {
        mend_docs(&mut instruction.docs);
        mend_fields(&mut instruction.args);
        for item in &mut instruction.accounts {
            if let IdlInstructionAccountItem::Single(account) = item {
                mend_docs(&mut account.docs);
            }
        }
    }
    for constant in &mut idl.constants {
        mend_docs(&mut constant.docs);
    }
    for ty in &mut idl.types {
        mend_docs(&mut ty.docs);
        match &mut ty.ty {
            IdlTypeDefTy::Struct { fields } => mend_defined(fields.as_mut()),
            IdlTypeDefTy::Enum { variants } => {
                variants.iter_mut().for_each(|variant| mend_defined(variant.fields.as_mut()));
            }
            IdlTypeDefTy::Type { .. } => {}
        }
    }
}

fn mend_defined(fields: Option<&mut IdlDefinedFields>) {
    if let Some(IdlDefinedFields::Named(fields)) = fields {
        mend_fields(fields);
    }
}

fn mend_fields(fields: &mut [IdlField]) {
    fields.iter_mut().for_each(|field| mend_docs(&mut field.docs));
}

fn mend_docs(docs: &mut Vec<String>) {
    *docs = lines(&plain(&docs.join("\n")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(text: &[&str]) -> Vec<String> {
        text.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_become_their_text() {
        assert_eq!(
            plain("A [`Status`] as its byte, see [`hash`](crate::hash::sha256)."),
            "A `Status` as its byte, see `hash`."
        );
        assert_eq!(
            plain("[the design](docs/design.md) and a[0] and [u8; 32]"),
            "the design and a[0] and [u8; 32]"
        );
    }

    #[test]
    fn constants_have_their_names_in_the_idl() {
        assert_eq!(
            plain("Looser than [`TermBounds::PRODUCTION`], version [`Credit::VERSION`], [`Status::Active`]."),
            "Looser than `TERM_BOUNDS_PRODUCTION`, version `CREDIT_VERSION`, `Status::Active`."
        );
    }

    #[test]
    fn the_reference_to_a_handler_goes() {
        let docs = owned(&["Changes it at once or", "later; see", "[`ProviderProposeChange`]."]);
        assert_eq!(without_reference(&docs), owned(&["Changes it at once or", "later."]));
    }

    #[test]
    fn arguments_are_taken_out_of_a_handlers_docs() {
        let docs =
            owned(&["Pays.", "", "- `amount`: the most to pay,", "in micro-USDC", "- `least`: 0 for any."]);
        let split = split_arguments(docs);
        assert_eq!(split.text, owned(&["Pays."]));
        let arguments: Vec<_> = split.arguments.into_iter().collect();
        let expected = [("amount", "The most to pay, in micro-USDC."), ("least", "0 for any.")];
        assert_eq!(arguments, expected.map(|(name, text)| (name.to_string(), text.to_string())));
    }

    #[test]
    fn an_accounts_docs_begin_with_a_capital_and_without_anchors_mark() {
        assert_eq!(
            account_docs(&owned(&["CHECK: any key; it", "signs later."])),
            owned(&["Any key; it", "signs later."])
        );
        assert_eq!(first_sentence(&owned(&["One. Two", "three."])), "One.");
    }
}
