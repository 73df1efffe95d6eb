//! Answers to requests for which too few units are open: what is open, what fits, and what to pay.

use {
    crate::{app::App, error::ApiError},
    blockable_gate::{OpeningPayment, OpeningPayments, Refusal, gate::QUOTED_FOR, ledger::Room},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::text,
    serde_json::{Value, json},
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
        error.details.insert("payment".to_string(), payments_json(payments));
    }
    error.message = [error.message].into_iter().chain(advice).collect::<Vec<_>>().join("; ");
    let mut units = room_json(&room);
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

/// The units of a credit by the gate's count, in JSON.
pub(crate) fn room_json(room: &Room) -> Value {
    json!({
        "available": room.available, "remaining": room.remaining, "locked": room.locked, "frozen": room.frozen,
        "in_flight": room.in_flight, "unreported": room.unreported,
    })
}

/// A payment and what it opens, in JSON.
pub(crate) fn payment_json(payment: &OpeningPayment) -> Value {
    json!({"amount": payment.amount, "opens": payment.opens, "available": payment.available})
}

/// Payments and the units that they open, in JSON.
pub(crate) fn payments_json(payments: &OpeningPayments) -> Value {
    let next = payments.next_instalment.as_ref().map(|(due_at, next)| {
        let mut next = payment_json(next);
        next["due_at"] = json!(due_at);
        next
    });
    json!({
        "least": payments.least.as_ref().map(payment_json),
        "whole_debt": payment_json(&payments.whole_debt),
        "next_instalment": next,
        "good_for_seconds": QUOTED_FOR.as_secs(),
    })
}
