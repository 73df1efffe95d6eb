//! Measures the value, debt and use of a credit, as of one snapshot.

use {
    crate::{
        chain::Snapshot,
        values::status_name,
        watch::{
            burn::exhausted_at,
            settings::WatchSettings,
            times::{MarkTimes, Times},
            track::Track,
        },
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MarketTime, MicroUsd, Units},
        program::{
            covenant::utilisation_bps,
            state::Credit,
            transitions::Status,
            units::{BPS, PRICE_SCALE, elapsed, mul_div_floor},
        },
    },
    serde::{Serialize, Serializer},
};

/// A credit's measures. Rates are in units per second, spans in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measure {
    /// The credit.
    #[serde(serialize_with = "base58")]
    pub credit: Pubkey,
    /// The lender.
    #[serde(serialize_with = "base58")]
    pub lender: Pubkey,
    /// The borrower.
    #[serde(serialize_with = "base58")]
    pub borrower: Pubkey,
    /// The provider.
    #[serde(serialize_with = "base58")]
    pub provider: Pubkey,
    /// The time that this is as of.
    pub at: ChainTime,
    /// The status; `None` for one that this keeper does not know.
    #[serde(serialize_with = "status")]
    pub status: Option<Status>,

    /// Units granted.
    pub granted: Units,
    /// Units used, as metered.
    pub consumed: Units,
    /// Units left.
    pub remaining: Units,
    /// Units that secure the debt.
    pub lien: Units,
    /// Units of the lien that no payment has opened yet.
    pub locked: Units,
    /// Locked units that the lender can cancel for cash that was held back.
    pub covered: Units,
    /// Units on top of the locked ones that no new job may draw on.
    pub frozen: Units,
    /// Units that new jobs may draw on.
    pub available: Units,
    /// Units that new jobs may draw on, and those that payments open.
    pub usable: Units,
    /// Units used beyond those that the credit allowed.
    pub overrun: Units,
    /// Units of the overrun since it was last quiet for a day.
    pub new_overrun: Units,
    /// Time of the latest usage report applied; `None` before the first.
    pub reported_at: Option<ChainTime>,

    /// The recent rate of use, in units per second.
    pub burn_rate: f64,
    /// The long-term rate of use, in units per second.
    pub long_burn_rate: f64,
    /// The recent rate as a multiple of the long-term one; `None` without use or while the record is short.
    pub burn_ratio: Option<f64>,
    /// True where the record of use is long enough to project from.
    pub burn_is_settled: bool,
    /// The time at which the usable units are used up at the recent rate; `None` for never.
    pub exhausted_at: Option<ChainTime>,
    /// The time at which use last rose, or at which the record began.
    pub used_at: ChainTime,
    /// Seconds without use.
    pub idle_seconds: i64,

    /// Everything owed, interest up to now included.
    pub debt: MicroUsd,
    /// Principal owed.
    pub principal: MicroUsd,
    /// The annual interest rate now.
    pub apr_bps: Bps,
    /// The due date of the last instalment; `None` before issue.
    pub matures_at: Option<ChainTime>,
    /// The amount to pay to be current.
    pub arrears: MicroUsd,
    /// Instalments whose due date has passed and that are unpaid.
    pub missed: u64,
    /// Due date of the oldest unpaid instalment.
    pub arrears_since: Option<ChainTime>,
    /// The time from which on the credit may be marked delinquent, while something is unpaid.
    pub delinquent_from: Option<ChainTime>,
    /// The time from which on the credit may be marked defaulted, while something is unpaid.
    pub default_from: Option<ChainTime>,
    /// End of the cure period, from which on collateral may be seized; while a default stands.
    pub cure_ends_at: Option<ChainTime>,
    /// The borrower's cash reserve.
    pub reserve: MicroUsd,
    /// Part of the principal that is still held back from the provider.
    pub held_back: MicroUsd,
    /// The next payment.
    pub next_payment: Option<Payment>,

    /// The lien at the price that the loan paid: covered units in full, because they are cancelled for cash; the others less the
    /// haircut.
    pub lien_value: MicroUsd,
    /// All units left, valued likewise.
    pub remaining_value: MicroUsd,
    /// The lien's value against the debt; `None` without a debt.
    pub coverage_bps: Option<Bps>,
    /// The value of all units left against the debt; `None` without a debt.
    pub remaining_coverage_bps: Option<Bps>,
    /// Use in the covenant's window; `None` without a covenant or a report in the window.
    pub utilisation: Option<Utilisation>,
}

