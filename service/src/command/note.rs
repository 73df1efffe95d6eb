//! Notes on standard error, beside a command's answer.

use {
    blockable_sdk::printable,
    std::io::{self, Write},
};

/// Says something on standard error, without what could mislead a reader's terminal. A reader that has gone is no error: the command may
/// have sent a transaction by then, and its answer must not be lost.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// Says a note on standard error.
pub fn note(text: &str) {
    say(&format!("note: {text}"));
}
