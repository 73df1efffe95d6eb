//! Golden texts of tables and reviews: their words and columns, without what differs between two runs.

use {
    crate::world::World,
    blockable_sdk::{Pubkey, Signature},
};

/// Compares a text with its golden file: addresses, hashes and numbers have names in their place, and columns one width.
pub(crate) fn assert_golden(world: &World, name: &str, text: &str) {
    let stable = world.stable(text);
    let lines: Vec<String> = stable.lines().map(masked).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden/tables");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
}

fn masked(line: &str) -> String {
    let mut masked = String::new();
    let mut gap = 0;
    for word in line.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        // Two spaces part columns, however wide these are.
        masked += if masked.is_empty() && gap == 0 {
            ""
        } else if gap > 0 {
            "  "
        } else {
            " "
        };
        masked += &mask(word);
        gap = 0;
    }
    masked
}

fn mask(word: &str) -> String {
    let bare = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    if bare.parse::<Pubkey>().is_ok() {
        return word.replace(bare, "<ADDRESS>");
    }
    if bare.parse::<Signature>().is_ok() {
        return word.replace(bare, "<SIGNATURE>");
    }
    if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return word.replace(bare, "<HASH>");
    }
    let mut text = String::new();
    for character in word.chars() {
        match character {
            digit if digit.is_ascii_digit() && text.ends_with('#') => {}
            digit if digit.is_ascii_digit() => text.push('#'),
            ',' | '.' if text.ends_with('#') && !word.ends_with(character) => {}
            other => text.push(other),
        }
    }
    text
}

#[test]
fn numbers_and_addresses_have_names_in_their_place() {
    let key = Pubkey::new_unique();
    let line = format!("{key}   active  $8,362.49   2,400,000 units, since 2027-01-31 10:00 UTC");
    assert_eq!(masked(&line), "<ADDRESS>  active  $#  # units, since #-#-# #:# UTC");
}
