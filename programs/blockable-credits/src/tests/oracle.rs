//! The provider's oracle is bounded: its changes affect neither loans that exist nor frozen units.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, NewUnrestricted, OfferArgs, VerifiedReports},
        errors::BlockableError::*,
        events::Change,
        metering::{Metered, Skip},
        report::{ReportScope, SignedReport},
        state::{
            Credit, FreezePolicy, FreezeReason, MarketClock, ProviderSettings, REPORTERS_DOMAIN, Reporter,
            Rider, ScheduleRuns,
        },
    },
};

/// The times of the first reading and of the freeze five seconds after it.
const READ_AT: i64 = START + 10 * DAY;
const FROZEN_AT: i64 = READ_AT + 5;

/// 200,000 units used and 50,000 in flight, on day 10.
const FIRST: &str = "c21dcd475b686c2cc603de12e705fb9971c5c01710ea9c0cd6b80267d58daa19\
                     09645d875f5f3ae4553438d70ff5bbd22acd541c3324d643b433d833e444e90d";
/// All units used, a second before the freeze.
const ALL_USED: &str = "94fa6f01a9a218c4b4804bc52506fc4e2c2305e30b415b56fec41119aa372dfd\
                        65f884091977459814067d074f5578da2c05cdcdea4e63be5d1aad1dc09bb60c";
/// 204,000 units used, a second before the freeze, in the first and in the second epoch.
const FIRST_EPOCH: &str = "a4c27e26a964061e864564da9e0bd5ba48119ca1710d5cad4c2133247e9bd9a0\
                           4c5c93be52db51d0b6d0fbdaf2fbd3b8f9f5b2256a4098d98d4cb9d5b765e806";
const SECOND_EPOCH: &str = "7e432aacee0df9cfdda7e02aefe66a3a5cc4d1d1a4ecb01375b4d69ac9950a49\
                            6f2e40faab814f634798c63325e8ea5c58e28381c9e9d74c180b5dea636aa60f";
/// The first reading with 10^15 units in flight.
const ALL_IN_FLIGHT: &str = "057fc785a16a026f5536cafc8b6f222f86c26466c19ac77650c2311d33267b14\
                             9dbaf89d41fbcb740cf89c1a134aeb7160826984098a8c6a23e0a92561fd800a";
/// The first reading on a cluster with another tag.
const OTHER_CLUSTER: &str = "f6ef359bbc4770181d4493ed8521d8353e83e1b14acdb98341d49f905bfae883\
                             5f4810910c7c02f7f91941a26a1da95fa17c3c2d70d23d31bf2673664d36a00e";

/// 204,000 units used and 10^15 in flight a second before the freeze, by the key of thirty-two ones; 210,000 used and 1,000
/// in flight two seconds after it, by that of twos.
const LIAR: [&str; 2] = [
    "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
    "35e0f29886b2eb2b2e37858e38ffad44954a50f13a7e2e012a2bf3613b6455f3\
     269d7d5cb2532e49fe66c4fab034a22559798907b3bff64906c790e425ee880d",
];
const HONEST: [&str; 2] = [
    "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394",
    "a4b626cebe1f2170b287bc79989ac10589c7e4629d6cc4a69fc396a9ec84cb6f\
     14dc6c0bdf47c694be7dcc8f232c46298d6396fc4088bb29c56660edd19b9206",
];

/// 205,000 units used and 50,000 in flight at the time of the first reading, by the key of twos.
const OLD: &str = "d1837e212b2f4f6937bf8ea1debde59f99df395baef8fd4c99445b611b32e14e\
                   0a66b5c56ed45a4a9d34ac3046dc9e0c9e6785569ffde9529db51b80946a3e00";

/// A loan that the lender may freeze at will, issued at [`START`].
fn issued(terms: Terms) -> Stage {
    let mut stage = Stage::new();
    stage.offer(Terms { freeze_policy: FreezePolicy::AtWill as u8, ..terms }, Rider::default());
    stage.accept();
    stage.issue();
    stage
}

/// The loan with its reading on day 10, frozen in full five seconds later.
fn frozen() -> Stage {
    let mut stage = issued(TERMS);
    meter(&mut stage, READ_AT, report(READ_AT, 200_000, 50_000, FIRST)).unwrap();
    stage.now = FROZEN_AT;
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Risk, None, &clock));
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.meter.promised), (800_000, 50_000));
    stage
}