/// A payment that falls due, with the amounts that it will have if nothing is paid or used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Payment {
    /// The due date by the chain's clock; later where the market is paused in between.
    pub due_at: ChainTime,
    /// The due date by the market's clock.
    pub due_market_time: MarketTime,
    /// The sum that must be paid by then to be current, today's arrears included.
    pub amount: MicroUsd,
    /// Principal in it.
    pub principal: MicroUsd,
    /// Interest in it.
    pub interest: MicroUsd,
    /// Late fees in it.
    pub late_fees: MicroUsd,
}

/// Use in a covenant's window so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Utilisation {
    /// Use as a share of the plan for the time so far.
    pub bps: Bps,
    /// The threshold from which on the APR falls.
    pub high_bps: Bps,
    /// The threshold below which the APR rises.
    pub low_bps: Bps,
    /// Seconds of the window that reports cover.
    pub seconds: u64,
    /// Seconds that the window has.
    pub window: u64,
    /// True where the low threshold can have an effect: nothing was frozen or unpaid, and there are units to use.
    pub can_fall_short: bool,
}

/// Measures a credit in a snapshot. Amounts that the program could not have written saturate.
pub(crate) fn measure(
    key: &Pubkey,
    credit: &Credit,
    snapshot: &Snapshot,
    track: &Track,
    settings: &WatchSettings,
) -> Measure {
    let (times, now) = (Times::new(snapshot), snapshot.accrued(credit));
    let (units, debt, burn) = (&now.collateral, MicroUsd(now.debt.total()), &track.burn);
    let overrun = Units(now.meter.overrun);
    let (lien, remaining, available) =
        (Units(units.lien()), Units(units.remaining()), Units(units.available()));
    let covered = Units(now.covered().unwrap_or_default());
    let (lien_value, remaining_value) =
        (value(&now, lien, covered, settings), value(&now, remaining, covered, settings));
    // A lock opens with the payments, and does not bring the end of the units nearer.
    let usable = available.saturating_add(Units(units.locked()));
    let exhausted_at = exhausted_at(snapshot.clock, usable, burn.short_rate());
    let next_payment = next_payment(&now, &times);
    let is_settled = burn.is_settled(settings.half_lives);
    let marks = MarkTimes::new(&now, &times);
    Measure {
        credit: *key,
        lender: now.lender,
        borrower: now.borrower,
        provider: now.provider,
        at: snapshot.clock,
        status: Status::from_byte(now.status),
        granted: Units(units.granted),
        consumed: Units(units.consumed),
        remaining,
        lien,
        locked: Units(units.locked()),
        covered,
        frozen: Units(units.frozen()),
        available,
        usable,
        overrun,
        new_overrun: track.new_overrun(overrun),
        reported_at: Some(now.meter.reported_at).filter(|at| *at != 0).map(ChainTime),
        burn_rate: burn.short_rate(),
        long_burn_rate: burn.long_rate(),
        burn_ratio: burn.ratio().filter(|_| is_settled),
        burn_is_settled: is_settled,
        exhausted_at,
        used_at: burn.used_at(),
        idle_seconds: burn.idle_seconds(),
        debt,
        principal: MicroUsd(now.debt.principal),
        apr_bps: Bps(u64::from(now.apr_bps())),
        matures_at: matures_at(&now, &times),
        arrears: MicroUsd(now.arrears()),
        missed: missed(&now),
        arrears_since: marks.arrears_since,
        delinquent_from: marks.delinquent_from,
        default_from: marks.default_from,
        cure_ends_at: marks.cure_ends_at,
        reserve: MicroUsd(now.reserve_held),
        held_back: MicroUsd(now.holdback_left),
        next_payment,
        lien_value,
        remaining_value,
        coverage_bps: share(lien_value, debt),
        remaining_coverage_bps: share(remaining_value, debt),
        utilisation: utilisation(&now),
    }
}

