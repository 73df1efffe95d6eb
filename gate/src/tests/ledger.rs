use {
    super::{address, credit, freeze, later},
    crate::{
        AtDeadline, Hold, HoldId, Refusal,
        ledger::{ChainClocks, Ledger, Room},
    },
    blockable_sdk::{
        Signature,
        accounts::CreditStamp,
        amounts::{ChainTime, MarketTime, Units},
        program::{metering, transitions::Status},
    },
    proptest::prelude::*,
    std::collections::HashMap,
};

const NO_CLOCK: ChainClocks = ChainClocks { chain: None, market: None, epoch_began_at: None };

/// A ledger with one credit of 1,000 units, seen at slot 10.
fn ledger() -> Ledger {
    let mut ledger = Ledger::restore(HashMap::new(), Vec::new(), 1);
    assert!(ledger.observe(address(1), 10, Some(&credit(0))));
    ledger
}

fn hold(ledger: &mut Ledger, units: Units) -> Hold {
    let (id, index) = ledger.admit(&address(1), units, NO_CLOCK).unwrap();
    let hold = Hold {
        id,
        credit: address(1),
        index,
        units,
        reference: String::new(),
        admitted_ms: 0,
        deadline_ms: 0,
        at_deadline: AtDeadline::Return,
        labels: Default::default(),
    };
    ledger.insert(hold.clone());
    hold
}

/// Ends a hold as a gate does once that is recorded.
fn settle(ledger: &mut Ledger, hold: &Hold, used: Units) {
    ledger.begin_end(hold.id).unwrap();
    let cumulative = ledger.cumulative(&hold.credit, hold.index).saturating_add(used);
    ledger.raise_cumulative(&hold.credit, hold.index, cumulative);
    ledger.end(hold.id);
}

/// The reading that a report at a time of the chain's clock brings to the program.
fn report_of(ledger: &Ledger, now: i64) -> metering::Reading {
    let reading = ledger.readings()[0];
    metering::Reading {
        cumulative: reading.cumulative.get(),
        in_flight: reading.in_flight.get(),
        reported_at: now,
    }
}

fn room(ledger: &Ledger) -> Room {
    ledger.room(&address(1), None).unwrap()
}

#[test]
fn holds_and_unreported_use_leave_less_for_new_jobs() {
    let mut ledger = ledger();
    let first = hold(&mut ledger, Units(600));
    assert_eq!(room(&ledger).available, Units(400));
    assert_eq!(
        ledger.admit(&address(1), Units(401), NO_CLOCK),
        Err(Refusal::Exhausted { available: Units(400), needed: Units(401) })
    );
    settle(&mut ledger, &first, Units(250));
    assert_eq!(
        room(&ledger),
        Room {
            available: Units(750),
            remaining: Units(1_000),
            locked: Units(0),
            frozen: Units(0),
            in_flight: Units(0),
            unreported: Units(250)
        }
    );
    let metered = later(&credit(0), |credit| {
        credit.meter.cumulative = 250;
        credit.collateral.consumed = 250;
    });
    assert!(ledger.observe(address(1), 11, Some(&metered)));
    assert_eq!(
        room(&ledger),
        Room {
            available: Units(750),
            remaining: Units(750),
            locked: Units(0),
            frozen: Units(0),
            in_flight: Units(0),
            unreported: Units(0)
        }
    );
}

#[test]
fn a_freeze_refuses_new_jobs_and_says_so() {
    let mut ledger = ledger();
    let running = hold(&mut ledger, Units(300));
    let frozen = later(&credit(0), |credit| credit.collateral.frozen_for_payment = 1_000);
    ledger.observe(address(1), 11, Some(&frozen));
    assert_eq!(
        ledger.admit(&address(1), Units(10), NO_CLOCK),
        Err(Refusal::Frozen { available: Units(0), needed: Units(10), missing: Units(310) })
    );
    assert_eq!(
        ledger.admit(&address(1), Units(0), NO_CLOCK),
        Err(Refusal::Frozen { available: Units(0), needed: Units(1), missing: Units(301) })
    );
    assert_eq!(
        ledger.admit(&address(1), Units(701), NO_CLOCK),
        Err(Refusal::Exhausted { available: Units(0), needed: Units(701) })
    );
    settle(&mut ledger, &running, Units(300));
    assert_eq!(ledger.cumulative(&address(1), 0), Units(300));
    let partly = later(&frozen, |credit| credit.collateral.frozen_for_payment = 400);
    ledger.observe(address(1), 12, Some(&partly));
    assert_eq!(room(&ledger).available, Units(300));
}

