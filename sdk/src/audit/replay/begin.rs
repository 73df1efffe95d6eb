//! Redoes the events with which a credit begins and ends.

use {
    super::{
        Origin,
        redo::{Attempt, Event, State},
    },
    anchor_lang::error::Error,
    blockable_credits::{
        actions::{NewCredit, NewUnrestricted, OfferArgs, OfferRead},
        events::Change,
        state::{Credit, Instalment, Provider, Rider, ScheduleRuns, Terms},
    },
    bytemuck::Zeroable,
    solana_pubkey::Pubkey,
};

/// A provider that takes any loan and owes as many units as there are.
pub(super) fn any_provider() -> Provider {
    let mut provider = Provider::zeroed();
    provider.capacity_units = u64::MAX;
    provider.settings.max_units_per_second = u64::MAX;
    provider.settings.longest_job = u32::MAX;
    provider
}

impl State {
    /// Redoes an offer, an acceptance, an issue, a cancel, units that arrive, or the end of vault or credit.
    pub(super) fn redo_beginning(&self, event: &Event) -> Option<Vec<Attempt>> {
        let clock = &event.clock;
        match event.change {
            Change::Offered { slot, terms, rider, schedule, .. } => {
                self.only(|credit| offer(credit, event, *slot, (terms, rider, schedule)))
            }
            Change::Accepted => self.only(|credit| {
                let (borrower, read) = (credit.borrower, OfferRead::from_credit(credit));
                credit.accept(&borrower, read, clock)
            }),
            Change::Issued { index, issued_at, .. } => {
                Some(vec![self.attempt(|state| issue(state, event, *index, *issued_at))])
            }
            Change::Cancelled { refunded } => self.only(|credit| {
                let (lender, slot) = (credit.lender, credit.offer_slot);
                if *refunded == 0 {
                    return credit.cancel_to_claim(&lender, slot, clock);
                }
                let in_vault = refunded.saturating_add(credit.reserve_held);
                Ok(credit.cancel(&lender, slot, in_vault, clock)?.change)
            }),
            Change::Granted { from, units } => self.only(|credit| grant(credit, event, *from, *units)),
            Change::VaultClosed { swept } => {
                self.only(|credit| Ok(credit.close_vault(*swept, clock)?.change))
            }
            Change::Closed { .. } => self.only(|credit| {
                let (borrower, mut provider) = (credit.borrower, any_provider());
                provider.outstanding_units = u64::MAX;
                credit.close(&borrower, u64::MAX, &mut provider, clock)
            }),
            _ => None,
        }
    }
}

fn offer(
    credit: &mut Credit,
    event: &Event,
    slot: u64,
    (terms, rider, schedule): (&Terms, &Rider, &[Instalment]),
) -> Result<Change, Error> {
    let Origin { template, .. } = event.origin;
    let new = NewCredit {
        market: template.market,
        lender: template.lender,
        borrower: template.borrower,
        provider: template.provider,
        bump: template.bump,
        vault: template.vault,
        rent_payer: template.rent_payer,
        slot,
    };
    let args = OfferArgs {
        nonce: template.nonce,
        freeze_authority: template.freeze_authority,
        terms: *terms,
        rider: *rider,
        schedule: ScheduleRuns::default(),
    };
    credit.offer(new, &args, schedule.to_vec(), &event.clock)
}

/// Issues units at the market time that the event has, which shows the pauses until then.
fn issue(state: &mut State, event: &Event, index: u32, issued_at: i64) -> Result<Change, Error> {
    state.paused = event.clock.chain.saturating_sub(issued_at);
    let clock = state.clock(event.clock.chain);
    let mut provider = any_provider();
    provider.next_index = index;
    let credit = &mut state.credit;
    // No event has the reporters, so the provider is made to be the one that the terms name.
    let agreed = std::mem::replace(&mut credit.terms.reporters_hash, provider.reporters_hash());
    let issued = credit.issue(&mut provider, OfferRead::from_credit(credit), &clock)?;
    credit.terms.reporters_hash = agreed;
    Ok(issued.change)
}

/// Lets units arrive in an unrestricted credit, which is set up the first time.
fn grant(credit: &mut Credit, event: &Event, from: Pubkey, units: u64) -> Result<Change, Error> {
    let Origin { template, .. } = event.origin;
    let mut source = Credit::zeroed();
    source.provider = template.provider;
    source.market = template.market;
    source.terms = template.terms;
    source.units_expire_at = i64::try_from(template.nonce).unwrap_or(0);
    if event.seq == 0 {
        let new = NewUnrestricted {
            owner: template.borrower,
            rent_payer: template.rent_payer,
            bump: template.bump,
        };
        let mut provider = any_provider();
        provider.next_index = template.meter.index;
        credit.open_unrestricted(&source, new, &mut provider, &event.clock)?;
    }
    credit.receive_units(&source, from, units)
}
