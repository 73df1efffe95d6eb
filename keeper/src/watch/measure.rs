//! What a credit is worth, owes and uses, as of one snapshot.

use {
    crate::{
        chain::Snapshot,
        values::status_name,
        watch::{burn::exhausted_at, settings::Settings, track::Track},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            covenant::utilisation_bps,
            state::Credit,
            transitions::Status,
            units::{BPS, PRICE_SCALE, elapsed, mul_div_floor},
        },
    },
    serde::{Serialize, Serializer},
};

/// A credit's measures. Money in micro-USDC, compute in credit units, times in the chain's Unix seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
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
    /// When this was so.
    pub at: i64,
    /// The status; `None` for one that this keeper does not know.
    #[serde(serialize_with = "status")]
    pub status: Option<Status>,

    /// Units granted.
    pub granted: u64,
    /// Units used, as metered.
    pub consumed: u64,
    /// Units left.
    pub remaining: u64,
    /// Units that secure the debt.
    pub lien: u64,
    /// Units that no new job may draw on.
    pub frozen: u64,
    /// Units that new jobs may draw on.
    pub available: u64,
    /// Units used beyond what the credit allowed.
    pub overrun: u64,
    /// Of them those since it was last quiet for a day.
    pub new_overrun: u64,
    /// Time of the latest usage report applied; `None` before the first.
    pub reported_at: Option<i64>,

    /// Units per second of late.
    pub burn_rate: f64,
    /// Units per second in the long term.
    pub long_burn_rate: f64,
    /// How many times the long-term rate the rate of late is; `None` without use or while the record is short.
    pub burn_ratio: Option<f64>,
    /// Whether the record of use is long enough to project from.
    pub burn_is_settled: bool,
    /// When the units available are used up at the rate of late; `None` for never.
    pub exhausted_at: Option<i64>,
    /// When use was last seen to rise, or the watch began.
    pub used_at: i64,
    /// Seconds without use.
    pub idle_seconds: i64,

    /// Everything owed, interest up to now included.
    pub debt: u64,
    /// Principal owed.
    pub principal: u64,
    /// What must be paid now to be current.
    pub arrears: u64,
    /// Instalments whose due date has passed and that are unpaid.
    pub missed: u64,
    /// Due date of the oldest unpaid instalment.
    pub arrears_since: Option<i64>,
    /// From when on the credit may be marked delinquent, while something is unpaid.
    pub delinquent_from: Option<i64>,
    /// From when on the credit may be marked defaulted, while something is unpaid.
    pub default_from: Option<i64>,
    /// End of the cure period, from which on collateral may be seized; while a default stands.
    pub cure_ends_at: Option<i64>,
    /// The borrower's cash reserve.
    pub reserve: u64,
    /// What falls due next.
    pub next_payment: Option<Payment>,

    /// The lien at the price that the loan paid, less the haircut.
    pub lien_value: u64,
    /// All units left at the price that the loan paid, less the haircut.
    pub remaining_value: u64,
    /// The lien's value against the debt, in basis points; `None` without a debt.
    pub coverage_bps: Option<u64>,
    /// The value of all units left against the debt, in basis points; `None` without a debt.
    pub remaining_coverage_bps: Option<u64>,
    /// Use in the covenant's window; `None` without a covenant or a report in the window.
    pub utilisation: Option<Utilisation>,
}

/// A payment that falls due. Amounts in micro-USDC, as they will be if nothing is paid or used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// When, by the chain's clock, in Unix seconds; later where the market is paused in between.
    pub due_at: i64,
    /// When, in market time.
    pub due_market_time: i64,
    /// All that must have been paid by then to be current, what is in arrears now included.
    pub amount: u64,
    /// Principal in it.
    pub principal: u64,
    /// Interest in it.
    pub interest: u64,
    /// Late fees in it.
    pub late_fees: u64,
}

/// Use in a covenant's window so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Utilisation {
    /// Use as a share of the plan for the time so far, in basis points.
    pub bps: u64,
    /// The mark from which on the APR falls, in basis points.
    pub high_bps: u64,
    /// The mark below which the APR rises, in basis points.
    pub low_bps: u64,
    /// Seconds of the window that reports cover.
    pub seconds: u64,
    /// Seconds that the window has.
    pub window: u64,
    /// Whether the low mark can have an effect: nothing was frozen or unpaid, and there are units to use.
    pub can_fall_short: bool,
}

