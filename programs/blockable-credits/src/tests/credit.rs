use {
    super::*,
    crate::{
        errors::BlockableError,
        state::{
            Credit, FreezePolicy, FreezeReason, Instalment, LoanParties, Market, MarketClock, Party, Rider,
            VaultClaims, terms_hash,
        },
        transitions::{Action, Status},
    },
    anchor_lang::prelude::Pubkey,
};

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

/// An active credit without optional terms.
fn plain_credit(loan: &Loan) -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    (credit.lender, credit.borrower, credit.provider) = (key(1), key(2), key(3));
    credit.terms = loan.terms;
    credit.issued_at = loan.start;
    credit.debt = loan.debt();
    credit.collateral.granted = 1_000_000;
    credit.instalment_count = loan.due_after.len() as u8;
    for (slot, due_after) in credit.due_after.iter_mut().zip(&loan.due_after) {
        *slot = *due_after;
    }
    for (slot, principal) in credit.principal_due.iter_mut().zip(&loan.principal) {
        *slot = *principal;
    }
    credit
}

fn some_loan() -> Loan {
    Loan::new(1_800_000_000, 100, 1_200, 5, &[(1_000, 600), (2_000, 400)])
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_credit_accrues_as_its_schedule_says(mut loan in any_loan(), choices in choices(20), grace in 0u32..100_000) {
        loan.terms.default_grace = grace;
        let mut credit = plain_credit(&loan);
        credit.holdback_left = loan.held_back.amount;
        loan.held_back.until = loan.due(loan.due_after.len() - 1) + i64::from(grace);
        for moment in loan.moments(&choices) {
            credit.accrue(moment).unwrap();
            prop_assert_eq!(credit.debt, loan.unpaid_at(moment.max(loan.start)));
            prop_assert_eq!(credit.arrears(), loan.schedule().arrears(&credit.debt));
            prop_assert_eq!(credit.capitalised, 0);
        }
    }

    /// Pauses before the offer do not count, pauses after it move the expiry by as much.
    #[test]
    fn an_offers_clock_stands_still_in_pauses(
        offer_after in 0i64..40_000, lifetime in 0i64..60_000,
        pauses in prop::collection::vec((0i64..30_000, 1u32..6_000), 0..8), look in 0i64..40_000,
    ) {
        let start = 20_000 * 86_400;
        let (offered, end) = (start + offer_after, start + lifetime + look);
        let mut market = Market::zeroed();
        let mut paused_at_offer = None;
        let clock = |market: &Market, chain| market.clock_at(chain).unwrap();
        let mut note = |market: &Market, now: i64| {
            if now >= offered && paused_at_offer.is_none() {
                paused_at_offer = Some(clock(market, offered).seconds_paused().unwrap());
            }
        };
        let (mut now, mut seconds) = (start, Vec::new());
        for (wait, length) in pauses {
            now += wait;
            note(&market, now);
            if market.begin_pause(now, length).is_ok() {
                seconds.push(now..now + i64::from(length));
                now += i64::from(length);
            }
        }
        let now = now.max(end).max(offered);
        note(&market, now);
        let mut credit = Credit::zeroed();
        credit.terms.offer_expires_at = offered + lifetime + 1;
        credit.paused_at_offer = paused_at_offer.unwrap();
        // Of each pause, the part after the offer; an offer cannot be made within one.
        prop_assume!(!seconds.iter().any(|pause| pause.contains(&offered)));
        let since: i64 = seconds.iter().filter(|pause| pause.start >= offered).map(|pause| pause.end - pause.start).sum();
        let expired = credit.offer_has_expired(&clock(&market, now)).unwrap();
        prop_assert_eq!(expired, now - since > credit.terms.offer_expires_at);
    }

    #[test]
    fn what_is_owed_from_the_vault_is_every_claim_the_reserve_and_the_holdback(claims in prop::array::uniform5(0u64..1 << 60), kept in prop::array::uniform2(0u64..1 << 60)) {
        let ([escrow, lender, borrower, treasury, provider], [reserve_held, holdback_left]) = (claims, kept);
        let mut credit = Credit::zeroed();
        credit.claims = VaultClaims { escrow, lender, borrower, treasury, provider };
        (credit.reserve_held, credit.holdback_left) = (reserve_held, holdback_left);
        let owed = claims.iter().sum::<u64>() + reserve_held + holdback_left;
        prop_assert_eq!(credit.owed_from_vault(), Ok(owed));
        credit.return_reserve().unwrap();
        prop_assert_eq!((credit.reserve_held, credit.claims.borrower), (0, borrower + reserve_held));
        let parties = [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider];
        let taken = parties.map(|party| credit.take_claim(party));
        prop_assert_eq!(taken, [lender, borrower + reserve_held, treasury, provider]);
        prop_assert_eq!(credit.owed_from_vault(), Ok(escrow + holdback_left));
    }
}

