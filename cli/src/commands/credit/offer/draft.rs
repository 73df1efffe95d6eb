//! The offer that flags describe.

use {
    super::{
        super::agreement::{Expiry, PlannedSchedule, ScheduleArgs, UsualDates},
        OfferArgs,
    },
    crate::{error::CliError, packing::fits, session::MarketView},
    blockable_economics::preset::{Agreement, Preset, Size},
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        amounts::{Bps, ChainTime, Units},
        errors::refusal,
        program::{
            errors::BlockableError,
            instructions::OfferArgs as Offer,
            state::{Credit, Instalment, LoanParties, Provider, ScheduleRuns, Terms, terms_hash},
        },
        terms::instalments,
    },
    blockable_service::text,
};

/// An offer as it is to be made.
pub(super) struct Draft {
    /// Terms, rider and schedule.
    pub agreement: Agreement,
    /// The named terms, with the number and distance of these instalments.
    pub preset: Preset,
    /// The schedule with its beginning.
    pub planned: PlannedSchedule,
    /// The arguments of the instruction.
    pub offer: Offer,
    /// The address of the loan.
    pub address: Pubkey,
}

/// Makes the agreement and the address of the loan. Errors: [`CliError::Usage`], [`CliError::NotFound`].
pub(super) fn draft(
    args: &OfferArgs,
    market: &MarketView,
    provider: &Provider,
    lender: &Pubkey,
) -> Result<Draft, CliError> {
    let now = ChainTime(market.clock.chain);
    let (mut agreement, preset, planned) = agreement(args, &args.schedule, provider, now)?;
    let nonce = args.nonce.map_or_else(|| nonce_of(args, market, provider, lender), Ok)?;
    agreement.terms.reporters_hash = provider.reporters_hash();
    agreement.terms.offer_expires_at = match &args.expires {
        Expiry::Never => 0,
        Expiry::At(when) => {
            let at = when.resolve(now).map_err(|error| CliError::Usage(format!("--expires {error}")))?;
            if at <= now {
                return Err(CliError::Usage("--expires has passed; name a later time, or never".to_string()));
            }
            at.get()
        }
    };
    require_begins_within(&planned, agreement.terms.offer_expires_at)?;
    let offer = Offer {
        nonce,
        freeze_authority: args.freeze_authority.unwrap_or(*lender),
        terms: agreement.terms,
        rider: agreement.rider,
        schedule: ScheduleRuns::from_schedule(&agreement.schedule),
    };
    let address = addresses::credit(&market.address, lender, &args.borrower, nonce);
    Ok(Draft { agreement, preset, planned, offer, address })
}

/// The agreement that flags describe to somebody who makes it at a time: terms, rider and schedule, its preset and its dates. Errors:
/// [`CliError::Usage`], [`CliError::NotFound`].
fn agreement(
    args: &OfferArgs,
    schedule: &ScheduleArgs,
    provider: &Provider,
    now: ChainTime,
) -> Result<(Agreement, Preset, PlannedSchedule), CliError> {
    let named = args.terms.preset()?;
    let rate = args.conditions.apr().unwrap_or(Bps(named.apr_bps.into()));
    let planned = schedule.plan(args.principal, rate, &UsualDates::of_preset(&named), now)?;
    let preset = planned.described_by(&named);
    let mut agreement = preset.agreement(Size { principal: args.principal.get(), units: args.units.get() });
    agreement.schedule.clone_from(&planned.schedule);
    args.grant.apply(&mut agreement.terms, &provider.settings)?;
    args.conditions.apply(&mut agreement.terms)?;
    args.rider.apply(&mut agreement.rider, &agreement.terms)?;
    Ok((agreement, preset, planned))
}

