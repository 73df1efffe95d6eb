//! `blockable-provider reporters`.

use {
    super::chain::{ActError, ChainArgs, ChangeArgs, Session, change, reporter_keys},
    blockable_sdk::{
        Pubkey,
        program::state::{ProviderSettings, Reporter},
    },
    blockable_service::command::{
        Answer,
        values::{address, seconds_span},
    },
    clap::Args,
};

/// Sets the reporters to those of the server's file, or to those that are named
///
/// Removing a reporter takes effect at once; adding or renewing one waits for the market's delay.
#[derive(Args, Debug)]
pub(super) struct ReportersArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    reporters: ReporterArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Reporters, their quorum and their expiry.
#[derive(Args, Debug)]
pub(super) struct ReporterArgs {
    /// A reporter's key; once for each, in their order [default: the keys of [reporter] in the server's file]
    #[arg(long = "reporter", value_name = "ADDRESS", value_parser = address)]
    reporters: Vec<Pubkey>,
    /// Reporters that a report needs [default: more than half of them]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=8))]
    quorum: Option<u8>,
    /// Time for which new reporters are listed; those that are listed keep their expiry
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, default_value = "365d")]
    listed_for: u32,
    /// Gives all of them a new expiry
    #[arg(long)]
    renew: bool,
}

impl ReportersArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Changes the reporters. Errors: [`ActError`].
pub(super) async fn run(args: &ReportersArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let keys = match args.change.is_about_waiting() {
        true => None,
        false => reporter_keys(&session.config).await?,
    };
    let now = session.now;
    change(&session, &args.change, |settings| {
        let (mut reporters, quorum) = reporters_of(&args.reporters, keys, now)?;
        for reporter in reporters.iter_mut().filter(|_| !args.reporters.renew) {
            let listed = settings.reporters().iter().find(|listed| listed.key == reporter.key);
            reporter.expires_at = listed.map_or(reporter.expires_at, |listed| listed.expires_at);
        }
        let listed = ProviderSettings::with_reporters(&reporters, quorum);
        let ProviderSettings { reporters, reporter_count, quorum, .. } = listed;
        Ok(ProviderSettings { reporters, reporter_count, quorum, ..settings })
    })
    .await
}

/// The reporters that arguments name, or else the keys of the file, and their quorum. Errors: [`ActError::Usage`].
pub(super) fn reporters_of(
    args: &ReporterArgs,
    of_file: Option<Vec<Pubkey>>,
    now: i64,
) -> Result<(Vec<Reporter>, u8), ActError> {
    let keys = if args.reporters.is_empty() { of_file.unwrap_or_default() } else { args.reporters.clone() };
    if keys.is_empty() {
        let advice = "no reporter is named; pass --reporter ADDRESS, or add [reporter] to the server's file";
        return Err(ActError::Usage(advice.to_string()));
    }
    let count = u8::try_from(keys.len()).unwrap_or(u8::MAX);
    let quorum = args.quorum.unwrap_or(count / 2 + 1);
    let expires_at = now.saturating_add(i64::from(args.listed_for));
    Ok((keys.into_iter().map(|key| Reporter { key, expires_at }).collect(), quorum))
}
