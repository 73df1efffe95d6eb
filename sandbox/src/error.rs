use {
    blockable_cluster::ClusterError,
    blockable_keeper::OpenError,
    blockable_provider::{ServeError, init::InitError},
    blockable_sdk::{InstructionError, errors::ClientError},
    blockable_service::{init_file::InitFileError, shutdown::SignalError},
    blockable_testkit::ElfError,
    std::{fmt::Display, io, path::Path},
};

/// A reason for which a sandbox does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A first port that leaves no room for the others.
    #[error(
        "port {port} is out of range; choose one from 1 to {most}: the sandbox takes it and the {others} after it"
    )]
    PortRange {
        /// The port.
        port: u16,
        /// The largest that can be named.
        most: u16,
        /// Ports that follow it.
        others: u16,
    },
    /// The embedded cluster does not start, or failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The faucet gave no SOL.
    #[error("the node gave no SOL: {0}; name a node with a faucet, such as `solana-test-validator`")]
    Airdrop(String),
    /// A program's file cannot be used.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A program's file whose name is no address.
    #[error(
        "{0}.so is not named by an address; name each program's file ADDRESS.so, by the address to load it at"
    )]
    ProgramName(String),
    /// A file or folder cannot be used.
    #[error("cannot use {path}: {source}; name a folder that you may write to")]
    File {
        /// The file or folder.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder of programs, or a file in it, cannot be read.
    #[error("cannot read {path}: {source}; name a folder of programs that you may read")]
    ReadFolder {
        /// The folder or file.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file in a folder of programs is none.
    #[error("{path} is no program for Solana; replace it by a built one, or remove it")]
    NotAProgram {
        /// The file.
        path: String,
    },
    /// A value cannot be written as JSON.
    #[error("cannot write {path} as JSON: {source}; please report this as a fault")]
    Encode {
        /// The file.
        path: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// Another sandbox runs on the folder.
    #[error("{0} is in use by another sandbox; stop that one, or name another folder")]
    InUse(String),
    /// The folder holds something else.
    #[error("{0} holds files that are no sandbox's and are left alone; name an empty or a new folder")]
    Foreign(String),
    /// The folder was kept by another version.
    #[error(
        "{0} was kept by another version of the sandbox, or with another program; run that version, or name another folder"
    )]
    OtherVersion(String),
    /// The kept chain is missing, or another's.
    #[error(
        "{0} holds no chain of its market: cluster/accounts.json is missing or another sandbox's; restore it from a copy, or \
         name another folder"
    )]
    LostChain(String),
    /// A part has ended while the sandbox ran.
    #[error("{part} has ended: {reason}; start again, and report it as a fault if it stays")]
    Ended {
        /// The part.
        part: &'static str,
        /// The reason.
        reason: String,
    },
    /// The upstream cannot be used.
    #[error("cannot use the upstream {origin}: {reason}")]
    Upstream {
        /// Scheme, host and port of its URL; the rest may hold a password.
        origin: String,
        /// The reason, and what to do.
        reason: String,
    },
    /// The upstream wants a key, or another one.
    #[error(
        "cannot use the upstream {origin}: it wants an API key (HTTP {status}); name the variable that holds one"
    )]
    UpstreamKey {
        /// Scheme, host and port of its URL.
        origin: String,
        /// The status that it answers with.
        status: u16,
    },
    /// A key cannot be read.
    #[error(
        "cannot read the key {path}: {reason}; put a copy of the folder in its place, or name another one"
    )]
    Key {
        /// Its file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] InitFileError),
    /// The provider's first files cannot be written.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A part refuses the settings that the sandbox writes for it.
    #[error("{part} refuses its settings: {reason}; please report this as a fault")]
    Settings {
        /// The part.
        part: &'static str,
        /// The mistakes.
        reason: String,
    },
    /// The provider's server does not start.
    #[error("the provider's server does not start: {0}")]
    Serve(#[from] ServeError),
    /// The keeper does not start.
    #[error("the keeper does not start: {0}")]
    Keeper(#[from] OpenError),
    /// A transaction or a read failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A part did not become ready.
    #[error("{0} did not become ready within a minute; start again on an idle machine")]
    NotReady(&'static str),
    /// A signal to stop cannot be listened for.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A thread cannot be started, or failed.
    #[error("a thread of the sandbox failed: {0}; start again, and report it as a fault if it stays")]
    Thread(String),
    /// The program's arithmetic refused an amount.
    #[error("cannot compute an amount of a loan: {0}; please report this as a fault")]
    Amount(String),
    /// A token instruction could not be built.
    #[error("cannot build a token instruction: {0}; please report this as a fault")]
    Token(InstructionError),
}

impl SandboxError {
    pub(crate) fn airdrop(error: impl Display) -> SandboxError {
        SandboxError::Airdrop(error.to_string())
    }

    pub(crate) fn thread(error: impl Display) -> SandboxError {
        SandboxError::Thread(error.to_string())
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> SandboxError {
        SandboxError::File { path: path.display().to_string(), source }
    }

    pub(crate) fn encode(path: &Path, source: serde_json::Error) -> SandboxError {
        SandboxError::Encode { path: path.display().to_string(), source }
    }

    pub(crate) fn amount(error: impl Display) -> SandboxError {
        SandboxError::Amount(error.to_string())
    }
}

/// A setting of [`Options`](crate::Options) that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The ports.
    Ports,
    /// The folder that is kept.
    Keep,
    /// The model server behind the provider's server.
    Upstream,
    /// The variable of its key.
    UpstreamKey,
    /// The folder of programs.
    Programs,
}

impl SandboxError {
    /// The setting to change, where that may help: who starts a sandbox knows by what name it is set.
    pub fn setting(&self) -> Option<Setting> {
        match self {
            SandboxError::PortRange { .. } | SandboxError::Cluster(ClusterError::PortTaken { .. }) => {
                Some(Setting::Ports)
            }
            SandboxError::File { .. }
            | SandboxError::Cluster(ClusterError::File { .. } | ClusterError::Damaged { .. })
            | SandboxError::LostChain(_)
            | SandboxError::Key { .. }
            | SandboxError::InUse(_)
            | SandboxError::Foreign(_)
            | SandboxError::OtherVersion(_) => Some(Setting::Keep),
            SandboxError::ReadFolder { .. }
            | SandboxError::NotAProgram { .. }
            | SandboxError::ProgramName(_) => Some(Setting::Programs),
            SandboxError::UpstreamKey { .. } => Some(Setting::UpstreamKey),
            SandboxError::Upstream { .. } => Some(Setting::Upstream),
            _ => None,
        }
    }
}
