//! `blockable credit freeze`.

use {
    super::{
        filter::condition,
        freeze_amount::{FreezeAmountArgs, PlannedFreeze, Reason},
        freeze_change::change,
        freeze_loans::loans,
        freeze_rest::Reviewed,
        gates::{GateArg, Gates, gate},
        not_frozen::NotFrozen,
    },
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out_at_once, nothing},
        change::{Effect, Role},
        error::CliError,
        lookup::{CreditView, credit as one},
        output::{Answer, note},
        parties::Parties,
        session::{MarketView, Session},
        views::credit_json,
    },
    blockable_sdk::{Pubkey, accounts::CreditFilter, events::Event},
    blockable_service::{
        command::{CarryError, values::address},
        text,
    },
    clap::{ArgGroup, Args},
    serde_json::Value,
    std::collections::BTreeSet,
};

/// Freezes collateral at once: no new job may draw on it, running jobs finish
///
/// The lender or the freeze authority signs. A freeze states the total that is frozen, so that the same freeze twice changes
/// nothing. It needs neither the provider nor a keeper; of several nodes one suffices. A credit of several that may not be frozen, or that
/// the signer may not freeze, holds up none of the others, also where it has become so since the review: it is named with the reason, and the
/// exit code is 8.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("loans").args(["credits", "conditions"]).required(true).multiple(true)))]
pub(crate) struct FreezeArgs {
    /// The credits' accounts
    #[arg(value_name = "CREDIT", value_parser = address, conflicts_with = "conditions")]
    pub(super) credits: Vec<Pubkey>,
    /// Freezes every live loan for which this holds, such as borrower=ADDRESS; all of several must hold
    #[arg(short = 'w', long = "where", value_name = "NAME=VALUE", value_parser = condition)]
    pub(super) conditions: Vec<CreditFilter>,
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
    let mut not_frozen = NotFrozen::default();
    let (found, market) = loans(&session, args, &mut not_frozen).await?;
    // Before a proposal is executed there is no signed freeze that a server could obey.
    let gate = session.settings.gate.as_ref().filter(|_| args.sign.propose.is_none());
    let gates = Gates::new(&args.gates, gate.map(|setting| setting.value.as_str()), &found)?;
    let planned = plan(&session, args, &market, found, &mut not_frozen).await?;
    let (frozen, planned): (Vec<_>, Vec<_>) = planned.into_iter().partition(|(_, plan)| plan.is_done());
    for (credit, plan) in &frozen {
        let already = match plan.target.is_zero() {
            true => "nothing that can be frozen".to_string(),
            false => format!("{} frozen already", text::units(plan.before)),
        };
        note(&format!("{} has {already}", credit.address));
    }
    if planned.is_empty() {
        return nothing_left(&session, &market, &frozen, &not_frozen);
    }
    let parties = load(&session, args, &planned)?;
    let planned = of_signer(planned, &parties.signer, &mut not_frozen);
    not_frozen.warn();
    let change = change(&market, &planned, &parties, &gates)?;
    let count = planned.len();
    let done = |_: &Effect, _: &[Event]| done(count);
    let failed = match carry_out_at_once(&session, &args.sign, &parties, &change, done).await {
        Ok(answer) => return Ok(not_frozen.add_to(answer)),
        Err(CliError::Carry(CarryError::Client(failed))) => failed,
        Err(error) => return Err(error),
    };
    let reviewed = Reviewed { planned: &planned, market: &market, parties: &parties, gates: &gates };
    reviewed.again(global, &args.sign, frozen.len(), not_frozen, failed).await
}

/// Words for what holds after a freeze of so many credits.
pub(super) fn done(count: usize) -> String {
    match count {
        1 => "frozen; new jobs on these units are refused from now on".to_string(),
        count => format!("{count} credits are frozen; new jobs on these units are refused from now on"),
    }
}

/// Words for a freeze that leaves nothing to do: of so many credits as much is frozen.
pub(super) fn already(count: usize, not_frozen: &NotFrozen) -> String {
    match (not_frozen.is_empty(), count) {
        (true, _) => "as much is frozen already".to_string(),
        (false, 1) => "of one credit as much is frozen already, and the rest cannot be frozen".to_string(),
        (false, count) => {
            format!("of {count} credits as much is frozen already, and the rest cannot be frozen")
        }
    }
}

/// Loads the key. Where none is named and the loans are of several lenders nobody is assumed: the first of them may be a stranger, whose
/// loan would leave all others out. Errors: as [`Parties::load`], [`CliError::Usage`].
fn load(
    session: &Session,
    args: &FreezeArgs,
    planned: &[(CreditView, PlannedFreeze)],
) -> Result<Parties, CliError> {
    let lenders: BTreeSet<Pubkey> = planned.iter().map(|(credit, _)| credit.account.lender).collect();
    let only = lenders.first().copied().filter(|_| lenders.len() == 1);
    let parties = Parties::load(session, &args.sign, only.unwrap_or_default())?;
    if parties.signer == Pubkey::default() {
        let lenders = lenders.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        return Err(CliError::Usage(format!(
            "the loans are of the lenders {lenders}, and it is not known which of them signs; name the key, or its address, by --keypair"
        )));
    }
    Ok(parties)
}

/// Plans the freeze of every credit that may be frozen; one that may not is left out and holds up none of the others. Errors:
/// [`CliError`] of what is no rule on one credit alone.
async fn plan(
    session: &Session,
    args: &FreezeArgs,
    market: &MarketView,
    found: Vec<CreditView>,
    not_frozen: &mut NotFrozen,
) -> Result<Vec<(CreditView, PlannedFreeze)>, CliError> {
    let mut planned = Vec::new();
    for credit in found {
        let other = match args.reason {
            Some(Reason::CrossDefault) => defaulted_beside(session, &credit, args.other.as_ref()).await?,
            _ => None,
        };
        match PlannedFreeze::new(&credit, market, args.amount.amount(), args.reason, other.as_ref()) {
            Ok(plan) => planned.push((credit, plan)),
            Err(CliError::Refused(reason)) => not_frozen.add(credit.address, reason),
            Err(error) => return Err(error),
        }
    }
    Ok(planned)
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
        not_frozen
            .add(credit.address, format!("{} is not frozen: {needed}, and {signer} signs", credit.address));
    }
    own
}

/// The answer where no freeze is left to make. Errors: [`CliError::Refused`] where none of the credits is frozen and none may be;
/// [`CliError::Failed`] by a node that may stand still: units that it shows as frozen may be open.
fn nothing_left(
    session: &Session,
    market: &MarketView,
    frozen: &[(CreditView, PlannedFreeze)],
    not_frozen: &NotFrozen,
) -> Result<Answer, CliError> {
    if frozen.is_empty() {
        return Err(not_frozen.refused());
    }
    if session.is_behind() {
        return Err(CliError::Failed(format!(
            "{}; as much is frozen there already, and may be open by now: nothing was sent, ask another node by --url",
            session.how_far_behind()
        )));
    }
    not_frozen.warn();
    let says = already(frozen.len(), not_frozen);
    let states = frozen.iter().map(|(credit, _)| credit_json(credit, market)).collect();
    Ok(not_frozen.add_to(nothing(session, market, &says, Value::Array(states))))
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
