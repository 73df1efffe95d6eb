//! The query of a link's URL: it has what the link has shown and what binds a signature.

use {
    super::{act::Act, error::LinkError, view::View},
    blockable_sdk::{
        names::freeze_reason_name,
        payments::next_instalment,
        program::{
            instructions::{FreezeAmount, LoanRead, OfferRead, ThawBounds, UnitBounds},
            state::FreezeReason,
            transitions::Status,
        },
    },
    blockable_service::hex,
    serde::Deserialize,
};

/// Seconds ahead for which a payment is quoted: interest grows until it lands.
const AHEAD: i64 = 600;
/// Micro-USDC of a dollar.
const DOLLAR: u64 = 1_000_000;
/// Micro-USDC of a cent.
const CENT: u64 = 10_000;
const REASONS: [FreezeReason; 4] =
    [FreezeReason::MissedPayment, FreezeReason::Default, FreezeReason::Breach, FreezeReason::Risk];

/// The query of a link, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkQuery {
    /// Slot of the credit's offer: a later loan at the same address is another one.
    pub(crate) offer: Option<u64>,
    /// Reason of a freeze.
    pub(crate) reason: Option<String>,
    /// Share to freeze, in percent.
    pub(crate) percent: Option<String>,
    /// Units: frozen in all, to thaw, or to buy.
    pub(crate) units: Option<u64>,
    /// The fewest units that stay frozen.
    pub(crate) keep: Option<u64>,
    /// The most to pay, in dollars.
    pub(crate) amount: Option<String>,
    /// True where the payment is refused unless it makes the loan current.
    pub(crate) cure: Option<bool>,
    /// True where the payment is meant also once a seizure has begun, when it releases nothing.
    pub(crate) after_seizure: Option<bool>,
    /// The highest price, in micro-USDC for a million units.
    pub(crate) max_price: Option<u64>,
    /// Hash of the terms, in hexadecimal digits.
    pub(crate) terms: Option<String>,
}

/// An act with everything that its signature is bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A freeze: the total of frozen units that is asked for.
    Freeze {
        /// The total.
        amount: FreezeAmount,
        /// The reason.
        reason: FreezeReason,
        /// Slot of the offer.
        offer: u64,
    },
    /// A thaw.
    Thaw {
        /// The units.
        bounds: ThawBounds,
        /// Slot of the offer.
        offer: u64,
    },
    /// A payment.
    Repay {
        /// The most to pay, in micro-USDC.
        amount: u64,
        /// The loan and the worst status.
        read: LoanRead,
        /// True where it is refused unless it makes the loan current.
        must_cure: bool,
    },
    /// A purchase from a lot.
    Buy {
        /// The units.
        amount: UnitBounds,
        /// The highest price, in micro-USDC per `PRICE_SCALE` units.
        max_price: u64,
    },
    /// An acceptance.
    Accept(OfferRead),
}

impl Asked {
    /// Reads what a link has shown; a link that leaves it open is filled from the chain where no money moves by it. Errors: 400
    /// for a query that does not fit the act.
    pub(crate) fn read(act: Act, query: &LinkQuery, view: &View) -> Result<Asked, LinkError> {
        let given = Given { act, query };
        given.require_fields()?;
        let offer = query.offer.unwrap_or(view.credit.offer_slot);
        match act {
            Act::Freeze => {
                Ok(Asked::Freeze { amount: FreezeAmount::All, reason: given.reason(view)?, offer })
            }
            Act::PartFreeze => {
                Ok(Asked::Freeze { amount: given.part()?, reason: given.reason(view)?, offer })
            }
            Act::Thaw => {
                let most = query.units.unwrap_or_else(|| view.credit.collateral.frozen());
                Ok(Asked::Thaw { bounds: ThawBounds { most, keep: query.keep.unwrap_or(0) }, offer })
            }
            Act::Repay => {
                let after_seizure = query.after_seizure.unwrap_or(false);
                let worst_status = if after_seizure { Status::Seizing } else { Status::Defaulted };
                let read = LoanRead { offer_slot: given.shown("offer", query.offer)?, worst_status };
                let amount = dollars(given.shown("amount", query.amount.as_deref())?)?;
                Ok(Asked::Repay { amount, read, must_cure: query.cure.unwrap_or(false) })
            }
            Act::Buy => {
                let units = given.shown("units", query.units)?;
                let max_price = given.shown("max_price", query.max_price)?;
                Ok(Asked::Buy { amount: UnitBounds::exactly(units), max_price })
            }
            Act::Accept => {
                let terms = given.shown("terms", query.terms.as_deref())?;
                let terms_hash = hex::decode(terms);
                let terms_hash =
                    terms_hash.ok_or_else(|| given.wrong("terms", "not 64 hexadecimal digits"))?;
                Ok(Asked::Accept(OfferRead { terms_hash, slot: given.shown("offer", query.offer)? }))
            }
        }
    }