/// Locked units are none that the lender has frozen: a payment opens them.
#[test]
fn a_lock_refuses_what_is_not_paid_for_and_says_what_opens_it() {
    let mut ledger = ledger();
    let mut locked = later(&credit(0), |credit| {
        credit.collateral.locked_at_issue = 900;
        (credit.terms.principal, credit.terms.units) = (5_000, 1_000);
    });
    ledger.observe(address(1), 11, Some(&locked));
    assert_eq!((room(&ledger).locked, room(&ledger).available), (Units(900), Units(100)));
    let running = hold(&mut ledger, Units(60));
    assert_eq!(
        ledger.admit(&address(1), Units(50), NO_CLOCK),
        Err(Refusal::Locked { available: Units(40), needed: Units(50), missing: Units(10) })
    );
    assert_eq!(
        ledger.admit(&address(1), Units(941), NO_CLOCK),
        Err(Refusal::Exhausted { available: Units(40), needed: Units(941) })
    );
    // A freeze comes on top of the lock, also one that is obeyed ahead of the chain.
    ledger.obey_freeze(address(1), Signature::from([1; 64]), Units(1_000));
    assert_eq!((room(&ledger).frozen, room(&ledger).available), (Units(100), Units(0)));
    assert_eq!(
        ledger.admit(&address(1), Units(40), NO_CLOCK),
        Err(Refusal::Frozen { available: Units(0), needed: Units(40), missing: Units(100) })
    );
    ledger.lift_freeze(&address(1), &Signature::from([1; 64]));
    // As soon as the payment is seen, what it pays for is open.
    settle(&mut ledger, &running, Units(60));
    locked = later(&locked, |credit| credit.collateral.released = 10);
    ledger.observe(address(1), 12, Some(&locked));
    assert_eq!(room(&ledger).available, Units(50));
    hold(&mut ledger, Units(50));
}

#[test]
fn a_running_lease_is_not_renewed_on_frozen_units() {
    let mut ledger = ledger();
    let lease = hold(&mut ledger, Units(600));
    // The units that the lease itself holds and has not used are open to its renewal, and to nobody else.
    assert_eq!(
        ledger.admit(&address(1), Units(500), NO_CLOCK),
        Err(Refusal::Exhausted { available: Units(400), needed: Units(500) })
    );
    let (id, _) = ledger.renew(&lease, Units(300), Units(600), NO_CLOCK).unwrap();
    assert_eq!(id, HoldId(2));
    let mut ledger = self::ledger();
    let lease = hold(&mut ledger, Units(600));
    ledger.observe(
        address(1),
        11,
        Some(&later(&credit(0), |credit| credit.collateral.frozen_for_payment = 1_000)),
    );
    assert_eq!(
        ledger.renew(&lease, Units(0), Units(600), NO_CLOCK),
        Err(Refusal::Frozen { available: Units(0), needed: Units(600), missing: Units(600) })
    );
    assert_eq!(room(&ledger).in_flight, Units(600));
}

#[test]
fn only_newer_views_count() {
    let mut ledger = ledger();
    let frozen = later(&credit(0), |credit| credit.collateral.frozen_for_payment = 500);
    let thawed = later(&frozen, |credit| credit.collateral.frozen_for_payment = 0);
    assert!(ledger.observe(address(1), 12, Some(&frozen)));
    assert!(!ledger.observe(address(1), 11, Some(&thawed)), "an older slot");
    assert!(!ledger.observe(address(1), 12, Some(&credit(0))), "an earlier event of the same slot");
    assert!(!ledger.observe(address(1), 13, Some(&frozen)), "nothing new");
    assert_eq!(room(&ledger).frozen, Units(500));
    // A fork that held the freeze was dropped: the account is as it was, at a later slot.
    assert!(ledger.observe(address(1), 14, Some(&credit(0))));
    assert_eq!(room(&ledger).frozen, Units(0));
    assert!(ledger.observe(address(1), 15, None));
    assert_eq!(ledger.room(&address(1), None), Err(Refusal::Closed));
    assert_eq!(ledger.room(&address(2), None), Err(Refusal::UnknownCredit));
}

