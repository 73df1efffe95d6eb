//! Errors of the program in people's words: the file that the lender's page has them from as well.

use {
    blockable_sdk::program::errors::BlockableError,
    serde::Deserialize,
    std::{collections::BTreeMap, sync::LazyLock},
};

#[derive(Deserialize)]
struct Words {
    program: BTreeMap<String, [String; 2]>,
}

static WORDS: LazyLock<Option<Words>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../clients/words.json")).ok());

/// The cause and the next step, in whole sentences.
pub(crate) fn of_error(error: BlockableError) -> String {
    let words = WORDS.as_ref().and_then(|words| words.program.get(error.name_in_idl()));
    words.map_or_else(|| error.to_string(), |[happened, advice]| format!("{happened} {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_peoples_words() {
        let told = of_error(BlockableError::NotFreezer);
        assert!(told.starts_with("Only the lender or the freeze authority"), "{told}");
        let errors: Vec<BlockableError> = (6_000..).map_while(BlockableError::from_code).collect();
        assert!(errors.len() > 100);
        for error in errors {
            assert_ne!(of_error(error), error.to_string(), "{error:?} has no words");
        }
    }
}
