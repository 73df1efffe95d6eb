//! The lender recovers: covered units are cancelled for cash, the reserve is drawn, the rest is sold.

use {
    super::{Outcome, Story, default::Frozen, sale},
    crate::{
        DemoError,
        narrator::{Step, money, units},
    },
    blockable_sdk::{
        Signer,
        amounts::{ChainTime, MicroUsd, Units},
        events::Change,
        instructions,
        program::{
            instructions::{LoanRead, UnitBounds},
            state::Party,
            transitions::Status,
        },
    },
    blockable_service::text,
};

/// Recovers what can be recovered, and pays every party's claim out of the vault.
pub(super) async fn recover(story: &Story<'_>, frozen: Frozen) -> Result<Outcome, DemoError> {
    let day = frozen.defaulted_on + story.loan.preset.cure_days;
    let state = story.state().await?;
    let curable_until = ChainTime(state.defaulted_at).plus_seconds(state.terms.cure_period.into());
    story.wait_until(curable_until, "waiting for the cure period to pass").await?;
    let mut outcome = Outcome {
        credit: story.credit,
        freeze_ms: frozen.freeze_ms,
        frozen: frozen.units,
        debt: frozen.debt,
        ..Outcome::default()
    };
    if state.covered().map_err(DemoError::amount)? > 0 {
        outcome.from_holdback = cancel(story, day).await?;
    }
    if story.state().await?.reserve_held > 0 {
        outcome.from_reserve = draw_reserve(story, day).await?;
    }
    if story.state().await?.status == Status::Repaid.byte() {
        return collect(story, day, outcome).await;
    }
    let day = sale::seize_and_sell(story, day, &mut outcome).await?;
    end(story, day, outcome).await
}

/// Cancels the units that the holdback covers. Returns the cash that becomes the lender's.
async fn cancel(story: &Story<'_>, day: u32) -> Result<MicroUsd, DemoError> {
    let (cast, before) = (story.cast(), story.state().await?);
    let read = LoanRead::from_credit(&before).map_err(DemoError::amount)?;
    let (market, lender) = (&cast.venue.keys.market, cast.venue.keyring.lender.pubkey());
    let all = UnitBounds::ALL;
    let cancel = instructions::credit_cancel_locked(
        market,
        &lender,
        None,
        &story.credit,
        &cast.venue.provider,
        all,
        read,
    );
    let landed = cast.send(&[cancel], &[&cast.venue.keyring.lender]).await?;
    let state = story.state().await?;
    let cancelled = Units(state.collateral.cancelled);
    let paid = MicroUsd(state.claims.lender.saturating_sub(before.claims.lender));
    let sentence = format!(
        "The cure period has passed. The lender cancels {} that the provider has not been paid for: {} in cash, which \
         never left the vault.",
        text::units(cancelled),
        text::usd_received(paid),
    );
    let step = Step::new("cancel", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(units("cancelled", cancelled)).fact(money("paid", paid)).after(&state));
    Ok(paid)
}

/// Draws the borrower's reserve. Returns the cash that becomes the lender's.
async fn draw_reserve(story: &Story<'_>, day: u32) -> Result<MicroUsd, DemoError> {
    let (cast, before) = (story.cast(), story.state().await?);
    let draw = instructions::reserve_draw(&cast.venue.keys.market, &story.credit);
    let landed = cast.send(&[draw], &[]).await?;
    let state = story.state().await?;
    let paid = MicroUsd(state.claims.lender.saturating_sub(before.claims.lender));
    let sentence = format!("The borrower's reserve is drawn: {}.", text::usd_received(paid));
    let step = Step::new("draw_reserve", sentence).on(day).landed(&landed);
    story.narrator().step(step.fact(money("paid", paid)).after(&state));
    Ok(paid)
}

/// Closes the sold lot, writes off what is still owed, and pays every party's claim.
async fn end(story: &Story<'_>, day: u32, mut outcome: Outcome) -> Result<Outcome, DemoError> {
    let (cast, credit) = (story.cast(), &story.credit);
    let (market, lender) = (&cast.venue.keys.market, cast.venue.keyring.lender.pubkey());
    let mut acts = vec![instructions::lot_close(market, &lender, &lender, credit, 0)];
    let state = story.state().await?;
    if state.status != Status::Repaid.byte() {
        let owed = cast.cluster.client.credit_now(credit).await?.debt.total();
        // The debt goes on growing until the write-off lands.
        let (slot, most) = (state.offer_slot, owed.saturating_add(owed / 100));
        acts.push(instructions::credit_write_off(market, &lender, credit, &cast.venue.provider, slot, most));
    }
    let landed = cast.send(&acts, &[&cast.venue.keyring.lender]).await?;
    for record in landed.events.iter().flat_map(|event| event.records()) {
        if let Change::WrittenOff { debt, .. } = record.change {
            outcome.written_off = MicroUsd(debt);
        }
    }
    let sentence = match outcome.written_off {
        MicroUsd::ZERO => "The lender closes the sold lot.".to_string(),
        debt => {
            format!(
                "The lender closes the sold lot and writes off the {} that are left, with the interest since the default.",
                text::usd_owed(debt)
            )
        }
    };
    let step = Step::new("close_lot", sentence).on(day).landed(&landed);
    let written_off = money("written_off", outcome.written_off);
    story.narrator().step(step.fact(written_off).after(&story.state().await?));
    collect(story, day, outcome).await
}

/// Pays every claim out of the vault, in one transaction that nobody has to sign for.
async fn collect(story: &Story<'_>, day: u32, outcome: Outcome) -> Result<Outcome, DemoError> {
    let (cast, credit, caller) = (story.cast(), &story.credit, story.cast().venue.keyring.admin.pubkey());
    let (keys, claims) = (&cast.venue.keys, story.state().await?.claims);
    let (mut acts, mut parts) = (Vec::new(), Vec::new());
    let mut step = Step::new("collect", "");
    for (party, name, claim) in [
        (Party::Lender, "lender", claims.lender),
        (Party::Treasury, "treasury", claims.treasury),
        (Party::Borrower, "borrower", claims.borrower),
        (Party::Provider, "provider", claims.provider),
    ] {
        step = step.fact(money(name, MicroUsd(claim)));
        if claim == 0 {
            continue;
        }
        let wallet = cast.venue.wallet(cast.owner(party));
        parts.push(format!("{} to the {name}", text::usd_received(MicroUsd(claim))));
        acts.push(match party {
            Party::Provider => {
                let provider = &cast.venue.provider;
                instructions::vault_collect_for_provider(keys, &caller, credit, provider, &wallet, claim)
            }
            _ => instructions::vault_collect(keys, &caller, credit, &wallet, party, claim),
        });
    }
    let landed = cast.send(&acts, &[]).await?;
    let sentence = format!("The vault pays {}.", parts.join(", "));
    story.narrator().step(step.says(sentence).on(day).landed(&landed).after(&story.state().await?));
    Ok(outcome)
}
