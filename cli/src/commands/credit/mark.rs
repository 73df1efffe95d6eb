//! `blockable credit mark`: a missed payment is recorded, where no keeper does it.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::MicroUsd,
        errors::refusal,
        instructions::{credit_mark_defaulted, credit_mark_delinquent},
        program::{errors::BlockableError, transitions::Status},
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Marks a loan delinquent or defaulted, once an instalment has been unpaid for the grace of its terms
///
/// Anyone may sign. A keeper does it by itself; where none runs, this allows the freeze and begins the cure period. Both marks are
/// made at once where both graces are over.
#[derive(Args, Debug)]
pub(crate) struct MarkArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// The marks that are due on a credit.
struct Marks {
    instructions: Vec<Instruction>,
    /// The status after them.
    status: Status,
}

/// Makes the marks that are due. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &MarkArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    if matches!(credit.status()?, Status::Defaulted | Status::Seizing) {
        let says = format!("{} is {} already", credit.address, credit.status_name());
        return Ok(on.nothing(&says));
    }
    let marks = due(credit, market)?;
    let parties = on.parties(account.lender)?;
    let (word, done) = match marks.status {
        Status::Defaulted => ("defaulted", "marked defaulted; the cure period runs from now on"),
        _ => ("delinquent", "marked delinquent"),
    };
    let act = Act::new(
        format!("mark {} {word}", credit.address),
        Role::anyone("anyone", account.lender),
        marks.instructions,
        "late fees that a mark charges; the borrower ends the rest by paying the arrears",
        done.to_string(),
    )
    .with_facts([("arrears", text::usd_owed(MicroUsd(account.arrears())))]);
    on.carry_out(&parties, act).await
}

/// The marks that the program would make now, found on a copy. Errors: [`CliError::Refused`] where none is due.
fn due(credit: &CreditView, market: &MarketView) -> Result<Marks, CliError> {
    let (mut copy, mut status) = (credit.account, credit.status()?);
    let mut instructions = Vec::new();
    let mut first = None;
    if status == Status::Active {
        match copy.mark_delinquent(&market.clock) {
            Ok(_) => {
                instructions.push(credit_mark_delinquent(&market.address, &credit.address));
                status = Status::Delinquent;
            }
            Err(error) => {
                copy = credit.account;
                first = refusal(&error);
            }
        }
    }
    match copy.mark_defaulted(&market.clock) {
        Ok(_) => {
            instructions.push(credit_mark_defaulted(&market.address, &credit.address));
            status = Status::Defaulted;
        }
        Err(error) if instructions.is_empty() => {
            return Err(refused(credit, market, first.or_else(|| refusal(&error))));
        }
        Err(_) => {}
    }
    Ok(Marks { instructions, status })
}

/// The refusal of a mark, with the time from which on it is due.
fn refused(credit: &CreditView, market: &MarketView, error: Option<BlockableError>) -> CliError {
    let (account, address) = (&credit.account, credit.address);
    let since = account.debt.arrears_since;
    let early = |mark: &str, grace: u32| {
        format!(
            "an instalment of {address} is unpaid since {}, and the mark of {mark} is due {} later, at {}; run this again then",
            text::time(market.chain_time_of(since)),
            text::span(grace.into()),
            text::time(market.chain_time_of(since.saturating_add(grace.into())))
        )
    };
    let arrears = text::usd_owed(MicroUsd(account.arrears()));
    CliError::Refused(match error {
        Some(BlockableError::NotInArrears) => format!(
            "nothing of {address} is in arrears, so there is nothing to mark; `blockable credit schedule {address}` has the due dates"
        ),
        Some(BlockableError::ReserveCovers) => format!(
            "the reserve of {address} pays its arrears of {arrears}; `blockable credit reserve {address} --draw` pays them, and no mark is due"
        ),
        Some(BlockableError::DelinquencyGraceRunning) => {
            early("delinquency", account.terms.delinquency_grace)
        }
        Some(BlockableError::DefaultGraceRunning) => early("default", account.terms.default_grace),
        Some(BlockableError::WrongStatus) => {
            format!("{address} is {}; only a live loan can be marked", credit.status_name())
        }
        Some(error) => format!("{address} cannot be marked ({error:?}): {error}"),
        None => return CliError::OutOfRange(address),
    })
}