/// Applies a report at a time; returns its effect.
fn meter(stage: &mut Stage, now: i64, report: SignedReport) -> Result<Metered, Skip> {
    meter_by(stage, now, &[report])
}

fn meter_by(stage: &mut Stage, now: i64, reports: &[SignedReport]) -> Result<Metered, Skip> {
    stage.now = now;
    let (clock, scope) = (stage.clock(), ReportScope::new(&stage.provider, PROVIDER, 0));
    assert_eq!(scope, self::scope(stage.provider.epoch));
    let mut verified = VerifiedReports::verify(&stage.provider, &scope, reports, clock).unwrap();
    let change = verified.meter(&mut stage.credit)?;
    let Change::Metered { metered, .. } = change else { panic!("not metered") };
    stage.note(change);
    Ok(metered)
}

fn propose(stage: &mut Stage, settings: ProviderSettings) -> anchor_lang::Result<()> {
    let clock = stage.clock();
    stage.provider.propose_change(&OPERATOR, &settings, &stage.market, &clock)
}

/// The rate bound is raised to the most there is, and a report from before the freeze claims all.
#[test]
fn a_raised_rate_bound_does_not_reach_a_loan_that_is_issued() {
    let mut stage = frozen();
    let raised = ProviderSettings { max_units_per_second: u64::MAX, ..settings() };
    propose(&mut stage, raised).unwrap();
    assert_eq!(stage.provider.settings, settings());
    // Also as if the delay had passed.
    stage.provider.settings = raised;
    let late = report(FROZEN_AT - 1, 1_000_000, 0, ALL_USED);
    let done = meter(&mut stage, FROZEN_AT + 5, late).unwrap();
    assert_eq!(done, Metered { consumed: 4_000, overrun: 0, deferred: 796_000 });
    assert_eq!(stage.credit.collateral.frozen(), 796_000);
}

#[test]
fn a_report_from_before_a_freeze_counts_only_in_the_epoch_of_then() {
    let renewed = || {
        let mut settings = settings();
        settings.reporters[0].expires_at -= 1;
        settings
    };
    let served = Metered { consumed: 4_000, overrun: 0, deferred: 0 };
    let mut same = frozen();
    assert_eq!(meter(&mut same, FROZEN_AT + 5, report(FROZEN_AT - 1, 204_000, 0, FIRST_EPOCH)), Ok(served));
    assert_eq!((same.credit.collateral.frozen(), same.credit.meter.promised), (796_000, 0));

    // The same report by reporters of a later epoch counts against the units that the freeze promised to jobs; the rest is
    // overrun.
    for (seconds, before) in [(1, false), (0, false), (-1, true)] {
        let mut stage = frozen();
        (stage.credit.meter.in_flight, stage.credit.meter.promised) = (3_000, 3_000);
        stage.now = FROZEN_AT + seconds;
        propose(&mut stage, renewed()).unwrap();
        assert_eq!((stage.provider.epoch, stage.provider.epoch_began_at), (2, stage.now));
        let late = report(FROZEN_AT - 1, 204_000, 0, SECOND_EPOCH);
        let done = meter(&mut stage, FROZEN_AT + 5, late).unwrap();
        let overrun = if before { 0 } else { 1_000 };
        assert_eq!(done, Metered { consumed: 4_000 - overrun, overrun, deferred: 0 }, "{seconds} s");
    }
}

/// A quorum of the liar and the honest reporter.
fn both() -> ProviderSettings {
    let reporter = |key| Reporter { key: hex::<32>(key).into(), expires_at: i64::MAX };
    ProviderSettings::with_reporters(&[LIAR[0], HONEST[0]].map(reporter), 2)
}

/// A quorum of two with one liar, which says less use than the honest one, dates it before the freeze and claims all units
/// for running jobs.
#[test]
fn one_reporter_of_a_quorum_dates_nothing_before_a_freeze() {
    let mut stage = frozen();
    stage.credit.meter.in_flight = 0;
    stage.provider.settings = both();
    let liar = report(FROZEN_AT - 1, 204_000, 1_000_000_000_000_000, LIAR[1]);
    let honest = SignedReport { reporter: 1, ..report(FROZEN_AT + 2, 210_000, 1_000, HONEST[1]) };
    refused(
        VerifiedReports::verify(&stage.provider, &scope(1), std::slice::from_ref(&liar), stage.clock())
            .map(|_| ()),
        QuorumNotReached,
    );
    let done = meter_by(&mut stage, FROZEN_AT + 5, &[liar, honest]).unwrap();
    assert_eq!(done, Metered { consumed: 0, overrun: 4_000, deferred: 0 });
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.meter.in_flight), (800_000, 0));
}