    /// The act that a link without a query offers, as the accounts stand; `None` where there is nothing to offer.
    pub(crate) fn first(act: Act, view: &View) -> Option<Asked> {
        let credit = &view.credit;
        let (offer, reason) = (credit.offer_slot, reason_now(view));
        match act {
            Act::Freeze => Some(Asked::Freeze { amount: FreezeAmount::All, reason, offer }),
            Act::PartFreeze => Some(Asked::Freeze { amount: FreezeAmount::Bps(5_000), reason, offer }),
            Act::Thaw => {
                let most = credit.collateral.frozen();
                (most > 0).then_some(Asked::Thaw { bounds: ThawBounds { most, keep: 0 }, offer })
            }
            Act::Repay => due_payment(view),
            Act::Buy => {
                let (_, lot) = view.lot.as_ref()?;
                let max_price = lot.price_at(view.clock.market).ok()?;
                let amount = UnitBounds::exactly(lot.units_left);
                (lot.units_left > 0).then_some(Asked::Buy { amount, max_price })
            }
            Act::Accept => Some(Asked::Accept(OfferRead::from_credit(credit))),
        }
    }

    /// The query that says the same.
    pub(crate) fn query(&self) -> String {
        match self {
            Asked::Freeze { amount, reason, offer } => {
                let part = match amount {
                    FreezeAmount::Units(units) => format!("&units={units}"),
                    FreezeAmount::Bps(bps) => format!("&percent={}", percent_text(*bps)),
                    FreezeAmount::All | FreezeAmount::Shortfall => String::new(),
                };
                format!("offer={offer}&reason={}{part}", freeze_reason_name(*reason))
            }
            Asked::Thaw { bounds: ThawBounds { most, keep }, offer } => {
                format!("offer={offer}&units={most}&keep={keep}")
            }
            Asked::Repay { amount, read, must_cure } => format!(
                "offer={}&amount={}{}{}",
                read.offer_slot,
                dollar_text(*amount),
                if *must_cure { "&cure=true" } else { "" },
                if read.worst_status == Status::Seizing { "&after_seizure=true" } else { "" },
            ),
            Asked::Buy { amount, max_price } => format!("units={}&max_price={max_price}", amount.most),
            Asked::Accept(read) => format!("offer={}&terms={}", read.slot, hex::encode(read.terms_hash)),
        }
    }
}

/// The payment that makes a loan current: what is due, under a notice or after a seizure the whole debt, else the next instalment.
fn due_payment(view: &View) -> Option<Asked> {
    let mut later = view.credit;
    later.accrue(view.clock.market.saturating_add(AHEAD)).ok()?;
    let status = later.status().ok().filter(|status| status.is_secured())?;
    let after_seizure = status == Status::Seizing;
    let worst_status = if after_seizure { Status::Seizing } else { Status::Defaulted };
    let read = LoanRead { offer_slot: later.offer_slot, worst_status };
    if after_seizure || later.notice_given == 1 {
        return Some(Asked::Repay { amount: whole_cents(later.debt.total()), read, must_cure: true });
    }
    let arrears = later.arrears();
    if arrears > 0 {
        return Some(Asked::Repay { amount: whole_cents(arrears), read, must_cure: true });
    }
    let next = next_instalment(&view.credit, &view.clock).ok()??;
    Some(Asked::Repay { amount: whole_cents(next.quote.paid.get()), read, must_cure: false })
}

/// The payment of everything, quoted some minutes ahead: the program takes no more than the debt.
pub(super) fn whole_debt(view: &View) -> Option<Asked> {
    let mut later = view.credit;
    later.accrue(view.clock.market.saturating_add(AHEAD)).ok()?;
    let status = later.status().ok().filter(|status| status.is_secured())?;
    let worst_status = if status == Status::Seizing { Status::Seizing } else { Status::Defaulted };
    let read = LoanRead { offer_slot: later.offer_slot, worst_status };
    Some(Asked::Repay { amount: whole_cents(later.debt.total()), read, must_cure: true })
}

/// The sum in whole cents, rounded up: what is shown is what is signed.
fn whole_cents(amount: u64) -> u64 {
    amount.checked_next_multiple_of(CENT).unwrap_or(amount)
}

/// The reason that a freeze has by the state of the loan.
fn reason_now(view: &View) -> FreezeReason {
    match view.credit.status() {
        Ok(Status::Delinquent) => FreezeReason::MissedPayment,
        Ok(Status::Defaulted) if view.credit.notice_given == 1 => FreezeReason::Breach,
        Ok(Status::Defaulted | Status::Seizing) => FreezeReason::Default,
        _ => FreezeReason::Risk,
    }
}

/// A query, and the act that it is for.
struct Given<'a> {
    act: Act,
    query: &'a LinkQuery,
}

