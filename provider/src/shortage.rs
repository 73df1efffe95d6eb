//! Answers to requests for which too few units are open: what is open, what fits, and what to pay.

use {
    crate::{app::App, error::ApiError},
    blockable_gate::{OpeningPayment, OpeningPayments, Refusal, gate::QUOTED_FOR, ledger::Room},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd, Units},
    },
    blockable_service::text,
    serde::Serialize,
    serde_json::json,
    utoipa::ToSchema,
};

/// The parameter that bounds the cost of a request, and its largest value that fits what is open.
pub(crate) type LargestFit = (&'static str, u64);

/// Units that are open, that a request needs, and that it lacks; `None` where the refusal has another reason than their number.
/// The lacking ones are `None` on an exhausted credit, where no payment opens them.
fn shortage(refusal: &Refusal) -> Option<(Units, Units, Option<Units>)> {
    match *refusal {
        Refusal::Locked { available, needed, missing } | Refusal::Frozen { available, needed, missing } => {
            Some((available, needed, Some(missing)))
        }
        Refusal::Exhausted { available, needed } => Some((available, needed, None)),
        _ => None,
    }
}

/// Makes the answer to a request that the gate refuses. `largest` finds the parameter that would have to be smaller, and its
/// largest value that fits a number of open units.
pub(crate) fn refuse(
    app: &App,
    credit: &Pubkey,
    refusal: Refusal,
    largest: impl FnOnce(Units) -> Option<LargestFit>,
) -> ApiError {
    let mut error = ApiError::from(refusal);
    let (Some((available, needed, missing)), Ok(room)) = (shortage(&refusal), app.gate.room(credit)) else {
        return error;
    };
    let is_closed = !room.locked.is_zero() || !room.frozen.is_zero();
    let payments = app.gate.opening_payments(credit, missing.unwrap_or(Units::MAX)).filter(|_| is_closed);
    error = with_fit(error, largest(available));
    let mut advice = Vec::new();
    if !room.in_flight.is_zero() {
        advice.push(format!("running requests hold {}", text::units(room.in_flight)));
    }
    if let Some(payments) = &payments {
        advice.extend(payment_advice(payments));
        error.details.insert("payment".to_string(), json!(PaymentsView::new(payments)));
    }
    error.message = [error.message].into_iter().chain(advice).collect::<Vec<_>>().join("; ");
    let mut units = json!(RoomView::new(&room));
    (units["needed"], units["missing"]) = (json!(needed), json!(missing));
    error.details.insert("units".to_string(), units);
    error
}

/// Adds the parameter that would have to be smaller, with its largest value that fits.
pub(crate) fn with_fit(mut error: ApiError, fit: Option<LargestFit>) -> ApiError {
    if let Some((parameter, value)) = fit {
        error.message += &format!("; the largest `{parameter}` that fits now is {value}");
        error.details.insert("fits".to_string(), json!({ parameter: value }));
    }
    error
}

/// Names the payments that help, and the units that each opens.
fn payment_advice(payments: &OpeningPayments) -> Vec<String> {
    let paying = |payment: &OpeningPayment| {
        let within = text::span(i64::try_from(QUOTED_FOR.as_secs()).unwrap_or(0));
        let (amount, opens) = (text::usd_owed(payment.amount), text::units(payment.opens));
        format!("a payment of {amount} within {within} opens {opens}")
    };
    let mut advice = vec![match &payments.least {
        Some(least) => paying(least),
        None => format!("{}, the most that a payment can open", paying(&payments.whole_debt)),
    }];
    if let Some((due_at, next)) = &payments.next_instalment {
        let (amount, opens) = (text::usd_owed(next.amount), text::units(next.opens));
        advice.push(format!("{amount} fall due on {}, which open {opens}", text::time(*due_at)));
    }
    advice
}

/// The units of a credit by the gate's count, as answers have them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RoomView {
    /// Units open to new jobs.
    #[schema(value_type = u64)]
    available: Units,
    /// Units neither consumed, seized, expired nor cancelled, as the chain says.
    #[schema(value_type = u64)]
    remaining: Units,
    /// Units that no payment has opened yet.
    #[schema(value_type = u64)]
    locked: Units,
    /// Units frozen on top of the lock.
    #[schema(value_type = u64)]
    frozen: Units,
    /// Units held by running jobs.
    #[schema(value_type = u64)]
    in_flight: Units,
    /// Units used, and not on the chain yet.
    #[schema(value_type = u64)]
    unreported: Units,
}

impl RoomView {
    /// Shows a credit's units.
    pub(crate) fn new(room: &Room) -> RoomView {
        let Room { available, remaining, locked, frozen, in_flight, unreported } = *room;
        RoomView { available, remaining, locked, frozen, in_flight, unreported }
    }
}

/// A payment and the units that it opens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    /// The sum to pay, in micro-USDC.
    #[schema(value_type = u64)]
    amount: MicroUsd,
    /// Units that it unlocks or thaws.
    #[schema(value_type = u64)]
    opens: Units,
    /// Units open to new jobs afterwards, where nothing else changes.
    #[schema(value_type = u64)]
    available: Units,
}

impl PaymentView {
    fn new(payment: &OpeningPayment) -> PaymentView {
        let OpeningPayment { amount, opens, available } = *payment;
        PaymentView { amount, opens, available }
    }
}

/// The payment of all that is due by the next due date.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct InstalmentView {
    #[serde(flatten)]
    payment: PaymentView,
    /// The due date, in Unix seconds on the chain's clock.
    #[schema(value_type = i64)]
    due_at: ChainTime,
}

/// Payments that open units of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PaymentsView {
    /// The least payment that opens the units that are asked for; null where even the whole debt opens fewer, or none are asked for.
    #[schema(required)]
    least: Option<PaymentView>,
    /// The payment of the whole debt, which opens the most.
    whole_debt: PaymentView,
    /// The payment by the next due date; null where nothing more falls due.
    #[schema(required)]
    next_instalment: Option<InstalmentView>,
    /// Seconds for which the sums are good.
    good_for_seconds: u64,
    /// The payment that the request asks to be quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted: Option<PaymentView>,
}

impl PaymentsView {
    /// Shows payments.
    pub(crate) fn new(payments: &OpeningPayments) -> PaymentsView {
        let next = payments.next_instalment.as_ref();
        PaymentsView {
            least: payments.least.as_ref().map(PaymentView::new),
            whole_debt: PaymentView::new(&payments.whole_debt),
            next_instalment: next.map(|(due_at, payment)| InstalmentView {
                payment: PaymentView::new(payment),
                due_at: *due_at,
            }),
            good_for_seconds: QUOTED_FOR.as_secs(),
            quoted: None,
        }
    }

    /// Adds the payment that the request asks to be quoted.
    pub(crate) fn with_quoted(self, quoted: Option<&OpeningPayment>) -> PaymentsView {
        PaymentsView { quoted: quoted.map(PaymentView::new), ..self }
    }
}
