//! Refusals on the way from an offer to live units.

use {
    crate::{
        attempt::{Attempt, foreign_market, foreign_provider, full_rider},
        fees, refusals,
    },
    blockable_sdk::{
        addresses, instructions,
        program::{
            instructions::OfferRead,
            state::{Instalment, MAX_INSTALMENTS, Provider, ProviderSettings, Rider, TermBounds, Terms},
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, Parties, START, USDC, World},
};

refusals! {
    credit_offer by offering {
        MarketHalted: offer_while_halted = |good| good.while_halted();
        SelfLoan: offer_to_oneself = |good| good.with(|world, _| {
            let (lender, source) = (Parties::address("lender"), world.token_account("lender"));
            instructions::credit_offer(&world.keys, &lender, &lender, &lender, &world.provider, &source, Loan::new(1).args)
        });
        MarketMismatch: offer_with_a_provider_of_another_market = |good| {
            let mut good = good;
            let market = foreign_market(&mut good.world);
            good.world.keys.market = market;
            good.with(|world, _| world.offer(&Loan::new(1)))
        };
        MintMismatch: offer_another_mint = |good| good.with_foreign_mint();
        TokenAccountMint: offer_from_an_account_of_another_mint = |good| good.with_account_of_foreign_mint("lender");
        TokenAccountOwner: offer_from_another_ones_account = |good| good.with_account_of("stranger", "lender");
        TokenProgramMismatch: offer_in_a_market_of_another_token_program = |good| {
            good.with_market(|market| market.token_program = tokens::TOKEN_2022_PROGRAM)
        };
        MarketPaused: offer_while_paused = |good| good.while_paused();
        ArithmeticOverflow: offer_at_an_impossible_time = |good| good.at_impossible_time();
        TransferMismatch: offer_in_a_mint_that_takes_fees = |_| {
            let mut world = fees::world();
            fees::begin(&mut world);
            let (offer, credit) = (world.offer(&Loan::new(1)), world.credit_address(1));
            Attempt::new(world, credit, offer, &["lender"])
        };
        ProviderSuspended: offer_with_a_suspended_provider = |good| suspend(good);
        ReportersChanged: offer_against_other_reporters = |good| with_terms(good, &[
            |terms| terms.reporters_hash = [0; 32],
            |terms| terms.reporters_hash = World::settings_with(0..2).reporters_hash(),
        ]);
        TermsRateOutOfRange: offer_a_rate_bound_above_the_providers = |good| with_terms(good, &[
            |terms| terms.max_units_per_second = 0,
            |terms| terms.max_units_per_second += 1,
        ]);
        TermsLongestJobOutOfRange: offer_a_longest_job_above_the_providers = |good| with_terms(good, &[
            |terms| terms.longest_job = 0,
            |terms| terms.longest_job += 1,
        ]);
        OfferExpired: offer_what_has_expired = |good| with_terms(good, &[|terms| terms.offer_expires_at = START - 1]);
        PrincipalOutOfBounds: offer_too_little_or_too_much = |good| {
            let good = good.with_market(|market| market.bounds.max_principal = 200_000 * USDC);
            with_terms(good, &[
                |terms| terms.principal = 0,
                |terms| terms.principal = USDC - 1,
                |terms| terms.principal = 200_000 * USDC + 1,
            ])
        };
        UnitPriceOutOfRange: offer_units_too_dear_to_price = |good| with_terms(good, &[
            |terms| (terms.principal, terms.units) = (20_000_000 * USDC, 1),
        ]);
        NoUnits: offer_no_units = |good| with_terms(good, &[|terms| terms.units = 0]);
        AprTooHigh: offer_too_high_a_rate = |good| with_terms(good, &[|terms| terms.apr_bps = 5_001]);
        LateFeeTooHigh: offer_too_high_a_late_fee = |good| {
            with_terms(good, &[|terms| terms.late_fee = 2_000 * USDC + 1, |terms| terms.late_fee = u64::MAX])
        };
        DelinquencyGraceTooShort: offer_too_short_a_delinquency_grace = |good| {
            with_terms(good, &[|terms| terms.delinquency_grace = DAY - 1])
        };
        DefaultGraceTooShort: offer_too_short_a_default_grace = |good| with_terms(good, &[
            |terms| (terms.delinquency_grace, terms.default_grace) = (DAY, 2 * DAY - 1),
            |terms| terms.default_grace = terms.delinquency_grace,
        ]);
        CurePeriodTooShort: offer_too_short_a_cure_period = |good| with_terms(good, &[|terms| terms.cure_period = DAY - 1]);
        UnknownFlag: offer_flags_of_a_later_version = |good| with_terms(good, &[
            |terms| terms.freeze_policy = 3,
            |terms| terms.auto_freeze = 3,
        ]);
        InstalmentCount: offer_no_or_too_many_instalments = |good| with_schedule(good, &[
            |schedule| schedule.clear(),
            |schedule| schedule.resize(MAX_INSTALMENTS + 1, schedule[0]),
        ]);
        InstalmentsTooClose: offer_instalments_too_close_or_out_of_order = |good| with_schedule(good, &[
            |schedule| schedule[0].due_after = DAY - 1,
            |schedule| schedule[1].due_after = schedule[0].due_after + DAY - 1,
            |schedule| schedule[1].due_after = schedule[0].due_after,
            |schedule| schedule.swap(0, 1),
        ]);
        InstalmentsTooClose: offer_instalments_on_one_date_in_a_market_without_interval = |good| {
            let good = good.with_market(|market| market.bounds.min_instalment_interval = 0);
            with_schedule(good, &[|schedule| schedule[1].due_after = schedule[0].due_after])
        };
        TermTooLong: offer_too_long_a_term = |good| with_schedule(good, &[|schedule| schedule[4].due_after = 3_660 * DAY + 1]);
        PrincipalMismatch: offer_instalments_that_do_not_add_up = |good| with_schedule(good, &[
            |schedule| schedule[0].principal -= 1,
            |schedule| schedule[0].principal += 1,
            |schedule| schedule[0].principal = u64::MAX,
        ]);
        UnitPriceTooLow: offer_units_too_cheap_to_price = |good| with_terms(good, &[
            |terms| terms.units = 10_000_000_000_001,
            |terms| terms.units = u64::MAX,
        ]);
        UnitLifetimeTooShort: offer_units_that_expire_before_the_last_due_date = |good| with_terms(good, &[
            |terms| terms.unit_lifetime = 150 * DAY - 1,
            |terms| terms.unit_lifetime = 1,
        ]);
        UnknownFlag: offer_a_rider_of_a_later_version = |good| with_rider(good, &[
            |rider| rider.breach_notice = 2,
            |rider| rider.cross_default = 2,
            |rider| rider.reserved[3] = 1,
        ]);
        PrincipalOutgrows: offer_coupons_in_kind_beyond_what_can_be_repaid = |good| good.with(|world, _| {
            let most = TermBounds::PRODUCTION.max_principal;
            let loan = Loan::new(1)
                .with(|terms| terms.principal = most)
                .with_schedule(&[(30, 0), (60, most)].map(|(days, principal)| {
                    Instalment { due_after: days * DAY, principal }
                }))
                .with_rider(Rider { pay_in_kind_bps: 10_000, ..Rider::default() });
            world.offer(&loan)
        });
        PayInKindTooHigh: offer_more_than_the_coupon_in_kind = |good| with_rider(good, &[|rider| rider.pay_in_kind_bps = 10_001]);
        ReserveTooLarge: offer_a_reserve_above_the_principal = |good| with_rider(good, &[|rider| rider.reserve = 100_000 * USDC + 1]);
        CovenantUnsound: offer_a_covenant_that_contradicts_itself = |good| with_rider(good, &[
            |rider| rider.covenant_window = DAY - 1,
            |rider| rider.planned_units = 0,
            |rider| rider.low_bps = rider.high_bps,
            |rider| rider.apr_floor_bps = 1_201,
            |rider| rider.apr_ceiling_bps = 1_199,
            |rider| rider.apr_ceiling_bps = 5_001,
            |rider| rider.top_up_bps = 10_001,
        ]);
        CovenantUnsound: offer_parts_of_a_covenant_without_a_window = |good| with_rider(good, &[
            |rider| *rider = Rider { planned_units: 1, ..Rider::default() },
            |rider| *rider = Rider { high_bps: 1, ..Rider::default() },
            |rider| *rider = Rider { low_bps: 1, ..Rider::default() },
            |rider| *rider = Rider { apr_step_bps: 1, ..Rider::default() },
            |rider| *rider = Rider { apr_floor_bps: 1, ..Rider::default() },
            |rider| *rider = Rider { apr_ceiling_bps: 1, ..Rider::default() },
            |rider| *rider = Rider { top_up_bps: 1, ..Rider::default() },
        ]);
    }
    credit_accept by accepting {
        MarketHalted: accept_while_halted = |good| good.while_halted();
        MarketMismatch: accept_in_a_foreign_market = |good| good.in_foreign_market();
        NotBorrower: accept_by_another = |good| good.signed_by("stranger");
        NotBorrower: accept_by_the_lender = |good| good.signed_by("lender");
        MarketPaused: accept_while_paused = |good| good.while_paused();
        ArithmeticOverflow: accept_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: accept_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: accept_twice = |good| good.after(|world, credit| {
            let accept = world.accept(credit);
            world.sent(&[accept], &["borrower"]);
        });
        TermsHashMismatch: accept_other_terms = |good| good.with(|world, credit| {
            let read = OfferRead { terms_hash: [7; 32], ..world.offer_read(credit) };
            instructions::credit_accept(&world.keys.market, &Parties::address("borrower"), credit, read)
        });
        OfferExpired: accept_too_late = |good| good.after(|world, _| world.pass(30 * DAY + 1));
    }
    credit_issue by issuing {
        MarketHalted: issue_while_halted = |good| good.while_halted();
        MarketMismatch: issue_in_a_foreign_market = |good| good.in_foreign_market();
        ProviderMismatch: issue_by_another_provider = |good| good.after(|world, _| foreign_provider(world)).with(|world, credit| {
            let (authority, payout) = (Parties::address("stranger"), world.token_account("stranger"));
            let provider = addresses::provider(&world.keys.market, &authority);
            instructions::credit_issue(&world.keys, &authority, &provider, &payout, credit, world.offer_read(credit))
        }).signed_by("stranger");
        MintMismatch: issue_with_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: issue_with_another_token_program = |good| good.with_foreign_token_program();
        NotProvider: issue_by_another_key = |good| good.signed_by("stranger");
        NotProvider: issue_by_the_borrower = |good| good.signed_by("borrower");
        PayoutMismatch: issue_to_another_account = |good| good.with_account_of("stranger", "provider");
        MarketPaused: issue_while_paused = |good| good.while_paused();
        ArithmeticOverflow: issue_at_an_impossible_time = |good| good.at_impossible_time();
        ArithmeticOverflow: issue_beyond_the_last_index = |good| with_provider(good, |provider| provider.next_index = u32::MAX);
        UnknownStatus: issue_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: issue_what_is_not_accepted = |good| good.after(|world, _| {
            world.offered(&Loan::new(2));
        }).with(|world, _| world.issue(&world.credit_address(2)));
        OfferExpired: issue_too_late = |good| good.after(|world, _| world.pass(30 * DAY + 1));
        ReserveNotFunded: issue_before_the_reserve_is_full = |good| good.after(|world, _| {
            let credit = world.accepted(&Loan::new(2).with_rider(full_rider()));
            let fund = world.fund_reserve("borrower", &credit, 1_000 * USDC - 1);
            world.sent(&[fund], &["borrower"]);
        }).with(|world, _| world.issue(&world.credit_address(2)));
        ProviderSuspended: issue_while_suspended = |good| suspend(good);
        ReportersChanged: issue_under_other_reporters = |good| good.after(|world, _| {
            world.change_provider(World::settings_with(0..2));
        });
        ReportersChanged: issue_over_a_change_of_reporters_that_waits = |good| good.after(|world, _| {
            let propose = world.propose_provider("provider", World::settings_with(3..6));
            world.sent(&[propose], &["provider"]);
        });
        TermsRateOutOfRange: issue_above_the_providers_rate_bound = |good| good.after(|world, _| {
            let settings = World::settings();
            let max_units_per_second = settings.max_units_per_second - 1;
            world.change_provider(ProviderSettings { max_units_per_second, ..settings });
        });
        TermsLongestJobOutOfRange: issue_above_the_providers_longest_job = |good| good.after(|world, _| {
            world.change_provider(ProviderSettings { longest_job: 30 * DAY - 1, ..World::settings() });
        });
        CapacityExceeded: issue_beyond_capacity = |good| with_provider(good, |provider| provider.capacity_units = 999_999_999);
    }
    credit_cancel_offer by cancelling {
        ReceiverMismatch: cancel_with_the_rent_to_another = |good| good.with(|world, credit| {
            let (lender, stranger) = (Parties::address("lender"), Parties::address("stranger"));
            let refund = world.token_account("lender");
            let slot = world.credit(credit).offer_slot;
            instructions::credit_cancel_offer(&world.keys, &lender, &stranger, credit, &refund, slot)
        });
        MarketMismatch: cancel_in_a_foreign_market = |good| good.in_foreign_market();
        MintMismatch: cancel_with_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: cancel_with_another_token_program = |good| good.with_foreign_token_program();
        TokenAccountMint: cancel_into_an_account_of_another_mint = |good| good.with_account_of_foreign_mint("lender");
        DestinationNotAllowed: cancel_into_another_ones_account = |good| good.with_account_of("borrower", "lender");
        DestinationNotAllowed: cancel_into_an_account_the_lender_did_not_choose = |good| {
            let mut good = good.after(|world, credit| {
                let accept = world.accept(credit);
                world.sent(&[accept], &["borrower"]);
            });
            let refund = good.world.second_account("lender");
            good.with(|world, credit| {
                let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
                let slot = world.credit(credit).offer_slot;
                instructions::credit_cancel_offer(&world.keys, &borrower, &lender, credit, &refund, slot)
            }).signed_by("borrower")
        };
        MarketPaused: cancel_while_paused = |good| good.while_paused();
        ArithmeticOverflow: cancel_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: cancel_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: cancel_what_is_live = |good| good.after(|world, _| {
            world.active(&Loan::new(2));
        }).with(|world, _| world.cancel("lender", &world.credit_address(2)));
        WrongStatus: cancel_an_offer_with_a_reserve_that_cannot_be_there = |good| good.with_credit(|credit| credit.reserve_held = 1);
        ArithmeticOverflow: cancel_from_a_vault_that_holds_less_than_the_reserve = |good| {
            good.with_credit(|credit| credit.reserve_held = u64::MAX)
        };
        WrongStatus: cancel_twice_what_the_borrower_has_funded = |good| good.after(|world, _| {
            let credit = world.accepted(&Loan::new(2).with_rider(full_rider()));
            let (fund, cancel) = (world.fund_reserve("borrower", &credit, USDC), world.cancel("lender", &credit));
            world.sent(&[fund, cancel], &["borrower", "lender"]);
        }).with(|world, _| world.cancel("lender", &world.credit_address(2)));
        NotParty: cancel_by_a_stranger = |good| good.with(|world, credit| world.cancel("stranger", credit)).signed_by("stranger");
        NotParty: cancel_by_the_provider = |good| good.with(|world, credit| world.cancel("provider", credit)).signed_by("provider");
        NotParty: cancel_by_a_borrower_who_has_not_accepted = |good| {
            good.with(|world, credit| world.cancel("borrower", credit)).signed_by("borrower")
        };
    }
}

fn offering() -> Attempt {
    let world = World::new();
    let (credit, offer) = (world.credit_address(1), world.offer(&Loan::new(1)));
    Attempt::new(world, credit, offer, &["lender"])
}

/// An acceptance of an offer.
pub fn accepting() -> Attempt {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    let accept = world.accept(&credit);
    Attempt::new(world, credit, accept, &["borrower"])
}

/// An issue of an accepted offer.
pub fn issuing() -> Attempt {
    let mut world = World::new();
    let credit = world.accepted(&Loan::new(1));
    let issue = world.issue(&credit);
    Attempt::new(world, credit, issue, &["provider"])
}

/// A withdrawal of an offer by its lender.
pub fn cancelling() -> Attempt {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    let cancel = world.cancel("lender", &credit);
    Attempt::new(world, credit, cancel, &["lender"])
}

/// The offer with each of the changes to its terms.
fn with_terms(good: Attempt, changes: &[fn(&mut Terms)]) -> Attempt {
    good.with_each(|world, _| changes.iter().map(|change| world.offer(&Loan::new(1).with(change))).collect())
}

/// The offer with each of the changes to its schedule.
fn with_schedule(good: Attempt, changes: &[fn(&mut Vec<Instalment>)]) -> Attempt {
    let offer = |world: &World, change: &fn(&mut Vec<Instalment>)| {
        let loan = Loan::new(1);
        let mut schedule = loan.schedule();
        change(&mut schedule);
        world.offer(&loan.with_schedule(&schedule))
    };
    good.with_each(|world, _| changes.iter().map(|change| offer(world, change)).collect())
}

/// The offer with each of the changes to a rider that has all there is.
fn with_rider(good: Attempt, changes: &[fn(&mut Rider)]) -> Attempt {
    let offer = |world: &World, change: &fn(&mut Rider)| {
        let mut rider = full_rider();
        change(&mut rider);
        world.offer(&Loan::new(1).with_rider(rider))
    };
    good.with_each(|world, _| changes.iter().map(|change| offer(world, change)).collect())
}

#[test]
fn a_rider_with_all_there_is_goes_through() {
    with_rider(offering(), &[|_| ()]).must_be_accepted();
}

fn with_provider(good: Attempt, change: impl FnOnce(&mut Provider)) -> Attempt {
    let provider = good.world.provider;
    good.written(provider, change)
}

/// The same with a provider that has suspended itself.
fn suspend(good: Attempt) -> Attempt {
    good.after(|world, _| {
        let (market, authority) = (world.keys.market, Parties::address("provider"));
        let suspend = instructions::provider_suspend(&market, &authority, &world.provider);
        world.sent(&[suspend], &["provider"]);
    })
}