#[test]
fn zeros_stand_for_the_absence_of_optional_terms() {
    let credit = plain_credit(&some_loan());
    assert_eq!(credit.apr_bps(), 1_200);
    assert_eq!(credit.terms_in_force(), credit.terms);
    assert_eq!((credit.schedule().start, credit.schedule().capitalised), (1_800_000_000, 0));
    assert_eq!(credit.schedule().pay_in_kind.share_bps, 0);
    assert_eq!((credit.address_lender(), credit.address_borrower()), (key(1), key(2)));
    assert_eq!(credit.unrestricted_nonce(), 0);
    assert_eq!(credit.require_unexpired(i64::MAX), Ok(()));
    assert_eq!(credit.owed_from_vault(), Ok(0));
}

#[test]
fn an_offer_made_before_any_pause_expires_as_the_chain_says() {
    let mut credit = Credit::zeroed();
    credit.terms.offer_expires_at = 100;
    let at = |chain, market| MarketClock { chain, market, is_paused: false, is_halted: false };
    let expired = |chain, market| credit.offer_has_expired(&at(chain, market)).unwrap();
    assert!(!expired(100, 100) && expired(101, 101));
    // Five seconds of a pause since then move it by five.
    assert!(!expired(105, 100) && expired(106, 101));
    credit.terms.offer_expires_at = 0;
    assert_eq!(credit.offer_has_expired(&at(i64::MAX, i64::MAX)), Ok(false));
}

#[test]
fn an_assignment_leaves_the_address_with_the_first_lender() {
    let mut credit = plain_credit(&some_loan());
    (credit.original_lender, credit.lender) = (key(1), key(9));
    assert_eq!(credit.address_lender(), key(1));
    assert_eq!((credit.require_lender(&key(9)), credit.parties().lender), (Ok(()), key(1)));
    assert_eq!(credit.require_lender(&key(1)), Err(BlockableError::NotLender.into()));
}

#[test]
fn another_key_of_the_borrower_leaves_the_address_with_the_first() {
    let mut credit = plain_credit(&some_loan());
    (credit.original_borrower, credit.borrower) = (key(2), key(9));
    assert_eq!((credit.address_borrower(), credit.parties().borrower), (key(2), key(2)));
}

#[test]
fn units_expire_on_the_second_and_give_their_time_to_the_address() {
    let mut credit = Credit::zeroed();
    credit.units_expire_at = 500;
    assert_eq!(credit.require_unexpired(499), Ok(()));
    assert_eq!(credit.require_unexpired(500), Err(BlockableError::UnitsExpired.into()));
    assert_eq!(credit.unrestricted_nonce(), 500);
    credit.units_expire_at = -1;
    assert_eq!(credit.unrestricted_nonce(), 0);
}

