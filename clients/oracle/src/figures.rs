//! The figures that the SDK derives from a credit.

use {
    crate::value::{Figure, object},
    blockable_sdk::{
        amounts::{MicroUsd, Units},
        payments::{
            PaymentError, PaymentQuote, least_payment_to_cure, least_payment_to_open, next_instalment,
            quote_payment,
        },
        program::{
            auction,
            instructions::{BorrowerLimits, FreezeAmount, PurchaseLimits, RestructureLimits},
            metering,
            state::{Credit, Debt, MarketClock},
            units::Overflow,
            waterfall,
        },
    },
    serde_json::Value,
};

/// Numbers that a figure takes besides the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    /// One instant on both clocks.
    pub(crate) clock: MarketClock,
    /// Money to pay, in micro-USDC.
    pub(crate) amount: u64,
    /// Units to price or freeze.
    pub(crate) units: u64,
    /// A share to freeze, in basis points.
    pub(crate) bps: u16,
}

/// All figures of a credit, as it is and with its debt brought up to the given time.
pub(crate) fn all(credit: &Credit, given: &Given) -> Value {
    let mut accrued = *credit;
    let later = accrued.accrue(given.clock.market).map(|()| of_credit(&accrued, given));
    object([
        ("now", &of_credit(credit, given)),
        ("accrued", &later),
        ("payment", &payment(credit, given)),
        ("quote", &quoted(quote_payment(credit, &given.clock, MicroUsd(given.amount)).map(Some))),
        ("next", &next(credit, &given.clock)),
    ])
}

/// Payments that are found by halving: sixty quotes each.
pub(crate) fn searches(credit: &Credit, given: &Given) -> Value {
    object([
        ("toOpen", &quoted(least_payment_to_open(credit, &given.clock, Units(given.units)))),
        ("toCure", &quoted(least_payment_to_cure(credit, &given.clock))),
    ])
}

fn next(credit: &Credit, clock: &MarketClock) -> Value {
    match next_instalment(credit, clock) {
        Ok(Some(next)) => object([("dueAt", &next.due_at.get()), ("quote", &quoted(Ok(Some(next.quote))))]),
        Ok(None) => Value::Bool(false),
        Err(error) => failed(error),
    }
}

fn failed(error: PaymentError) -> Value {
    let name = match error {
        PaymentError::Zero => "AmountZero",
        PaymentError::NothingOwed => "NothingOwed",
        PaymentError::OutOfRange => "OutOfRange",
    };
    Value::String(format!("!{name}"))
}

fn quoted(quote: Result<Option<PaymentQuote>, PaymentError>) -> Value {
    match quote {
        Ok(Some(quote)) => object([
            ("paid", &quote.paid.get()),
            ("toReserve", &quote.to_reserve.get()),
            ("lateFees", &quote.late_fees.get()),
            ("interest", &quote.interest.get()),
            ("principal", &quote.principal.get()),
            ("released", &quote.released.get()),
            ("unlocked", &quote.unlocked.get()),
            ("thawed", &quote.thawed.get()),
            ("providerEarns", &quote.provider_earns.get()),
            ("arrearsBefore", &quote.arrears_before.get()),
            ("arrearsLeft", &quote.arrears_left.get()),
            ("debtLeft", &quote.debt_left.get()),
            ("statusBefore", &quote.status_before.byte()),
            ("statusAfter", &quote.status_after.byte()),
            ("availableAfter", &quote.available_after.get()),
        ]),
        Ok(None) => Value::Bool(false),
        Err(error) => failed(error),
    }
}

fn of_credit(credit: &Credit, given: &Given) -> Value {
    object([
        ("debt", &debt(credit)),
        ("units", &units(credit, given)),
        ("prices", &prices(credit, given)),
        ("freezes", &freezes(credit, given)),
        ("dates", &dates(credit, given)),
        ("payments", &payments(credit, given)),
        ("limits", &limits(credit)),
    ])
}

