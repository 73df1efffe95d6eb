//! `blockable credit restructure`.

use {
    super::agreement::{ConditionArgs, PlannedSchedule, ScheduleArgs, UsualDates, require_taken},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::MarketView,
        settings::KeySource,
    },
    blockable_economics::preset::Agreement,
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MicroUsd, Units},
        errors::refusal,
        instructions::{credit_restructure, with_provider},
        program::{
            errors::BlockableError,
            instructions::RestructureLimits,
            state::{Credit, Instalment, MAX_PRINCIPAL, TermBounds, Terms},
        },
        terms::instalments,
    },
    blockable_service::{command::values::address, terms::terms_lines, text},
    clap::Args,
};

/// Seconds within which the same restructuring again is taken for the first one.
const REPEATED_WITHIN: i64 = 3_600;

/// Puts a new schedule, counted from now, and new conditions in the place of the old ones
///
/// Lender and borrower sign together, and the provider too where what is held back would wait for longer. Units, their price and the
/// lock stay. Interest and fees that are unpaid fall due with the first new instalment, and nothing is in arrears any more.
#[derive(Args, Debug)]
pub(crate) struct RestructureArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    schedule: ScheduleArgs,
    #[command(flatten)]
    conditions: ConditionArgs,
    /// The borrower's key
    #[arg(long, value_name = "KEY", help_heading = "Signing")]
    borrower_keypair: Option<KeySource>,
    /// The key of the provider's authority, where what is held back would wait for longer
    #[arg(long, value_name = "KEY", help_heading = "Signing")]
    provider_keypair: Option<KeySource>,
    #[command(flatten)]
    sign: SignArgs,
}

/// A restructuring as it is to be signed.
struct Draft {
    terms: Terms,
    planned: PlannedSchedule,
    limits: RestructureLimits,
    /// The loan afterwards.
    after: Credit,
    /// True where the provider must agree.
    needs_provider: bool,
}

/// Restructures the loan. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &RestructureArgs) -> Result<Answer, CliError> {
    if !args.schedule.is_named() {
        return Err(CliError::Usage(
            "a restructuring counts a new schedule from now; name --instalments and --every, or --schedule-file".to_string(),
        ));
    }
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    let draft = draft(args, credit, market)?;
    let since = market.clock.market.saturating_sub(account.restructured_at);
    let is_repeated = account.terms == draft.terms && instalments(account) == draft.planned.schedule;
    if is_repeated && account.restructured_at != 0 && since < REPEATED_WITHIN {
        let says = format!("{} was restructured so {} ago", credit.address, text::span(since));
        return Ok(on.nothing(&says));
    }
    let mut parties = on.parties(account.lender)?;
    parties =
        parties.with_cosigner("--borrower-keypair", args.borrower_keypair.as_ref(), account.borrower)?;
    let mut instruction = credit_restructure(
        &market.address,
        &parties.signer,
        &account.borrower,
        &credit.address,
        draft.terms,
        &draft.planned.schedule,
        draft.limits,
    );
    if draft.needs_provider {
        let authority = on.session.client.provider(&account.provider).await?.authority;
        parties = parties.with_cosigner("--provider-keypair", args.provider_keypair.as_ref(), authority)?;
        instruction = with_provider(instruction, &account.provider, &authority);
    }
    let act = Act::new(
        format!("restructure {} of principal", text::usd_owed(MicroUsd(account.debt.principal))),
        Role::lender(account),
        vec![instruction],
        "the old schedule and its marks: only both parties together can change the new one",
        "restructured; the new schedule counts from now".to_string(),
    )
    .with_facts(facts(&draft, market));
    on.carry_out(&parties, act).await
}

/// Makes the new terms and tries them on a copy of the loan, by the program's own functions. Errors: [`CliError::Usage`],
/// [`CliError::Refused`] with the numbers.
fn draft(args: &RestructureArgs, credit: &CreditView, market: &MarketView) -> Result<Draft, CliError> {
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let mut terms = credit.account.terms;
    args.conditions.apply(&mut terms)?;
    // Interest that is added to the principal until this lands is in the new schedule.
    let mut later = credit.account;
    later
        .accrue(market.clock.market.saturating_add(args.sign.made_within()))
        .map_err(|_| CliError::OutOfRange(credit.address))?;
    let principal = MicroUsd(later.debt.principal);
    let usual =
        UsualDates::left_of(&instalments(&credit.account), credit.account.debt.instalments_billed.into());
    let now = ChainTime(market.clock.chain);
    let planned = args.schedule.plan(principal, Bps(terms.apr_bps.into()), &usual, now)?;
    let limits = RestructureLimits::from_credit(&later).map_err(out_of_range)?;
    let bounds = TermBounds { min_principal: 0, max_principal: MAX_PRINCIPAL, ..market.account.bounds };
    let try_out = |provider_signed: bool| {
        let mut after = credit.account;
        let schedule = planned.schedule.clone();
        after.restructure(terms, schedule, &limits, &bounds, provider_signed, &market.clock).map(|_| after)
    };
    let (after, needs_provider) = match try_out(false) {
        Err(error) if refusal(&error) == Some(BlockableError::HoldbackOutlasts) => (try_out(true), true),
        tried => (tried, false),
    };
    let after =
        after.map_err(|error| refused(refusal(&error), credit, &terms, &planned.schedule, &bounds))?;
    Ok(Draft { terms, planned, limits, after, needs_provider })
}

/// The refusal of a restructuring, with the numbers.
fn refused(
    error: Option<BlockableError>,
    credit: &CreditView,
    terms: &Terms,
    schedule: &[Instalment],
    bounds: &TermBounds,
) -> CliError {
    let (address, account) = (credit.address, &credit.account);
    let Some(error) = error else { return CliError::OutOfRange(address) };
    let sum = schedule.iter().fold(0_u64, |sum, part| sum.saturating_add(part.principal));
    let agreement = Agreement { terms: *terms, rider: account.rider, schedule: schedule.to_vec() };
    match error {
        BlockableError::WrongStatus => CliError::Refused(format!(
            "{address} is {}; only a live loan of which nothing has been seized is restructured",
            credit.status_name()
        )),
        BlockableError::MarketPaused => {
            CliError::Refused("the market is paused; `blockable market show` has the end of that".to_string())
        }
        BlockableError::UnitLifetimeTooShort if account.units_expire_at != 0 => CliError::Refused(format!(
            "the units of {address} expire before the last instalment could be recovered from them; end the schedule earlier"
        )),
        error => match require_taken(&agreement, sum, bounds) {
            Err(refused) => refused,
            Ok(()) => CliError::Refused(format!("{address} cannot be restructured so ({error:?}): {error}")),
        },
    }
}

fn facts(draft: &Draft, market: &MarketView) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "signs for",
        format!(
            "a debt of at most {}, a lien of at least {}",
            text::usd_owed(MicroUsd(draft.limits.most_debt)),
            text::units(Units(draft.limits.least_lien))
        ),
    )];
    // The principal of the grant, its units and the end of the offer stay as they are.
    let kept = ["principal", "units", "rate bound", "unit lifetime", "offer ends"];
    let lines = terms_lines(&draft.after, ChainTime(market.clock.chain));
    facts.extend(lines.into_iter().filter(|(name, _)| !kept.contains(name)));
    facts.push(("due dates", draft.planned.text()));
    if draft.needs_provider {
        facts.push(("provider", "agrees that what is held back waits for longer".to_string()));
    }
    facts
}
