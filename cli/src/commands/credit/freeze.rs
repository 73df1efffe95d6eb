//! `blockable credit freeze`.

use {
    super::{
        filter::condition,
        freeze_amount::{FreezeAmountArgs, PlannedFreeze, Reason},
        gates::{GateArg, Gates, gate},
        not_frozen::NotFrozen,
    },
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out_at_once, nothing},
        change::{After, Change, Effect, EffectLine, Line, MarketHead, Role},
        error::CliError,
        lookup::{CreditView, credit as one, credits, find},
        output::{Answer, note},
        packing::{MOST, pack},
        parties::Parties,
        session::{MarketView, Session},
        views::{credit_json, health},
    },
    blockable_sdk::{
        Pubkey,
        accounts::CreditFilter,
        amounts::{Lamports, Units},
        events::Event,
        instructions::{credit_freeze, credit_freeze_for_cross_default},
        names::freeze_reason_name,
    },
    blockable_service::{command::values::address, text},
    clap::{ArgGroup, Args},
    serde_json::Value,
};

/// Freezes collateral at once: no new job may draw on it, running jobs finish
///
/// The lender or the freeze authority signs. A freeze states the total that is frozen, so that the same freeze twice changes
/// nothing. It needs neither the provider nor a keeper; of several nodes one suffices. A credit of several that may not be frozen, or that
/// the signer may not freeze, holds up none of the others: it is named with the reason.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("loans").args(["credits", "conditions"]).required(true).multiple(true)))]
pub(crate) struct FreezeArgs {
    /// The credits' accounts
    #[arg(value_name = "CREDIT", value_parser = address, conflicts_with = "conditions")]
    credits: Vec<Pubkey>,
    /// Freezes every live loan for which this holds, such as borrower=ADDRESS; all of several must hold
    #[arg(short = 'w', long = "where", value_name = "NAME=VALUE", value_parser = condition)]
    conditions: Vec<CreditFilter>,
    #[command(flatten)]
    amount: FreezeAmountArgs,
    /// Reason that is recorded [default: default or missed-payment where the loan is in it, else risk]
    #[arg(long, value_name = "REASON", value_enum)]
    reason: Option<Reason>,
    /// Loan in default that a freeze for cross-default rests on [default: one of the same lender and borrower]
    #[arg(long, value_name = "CREDIT", value_parser = address)]
    other: Option<Pubkey>,
    /// The provider's server, which obeys the freeze before it lands; one PROVIDER=URL each for loans of several providers [default: the
    /// setting gate]
    #[arg(long = "gate", value_name = "[PROVIDER=]URL", value_parser = gate)]
    gates: Vec<GateArg>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Freezes the credits. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &FreezeArgs) -> Result<Answer, CliError> {
    if args.other.is_some() && args.reason != Some(Reason::CrossDefault) {
        return Err(CliError::Usage(
            "--other goes with --reason cross-default alone; add it, or leave --other out".to_string(),
        ));
    }
    if !args.gates.is_empty() && args.sign.propose.is_some() {
        return Err(CliError::Usage(
            "--gate and --propose exclude each other: the server obeys a signed freeze, and a proposal is none; it hears of the freeze \
             by the chain once the members have executed it"
                .to_string(),
        ));
    }
    let session = Session::open(global, Some(&args.sign), None).await?;
    let (found, market) = chosen(&session, args).await?;
    // Before a proposal is executed there is no signed freeze that a server could obey.
    let gate = session.settings.gate.as_ref().filter(|_| args.sign.propose.is_none());
    let gates = Gates::new(&args.gates, gate.map(|setting| setting.value.as_str()), &found)?;
    let (planned, mut not_frozen) = plan(&session, args, &market, found).await?;
    let (frozen, planned): (Vec<_>, Vec<_>) = planned.into_iter().partition(|(_, plan)| plan.is_done());
    for (credit, plan) in &frozen {
        let already = match plan.target.is_zero() {
            true => "nothing that can be frozen".to_string(),
            false => format!("{} frozen already", text::units(plan.before)),
        };
        note(&format!("{} has {already}", credit.address));
    }
    let Some((first, _)) = planned.first() else {
        return nothing_left(&session, &market, &frozen, &not_frozen);
    };
    let parties = Parties::load(&session, &args.sign, first.account.lender)?;
    let planned = of_signer(planned, &parties.signer, &mut not_frozen);
    let change = change(&market, &planned, &parties, &gates)?;
    let count = planned.len();
    let done = |_: &Effect, _: &[Event]| match count {
        1 => "frozen; new jobs on these units are refused from now on".to_string(),
        count => format!("{count} credits are frozen; new jobs on these units are refused from now on"),
    };
    not_frozen.warn();
    let answer = carry_out_at_once(&session, &args.sign, &parties, &change, done).await?;
    Ok(not_frozen.add_to(answer))
}

