//! `blockable`: the command line of lenders, borrowers, buyers and the admin of a market.
//!
//! # How to add a command
//!
//! 1. Make `commands/NOUN/VERB.rs` with a `VerbArgs` (clap `Args`; its first doc line is the help) and
//!    `run(global, args) -> Result<Answer, CliError>`; add it to the noun's enum and match in `commands/NOUN/mod.rs`. No field may
//!    have the name of a global argument ([`args::GlobalArgs`]): clap takes both for one.
//! 2. A command that signs for one credit or for the market begins with `OnCredit::open` or `OnMarket::open` of `commands/act.rs`:
//!    session, accounts with their debt accrued, keys. Others begin with `Session::open` and find accounts by [`lookup`].
//! 3. Refuse by `CliError::{Usage, Refused, NotFound}` with the numbers involved: what failed, why, what to do. Return
//!    `on.nothing(says)` where the wish is fulfilled: a second run changes nothing.
//! 4. `on.parties(USUAL_SIGNER)?`, then fill an `Act`: title, role, instructions of the SDK with bounds from what is read, the part
//!    that cannot be undone, what holds afterwards, facts, rent, created.
//! 5. End with `on.carry_out(&parties, act)`: it simulates, reviews, asks, sends, and reads again, by [`carry_out::carry_out`], which
//!    takes a [`change::Change`] of several transactions too. Nothing else sends.
//! 6. Parse amounts and times by `blockable_service::command::values`; show money, units and times by `blockable_service::text`,
//!    and accounts by [`views`].
//! 7. Describe its `data` in `cli/schemas`, in the file of its noun: a change of a credit is a `ChangeOfCredit`.
//! 8. Test it in `cli/tests/cli`: the golden help takes it in by itself; add what it does on the sandbox, and wrong inputs.

mod args;
mod carry_out;
mod change;
mod commands;
mod error;
mod gate;
mod kind;
mod ledger;
mod lookup;
mod near;
mod output;
mod packing;
mod parties;
mod session;
mod settings;
mod signer;
mod table;
mod views;

use {
    blockable_service::command::answered,
    clap::Parser,
    commands::Cli,
    std::{ffi::OsString, process::ExitCode},
};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let error =
                commands::without_secrets(commands::nearest_first(commands::without_value_hint(error)));
            let format = commands::format_of_line(&arguments);
            return output::print_usage(format, &error, commands::missing(&arguments)).into();
        }
    };
    let format = commands::format(&cli, &arguments);
    let fields = cli.global.json.clone();
    let result = commands::run(cli);
    let exit = output::print(format, &fields, result);
    answered();
    exit.into()
}
