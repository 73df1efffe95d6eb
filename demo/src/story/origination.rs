//! A loan is offered, accepted and issued.

use {
    super::{Stage, Story},
    crate::{
        DemoError,
        cast::Cast,
        loan::Loan,
        narrator::{Step, money, units, words},
    },
    blockable_sdk::{
        Pubkey, Signer,
        amounts::{ChainTime, MicroUsd, Units},
        client::Landed,
        instructions,
        program::{
            instructions::{LoanRead, OfferArgs, OfferRead},
            state::{ScheduleRuns, Terms},
        },
    },
    blockable_service::text,
};

/// Offers, accepts and issues a loan.
pub(super) async fn originate<'a>(stage: &'a Stage<'a>, loan: &'a Loan) -> Result<Story<'a>, DemoError> {
    let cast = stage.cast;
    let credit = cast.credit_address(loan.nonce);
    let offered = offer(cast, loan).await?;
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
    let accepted = accept(cast, loan, &credit).await?;
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
    let landed = issue(cast, &credit).await?;
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

/// The lender offers a loan under the provider's reporters that it has read.
async fn offer(cast: &Cast, loan: &Loan) -> Result<Landed, DemoError> {
    let reporters_hash = cast.cluster.client.provider(&cast.provider).await?.reporters_hash();
    let args = OfferArgs {
        nonce: loan.nonce,
        freeze_authority: cast.lender.pubkey(),
        terms: Terms { reporters_hash, ..loan.terms },
        rider: loan.rider,
        schedule: ScheduleRuns::from_schedule(&loan.schedule),
    };
    let (lender, source) = (cast.lender.pubkey(), cast.wallet(&cast.lender));
    let borrower = cast.borrower.pubkey();
    let offer =
        instructions::credit_offer(&cast.keys, &lender, &lender, &borrower, &cast.provider, &source, args);
    cast.send(&[offer], &[&cast.lender]).await
}

/// The borrower accepts the offer that it has read from the account, and fills its reserve where the terms ask for one.
async fn accept(cast: &Cast, loan: &Loan, credit: &Pubkey) -> Result<Landed, DemoError> {
    let (borrower, read) = (cast.borrower.pubkey(), read_offer(cast, credit).await?);
    let mut acts = vec![instructions::credit_accept(&cast.keys.market, &borrower, credit, read)];
    if loan.rider.reserve > 0 {
        let state = cast.credit(credit).await?;
        let read = LoanRead::from_credit(&state).map_err(DemoError::amount)?;
        let source = cast.wallet(&cast.borrower);
        let all = loan.rider.reserve;
        acts.push(instructions::reserve_fund(&cast.keys, &borrower, &source, credit, all, read));
    }
    cast.send(&acts, &[&cast.borrower]).await
}

/// The provider issues the units of the offer that it has read, and is paid.
async fn issue(cast: &Cast, credit: &Pubkey) -> Result<Landed, DemoError> {
    let (authority, payout) = (cast.provider_authority.pubkey(), cast.wallet(&cast.provider_authority));
    let read = read_offer(cast, credit).await?;
    let issue = instructions::credit_issue(&cast.keys, &authority, &cast.provider, &payout, credit, read);
    cast.send(&[issue], &[&cast.provider_authority]).await
}

/// Reads what an acceptance and an issue are signed for: the agreement's hash and the slot of the offer.
async fn read_offer(cast: &Cast, credit: &Pubkey) -> Result<OfferRead, DemoError> {
    Ok(OfferRead::from_credit(&cast.credit(credit).await?))
}