/// Plans the freeze of every credit that may be frozen; one that may not is left out and holds up none of the others. Errors:
/// [`CliError`] of what is no rule on one credit alone.
async fn plan(
    session: &Session,
    args: &FreezeArgs,
    market: &MarketView,
    found: Vec<CreditView>,
) -> Result<(Vec<(CreditView, PlannedFreeze)>, NotFrozen), CliError> {
    let (mut planned, mut not_frozen) = (Vec::new(), NotFrozen::default());
    for credit in found {
        let other = match args.reason {
            Some(Reason::CrossDefault) => defaulted_beside(session, &credit, args.other.as_ref()).await?,
            _ => None,
        };
        match PlannedFreeze::new(&credit, market, args.amount.amount(), args.reason, other.as_ref()) {
            Ok(plan) => planned.push((credit, plan)),
            Err(CliError::Refused(reason)) => not_frozen.add(&credit, reason),
            Err(error) => return Err(error),
        }
    }
    Ok((planned, not_frozen))
}

/// The freezes that a key may sign; the others are left out. Where it may sign none, all are left: the refusal names the keys that may.
fn of_signer(
    planned: Vec<(CreditView, PlannedFreeze)>,
    signer: &Pubkey,
    not_frozen: &mut NotFrozen,
) -> Vec<(CreditView, PlannedFreeze)> {
    let may = |credit: &CreditView| Role::freezers([&credit.account]).admits(signer);
    if !planned.iter().any(|(credit, _)| may(credit)) {
        return planned;
    }
    let (own, others): (Vec<_>, Vec<_>) = planned.into_iter().partition(|(credit, _)| may(credit));
    for (credit, _) in &others {
        let needed = Role::freezers([&credit.account]).needed();
        not_frozen.add(credit, format!("{} is not frozen: {needed}, and {signer} signs", credit.address));
    }
    own
}

/// The answer where no freeze is left to make. Errors: [`CliError::Refused`] where none of the credits is frozen and none may be.
fn nothing_left(
    session: &Session,
    market: &MarketView,
    frozen: &[(CreditView, PlannedFreeze)],
    not_frozen: &NotFrozen,
) -> Result<Answer, CliError> {
    if frozen.is_empty() {
        return Err(not_frozen.refused());
    }
    not_frozen.warn();
    let states = frozen.iter().map(|(credit, _)| credit_json(credit, market)).collect();
    Ok(not_frozen.add_to(nothing(session, market, "as much is frozen already", Value::Array(states))))
}

/// The reason of a freeze in words.
fn reason_text(reason: Reason) -> String {
    freeze_reason_name(reason.program()).replace('_', " ")
}

/// The credits that are named, or the live loans that pass the conditions.
async fn chosen(session: &Session, args: &FreezeArgs) -> Result<(Vec<CreditView>, MarketView), CliError> {
    if args.conditions.is_empty() {
        return credits(session, &args.credits).await;
    }
    let (found, markets) = find(session, &args.conditions).await?;
    let mut live = Vec::new();
    for credit in found {
        if credit.status()?.is_secured() {
            live.push(credit);
        }
    }
    let mut markets = markets
        .into_values()
        .filter(|market| live.iter().any(|credit| credit.account.market == market.address));
    match (markets.next(), markets.next()) {
        (Some(market), None) => Ok((live, market)),
        (None, _) => Err(CliError::NotFound(
            "no live loan fulfils the conditions; `blockable credit list` takes the same ones".to_string(),
        )),
        (Some(_), Some(_)) => {
            Err(CliError::Usage("the loans are of several markets; add --market ADDRESS".to_string()))
        }
    }
}