fn debt(credit: &Credit) -> Value {
    let schedule = credit.schedule();
    object([
        ("stored", &stored(&credit.debt)),
        ("capitalised", &credit.capitalised),
        ("total", &credit.debt.total()),
        ("interestNotDue", &credit.debt.interest_not_due()),
        ("arrears", &credit.arrears()),
        ("principalInArrears", &schedule.principal_in_arrears(&credit.debt)),
        ("hasMatured", &schedule.has_matured(&credit.debt)),
        ("owedFromVault", &credit.owed_from_vault()),
    ])
}

fn stored(debt: &Debt) -> Value {
    object([
        ("principal", &debt.principal),
        ("schedulePaid", &debt.schedule_paid),
        ("interestDue", &debt.interest_due),
        ("interestAccrued", &debt.interest_accrued),
        ("interestRemainder", &debt.interest_remainder),
        ("lateFees", &debt.late_fees),
        ("accruedAt", &debt.accrued_at),
        ("arrearsSince", &debt.arrears_since),
        ("instalmentsBilled", &debt.instalments_billed),
        ("instalmentsLateChecked", &debt.instalments_late_checked),
    ])
}

fn units(credit: &Credit, given: &Given) -> Value {
    let (units, meter) = (&credit.collateral, &credit.meter);
    object([
        ("remaining", &units.remaining()),
        ("lien", &units.lien()),
        ("leftToUnlock", &units.left_to_unlock()),
        ("locked", &units.locked()),
        ("freezable", &units.freezable()),
        ("frozen", &units.frozen()),
        ("held", &units.held()),
        ("available", &units.available()),
        ("finishing", &metering::finishing(units, meter)),
        ("heldByJobs", &metering::held_by_jobs(units, meter)),
        ("seizable", &credit.seizable(&given.clock)),
        ("covered", &credit.covered()),
        ("cancellable", &credit.cancellable()),
    ])
}

fn prices(credit: &Credit, given: &Given) -> Value {
    let holdback = credit.holdback();
    let to_unlock = credit.collateral.left_to_unlock();
    let cancel = |units: u64| match credit.covered() {
        Ok(covered) => holdback.paid_by_cancel(units.min(covered), covered, to_unlock),
        Err(_) => Err(Overflow),
    };
    let terms = &credit.terms;
    object([
        ("pricePaid", &credit.price_paid()),
        ("valuePaid", &credit.value_paid(given.units)),
        ("unitsWorth", &auction::units_worth(given.amount, terms.principal, terms.units)),
        ("kept", &holdback.kept_ceil(to_unlock)),
        ("paidByCancel", &cancel(given.units)),
        ("paidByCancelOfAll", &cancel(u64::MAX)),
        ("paidByCancelButOne", &cancel(credit.covered().unwrap_or_default().saturating_sub(1))),
    ])
}

fn freezes(credit: &Credit, given: &Given) -> Value {
    let market = given.clock.market;
    object([
        ("all", &credit.freeze_target(FreezeAmount::All)),
        ("units", &credit.freeze_target(FreezeAmount::Units(given.units))),
        ("share", &credit.freeze_target(FreezeAmount::Bps(given.bps))),
        ("shortfall", &credit.freeze_target(FreezeAmount::Shortfall)),
        ("mayFreeze", &credit.status().and_then(|status| credit.may_freeze(status, market))),
        ("reserveIsOverdue", &credit.reserve_is_overdue(market)),
    ])
}

fn dates(credit: &Credit, given: &Given) -> Value {
    let schedule = credit.schedule();
    let due = |instalment: usize| schedule.due_date(instalment).map(|date| date.unwrap_or(-1));
    object([
        ("firstDue", &due(0)),
        ("lastDue", &due(schedule.len().saturating_sub(1))),
        ("cancelOpensAt", &credit.cancel_opens_at()),
        ("offerHasExpired", &credit.offer_has_expired(&given.clock)),
        ("unitsHaveExpired", &credit.require_unexpired(given.clock.market).is_err()),
        ("aprBps", &credit.apr_bps()),
        ("unrestrictedNonce", &credit.unrestricted_nonce()),
        ("addressLender", &credit.address_lender()),
        ("addressBorrower", &credit.address_borrower()),
    ])
}

