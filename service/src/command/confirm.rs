//! The question before anything is signed.

use std::io::{BufRead, IsTerminal, Write, stdin};

/// Environment variable that forbids questions, where it is set and not empty.
pub const NON_INTERACTIVE: &str = "BLOCKABLE_NON_INTERACTIVE";

/// A reason for which nothing was confirmed. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Nobody can be asked.
    #[error(
        "this asks for a confirmation and there is no terminal to ask at; read the review above and add --yes"
    )]
    NoTerminal,
    /// The answer was no.
    #[error("declined; nothing was sent")]
    Declined,
}

/// Asks at the terminal; everything but `y` and `yes` is no. With `yes` nobody is asked. Errors: [`ConfirmError`].
pub fn confirm(yes: bool) -> Result<(), ConfirmError> {
    if yes {
        return Ok(());
    }
    let is_forbidden = std::env::var_os(NON_INTERACTIVE).is_some_and(|value| !value.is_empty());
    if is_forbidden || !stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(ConfirmError::NoTerminal);
    }
    let mut stderr = std::io::stderr();
    let asked = write!(stderr, "sign and send? [y/N] ").and_then(|()| stderr.flush());
    asked.map_err(|_| ConfirmError::NoTerminal)?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer).map_err(|_| ConfirmError::NoTerminal)?;
    if is_yes(&answer) { Ok(()) } else { Err(ConfirmError::Declined) }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_is_the_answer_to_anything_else() {
        for (answer, expected) in
            [("y\n", true), ("Yes\r\n", true), ("", false), ("\n", false), ("yep", false), ("n", false)]
        {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