/// The time at which a loan on the chain was offered by the same flags, where it is on their terms: dates that were named are fewer
/// seconds away each time. `None` for a loan on other terms.
pub(super) fn offered_by_same_flags(
    args: &OfferArgs,
    draft: &Draft,
    provider: &Provider,
    existing: &Credit,
    now: ChainTime,
) -> Option<ChainTime> {
    let schedule = instalments(existing);
    let due = |schedule: &[Instalment]| schedule.first().map_or(0, |first| i64::from(first.due_after));
    let at = now.plus_seconds(due(&draft.agreement.schedule).saturating_sub(due(&schedule)));
    let (then, ..) = agreement(args, &args.schedule.with_days_of(now), provider, at).ok()?;
    let timeless = |terms: Terms| Terms { offer_expires_at: 0, reporters_hash: [0; 32], ..terms };
    let is_same = timeless(existing.terms) == timeless(then.terms)
        && existing.rider == then.rider
        && schedule == then.schedule;
    is_same.then_some(at)
}

/// Requires a schedule that is counted from a time at which the offer can still be issued. Errors: [`CliError::Usage`].
fn require_begins_within(planned: &PlannedSchedule, expires_at: i64) -> Result<(), CliError> {
    if expires_at == 0 || planned.from.at.get() <= expires_at {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "--counted-from is {}, after the offer ends at {}: the units cannot be issued then, and every due date would come earlier than \
         asked for; name a later --expires, or an earlier beginning",
        text::time(planned.from.at),
        text::time(ChainTime(expires_at))
    )))
}

/// The number of a loan that is named by its own terms, without the end of the offer: the same offer again has the same address, so
/// that it cannot be made twice. A date counts as the date that was named, not as the seconds until then, which are fewer each time:
/// all agreements are counted from one time.
fn nonce_of(
    args: &OfferArgs,
    market: &MarketView,
    provider: &Provider,
    lender: &Pubkey,
) -> Result<u64, CliError> {
    let schedule = args.schedule.with_days_of(ChainTime(market.clock.chain));
    let (agreement, ..) = agreement(args, &schedule, provider, ChainTime(0))?;
    let parties = LoanParties {
        market: market.address,
        lender: *lender,
        borrower: args.borrower,
        provider: args.provider,
        nonce: 0,
    };
    let hash = terms_hash(&parties, &agreement.terms, &agreement.rider, &agreement.schedule);
    let hash =
        hash.map_err(|_| CliError::Usage("the amounts are out of range; name smaller ones".to_string()))?;
    Ok(hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first)))
}

/// Requires a provider that takes the terms. Errors: [`CliError::Refused`] with the numbers.
pub(super) fn require_provider_takes(provider: &Provider, terms: &Terms) -> Result<(), CliError> {
    let Err(error) = provider.require_takes(terms) else { return Ok(()) };
    let (settings, span) = (&provider.settings, |seconds: u32| text::span(seconds.into()));
    Err(CliError::Refused(match refusal(&error) {
        Some(BlockableError::ProviderSuspended) => {
            "the provider is suspended and takes no new loans; choose another, or wait".to_string()
        }
        Some(BlockableError::TermsRateOutOfRange) => format!(
            "{} a second are more than the provider's bound of {}; lower --units-per-second",
            text::units(Units(terms.max_units_per_second)),
            text::units(Units(settings.max_units_per_second))
        ),
        Some(BlockableError::TermsLongestJobOutOfRange) => format!(
            "jobs of {} are longer than the provider's bound of {}; shorten --longest-job",
            span(terms.longest_job),
            span(settings.longest_job)
        ),
        _ => format!("the provider does not take these terms: {error}; change them"),
    }))
}

/// Requires an offer that fits a transaction. Errors: [`CliError::Refused`].
pub(super) fn require_fits(instruction: &Instruction, payer: &Pubkey, count: usize) -> Result<(), CliError> {
    match fits(std::slice::from_ref(instruction), payer)? {
        true => Ok(()),
        false => Err(CliError::Refused(format!(
            "the schedule of {count} instalments does not fit a transaction: each change of distance or of principal takes bytes; name \
             fewer --instalments, or --schedule amortising"
        ))),
    }
}