#[test]
fn a_restructuring_moves_the_start_and_a_covenant_the_rate() {
    let mut credit = plain_credit(&some_loan());
    credit.restructured_at = 1_800_000_700;
    assert_eq!(credit.schedule().start, 1_800_000_700);
    credit.covenant.apr_bps = 900;
    assert_eq!(credit.apr_bps(), 1_200, "without a covenant the terms' rate stands");
    credit.rider = Rider { covenant_window: 1, ..Rider::default() };
    assert_eq!((credit.apr_bps(), credit.terms_in_force().apr_bps), (900, 900));
}

#[test]
fn each_policy_opens_freezing_from_its_status_on() {
    let policies = [
        (FreezePolicy::AtWill, Status::Active),
        (FreezePolicy::OnDelinquency, Status::Delinquent),
        (FreezePolicy::OnDefault, Status::Defaulted),
    ];
    for (policy, from) in policies {
        let mut credit = Credit::zeroed();
        credit.terms.freeze_policy = policy as u8;
        for status in Status::ALL {
            let expected = status.is_secured() && status.byte() >= from.byte();
            assert_eq!(credit.may_freeze(status, 0), Ok(expected), "{policy:?} {status:?}");
        }
    }
    let mut credit = Credit::zeroed();
    credit.terms.freeze_policy = 3;
    assert_eq!(credit.may_freeze(Status::Active, 0), Err(BlockableError::UnknownFlag.into()));
    let reasons = [
        FreezeReason::MissedPayment,
        FreezeReason::Default,
        FreezeReason::Breach,
        FreezeReason::Risk,
        FreezeReason::CrossDefault,
    ];
    assert_eq!(reasons.map(FreezeReason::is_about_payment), [true, true, false, false, false]);
}

#[test]
fn paying_off_releases_thaws_and_returns_the_reserve() {
    let mut credit = plain_credit(&some_loan());
    (credit.collateral.frozen_for_payment, credit.collateral.frozen_for_other) = (500, 400);
    (credit.meter.in_flight, credit.meter.promised, credit.meter.lapsed) = (70, 60, 10);
    (credit.defaulted_at, credit.notice_given, credit.pending_lender) = (5, 1, key(9));
    (credit.reserve_held, credit.claims.borrower, credit.reserve_drawn_at) = (300, 40, 9);
    assert_eq!(credit.discharge(), Ok(1_000_000));
    assert_eq!((credit.collateral.lien(), credit.collateral.frozen(), credit.meter.promised), (0, 0, 0));
    assert_eq!((credit.meter.lapsed, credit.meter.promised_at), (0, 0));
    assert_eq!((credit.defaulted_at, credit.notice_given, credit.pending_lender), (0, 0, Pubkey::default()));
    assert_eq!((credit.reserve_held, credit.claims.borrower, credit.reserve_drawn_at), (0, 340, 0));
}

#[test]
fn a_credit_has_room_for_thirty_six_instalments() {
    let schedule = [Instalment { due_after: 1, principal: 2 }; MAX_INSTALMENTS + 1];
    let mut credit = Credit::zeroed();
    assert_eq!(credit.set_schedule(&schedule), Err(BlockableError::InstalmentCount.into()));
    assert_eq!(credit.set_schedule(&schedule[1..]), Ok(()));
    assert_eq!((credit.schedule().due_after, credit.schedule().principal), (&[1; 36][..], &[2; 36][..]));
}

#[test]
fn thawing_everything_leaves_no_promise() {
    let mut credit = Credit::zeroed();
    (credit.collateral.frozen_for_payment, credit.meter.promised, credit.meter.lapsed) = (5, 3, 1);
    credit.thaw_under_policy();
    assert_eq!((credit.collateral.frozen(), credit.meter.promised, credit.meter.lapsed), (0, 0, 0));
    // While units are frozen for cross-default, so are those of the jobs that a freeze has met.
    (credit.collateral.frozen_for_other, credit.collateral.frozen_for_cross) = (5, 4);
    (credit.meter.promised, credit.meter.lapsed) = (3, 1);
    credit.thaw_under_policy();
    assert_eq!((credit.collateral.frozen(), credit.meter.promised, credit.meter.lapsed), (4, 3, 1));
}

