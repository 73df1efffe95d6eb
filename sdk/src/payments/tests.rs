//! Quotes, against the program's own actions; the differential test on the built program is in `tests`.

use {
    super::*,
    crate::amounts::MarketTime,
    blockable_credits::{
        state::{Collateral, FreezePolicy, Terms},
        units::DAY,
    },
    bytemuck::Zeroable,
    proptest::prelude::*,
};

/// One instalment, in micro-USDC.
const PART: u64 = 10_000_000;
/// Market time of issue.
const START: i64 = 1_800_000_000;

/// An active loan of 120 USDC for 1,200,000 units in 12 parts, the first after a day, of which 100,000 units are unlocked
/// ahead; all that is locked is held back.
fn sealed() -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.instalment_count = 12;
    for (part, (due_after, principal)) in
        (0..12).zip(credit.due_after.iter_mut().zip(&mut credit.principal_due))
    {
        (*due_after, *principal) = ((1 + 30 * part) * DAY, PART);
    }
    let terms = &mut credit.terms;
    (terms.principal, terms.units, terms.unlocked_ahead) = (12 * PART, 1_200_000, 100_000);
    (terms.delinquency_grace, terms.default_grace, terms.cure_period) = (2 * DAY, 7 * DAY, 10 * DAY);
    terms.freeze_policy = FreezePolicy::OnDelinquency as u8;
    terms.holdback = 11 * PART;
    credit.holdback_left = 11 * PART;
    credit.issued_at = START;
    credit.debt.principal = 12 * PART;
    credit.debt.accrued_at = START;
    credit.collateral = Collateral { granted: 1_200_000, locked_at_issue: 1_100_000, ..Collateral::zeroed() };
    credit
}

/// The same loan three days after its first due date, delinquent, with all of the open part of the lien frozen.
fn frozen() -> (Credit, MarketClock) {
    let (mut credit, clock) = (sealed(), days(4));
    credit.mark_delinquent(&clock).unwrap();
    credit.collateral.frozen_for_payment = credit.collateral.freezable();
    (credit, clock)
}

fn days(days: i64) -> MarketClock {
    let now = START + days * i64::from(DAY);
    MarketClock { chain: now, market: now, is_paused: false, is_halted: false }
}

#[test]
fn a_quote_names_what_a_payment_opens_thaws_cures_and_earns_the_provider() {
    let (credit, clock) = frozen();
    let quote = quote_payment(&credit, &clock, MicroUsd(PART)).unwrap();
    assert_eq!(
        (quote.opened(), quote.unlocked, quote.thawed),
        (Units(200_000), Units(100_000), Units(100_000))
    );
    assert_eq!((quote.provider_earns, quote.principal), (MicroUsd(PART), MicroUsd(PART)));
    assert_eq!((quote.arrears_before, quote.arrears_left), (MicroUsd(PART), MicroUsd::ZERO));
    assert_eq!((quote.status_before, quote.status_after), (Status::Delinquent, Status::Active));
    assert!(quote.cures() && !quote.pays_off());
    assert_eq!(quote.available_after, Units(200_000));
}

#[test]
fn a_part_of_the_arrears_opens_what_it_pays_for_and_as_large_a_part_of_the_freeze() {
    let (credit, clock) = frozen();
    let quote = quote_payment(&credit, &clock, MicroUsd(PART / 10)).unwrap();
    assert_eq!((quote.unlocked, quote.thawed), (Units(10_000), Units(10_000)));
    assert!(!quote.cures());
}

#[test]
fn a_payment_beyond_the_debt_pays_the_debt_and_opens_everything() {
    let (credit, clock) = frozen();
    let quote = quote_payment(&credit, &clock, MicroUsd::MAX).unwrap();
    assert_eq!((quote.paid, quote.debt_left), (MicroUsd(12 * PART), MicroUsd::ZERO));
    assert_eq!((quote.opened(), quote.available_after), (Units(1_200_000), Units(1_200_000)));
    assert!(quote.cures() && quote.pays_off());
}

#[test]
fn nothing_is_quoted_where_the_program_takes_no_payment() {
    let (credit, clock) = frozen();
    assert_eq!(quote_payment(&credit, &clock, MicroUsd::ZERO), Err(PaymentError::Zero));
    let repaid = Credit { status: Status::Repaid.byte(), ..credit };
    assert_eq!(quote_payment(&repaid, &clock, MicroUsd(1)), Err(PaymentError::NothingOwed));
    let unknown = Credit { status: 99, ..credit };
    assert_eq!(quote_payment(&unknown, &clock, MicroUsd(1)), Err(PaymentError::OutOfRange));
}

