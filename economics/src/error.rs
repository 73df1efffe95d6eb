use {
    crate::DAY,
    anchor_lang::error::Error,
    std::{io, path::PathBuf},
};

/// A reason for which a simulation or a quote stopped.
#[derive(Debug, thiserror::Error)]
pub enum EconomicsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}; name a text file that can be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}; name a folder that can be written to")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line of a file is wrong.
    #[error("{file}, line {line}: {reason}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The mistake and the way to correct it.
        reason: String,
    },
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// The program refused an act of a story.
    #[error("the program refused {act} on day {day}: {reason}")]
    Refused {
        /// The act.
        act: String,
        /// Days since issue.
        day: i64,
        /// The program's error.
        reason: String,
    },
    /// A figure cannot be drawn.
    #[error("cannot draw {figure}: {reason}")]
    Figure {
        /// The figure.
        figure: String,
        /// The drawing library's reason.
        reason: String,
    },
}

impl EconomicsError {
    /// The program's refusal of an act, so many seconds after issue, in the words of its error.
    pub(crate) fn refused(act: String, seconds: i64, error: &Error) -> EconomicsError {
        let reason = match error {
            Error::AnchorError(error) => format!("{} ({})", error.error_msg, error.error_name),
            Error::ProgramError(error) => error.program_error.to_string(),
        };
        EconomicsError::Refused { act, day: seconds / DAY, reason }
    }
}