#[test]
fn jobs_hold_what_the_longest_of_them_can_use() {
    let mut stage = issued(Terms { longest_job: 10, ..TERMS });
    meter(&mut stage, READ_AT, report(READ_AT, 200_000, 1_000_000_000_000_000, ALL_IN_FLIGHT)).unwrap();
    assert_eq!(stage.credit.meter.in_flight, 10_000);
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Risk, None, &clock));
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.meter.promised), (800_000, 10_000));
    let most = |max_units_per_second, longest_job| {
        Terms { max_units_per_second, longest_job, ..TERMS }.most_in_flight()
    };
    assert_eq!([most(3, 4), most(u64::MAX, 2)], [12, u64::MAX]);
}

#[test]
fn a_report_of_another_cluster_is_worth_nothing() {
    let mut stage = issued(TERMS);
    stage.now = READ_AT;
    let (clock, scope) = (stage.clock(), scope(1));
    let forged = [report(READ_AT, 200_000, 50_000, OTHER_CLUSTER)];
    let verified = VerifiedReports::verify(&stage.provider, &scope, &forged, clock).map(|_| ());
    refused(verified, ReportSignatureInvalid);
    let theirs = ReportScope { cluster_tag: [78; 32], ..scope };
    assert!(VerifiedReports::verify(&stage.provider, &theirs, &forged, clock).is_ok());
}

/// Reports of the reporters in force still count, and no others can be put in force.
#[test]
fn a_suspended_provider_is_metered_by_the_reporters_it_has() {
    let mut stage = frozen();
    let clock = stage.clock();
    stage.provider.suspend(&ADMIN, &stage.market, &clock).unwrap();
    let mut own = settings();
    own.reporters[0].key = key(66);
    refused(propose(&mut stage, own), ProposalSuspended);
    let late = report(FROZEN_AT - 1, 204_000, 0, FIRST_EPOCH);
    assert_eq!(meter(&mut stage, FROZEN_AT + 5, late).map(|done| done.consumed), Ok(4_000));
}

#[test]
fn a_report_that_is_not_newer_counts_for_no_quorum() {
    let mut stage = issued(TERMS);
    meter(&mut stage, READ_AT, report(READ_AT, 200_000, 50_000, FIRST)).unwrap();
    let again = meter(&mut stage, READ_AT + 10, report(READ_AT, 200_000, 50_000, FIRST));
    assert_eq!(again, Err(Skip::Stale));

    // A liar cannot complete a quorum by an older report of an honest reporter.
    stage.provider.settings = both();
    let liar = report(READ_AT + 4, 204_000, 1_000_000_000_000_000, LIAR[1]);
    let old = SignedReport { reporter: 1, ..report(READ_AT, 205_000, 50_000, OLD) };
    assert_eq!(meter_by(&mut stage, READ_AT + 10, &[liar, old]), Err(Skip::Stale));
}

/// The lender offers against the reporters, the rate and the jobs it has read; nothing else is issued.
#[test]
fn an_offer_names_the_reporters_and_bounds_that_it_relies_on() {
    let mut stage = Stage::new();
    let check = |stage: &Stage, terms| {
        let args = OfferArgs {
            nonce: 7,
            freeze_authority: LENDER,
            terms,
            rider: Rider::default(),
            schedule: ScheduleRuns::from_schedule(&schedule()),
        };
        args.validate(&stage.market, &stage.provider, &stage.clock()).map(|_| ())
    };
    refused(check(&stage, Terms { reporters_hash: [0; 32], ..TERMS }), ReportersChanged);
    refused(check(&stage, Terms { max_units_per_second: 0, ..TERMS }), TermsRateOutOfRange);
    refused(check(&stage, Terms { max_units_per_second: 1_001, ..TERMS }), TermsRateOutOfRange);
    refused(check(&stage, Terms { longest_job: 0, ..TERMS }), TermsLongestJobOutOfRange);
    refused(check(&stage, Terms { longest_job: DAY as u32 + 1, ..TERMS }), TermsLongestJobOutOfRange);
    assert_eq!(check(&stage, Terms { max_units_per_second: 1, longest_job: 1, ..TERMS }), Ok(()));

    stage.offer(TERMS, Rider::default());
    stage.accept();
    let (read, clock) = (stage.offer_read(), stage.clock());
    let issue = |settings: ProviderSettings| {
        let mut provider = stage.provider;
        provider.settings = settings;
        { stage.credit }.issue(&mut provider, read, &clock).map(|_| ())
    };
    let reporters = |keys: &[u8], quorum| {
        let reporter = |byte: &u8| Reporter { key: key(*byte), expires_at: START + DAY };
        let listed: Vec<_> = keys.iter().map(reporter).collect();
        ProviderSettings {
            max_units_per_second: 1_000,
            longest_job: DAY as u32,
            ..ProviderSettings::with_reporters(&listed, quorum)
        }
    };
    refused(issue(reporters(&[66], 1)), ReportersChanged);
    refused(issue(ProviderSettings { max_units_per_second: 999, ..settings() }), TermsRateOutOfRange);
    refused(issue(ProviderSettings { longest_job: 1, ..settings() }), TermsLongestJobOutOfRange);
    let mut renewed = settings();
    renewed.reporters[0].expires_at += DAY;
    assert_eq!(issue(renewed), Ok(()));
}