#[test]
fn a_refill_of_the_reserve_opens_nothing() {
    let mut credit = sealed();
    credit.rider.reserve = PART;
    let quote = quote_payment(&credit, &days(0), MicroUsd(PART)).unwrap();
    assert_eq!((quote.to_reserve, quote.opened()), (MicroUsd(PART), Units::ZERO));
    let least = least_payment_to_open(&credit, &days(0), Units(1)).unwrap().unwrap();
    assert_eq!((least.paid, least.opened()), (MicroUsd(PART + 100), Units(1)));
}

#[test]
fn the_least_payment_that_cures_is_the_arrears_and_under_a_notice_the_debt() {
    let (credit, clock) = frozen();
    let cure = |credit: &Credit| least_payment_to_cure(credit, &clock).unwrap().map(|quote| quote.paid);
    assert_eq!(cure(&credit), Some(MicroUsd(PART)));
    assert_eq!(
        cure(&Credit { notice_given: 1, status: Status::Defaulted.byte(), ..credit }),
        Some(MicroUsd(12 * PART))
    );
    assert_eq!(cure(&Credit { status: Status::Seizing.byte(), ..credit }), None);
    assert_eq!(cure(&sealed()), None);
}

/// The second instalment falls due on day 31, with a month's interest; the first one, where it is unpaid, with it.
#[test]
fn the_next_instalment_pays_all_that_is_due_by_its_date() {
    let credit = Credit { terms: Terms { apr_bps: 1_200, ..sealed().terms }, ..sealed() };
    let next = |credit: &Credit, day| next_instalment(credit, &days(day)).unwrap();
    let at = |day: i64| MarketTime(START + day * i64::from(DAY));
    let first = next(&credit, 0).unwrap();
    assert_eq!((first.due_at, first.quote.principal), (at(1), MicroUsd(PART)));
    assert_eq!((first.quote.opened(), first.quote.arrears_left), (Units(100_000), MicroUsd::ZERO));
    let both = next(&credit, 4).unwrap();
    assert_eq!((both.due_at, both.quote.principal), (at(31), MicroUsd(2 * PART)));

    let mut ahead = credit;
    let paid = ahead.begin_payment(2 * PART + PART / 2, &days(0)).unwrap();
    ahead.receive_payment(Pubkey::default(), paid).unwrap();
    let without_interest = Credit { terms: sealed().terms, ..ahead };
    let third = next(&without_interest, 0).unwrap();
    assert_eq!((third.due_at, third.quote.paid), (at(61), MicroUsd(PART / 2)), "two are paid ahead");
    assert!(next(&ahead, 0).unwrap().due_at == at(1), "the interest falls due with the first");
    assert_eq!(next(&credit, 400), None, "all is due");
    assert_eq!(
        next_instalment(&Credit { status: Status::Repaid.byte(), ..credit }, &days(0)),
        Err(PaymentError::NothingOwed)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A micro-USDC less opens too little, and more never opens fewer: also with interest, a reserve, freezes of each kind and
    /// units that were cancelled or seized.
    #[test]
    fn the_least_payment_opens_the_units_and_a_micro_usdc_less_does_not(
        day in 0i64..400,
        shares in prop::array::uniform6(0u64..=100),
        reserve in 0u64..2 * PART,
        apr in 0u16..4_000,
        wanted in 1u64..1_300_000,
        more in 0u64..13 * PART,
    ) {
        let (mut credit, clock) = (sealed(), days(day));
        credit.terms.apr_bps = apr;
        (credit.rider.reserve, credit.reserve_held) = (reserve, reserve * shares[0] / 100);
        credit.collateral.cancelled = 10_000 * shares[1] / 2;
        credit.collateral.seized = 1_000 * shares[2];
        credit.mark_delinquent(&clock).ok();
        let freezable = credit.collateral.freezable();
        credit.collateral.frozen_for_payment = freezable * shares[3] / 100;
        credit.collateral.frozen_for_other = freezable * shares[4] / 100;
        credit.collateral.frozen_for_cross = freezable * shares[5] / 100;

        let whole = quote_payment(&credit, &clock, MicroUsd::MAX).unwrap();
        match least_payment_to_open(&credit, &clock, Units(wanted)).unwrap() {
            None => prop_assert!(whole.opened() < Units(wanted)),
            Some(least) => {
                prop_assert!(least.opened() >= Units(wanted));
                if least.paid > MicroUsd(1) {
                    let less = least.paid.saturating_sub(MicroUsd(1));
                    let less = quote_payment(&credit, &clock, less).unwrap();
                    prop_assert!(less.opened() < Units(wanted), "{less:?}");
                }
                let larger = least.paid.saturating_add(MicroUsd(more));
                prop_assert!(quote_payment(&credit, &clock, larger).unwrap().opened() >= least.opened());
            }
        }
        // The units that open are the difference that jobs see.
        let available = Units(credit.collateral.available());
        prop_assert_eq!(available.saturating_add(whole.opened()), whole.available_after);
    }
}
