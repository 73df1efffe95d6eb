use {
    blockable_economics::EconomicsError,
    blockable_sandbox::{SandboxError, Setting},
    blockable_sdk::{errors::ClientError, events::LogError, reports::ReportError},
    blockable_testkit::trace::TraceError,
    std::io,
};

/// A reason for which a demo stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No node answers at this host.
    #[error("no node answers at {0}; start one with `solana-test-validator`, or leave --rpc out")]
    Unreachable(String),
    /// The node at this host does not have the program.
    #[error(
        "the node at {0} does not have the program; start it with `solana-test-validator --bpf-program {id} \
         app-idl/blockable_credits.so`",
        id = blockable_sdk::PROGRAM_ID
    )]
    NoProgram(String),
    /// The chain's clock has stopped.
    #[error("the chain's clock has not moved for a minute; check that the node produces blocks")]
    ClockStalled,
    /// The trace cannot be replayed.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A transaction or a read failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The event log of a credit is not complete.
    #[error("the event log does not prove the credit's state: {0}; please report this as a fault")]
    Log(#[from] LogError),
    /// The terms cannot be taken from the presets, or the simulation failed.
    #[error(
        "cannot take the terms or the distribution from the simulator: {0}; please report this as a fault"
    )]
    Economics(#[from] EconomicsError),
    /// The embedded cluster, the market or the sandbox failed.
    #[error("{0}{flag}", flag = flag(.0))]
    Sandbox(#[from] SandboxError),
    /// The facts about a sandbox cannot be printed.
    #[error("cannot print what there is to try: {0}; give the standard output a place that takes it")]
    Print(io::Error),
    /// The program's arithmetic refused an amount.
    #[error("cannot compute an amount of the loan: {0}; please report this as a fault")]
    Amount(String),
}

/// The option by which the setting is changed that an error is about.
fn flag(error: &SandboxError) -> &'static str {
    match error.setting() {
        Some(Setting::Ports) => " (--port N)",
        Some(Setting::Keep) => " (--keep DIR)",
        Some(Setting::Upstream) => " (--upstream URL)",
        Some(Setting::UpstreamKey) => " (--upstream-key-env NAME)",
        Some(Setting::Programs) => " (--programs DIR)",
        None => "",
    }
}

impl DemoError {
    pub(crate) fn amount(error: impl std::fmt::Display) -> DemoError {
        DemoError::Amount(error.to_string())
    }
}
