//! The commands by noun, each verb in a file of its own.

mod act;
mod audit;
mod completions;
mod config;
mod credit;
mod keys;
mod market;
mod money;
mod new_file;
mod pool;
mod provider;
mod reports;
mod schema;
mod simulate;

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        output::{Answer, wants_json},
        settings::{Flags, Format, Settings, Surroundings, shown, shown_url},
    },
    blockable_economics::commands::{QuoteArgs, SimulateArgs},
    blockable_service::command::{EXIT_CODES, EXIT_PARTLY, EXIT_PROPOSED},
    clap::{
        CommandFactory, Parser, Subcommand,
        builder::StyledStr,
        error::{ContextKind, ContextValue},
    },
    std::{ffi::OsString, future::Future},
};

/// Loans secured by compute credits that can be frozen at once
#[derive(Parser, Debug)]
#[command(name = "blockable", version, after_help = format!("{EXIT_CODES}{EXIT_PROPOSED}{EXIT_PARTLY}"), arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// A lending market: its admin, its bounds, its clock
    #[command(subcommand)]
    Market(market::MarketCommand),
    /// A loan with its collateral: read, repay, freeze, thaw
    #[command(subcommand)]
    Credit(credit::CreditCommand),
    /// GPU providers: capacity, reporters, price lists
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Seized units for sale, in lots at a falling price
    #[command(subcommand)]
    Pool(pool::PoolCommand),
    /// Reports of use, which a provider's reporters sign
    #[command(subcommand)]
    Reports(reports::ReportsCommand),
    /// Evidence: a credit's log proven, exported, and summed up in a statement
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Quote(QuoteArgs),
    Simulate(SimulateArgs),
    /// Keys in files
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    Config(config::ConfigArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
}

/// The form of the answer, found before anything can fail.
pub(crate) fn format(cli: &Cli, arguments: &[OsString]) -> Format {
    let found = Settings::output(&cli.global.flags(None, None), &Surroundings::from_process());
    found.unwrap_or(if wants_json(arguments) { Format::Json } else { Format::Table })
}

/// The form of the answer to a line that cannot be read: by its own words, else by the environment or the profile.
pub(crate) fn format_of_line(arguments: &[OsString]) -> Format {
    if wants_json(arguments) {
        return Format::Json;
    }
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let value_of = |flag: &str| {
        let by_two =
            words.windows(2).find_map(|pair| (pair.first() == Some(&flag)).then(|| pair.last().copied())?);
        by_two.or_else(|| words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('=')))
    };
    if value_of("--output") == Some("table") {
        return Format::Table;
    }
    let flags = Flags { profile: value_of("--profile").map(str::to_string), ..Flags::default() };
    Settings::output(&flags, &Surroundings::from_process()).unwrap_or_default()
}

/// The mistake of a line that names no command, with those that it could name.
pub(crate) fn missing(arguments: &[OsString]) -> String {
    let mut command = Cli::command();
    let mut name = command.get_name().to_string();
    for word in arguments.iter().skip(1) {
        if let Some(found) = command.find_subcommand(word).cloned() {
            name = format!("{name} {}", found.get_name());
            command = found;
        }
    }
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    format!("{name} is no command by itself; write one of these behind it: {}", known.join(", "))
}

/// A mistake as clap says it, without secrets.
pub(crate) fn without_secrets(mut error: clap::Error) -> clap::Error {
    hide_secrets(&mut error);
    error
}

/// A mistake as clap says it, without the hint to pass an unknown option as a value, which it never is meant to be.
pub(crate) fn without_value_hint(mut error: clap::Error) -> clap::Error {
    let as_value = |hint: &StyledStr| hint.to_string().contains("as a value");
    if matches!(error.get(ContextKind::Suggested), Some(ContextValue::StyledStrs(hints)) if hints.iter().any(as_value))
    {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// A mistake as clap says it, with the nearest command first.
pub(crate) fn nearest_first(mut error: clap::Error) -> clap::Error {
    let typed = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) => typed.clone(),
        _ => return error,
    };
    if let Some(ContextValue::Strings(mut near)) = error.remove(ContextKind::SuggestedSubcommand) {
        near.sort_by_key(|name| strsim::damerau_levenshtein(&typed, name));
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(near));
    }
    error
}

/// Takes keys out of the texts that a mistake says again, and all but the host out of a URL.
fn hide_secrets(error: &mut clap::Error) {
    let is_of_url = matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(name)) if name.contains("URL"));
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(said)) = error.get(kind) {
            let hidden = shown(said);
            let is_value = kind == ContextKind::InvalidValue;
            let hidden = if is_value && is_of_url { shown_url(&hidden) } else { hidden };
            error.insert(kind, ContextValue::String(hidden));
        }
    }
}

/// Runs a command to its end. Errors: [`CliError`].
pub(crate) fn run(cli: Cli) -> Result<Answer, CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::Market(command) => block_on(command.run(global)),
        Command::Credit(command) => block_on(command.run(global)),
        Command::Provider(command) => block_on(command.run(global)),
        Command::Pool(command) => block_on(command.run(global)),
        Command::Reports(command) => block_on(command.run(global)),
        Command::Audit(command) => block_on(command.run(global)),
        Command::Quote(args) => simulate::quote(args),
        Command::Simulate(args) => simulate::simulate(args),
        Command::Keys(command) => command.run(),
        Command::Config(args) => args.run(global),
        Command::Schema(args) => args.run(),
        Command::Completions(args) => Ok(args.run()),
        Command::Man(args) => args.run(),
    }
}

fn block_on<T>(command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| CliError::Failed(format!("cannot start: {error}; try again")))?.block_on(command)
}
