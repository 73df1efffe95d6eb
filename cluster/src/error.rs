use {
    blockable_sdk::errors::ClientError,
    std::{fmt::Display, io, path::Path},
};

/// A reason for which an embedded cluster does not start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A port is in use.
    #[error("cannot listen at 127.0.0.1:{port}: {source}; {advice}", advice = port_advice(source))]
    PortTaken {
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The system has no free port.
    #[error("the system gives no free port: {0}; end some programs that listen")]
    NoPort(String),
    /// It failed.
    #[error("the embedded cluster failed: {0}; start again")]
    Failed(String),
    /// The chain's clock does not move.
    #[error("the clock of the embedded cluster has not moved for a minute; start again")]
    ClockStalled,
    /// A file or folder cannot be used.
    #[error("cannot use {path}: {source}; name a folder that you may write to")]
    File {
        /// The file or folder.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the kept state has been damaged.
    #[error("{path} is damaged: {reason}; restore the folder from a copy, or name another one")]
    Damaged {
        /// The file.
        path: String,
        /// The damage.
        reason: String,
    },
    /// A read from the chain failed.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl ClusterError {
    pub(crate) fn failed(error: impl Display) -> ClusterError {
        ClusterError::Failed(error.to_string())
    }

    pub(crate) fn no_port(error: impl Display) -> ClusterError {
        ClusterError::NoPort(error.to_string())
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> ClusterError {
        ClusterError::File { path: path.display().to_string(), source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Display) -> ClusterError {
        ClusterError::Damaged { path: path.display().to_string(), reason: reason.to_string() }
    }
}

fn port_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another sandbox or a validator may run there: stop it, or choose other ports"
        }
        _ => "choose other ports",
    }
}
