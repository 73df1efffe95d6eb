//! The transactions of a freeze, and its effect.

use {
    super::{
        freeze_amount::{PlannedFreeze, Reason},
        gates::Gates,
    },
    crate::{
        change::{After, Change, Effect, EffectLine, Line, MarketHead, Role},
        error::CliError,
        lookup::CreditView,
        packing::{MOST, pack},
        parties::Parties,
        session::MarketView,
        views::{credit_json, health},
    },
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::{Lamports, Units},
        instructions::{credit_freeze, credit_freeze_for_cross_default},
        names::freeze_reason_name,
    },
    blockable_service::text,
    serde_json::Value,
};

/// The reason of a freeze in words.
fn reason_text(reason: Reason) -> String {
    freeze_reason_name(reason.program()).replace('_', " ")
}

/// The instruction of one freeze.
pub(super) fn instruction(
    market: &Pubkey,
    signer: &Pubkey,
    credit: &Pubkey,
    plan: &PlannedFreeze,
) -> Instruction {
    match &plan.other {
        Some(other) => credit_freeze_for_cross_default(market, signer, credit, other, plan.amount),
        None => credit_freeze(market, signer, credit, plan.amount, plan.reason.program()),
    }
}

/// The change: one freeze per credit, in as few transactions as fit.
pub(super) fn change<'a>(
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
        let freeze = instruction(&market.address, signer, &credit.address, plan);
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

pub(super) fn effect(
    market: &MarketView,
    planned: &[(CreditView, PlannedFreeze)],
    after: &After,
) -> Result<Effect, CliError> {
    let (mut lines, mut states) = (Vec::new(), Vec::new());
    for (credit, _) in planned {
        // One that has been closed meanwhile holds up the answer about none of the others.
        let Some(account) = after.read(&credit.address)? else { continue };
        let (before, frozen) = credit.compared_with(account, market)?;
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
