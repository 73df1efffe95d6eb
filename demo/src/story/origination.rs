//! A loan is offered, accepted and issued.

use {
    super::{Stage, Story},
    crate::{
        DemoError,
        loan::Loan,
        narrator::{Step, money, units, words},
    },
    blockable_sdk::{
        Signer,
        amounts::{ChainTime, MicroUsd, Units},
    },
    blockable_service::text,
};

/// Offers, accepts and issues a loan.
pub(super) async fn originate<'a>(stage: &'a Stage<'a>, loan: &'a Loan) -> Result<Story<'a>, DemoError> {
    let cast = stage.cast;
    let credit = cast.venue.credit_address(loan.nonce);
    let offered = cast.venue.offer(&loan.offer(cast.venue.keyring.lender.pubkey())).await?;
    cast.keep(&offered);
    let preset = &loan.preset;
    let due = preset.due_days().next().unwrap_or_default();
    let sentence = format!(
        "The lender offers {} in {} instalments {} days apart, the first due on day {due}. The principal goes into escrow.",
        text::usd_received(loan.principal()),
        preset.instalments,
        preset.interval_days,
    );
    stage.narrator.step(
        Step::new("offer", sentence)
            .on(0)
            .landed(&offered)
            .fact(words("preset", preset.name.clone()))
            .fact(words("credit", credit.to_string()))
            .fact(money("principal", loan.principal()))
            .fact(units("units", loan.units())),
    );
    let accepted = cast.venue.accept(&credit).await?;
    cast.keep(&accepted);
    let reserve = cast.credit(&credit).await?.reserve_held;
    let sentence = match reserve {
        0 => "The borrower accepts by the hash of the terms.".to_string(),
        reserve => format!(
            "The borrower accepts by the hash of the terms, and puts {} into its reserve.",
            text::usd_received(MicroUsd(reserve))
        ),
    };
    let step = Step::new("accept", sentence).on(0).landed(&accepted);
    stage.narrator.step(step.fact(money("reserve", MicroUsd(reserve))));
    let landed = cast.venue.issue(&credit).await?;
    cast.keep(&landed);
    let state = cast.credit(&credit).await?;
    let paid = loan.principal().saturating_sub(MicroUsd(state.holdback_left));
    let sentence = format!(
        "The provider issues {} and is paid {}. {}",
        text::units(Units(state.collateral.granted)),
        text::usd_received(paid),
        if state.holdback_left > 0 { "The rest stays in the vault." } else { "Nothing is held back." },
    );
    let step = Step::new("issue", sentence).on(0).landed(&landed);
    stage.narrator.step(step.fact(money("paid_to_provider", paid)).after(&state));
    Ok(Story { stage, loan, credit, issued_at: ChainTime(state.issued_at) })
}