impl Given<'_> {
    /// Requires that nothing is said that the act does not hear. Errors: 400.
    fn require_fields(&self) -> Result<(), LinkError> {
        let query = self.query;
        let given = [
            ("offer", query.offer.is_some(), self.act != Act::Buy),
            ("reason", query.reason.is_some(), matches!(self.act, Act::Freeze | Act::PartFreeze)),
            ("percent", query.percent.is_some(), self.act == Act::PartFreeze),
            ("units", query.units.is_some(), matches!(self.act, Act::PartFreeze | Act::Thaw | Act::Buy)),
            ("keep", query.keep.is_some(), self.act == Act::Thaw),
            ("amount", query.amount.is_some(), self.act == Act::Repay),
            ("cure", query.cure.is_some(), self.act == Act::Repay),
            ("after_seizure", query.after_seizure.is_some(), self.act == Act::Repay),
            ("max_price", query.max_price.is_some(), self.act == Act::Buy),
            ("terms", query.terms.is_some(), self.act == Act::Accept),
        ];
        match given.into_iter().find(|(_, is_given, is_heard)| *is_given && !is_heard) {
            Some((name, ..)) => Err(self.wrong(name, "no part of this link")),
            None => Ok(()),
        }
    }

    fn wrong(&self, name: &str, fault: &str) -> LinkError {
        LinkError::BadRequest(format!(
            "`{name}` is {fault}; open the link /links/{}/ADDRESS anew",
            self.act.name()
        ))
    }

    /// Requires a part of the link that its signature is bound by. Errors: 400.
    fn shown<T>(&self, name: &str, value: Option<T>) -> Result<T, LinkError> {
        value.ok_or_else(|| self.wrong(name, "missing, and the signature is bound by it"))
    }

    fn part(&self) -> Result<FreezeAmount, LinkError> {
        match (self.query.units, self.query.percent.as_deref()) {
            (Some(units), None) => Ok(FreezeAmount::Units(units)),
            (None, Some(percent)) => Ok(FreezeAmount::Bps(
                bps(percent).ok_or_else(|| self.wrong("percent", "no share from 0.01 to 100"))?,
            )),
            _ => Err(self.wrong("percent", "missing, or `units` are given beside it")),
        }
    }

    fn reason(&self, view: &View) -> Result<FreezeReason, LinkError> {
        let Some(name) = &self.query.reason else { return Ok(reason_now(view)) };
        let found = REASONS.into_iter().find(|reason| freeze_reason_name(*reason) == name);
        found.ok_or_else(|| self.wrong("reason", "none of missed_payment, default, breach and risk"))
    }
}

/// Reads a share in percent, with at most two decimals.
fn bps(text: &str) -> Option<u16> {
    let hundredths = fixed(text, 2)?;
    u16::try_from(hundredths).ok().filter(|bps| (1..=10_000).contains(bps))
}

/// Reads dollars, with at most six decimals. Errors: 400.
fn dollars(text: &str) -> Result<u64, LinkError> {
    let wrong = || {
        let message = "`amount` is no sum in dollars; write it as 1250 or 99.50";
        LinkError::BadRequest(message.to_string())
    };
    fixed(text, 6).filter(|amount| *amount > 0).ok_or_else(wrong)
}

/// Reads a decimal number with at most so many places, as a whole number of the last place.
fn fixed(text: &str, places: usize) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number =
        !whole.is_empty() && [whole, part].iter().all(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    if !is_number || part.len() > places || whole.len() > 18 || (text.contains('.') && part.is_empty()) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// Writes dollars as [`Asked::read`] takes them.
pub(super) fn dollar_text(amount: u64) -> String {
    let (whole, part) = (amount / DOLLAR, amount % DOLLAR);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:06}").trim_end_matches('0').to_string() }
}

fn percent_text(bps: u16) -> String {
    let (whole, part) = (bps / 100, bps % 100);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:02}").trim_end_matches('0').to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_shares_are_read_exactly_or_not_at_all() {
        for (text, amount) in [("1", 1_000_000), ("0.000001", 1), ("99.5", 99_500_000), ("007", 7_000_000)] {
            assert_eq!(dollars(text).ok(), Some(amount), "{text}");
        }
        for text in
            ["", "0", "-1", "+1", "1.", ".5", "1e3", "1.0000001", "1,000", "99999999999999999999", " 1", "٣"]
        {
            assert!(dollars(text).is_err(), "{text}");
        }
        for amount in [1, 999_999, 1_000_000, 12_345_670_000, 999_999_999_999_999_999] {
            assert_eq!(dollars(&dollar_text(amount)).ok(), Some(amount));
        }
        assert_eq!([bps("40"), bps("0.01"), bps("100")], [Some(4_000), Some(1), Some(10_000)]);
        assert_eq!([bps("0"), bps("100.01"), bps("1.234"), bps("x")], [None; 4]);
        assert_eq!([percent_text(4_000), percent_text(1), percent_text(1_250)], ["40", "0.01", "12.5"]);
    }
}
