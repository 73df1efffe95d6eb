//! `blockable credit notice`: notice of default for a breach.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
    },
    blockable_sdk::{
        Pubkey,
        instructions::{credit_give_notice, credit_withdraw_notice},
        program::{instructions::Notice, transitions::Status},
    },
    blockable_service::{command::values::address, hex, text},
    clap::Args,
    sha2::{Digest, Sha256},
    std::{fs, path::PathBuf},
};

/// Gives notice of default for a breach of the agreement, or withdraws it
///
/// The lender signs. The cure period begins at once; payments of arrears do not cure a notice.
#[derive(Args, Debug)]
pub(crate) struct NoticeArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The document that states the breach; its SHA-256 hash is recorded
    #[arg(long, value_name = "FILE", required_unless_present = "withdraw")]
    document: Option<PathBuf>,
    /// Withdraws the notice that is in force
    #[arg(long, conflicts_with = "document")]
    withdraw: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Gives or withdraws a notice. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &NoticeArgs) -> Result<Answer, CliError> {
    let document = args.document.as_ref().map(hash_of).transpose()?;
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let is_given = credit.account.notice_given == 1;
    if is_given != args.withdraw {
        let says = if is_given { "a notice is in force" } else { "no notice is in force" };
        return Ok(on.nothing(says));
    }
    let role = Role::lender(&credit.account);
    let parties = on.parties(credit.account.lender)?;
    let (address, signer) = (credit.address, &parties.signer);
    let act = match document {
        None => {
            let withdraw =
                credit_withdraw_notice(&market.address, signer, &address, credit.account.defaulted_at);
            let undone = "units that only the notice allowed to freeze thaw at once";
            Act::new(
                "withdraw the notice of default".to_string(),
                role,
                vec![withdraw],
                undone,
                "withdrawn".to_string(),
            )
        }
        Some(document) => {
            let notice = Notice {
                document,
                offer_slot: credit.account.offer_slot,
                least_status: least_status(credit)?,
            };
            let cure = text::span(credit.account.terms.cure_period.into());
            let give = credit_give_notice(&market.address, signer, &address, notice);
            let undone = "--withdraw ends it; a seizure after the cure period ends the right to cure";
            Act::new(
                "give notice of default for a breach".to_string(),
                role,
                vec![give],
                undone,
                format!("notice given; the borrower has {cure} to pay all"),
            )
            .with_facts([("document", hex::encode(document)), ("cure period", cure)])
        }
    };
    on.carry_out(&parties, act).await
}

/// The best status that the notice is meant for: one of a loan that is cured meanwhile is refused. Errors: [`CliError::Refused`].
fn least_status(credit: &CreditView) -> Result<Status, CliError> {
    if credit.account.rider.breach_notice != 1 {
        return Err(CliError::Refused(format!(
            "the terms of {} do not provide for a notice of default; the marks of delinquency and default are what is left",
            credit.address
        )));
    }
    match credit.status()? {
        Status::Active => Ok(Status::Active),
        Status::Delinquent => Ok(Status::Delinquent),
        _ => Err(CliError::Refused(format!(
            "{} is {}; notice can be given on an active or delinquent loan",
            credit.address,
            credit.status_name()
        ))),
    }
}

fn hash_of(path: &PathBuf) -> Result<[u8; 32], CliError> {
    let read = fs::read(path);
    let bytes = read.map_err(|error| {
        CliError::NotFound(format!("{} cannot be read: {error}; name the document", path.display()))
    })?;
    Ok(Sha256::digest(bytes).into())
}
