//! Exit codes.

use {
    blockable_sdk::errors::{ClientError, Outcome},
    std::process::ExitCode,
};

/// The exit codes of every command, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, or there was nothing to do
  1  failed: the chain, a node, a file or the system
  2  wrong usage: arguments or a file's settings
  3  refused: a rule of the program or of this command forbids it; nothing was changed
  4  not found: an account or a file is not there
  5  declined: nobody confirmed it; nothing was sent
  6  unknown: a transaction was sent, and its outcome is not known; run the command again, it finds that out before it does anything";
/// The exit code of commands that can propose to a multisig, behind [`EXIT_CODES`].
pub const EXIT_PROPOSED: &str = "
  7  proposed: a multisig has a proposal to do it, and nothing else is changed before its members approve and execute that";

/// The exit code of commands that may do a part of their work, behind [`EXIT_PROPOSED`].
pub const EXIT_PARTLY: &str = "
  8  partly: a part of what was asked for holds, and the answer names the rest with the reasons, such as loans that cannot be frozen";

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did its work, or there was nothing to do.
    Done = 0,
    /// The chain, a node, a file or the system failed.
    Failed = 1,
    /// Arguments or settings are wrong.
    Usage = 2,
    /// A rule forbids it.
    Refused = 3,
    /// An account or a file is not there.
    NotFound = 4,
    /// Nobody confirmed it.
    Declined = 5,
    /// A transaction was sent, and its outcome is not known.
    Unknown = 6,
    /// A multisig has a proposal to do it.
    Proposed = 7,
    /// A part of what was asked for holds.
    Partly = 8,
}

impl Exit {
    /// The end by a client's error.
    pub fn from_client(error: &ClientError) -> Exit {
        match error {
            ClientError::Refused { .. } => Exit::Refused,
            ClientError::NotFound { .. } => Exit::NotFound,
            ClientError::Sent(sent) => match &sent.outcome {
                // What it was sent for has happened.
                Outcome::Landed { .. } => Exit::Done,
                Outcome::Refused(error) => Exit::from_client(error),
                Outcome::Expired => Exit::Failed,
                Outcome::Unknown => Exit::Unknown,
            },
            _ => Exit::Failed,
        }
    }

    /// The name of this end in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Refused => "refused",
            Exit::NotFound => "not_found",
            Exit::Declined => "declined",
            Exit::Unknown => "unknown",
            Exit::Proposed => "proposed",
            Exit::Partly => "partly",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_has_every_code() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::Refused,
            Exit::NotFound,
            Exit::Declined,
            Exit::Unknown,
            Exit::Proposed,
            Exit::Partly,
        ];
        for exit in all {
            let help = match exit {
                Exit::Proposed => EXIT_PROPOSED,
                Exit::Partly => EXIT_PARTLY,
                _ => EXIT_CODES,
            };
            assert!(help.contains(&format!("\n  {}  ", exit as u8)), "{}", exit.name());
        }
    }
}