#[test]
fn a_view_that_is_confirmed_is_as_of_the_later_slot() {
    let mut ledger = ledger();
    let seen = credit(0);
    ledger.confirm(&address(1), 12, CreditStamp { seq: seen.event_seq + 1, hash: seen.event_hash });
    assert_eq!(ledger.slot(&address(1)), Some(10), "another state");
    ledger.confirm(&address(1), 12, CreditStamp::new(&seen));
    ledger.confirm(&address(1), 11, CreditStamp::new(&seen));
    assert_eq!(ledger.slot(&address(1)), Some(12));
    ledger.confirm(&address(2), 12, CreditStamp { seq: 0, hash: [0; 32] });
    assert_eq!(ledger.slot(&address(2)), None);
}

#[test]
fn a_signed_freeze_counts_until_it_is_lifted_and_no_further_than_the_lien() {
    let mut ledger = ledger();
    let (one, two) = (Signature::from([1; 64]), Signature::from([2; 64]));
    ledger.obey_freeze(address(1), one, Units(400));
    ledger.obey_freeze(address(1), two, Units(5_000));
    ledger.obey_freeze(address(1), two, Units(5_000));
    assert_eq!(room(&ledger).frozen, Units(1_000));
    ledger.lift_freeze(&address(1), &two);
    assert_eq!(room(&ledger).frozen, Units(400));
    let released = later(&credit(0), |credit| credit.collateral.released = 800);
    ledger.observe(address(1), 11, Some(&released));
    assert_eq!(room(&ledger).frozen, Units(200), "the lien is smaller than the order");
    ledger.lift_freeze(&address(1), &one);
    assert_eq!(room(&ledger).frozen, Units(0));
}

#[test]
fn statuses_and_lifetimes_decide() {
    let mut ledger = ledger();
    let at = |ledger: &mut Ledger, slot, change: &dyn Fn(&mut blockable_sdk::program::state::Credit)| {
        let mut next = credit(0);
        change(&mut next);
        next.event_seq = slot;
        ledger.observe(address(1), slot, Some(&next));
        ledger.room(&address(1), Some(MarketTime(1_000)))
    };
    for (slot, status) in [(20, Status::Offered), (21, Status::Accepted)] {
        assert_eq!(at(&mut ledger, slot, &|credit| credit.status = status.byte()), Err(Refusal::NotIssued));
    }
    for (slot, status) in [
        (22, Status::Active),
        (23, Status::Delinquent),
        (24, Status::Defaulted),
        (25, Status::Seizing),
        (26, Status::Repaid),
    ] {
        assert!(at(&mut ledger, slot, &|credit| credit.status = status.byte()).is_ok(), "{status:?}");
    }
    assert!(at(&mut ledger, 27, &|credit| credit.units_expire_at = 1_001).is_ok());
    assert_eq!(at(&mut ledger, 28, &|credit| credit.units_expire_at = 1_000), Err(Refusal::Expired));
    assert_eq!(ledger.room(&address(1), None), Err(Refusal::Stale), "without a clock nobody knows");
}

#[test]
fn what_the_chain_has_counted_is_never_counted_again() {
    // The store was lost: the chain knows of 700 units.
    let mut ledger = Ledger::restore(HashMap::new(), Vec::new(), 1);
    let metered = later(&credit(4), |credit| {
        credit.meter.cumulative = 700;
        credit.collateral.consumed = 700;
    });
    ledger.observe(address(1), 10, Some(&metered));
    assert_eq!(room(&ledger).available, Units(300));
    let job = hold(&mut ledger, Units(100));
    settle(&mut ledger, &job, Units(100));
    assert_eq!(ledger.readings()[0].cumulative, Units(800));
    // Another loan at the same address begins at its own count.
    ledger.observe(address(1), 20, None);
    ledger.observe(address(1), 30, Some(&credit(9)));
    let reading = ledger.readings()[0];
    assert_eq!((reading.index, reading.cumulative), (9, Units(0)));
}

