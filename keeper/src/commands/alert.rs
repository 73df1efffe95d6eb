//! `alert`: the way to the sinks.

use {
    crate::{alerts::test_sinks, commands::CommandError, config::Config},
    clap::Subcommand,
};

/// The part of the command.
#[derive(Subcommand)]
pub(super) enum AlertAction {
    /// Sends a test message to every sink, or to one; needs neither nodes nor store, and works while a keeper runs
    Test {
        /// The sink: webhook/NAME, slack/NAME, or NAME alone
        sink: Option<String>,
    },
}

/// Carries the part out. Returns false where a sink has not taken the message.
pub(super) async fn run(config: &Config, action: AlertAction) -> Result<bool, CommandError> {
    let AlertAction::Test { sink } = action;
    let results = test_sinks(&config.alerts, config.market, sink.as_deref()).await;
    if results.is_empty() {
        return Err(CommandError::NoSink(sink.unwrap_or_default()));
    }
    for (name, result) in &results {
        match result {
            Ok(()) => println!("ok   {name}: it has taken the message"),
            Err(reason) => println!("BAD  {name}: {reason}"),
        }
    }
    Ok(results.iter().all(|(_, result)| result.is_ok()))
}
