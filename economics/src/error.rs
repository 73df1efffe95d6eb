use std::{io, path::PathBuf};

/// A reason for which a simulation or a quote stopped.
#[derive(Debug, thiserror::Error)]
pub enum EconomicsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}; name a file that exists")]
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
