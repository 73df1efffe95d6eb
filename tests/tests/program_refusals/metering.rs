//! Refusals of usage reports that void the whole transaction. What skips one credit is in `program_instructions`.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{
        Instruction, Pubkey, instructions,
        program::{
            report::{CreditReading, ReportScope, SignedReport},
            state::Provider,
        },
        reports::UsageReport,
    },
    blockable_testkit::{DAY, Loan, Parties, START, World},
};

refusals! {
    usage_meter by metering {
        CreditsMissing: meter_no_credits = |good| good.with(|world, _| world.meter(&[], &READINGS));
        MarketMismatch: meter_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: meter_while_paused = |good| good.while_paused();
        ArithmeticOverflow: meter_at_an_impossible_time = |good| good.at_impossible_time();
        ReportsMissing: meter_without_reports = |good| good.with(|world, credit| world.meter_with(&[*credit], vec![]));
        QuorumNotReached: meter_with_one_report_of_two = |good| {
            good.with(|world, credit| world.meter_with(&[*credit], vec![world.report(0, &READINGS)]))
        };
        ReporterUnknown: meter_with_a_reporter_there_is_none_of = |good| with_second(good, |world| world.report(3, &READINGS));
        ReporterUnknown: meter_with_an_index_beyond_any_list = |good| with_second(good, |world| {
            SignedReport { reporter: 255, ..world.report(1, &READINGS) }
        });
        ReporterRepeated: meter_with_a_reporter_twice = |good| with_second(good, |world| world.report(0, &READINGS));
        ReporterExpired: meter_with_an_expired_reporter = |good| good.after(|world, _| {
            world.set_time(START + 400 * i64::from(DAY));
        }).with(|world, credit| world.meter(&[*credit], &READINGS));
        ReportFromFuture: meter_with_a_report_from_the_future = |good| {
            with_second(good, |world| world.report_at(1, world.now() + 61, &READINGS))
        };
        ReportMalformed: meter_with_readings_that_do_not_match_the_bits = |good| good.with_each(|world, credit| {
            let malformed = |change: fn(&mut SignedReport)| {
                let mut report = world.report(1, &READINGS);
                change(&mut report);
                world.meter_with(&[*credit], vec![world.report(0, &READINGS), report])
            };
            vec![
                malformed(|report| report.readings.clear()),
                malformed(|report| report.readings.push(CreditReading::default())),
                malformed(|report| report.bitmap = 0),
                malformed(|report| report.bitmap = 0b11),
            ]
        });
        ReportMalformed: meter_with_bits_beyond_the_chunk = |good| {
            let provider = good.world.provider;
            let good = good.written::<Provider>(provider, |provider| provider.settings.chunk_size = 10);
            with_second(good, |world| world.report(1, &[(0, 1_000, 0), (10, 1, 0)]))
        };
        ReportSignatureInvalid: meter_with_a_report_altered_after_signing = |good| good.with_each(|world, credit| {
            let altered = |change: fn(&mut SignedReport)| {
                let mut report = world.report(1, &READINGS);
                change(&mut report);
                world.meter_with(&[*credit], vec![world.report(0, &READINGS), report])
            };
            vec![
                altered(|report| report.readings[0].cumulative += 1),
                altered(|report| report.readings[0].in_flight += 1),
                altered(|report| report.reported_at -= 1),
                altered(|report| report.bitmap = 0b10),
                altered(|report| report.reporter = 2),
                altered(|report| report.signature = [0; 64]),
            ]
        });
        ReportSignatureInvalid: meter_with_reports_for_another_scope = |good| good.with_each(|world, credit| {
            let scope = world.scope(0);
            let other = Pubkey::new_from_array([9; 32]);
            vec![
                scoped(world, credit, ReportScope { cluster_tag: [9; 32], ..scope }),
                scoped(world, credit, ReportScope { epoch: 2, ..scope }),
                scoped(world, credit, ReportScope { chunk: 1, ..scope }),
                scoped(world, credit, ReportScope { provider: other, ..scope }),
                scoped(world, credit, ReportScope { market: other, ..scope }),
            ]
        });
        ReportSignatureInvalid: meter_with_reports_from_before_a_change_of_reporters = |good| good.after(|world, _| {
            world.change_provider(World::settings_with(0..2));
        });
        ReportSignatureInvalid: meter_a_chunk_that_the_reports_are_not_about = |good| good.with(|world, credit| {
            let reports = vec![world.report(0, &READINGS), world.report(1, &READINGS)];
            instructions::usage_meter(&world.keys.market, &world.provider, 1, reports, &[*credit])
        });
    }
}

/// Credit 0 has used 1,000 units, none in flight.
const READINGS: [(u32, u64, u64); 1] = [(0, 1_000, 0)];

pub fn metering() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(60);
    let meter = world.meter(&[credit], &READINGS);
    Attempt::new(world, credit, meter, &[])
}

/// The instruction with reporter 0's good report, and another in the place of the second.
fn with_second(good: Attempt, report: fn(&World) -> SignedReport) -> Attempt {
    good.with(|world, credit| world.meter_with(&[*credit], vec![world.report(0, &READINGS), report(world)]))
}

/// The instruction with both reports signed for another scope than the transaction's.
fn scoped(world: &World, credit: &Pubkey, scope: ReportScope) -> Instruction {
    let mut report = UsageReport::new(scope, world.now());
    report.set(0, CreditReading { cumulative: 1_000, in_flight: 0 }).expect("a bit of the chunk");
    let sign = |index| report.sign(index, &Parties::reporter(index)).expect("the key signs");
    world.meter_with(&[*credit], vec![sign(0), sign(1)])
}