/// The loan that a freeze of `credit` for cross-default rests on: the one that is named, else one of the same lender and borrower that
/// is in default; `None` where there is none. Errors: as [`one`], [`CliError::Usage`] for the credit itself.
async fn defaulted_beside(
    session: &Session,
    credit: &CreditView,
    named: Option<&Pubkey>,
) -> Result<Option<CreditView>, CliError> {
    if let Some(named) = named {
        if *named == credit.address {
            return Err(CliError::Usage(format!("--other {named} is the credit itself; name another loan")));
        }
        return Ok(Some(one(session, named).await?.0));
    }
    let parties =
        [CreditFilter::Lender(credit.account.lender), CreditFilter::Borrower(credit.account.borrower)];
    let mut loans = session.client.credits(&parties).await?;
    // The one that it rests on already comes first, then in the order of their addresses.
    loans.sort_by_key(|(address, _)| (*address != credit.account.cross_credit, *address));
    let found = loans
        .into_iter()
        .find(|(address, other)| *address != credit.address && credit.account.is_cross_default(other));
    Ok(found.map(|(address, account)| CreditView { address, account }))
}

/// The change: one freeze per credit, in as few transactions as fit.
fn change<'a>(
    market: &'a MarketView,
    planned: &'a [(CreditView, PlannedFreeze)],
    parties: &Parties,
    gates: &'a Gates,
) -> Result<Change<'a>, CliError> {
    let (signer, is_one) = (&parties.signer, planned.len() == 1);
    let mut facts: Vec<Line> = Vec::new();
    let (mut handed, mut others) = (Vec::new(), Vec::new());
    for (credit, plan) in planned {
        let name = |name: &str| if is_one { name.to_string() } else { format!("{name} {}", credit.address) };
        facts.push(("credit".to_string(), format!("{} ({})", credit.address, health(credit))));
        facts.push((name("borrower"), credit.account.borrower.to_string()));
        facts.push((name("reason"), format!("{}: {}", reason_text(plan.reason), plan.reason.undone_by())));
        facts.extend(plan.arithmetic.iter().map(|words| (name("shortfall"), words.clone())));
        facts.extend(plan.other.iter().map(|other| (name("rests on"), other.to_string())));
        let freeze = match &plan.other {
            Some(other) => {
                credit_freeze_for_cross_default(&market.address, signer, &credit.address, other, plan.amount)
            }
            None => {
                credit_freeze(&market.address, signer, &credit.address, plan.amount, plan.reason.program())
            }
        };
        let parts = if gates.url(&credit.address).is_some() { &mut handed } else { &mut others };
        parts.push((freeze, credit.address));
    }
    let title = match planned {
        [(credit, plan)] => format!("freeze {} of {}", text::units(plan.target), credit.address),
        planned => format!("freeze {} credits", planned.len()),
    };
    facts.extend(gates.facts(planned.iter().map(|(credit, _)| &credit.address)));
    // A server takes one freeze a transaction.
    let mut steps = pack(handed, &parties.payer, 1)?;
    steps.extend(pack(others, &parties.payer, MOST)?);
    Ok(Change {
        title,
        market: MarketHead::from(market),
        role: Role::freezers(planned.iter().map(|(credit, _)| &credit.account)),
        facts,
        steps,
        effect: Box::new(move |after| effect(market, planned, after)),
        irreversible: "nothing: a thaw opens the units again; work that the borrower could not run meanwhile is not made up for".to_string(),
        rent: Lamports::ZERO,
        created: Vec::new(),
        gate: gates.send_to_gate(|credit| {
            planned.iter().find(|(planned, _)| planned.address == *credit).map(|(_, plan)| plan.target)
        })?,
    })
}

fn effect(
    market: &MarketView,
    planned: &[(CreditView, PlannedFreeze)],
    after: &After,
) -> Result<Effect, CliError> {
    let (mut lines, mut states) = (Vec::new(), Vec::new());
    for (credit, _) in planned {
        let (before, frozen) = credit.compared_with(after.require(&credit.address)?, market)?;
        let units = |count: u64| text::units(Units(count));
        let (before, now) = (&before.account.collateral, &frozen.account.collateral);
        let name = |name: &str| match planned.len() {
            1 => name.to_string(),
            _ => format!("{name} {}", credit.address),
        };
        lines.extend(EffectLine::changed(name("frozen"), units(before.frozen()), units(now.frozen())));
        lines.extend(EffectLine::changed(
            name("open to jobs"),
            units(before.available()),
            units(now.available()),
        ));
        states.push(credit_json(&frozen, market));
    }
    Ok(Effect { lines, state: Value::Array(states) })
}