/// Measures a credit in a snapshot. Amounts that the program could not have written saturate.
pub fn measure(
    key: &Pubkey,
    credit: &Credit,
    snapshot: &Snapshot,
    track: &Track,
    settings: &Settings,
) -> Measure {
    let (times, now) = (Times::of(snapshot), snapshot.accrued(credit));
    let (units, debt, burn) = (&now.collateral, now.debt.total(), &track.burn);
    let lien_value = value(&now, units.lien(), settings);
    let remaining_value = value(&now, units.remaining(), settings);
    let next_payment = next_payment(&now, &times);
    let is_settled = burn.is_settled(settings.half_lives);
    let marks = Marks::new(&now, &times);
    Measure {
        credit: *key,
        lender: now.lender,
        borrower: now.borrower,
        provider: now.provider,
        at: snapshot.clock.get(),
        status: Status::from_byte(now.status),
        granted: units.granted,
        consumed: units.consumed,
        remaining: units.remaining(),
        lien: units.lien(),
        frozen: units.frozen,
        available: units.available(),
        overrun: now.meter.overrun,
        new_overrun: track.new_overrun(now.meter.overrun),
        reported_at: Some(now.meter.reported_at).filter(|at| *at != 0),
        burn_rate: burn.short_rate(),
        long_burn_rate: burn.long_rate(),
        burn_ratio: burn.ratio().filter(|_| is_settled),
        burn_is_settled: is_settled,
        exhausted_at: exhausted_at(snapshot.clock.get(), units.available(), burn.short_rate()),
        used_at: burn.used_at(),
        idle_seconds: burn.idle_seconds(),
        debt,
        principal: now.debt.principal,
        arrears: now.arrears(),
        missed: missed(&now),
        arrears_since: marks.arrears_since,
        delinquent_from: marks.delinquent_from,
        default_from: marks.default_from,
        cure_ends_at: marks.cure_ends_at,
        reserve: now.reserve_held,
        next_payment,
        lien_value,
        remaining_value,
        coverage_bps: share(lien_value, debt),
        remaining_coverage_bps: share(remaining_value, debt),
        utilisation: utilisation(&now),
    }
}

/// Converts market time to the chain's.
pub(crate) struct Times {
    market: i64,
    /// The chain's clock when market time reached `market`.
    reached: i64,
    /// The chain's clock when market time goes on from `market`.
    resumes: i64,
}

impl Times {
    /// The clocks of a snapshot.
    pub(crate) fn of(snapshot: &Snapshot) -> Times {
        let (reached, resumes) = if snapshot.is_paused() {
            (snapshot.market.paused_at, snapshot.market.pause_expires_at)
        } else {
            (snapshot.clock.get(), snapshot.clock.get())
        };
        Times { market: snapshot.market_time().get(), reached, resumes }
    }

    /// A market time by the chain's clock, as if no other pause lay between it and now.
    pub(crate) fn chain_of(&self, market_time: i64) -> i64 {
        let from = if market_time > self.market { self.resumes } else { self.reached };
        from.saturating_add(market_time.saturating_sub(self.market))
    }
}

/// The times at which a loan that is not paid is marked, by the chain's clock in Unix seconds.
pub(crate) struct Marks {
    /// Due date of the oldest unpaid instalment.
    pub(crate) arrears_since: Option<i64>,
    /// The time from which on the credit may be marked delinquent, while something is unpaid.
    pub(crate) delinquent_from: Option<i64>,
    /// The time from which on the credit may be marked defaulted, while something is unpaid.
    pub(crate) default_from: Option<i64>,
    /// End of the cure period, from which on collateral may be seized; while a default stands.
    pub(crate) cure_ends_at: Option<i64>,
}

impl Marks {
    /// Works out the marks of a credit that has been accrued to now.
    pub(crate) fn new(now: &Credit, times: &Times) -> Marks {
        let unpaid_since = Some(now.debt.arrears_since).filter(|since| *since != 0);
        let after = |time: Option<i64>, seconds: u32| {
            time.map(|time| times.chain_of(time.saturating_add(i64::from(seconds))))
        };
        let defaulted_at = Some(now.defaulted_at).filter(|at| *at != 0);
        Marks {
            arrears_since: after(unpaid_since, 0),
            delinquent_from: after(unpaid_since, now.terms.delinquency_grace),
            default_from: after(unpaid_since, now.terms.default_grace),
            cure_ends_at: after(defaulted_at, now.terms.cure_period),
        }
    }
}

/// What units are worth at the price that the loan paid, in micro-USDC, less the haircut.
fn value(credit: &Credit, units: u64, settings: &Settings) -> u64 {
    let kept = BPS.saturating_sub(settings.haircut_bps);
    let price = credit.price_paid().unwrap_or(0);
    let whole = mul_div_floor(units, price, PRICE_SCALE).unwrap_or(u64::MAX);
    mul_div_floor(whole, kept, BPS).unwrap_or(u64::MAX)
}

fn share(value: u64, debt: u64) -> Option<u64> {
    (debt > 0).then(|| mul_div_floor(value, BPS, debt).unwrap_or(u64::MAX))
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
        due_at: times.chain_of(due),
        due_market_time: due,
        amount,
        principal,
        interest: amount.saturating_sub(principal).saturating_sub(late_fees),
        late_fees,
    })
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
    let was_frozen = now.collateral.frozen > 0
        || covenant.began_frozen == 1
        || now.meter.frozen_at_chain > covenant.measured_at;
    Some(Utilisation {
        bps,
        high_bps: u64::from(rider.high_bps),
        low_bps: u64::from(rider.low_bps),
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