/// A loan of 10 units per second and jobs of 30 seconds: 300 units at once.
#[test]
fn running_jobs_and_uncounted_use_stay_within_the_rate_bound() {
    let mut ledger = ledger();
    let bounded = later(&credit(0), |credit| {
        (credit.terms.max_units_per_second, credit.terms.longest_job) = (10, 30);
        credit.meter.reported_at = 1_000;
    });
    ledger.observe(address(1), 11, Some(&bounded));
    let at = |seconds: i64| ChainClocks { chain: Some(ChainTime(1_000 + seconds)), ..NO_CLOCK };
    let refused = |open, needed| Err(Refusal::RateBound { open: Units(open), needed: Units(needed) });
    assert_eq!(ledger.admit(&address(1), Units(301), at(0)), refused(300, 301));
    let job = hold(&mut ledger, Units(300));
    assert_eq!(ledger.admit(&address(1), Units(1), at(1_000)), refused(0, 1), "idle time does not add up");
    // Used at once, of which ten seconds count 100 and thirty all.
    settle(&mut ledger, &job, Units(300));
    assert_eq!(ledger.admit(&address(1), Units(1), NO_CLOCK), refused(0, 1));
    assert_eq!(ledger.admit(&address(1), Units(101), at(10)), refused(100, 101));
    let (id, index) = ledger.admit(&address(1), Units(300), at(30)).unwrap();
    // A lease goes on within what it frees.
    let lease = Hold { id, index, ..job };
    ledger.insert(lease.clone());
    assert_eq!(ledger.renew(&lease, Units(200), Units(101), at(30)), refused(100, 101));
    assert!(ledger.renew(&lease, Units(200), Units(100), at(30)).is_ok());
}

proptest! {
    /// Admits, settles, reports, freezes, thaws and pays in any order, with a lock or without: a gate that admits by its ledger never
    /// makes its provider serve what the chain will not count, as long as freezes leave running jobs their promise.
    #[test]
    fn what_was_admitted_is_always_counted_by_the_chain(
        steps in prop::collection::vec((0u8..6, 1u64..400, 0usize..8), 1..120), locked_at_issue in prop_oneof![Just(0), 0u64..1_000],
    ) {
        let mut ledger = ledger();
        let mut chain = later(&credit(0), |credit| credit.collateral.locked_at_issue = locked_at_issue);
        ledger.observe(address(1), 10, Some(&chain));
        let mut repaid = 0;
        let (mut now, mut slot) = (1_000i64, 10u64);
        let mut running: Vec<Hold> = Vec::new();
        for (step, units, which) in steps {
            match step {
                0 => if let Ok(fitted) = ledger.fit(&address(1), Units(units / (which as u64 + 1)), Units(units), NO_CLOCK) {
                    let (id, index) = ledger.admit(&address(1), fitted, NO_CLOCK).unwrap();
                    let hold = Hold {
                        id, credit: address(1), index, units: fitted, reference: String::new(),
                        admitted_ms: 0, deadline_ms: 0, at_deadline: AtDeadline::Return, labels: Default::default(),
                    };
                    ledger.insert(hold.clone());
                    running.push(hold);
                },
                1 => if !running.is_empty() {
                    let hold = running.remove(which % running.len());
                    settle(&mut ledger, &hold, hold.units.min(Units(units)));
                },
                2 => {
                    let reading = report_of(&ledger, now);
                    chain = later(&chain, |chain| {
                        let metered = metering::apply(
                            &mut chain.collateral, &mut chain.meter, &reading, u64::MAX / 2, now, None,
                        ).unwrap();
                        assert_eq!(metered.overrun, 0, "served and not counted");
                    });
                }
                3 => {
                    // The report that is due comes before the freeze, as a gate's reporter sees to.
                    let reading = report_of(&ledger, now);
                    chain = later(&chain, |chain| {
                        metering::apply(&mut chain.collateral, &mut chain.meter, &reading, u64::MAX / 2, now, None).unwrap();
                        let target = units.min(chain.collateral.freezable());
                        freeze(chain, target, now);
                    });
                }
                4 => chain = later(&chain, |chain| {
                    repaid = (repaid + units / 8).min(999);
                    chain.collateral.release(repaid, 1_000).unwrap();
                }),
                _ => chain = later(&chain, |chain| {
                    let thaw = units.min(chain.collateral.frozen());
                    metering::thaw(&mut chain.collateral, thaw).unwrap();
                }),
            }
            now += 1;
            slot += 1;
            ledger.observe(address(1), slot, Some(&chain));
        }
    }
}