/// The bounds that signers of changes of the loan state.
fn limits(credit: &Credit) -> Value {
    let limits = PurchaseLimits::from_credit(credit).and_then(|purchase| {
        let (place, schedule) =
            (BorrowerLimits::from_credit(credit)?, RestructureLimits::from_credit(credit)?);
        Ok(object([
            ("offerSlot", &purchase.read.offer_slot),
            ("worstStatus", &purchase.read.worst_status.byte()),
            ("leastDebt", &purchase.least_debt),
            ("leastLien", &purchase.least_lien),
            ("leastHoldback", &purchase.least_holdback),
            ("mostFrozen", &purchase.most_frozen),
            ("mostLocked", &purchase.most_locked),
            ("leastAprBps", &purchase.least_apr_bps),
            ("placeMostDebt", &place.most_debt),
            ("placeLeastAvailable", &place.least_available),
            ("restructurings", &schedule.restructurings),
            ("scheduleMostDebt", &schedule.most_debt),
            ("scheduleLeastLien", &schedule.least_lien),
        ]))
    });
    limits.json()
}

/// The waterfall alone, applied to the debt as it is.
fn payments(credit: &Credit, given: &Given) -> Value {
    let terms = credit.terms_in_force();
    let apply = |pay: fn(&mut Debt, _, _, u64) -> Result<waterfall::Applied, Overflow>| {
        let mut debt = credit.debt;
        let amount = given.amount.min(debt.total());
        pay(&mut debt, &terms, credit.schedule(), amount).map(|applied| {
            object([
                ("lateFees", &applied.late_fees),
                ("interest", &applied.interest),
                ("principal", &applied.principal),
                ("arrearsBefore", &applied.arrears_before),
                ("arrearsAfter", &applied.arrears_after),
                ("debt", &stored(&debt)),
            ])
        })
    };
    let mut debt = credit.debt;
    let back = waterfall::give_back(&mut debt, given.amount);
    let given_back = object([
        ("principal", &back.principal),
        ("interest", &back.interest),
        ("lateFees", &back.late_fees),
        ("surplus", &back.surplus),
        ("debt", &stored(&debt)),
    ]);
    object([
        ("pay", &apply(waterfall::pay)),
        ("recover", &apply(waterfall::recover)),
        ("giveBack", &given_back),
    ])
}

/// A payment as `credit_repay` applies it.
fn payment(credit: &Credit, given: &Given) -> Value {
    let mut paid = *credit;
    let result = paid.status().and_then(|_| {
        let amount = paid.begin_payment(given.amount, &given.clock)?;
        paid.receive_payment(credit.borrower, amount)?;
        Ok(amount)
    });
    let units = |credit: &Credit| {
        let units = &credit.collateral;
        [units.frozen_for_payment, units.frozen_for_other, units.frozen_for_cross, units.released]
    };
    let [for_payment, for_other, for_cross, released] = units(&paid);
    result
        .map(|amount| {
            object([
                ("paid", &amount),
                ("status", &paid.status),
                ("debt", &stored(&paid.debt)),
                ("reserveHeld", &paid.reserve_held),
                ("holdbackLeft", &paid.holdback_left),
                ("principalRepaid", &paid.principal_repaid),
                ("recovered", &paid.recovered),
                ("frozenForPayment", &for_payment),
                ("frozenForOther", &for_other),
                ("frozenForCross", &for_cross),
                ("released", &released),
                ("promised", &paid.meter.promised),
                ("lapsed", &paid.meter.lapsed),
                ("promisedAt", &paid.meter.promised_at),
                ("reserveDrawnAt", &paid.reserve_drawn_at),
                ("defaultedAt", &paid.defaulted_at),
                ("lenderClaim", &paid.claims.lender),
                ("borrowerClaim", &paid.claims.borrower),
                ("providerClaim", &paid.claims.provider),
            ])
        })
        .json()
}
