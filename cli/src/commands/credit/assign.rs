//! `blockable credit assign`, `accept-assignment` and `freeze-authority`: the lender's place and the right to freeze.

use {
    super::served_by::{own_provider, provider_facts, served_by},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        output::Answer,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        instructions::{
            credit_accept_lender, credit_offer_lender, credit_set_freeze_authority, vault_collect,
        },
        program::{instructions::PurchaseLimits, state::Party},
        tokens::create_associated,
    },
    blockable_service::{command::values::address, terms::terms_lines, text},
    clap::Args,
};

/// Offers the loan to another lender, or withdraws the offer
///
/// The lender signs. The other takes it by `accept-assignment`; what has been paid by then stays the old lender's.
#[derive(Args, Debug)]
pub(crate) struct AssignArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The key to offer it to
    #[arg(value_name = "ADDRESS", value_parser = address, required_unless_present = "withdraw")]
    to: Option<Pubkey>,
    /// Withdraws the offer
    #[arg(long, conflicts_with = "to")]
    withdraw: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Takes a loan over that is offered to you, no worse than it is shown
///
/// The key that it is offered to signs, and becomes the freeze authority as well. The price is between you and the old lender.
#[derive(Args, Debug)]
pub(crate) struct AcceptAssignmentArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// Names the key that may freeze and thaw besides the lender
///
/// The lender signs. It may do nothing else: a key of a bot or of a desk on call.
#[derive(Args, Debug)]
pub(crate) struct FreezeAuthorityArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The new freeze authority
    #[arg(value_name = "ADDRESS", value_parser = address)]
    to: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// Offers the loan, or withdraws the offer. Errors: [`CliError`].
pub(super) async fn assign(global: &GlobalArgs, args: &AssignArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let (account, to) = (&credit.account, args.to.unwrap_or_default());
    let pending = account.pending_lender;
    if to == pending || to == account.lender {
        let says = match (to == pending, args.withdraw) {
            (true, true) => "the loan is offered to nobody".to_string(),
            (true, false) => format!("the loan is offered to {to}"),
            (false, _) => format!("the lender is {to}"),
        };
        return Ok(on.nothing(&says));
    }
    if to == account.borrower {
        return Err(CliError::Refused(format!(
            "{to} is the borrower, and nobody lends to itself; name another key"
        )));
    }
    if market.clock.is_halted && !args.withdraw {
        return Err(CliError::Refused(
            "the market is halted and takes no assignments; `blockable market show` has its end".to_string(),
        ));
    }
    let parties = on.parties(account.lender)?;
    let (title, done) = match args.withdraw {
        true => (format!("withdraw the offer of the loan to {pending}"), "withdrawn".to_string()),
        false => (
            format!("offer the loan to {to}"),
            format!("offered; {to} takes it by `blockable credit accept-assignment`"),
        ),
    };
    let instruction =
        credit_offer_lender(&market.address, &parties.signer, &credit.address, account.offer_slot, to);
    let undone = "nothing until it is taken: --withdraw and any act of yours on the loan end the offer";
    let act = Act::new(title, Role::lender(&credit.account), vec![instruction], undone, done);
    on.carry_out(&parties, act).await
}

/// Takes the loan over. Errors: [`CliError`].
pub(super) async fn accept(global: &GlobalArgs, args: &AcceptAssignmentArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    let pending = account.pending_lender;
    if pending == Pubkey::default() {
        // The key says whether the place is taken already.
        let parties = on.parties(pending)?;
        if parties.signer == account.lender {
            let says = format!("the lender is {}", account.lender);
            return Ok(on.nothing(&says));
        }
        return Err(CliError::Refused(format!(
            "{} is offered to nobody; its lender {} offers it by `blockable credit assign`",
            credit.address, account.lender
        )));
    }
    let provider = served_by(&on).await?;
    let parties = on.parties(pending)?;
    let limits = PurchaseLimits::from_credit(account).map_err(|_| CliError::OutOfRange(credit.address))?;
    let keys = market.keys();
    let sellers = keys.token_account(&account.lender);
    // What is paid until this lands is the seller's, and goes to its own account first.
    let instructions = vec![
        create_associated(&parties.payer, &account.lender, &keys.mint, &keys.token_program),
        vault_collect(&keys, &parties.signer, &credit.address, &sellers, Party::Lender, 0),
        credit_accept_lender(&market.address, &parties.signer, &credit.address, limits),
    ];
    let facts = [
        ("debt", format!("at least {}", text::usd_owed(MicroUsd(limits.least_debt)))),
        ("lien", format!("at least {}", text::units(Units(limits.least_lien)))),
        (
            "frozen, locked",
            format!(
                "at most {} and {}",
                text::units(Units(limits.most_frozen)),
                text::units(Units(limits.most_locked))
            ),
        ),
        ("interest", format!("at least {} a year", text::percent(Bps(limits.least_apr_bps.into())))),
        ("held back", format!("at least {}", text::usd_received(MicroUsd(limits.least_holdback)))),
        (
            "collects first",
            format!("{} for {}", text::usd_received(MicroUsd(account.claims.lender)), account.lender),
        ),
    ];
    let role = Role::new("the key that it is offered to", vec![pending]);
    let undone = "the place: only you can assign the loan again";
    let act = Act::new(
        format!("take the loan over from {}", account.lender),
        role,
        instructions,
        undone,
        format!("the lender is {pending}"),
    );
    // The offer that the loan began with has no end any more.
    let terms = terms_lines(account, on.session.now).into_iter().filter(|(name, _)| *name != "offer ends");
    let act = act
        .with_facts(facts)
        .with_facts(provider_facts(&provider, market))
        .with_facts(terms)
        .with_warning(own_provider(&provider, account, market));
    on.carry_out(&parties, act).await
}

/// Names the freeze authority. Errors: [`CliError`].
pub(super) async fn freeze_authority(
    global: &GlobalArgs,
    args: &FreezeAuthorityArgs,
) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    if credit.account.freeze_authority == args.to {
        let says = format!("the freeze authority is {}", args.to);
        return Ok(on.nothing(&says));
    }
    let parties = on.parties(credit.account.lender)?;
    let instruction = credit_set_freeze_authority(
        &market.address,
        &parties.signer,
        &credit.address,
        credit.account.offer_slot,
        args.to,
    );
    let act = Act::new(
        format!("name {} as the freeze authority", args.to),
        Role::lender(&credit.account),
        vec![instruction],
        "nothing: another can be named at any time; freezes and thaws of the old one stay",
        format!("the freeze authority is {}", args.to),
    );
    on.carry_out(&parties, act).await
}