/// The value of units at the price that the loan paid. The `covered` ones among them are worth the cash that was held back for
/// them; of the others the haircut is taken off.
fn value(credit: &Credit, units: Units, covered: Units, settings: &WatchSettings) -> MicroUsd {
    let kept = Bps(BPS).saturating_sub(settings.haircut_bps).get();
    let price = credit.price_paid().unwrap_or(0);
    let sold = units.saturating_sub(covered);
    let whole = mul_div_floor(sold.get(), price, PRICE_SCALE).unwrap_or(u64::MAX);
    let sold = MicroUsd(mul_div_floor(whole, kept, BPS).unwrap_or(u64::MAX));
    sold.saturating_add(MicroUsd(credit.holdback().price_floor(covered.get()).unwrap_or_default()))
}

fn share(value: MicroUsd, debt: MicroUsd) -> Option<Bps> {
    let share = || Bps(mul_div_floor(value.get(), BPS, debt.get()).unwrap_or(u64::MAX));
    (!debt.is_zero()).then(share)
}

/// The next instalment of a credit that has been accrued to now, as accruing on to its due date has it.
pub(crate) fn next_payment(now: &Credit, times: &Times) -> Option<Payment> {
    if now.debt.principal == 0 {
        return None;
    }
    let due = now.schedule().due_date(usize::from(now.debt.instalments_billed)).ok()??;
    let mut then = *now;
    then.accrue(due).ok()?;
    let schedule = then.schedule();
    let (amount, late_fees) = (then.arrears(), then.debt.late_fees);
    if amount == 0 {
        return None;
    }
    let principal = match schedule.has_matured(&then.debt) {
        true => then.debt.principal,
        false => schedule.principal_in_arrears(&then.debt),
    };
    Some(Payment {
        due_at: times.to_chain(MarketTime(due)),
        due_market_time: MarketTime(due),
        amount: MicroUsd(amount),
        principal: MicroUsd(principal),
        interest: MicroUsd(amount.saturating_sub(principal).saturating_sub(late_fees)),
        late_fees: MicroUsd(late_fees),
    })
}

/// The due date of the last instalment.
fn matures_at(now: &Credit, times: &Times) -> Option<ChainTime> {
    let last = usize::from(now.instalment_count).checked_sub(1).filter(|_| now.issued_at != 0)?;
    let due = now.schedule().due_date(last).ok()??;
    Some(times.to_chain(MarketTime(due)))
}

/// Instalments from the oldest unpaid one to now.
fn missed(now: &Credit) -> u64 {
    let (schedule, since) = (now.schedule(), now.debt.arrears_since);
    if since == 0 {
        return 0;
    }
    let dates = (0..usize::from(now.debt.instalments_billed)).map(|index| schedule.due_date(index));
    let unpaid = dates.filter(|date| matches!(date, Ok(Some(date)) if *date >= since)).count();
    // A restructuring can take arrears over from before its first date.
    u64::try_from(unpaid).unwrap_or(u64::MAX).max(1)
}

/// Use in the covenant's window, by the rules of `covenant_apply`.
fn utilisation(now: &Credit) -> Option<Utilisation> {
    let (rider, covenant) = (&now.rider, &now.covenant);
    if !rider.has_covenant() || Status::from_byte(now.status) != Some(Status::Active) {
        return None;
    }
    let seconds = elapsed(covenant.measured_at, now.meter.reported_at).ok()?;
    let used = now.collateral.consumed.checked_sub(covenant.consumed)?;
    let bps = utilisation_bps(used, rider.planned_units, rider.covenant_window, seconds).ok()?;
    let was_frozen = now.collateral.frozen() > 0
        || covenant.began_frozen == 1
        || now.meter.frozen_at_chain >= covenant.measured_at;
    Some(Utilisation {
        bps: Bps(bps),
        high_bps: Bps(u64::from(rider.high_bps)),
        low_bps: Bps(u64::from(rider.low_bps)),
        seconds,
        window: u64::from(rider.covenant_window),
        can_fall_short: !was_frozen && now.collateral.available() > 0 && now.debt.arrears_since == 0,
    })
}

fn base58<S: Serializer>(key: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

fn status<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.map_or("unknown", status_name))
}