/// A change that was ready before the loan could be applied in the transaction that issues it.
#[test]
fn a_loan_is_not_issued_over_a_change_of_reporters_that_its_lender_has_not_read() {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider::default());
    stage.accept();
    let (read, clock) = (stage.offer_read(), stage.clock());
    let issue = |stage: &Stage| { stage.credit }.issue(&mut { stage.provider }, read, &clock).map(|_| ());
    propose(&mut stage, ProviderSettings { max_units_per_second: u64::MAX, ..settings() }).unwrap();
    assert_eq!(issue(&stage), Ok(()), "the reporters stay");
    let mut own = settings();
    own.reporters[0].key = key(66);
    propose(&mut stage, own).unwrap();
    refused(issue(&stage), ReportersChanged);
    let waiting = stage.provider.reporters_hash();
    let expected = [REPORTERS_DOMAIN, &REPORTERS_HASH, &own.reporters_hash()];
    assert_eq!(waiting, crate::hash::sha256(&expected));
    // A loan can be issued over a waiting change that its terms name. Once that is in force, the terms name it alone.
    stage.credit.terms.reporters_hash = waiting;
    assert_eq!(issue(&stage), Ok(()));
    let ready_at = stage.provider.change_ready_at;
    stage.provider.apply_change(&OPERATOR, ready_at, &MarketClock { market: START + DAY, ..clock }).unwrap();
    refused(issue(&stage), ReportersChanged);
    assert_eq!(stage.provider.reporters_hash(), own.reporters_hash());
}

/// Units that are sold keep the bounds of their loan, also where the provider offers other bounds by then.
#[test]
fn units_without_a_lender_are_metered_within_the_bounds_of_their_loan() {
    let mut stage = issued(TERMS);
    stage.provider.settings.max_units_per_second = 1;
    let (clock, mut owned) = (stage.clock(), Credit::zeroed());
    let new = NewUnrestricted { owner: BUYER, rent_payer: BUYER, bump: 251 };
    owned.open_unrestricted(&stage.credit, new, &mut stage.provider, &clock).unwrap();
    let bounds = |credit: &Credit| (credit.terms.max_units_per_second, credit.terms.longest_job);
    owned.receive_units(&stage.credit, LOT, 10).unwrap();
    assert_eq!(bounds(&owned), (1_000, DAY as u32));
    let mut other = stage.credit;
    (other.terms.max_units_per_second, other.terms.longest_job) = (2_000, 5);
    owned.receive_units(&other, LOT, 10).unwrap();
    assert_eq!((bounds(&owned), owned.collateral.granted), ((2_000, DAY as u32), 20));
}

#[test]
fn a_restructuring_leaves_the_oracle_of_a_loan_alone() {
    let stage = issued(TERMS);
    let (clock, bounds, limits) = (stage.clock(), stage.market.bounds, stage.restructure_limits());
    let agreed = stage.credit.terms;
    for terms in [
        Terms { max_units_per_second: 1_001, ..agreed },
        Terms { longest_job: 1, ..agreed },
        Terms { reporters_hash: [0; 32], ..agreed },
    ] {
        let restructured = { stage.credit }.restructure(terms, schedule(), &limits, &bounds, false, &clock);
        refused(restructured, RestructureTouchesGrant);
    }
    assert!({ stage.credit }.restructure(agreed, schedule(), &limits, &bounds, false, &clock).is_ok());
}