/// A year at 10 %, all of the coupon in kind.
#[test]
fn a_credit_keeps_what_was_added_to_its_principal() {
    let loan = Loan::new(1_800_000_000, 100, 1_000, 0, &[(31_536_000, 600), (63_072_000, 400)]);
    let mut credit = plain_credit(&loan);
    credit.rider.pay_in_kind_bps = 10_000;
    credit.accrue(loan.due(0)).unwrap();
    assert_eq!((credit.debt.principal, credit.capitalised), (1_100, 100));
    assert_eq!(credit.schedule().principal_due(2), 1_100);
}

#[test]
fn blockable_follows_the_status() {
    let mut credit = Credit::zeroed();
    let path = [
        (Action::Accept, Status::Accepted, 0),
        (Action::Issue, Status::Active, 1),
        (Action::MarkDelinquent, Status::Delinquent, 1),
        (Action::MarkDefaulted, Status::Defaulted, 1),
        (Action::Seize, Status::Seizing, 1),
        (Action::PayOff, Status::Repaid, 0),
        (Action::Close, Status::Closed, 0),
    ];
    for (action, status, blockable) in path {
        assert_eq!(credit.advance(action), Ok(status));
        assert_eq!((credit.status(), credit.blockable), (Ok(status), blockable));
    }
    assert_eq!(credit.advance(Action::Pay), Err(BlockableError::WrongStatus.into()));
    credit.status = 8;
    assert_eq!(credit.status(), Err(BlockableError::UnknownStatus.into()));
}

#[test]
fn the_terms_hash_covers_the_parties_the_terms_the_rider_and_the_schedule() {
    let parties =
        LoanParties { market: key(1), lender: key(2), borrower: key(3), provider: key(4), nonce: 5 };
    let (terms, rider) = (some_loan().terms, Rider::default());
    let schedule = [crate::state::Instalment { due_after: 1, principal: 2 }];
    let hash = |parties: LoanParties, terms: Terms, rider: Rider, schedule: &[_]| {
        terms_hash(&parties, &terms, &rider, schedule).unwrap()
    };
    let mut hashes = vec![
        hash(parties, terms, rider, &schedule),
        hash(LoanParties { market: key(9), ..parties }, terms, rider, &schedule),
        hash(LoanParties { lender: key(9), ..parties }, terms, rider, &schedule),
        hash(LoanParties { borrower: key(9), ..parties }, terms, rider, &schedule),
        hash(LoanParties { provider: key(9), ..parties }, terms, rider, &schedule),
        hash(LoanParties { nonce: 6, ..parties }, terms, rider, &schedule),
        hash(parties, Terms { cure_period: 9, ..terms }, rider, &schedule),
        hash(parties, Terms { unlocked_ahead: 9, ..terms }, rider, &schedule),
        hash(parties, Terms { holdback: 9, ..terms }, rider, &schedule),
        hash(parties, Terms { holdback_apr_bps: 9, ..terms }, rider, &schedule),
        hash(parties, terms, Rider { cross_default: 1, ..rider }, &schedule),
        hash(parties, terms, Rider { breach_notice: 1, ..rider }, &schedule),
        hash(parties, terms, rider, &[]),
        hash(parties, terms, rider, &[schedule[0], schedule[0]]),
    ];
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn the_price_paid_is_that_of_the_terms_rounded_up() {
    let mut credit = Credit::zeroed();
    (credit.terms.principal, credit.terms.units) = (100_000_000_000, 3_000_000_000);
    assert_eq!(credit.price_paid(), Ok(33_333_334));
    credit.terms.units = 0;
    assert_eq!(credit.price_paid(), Err(crate::units::Overflow.into()));
}
