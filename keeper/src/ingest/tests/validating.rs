//! One report at a time.

use super::*;

fn validate(record: ReportRecord) -> Result<Verified, ReportRefusal> {
    validate_at(record, CLOCK)
}

fn validate_at(record: ReportRecord, clock: i64) -> Result<Verified, ReportRefusal> {
    let (market, expected, chain) = (market(), provider(), chain());
    let providers = &chain.providers;
    Validator { market: &market, expected: Some(&expected), providers, clock: ChainTime(clock) }
        .validate(record)
}

fn good() -> ReportRecord {
    report(0, 1, CLOCK, &[10, 20])
}

#[test]
fn a_true_report_is_accepted_with_its_digest() {
    let verified = validate(good()).unwrap();
    assert_eq!((&*verified.record, verified.digest), (&good(), good().digest()));
}

#[test]
fn each_reason_is_its_own() {
    let changed = |change: fn(&mut ReportRecord)| validate(resigned(good(), change)).unwrap_err();
    assert_eq!(changed(|record| record.market = key(9)), ReportRefusal::WrongMarket);
    assert_eq!(changed(|record| record.provider = key(9)), ReportRefusal::WrongProvider);
    assert_eq!(changed(|record| record.cluster_tag = [9; 32].into()), ReportRefusal::WrongCluster);
    assert_eq!(changed(|record| record.epoch = EPOCH - 1), ReportRefusal::OlderEpoch);
    assert_eq!(changed(|record| record.epoch = EPOCH + 1), ReportRefusal::NewerEpoch);
    assert_eq!(changed(|record| record.chunk_size = 32), ReportRefusal::WrongChunkSize);
    assert_eq!(changed(|record| record.chunk = 4), ReportRefusal::NoSuchChunk);
    assert_eq!(changed(|record| record.chunk = u32::MAX), ReportRefusal::NoSuchChunk);
    assert_eq!(changed(|record| record.reporter = reporter(7).pubkey()), ReportRefusal::UnlistedReporter);
    assert_eq!(changed(|record| record.reporter_index = 1), ReportRefusal::UnlistedReporter);
    assert_eq!(changed(|record| record.reporter_index = 2), ReportRefusal::UnlistedReporter);
    assert_eq!(changed(|record| record.bitmap = 0b111), ReportRefusal::Malformed);
    assert_eq!(
        changed(|record| record.readings[1].credit = record.readings[0].credit),
        ReportRefusal::Malformed
    );
    assert_eq!(
        changed(|record| (record.bitmap, record.readings[1].bit) = (1 | 1 << 10, 10)),
        ReportRefusal::Malformed
    );
}

#[test]
fn a_provider_that_the_market_does_not_have_is_unknown() {
    let (market, chain) = (market(), chain());
    let validator =
        Validator { market: &market, expected: None, providers: &chain.providers, clock: ChainTime(CLOCK) };
    let other = resigned(good(), |record| record.provider = key(9));
    assert_eq!(validator.validate(other).unwrap_err(), ReportRefusal::UnknownProvider);
    assert!(validator.validate(good()).is_ok());
}

#[test]
fn time_is_the_chains() {
    let at = |reported_at| report(0, 0, reported_at, &[1]);
    assert!(validate(at(CLOCK + 60)).is_ok());
    assert_eq!(validate(at(CLOCK + 61)).unwrap_err(), ReportRefusal::FromFuture);
    assert_eq!(validate(at(i64::MAX)).unwrap_err(), ReportRefusal::FromFuture);
    assert!(validate(at(0)).is_ok(), "values are cumulative, so an old report is as good as its values");
    assert!(validate_at(good(), CLOCK + 999).is_ok());
    assert_eq!(
        validate_at(good(), CLOCK + 1_000).unwrap_err(),
        ReportRefusal::ExpiredReporter,
        "from that second on"
    );
}

#[test]
fn a_signature_over_anything_else_is_refused() {
    let signed_as = |change: fn(&mut ReportRecord)| {
        let signature = resigned(good(), change).signature;
        validate(ReportRecord { signature, ..good() }).map(|_| ())
    };
    assert_eq!(signed_as(|record| record.seq = 99), Ok(()), "the number is the server's own");
    for change in [
        |record: &mut ReportRecord| record.cluster_tag = [9; 32].into(),
        |record: &mut ReportRecord| record.market = key(9),
        |record: &mut ReportRecord| record.provider = key(9),
        |record: &mut ReportRecord| record.epoch = EPOCH + 1,
        |record: &mut ReportRecord| record.chunk = 2,
        |record: &mut ReportRecord| record.reported_at -= 1,
        |record: &mut ReportRecord| record.readings[0].cumulative += 1,
        |record: &mut ReportRecord| record.readings[0].in_flight += 1,
    ] {
        assert_eq!(signed_as(change), Err(ReportRefusal::BadSignature));
    }
    let elsewhere = resigned(good(), |record| record.cluster_tag = [9; 32].into());
    assert_eq!(validate(elsewhere).unwrap_err(), ReportRefusal::WrongCluster);
    let by_another = reporter(1).sign_message(&good().digest());
    assert_eq!(
        validate(ReportRecord { signature: by_another, ..good() }).unwrap_err(),
        ReportRefusal::BadSignature
    );
    // Another program: its reports begin with another address.
    let mut foreign = b"blockable/usage-report/v2".to_vec();
    foreign.extend_from_slice(key(77).as_ref());
    let signature = reporter(0).sign_message(&foreign);
    assert_eq!(validate(ReportRecord { signature, ..good() }).unwrap_err(), ReportRefusal::BadSignature);
}

#[test]
fn a_report_is_compared_with_the_latest_by_epoch_time_and_values() {
    let verified = |record: ReportRecord| Verified { digest: record.digest(), record: Arc::new(record) };
    let latest = report(0, 0, CLOCK, &[10, 20]);
    let against = |record: ReportRecord| compare(Some(&latest), &verified(record));
    let fall = |bit, from, to| Comparison::Regressed(Fall { bit, from: Units(from), to: Units(to) });
    assert_eq!(compare(None, &verified(latest.clone())), Comparison::Newer);
    assert_eq!(against(latest.clone()), Comparison::Same);
    assert_eq!(against(report(0, 0, CLOCK, &[10, 21])), Comparison::Conflicting);
    assert_eq!(against(report(0, 0, CLOCK + 1, &[10, 20])), Comparison::Newer);
    assert_eq!(against(report(0, 0, CLOCK + 1, &[10])), Comparison::Newer, "a credit may be gone");
    assert_eq!(against(report(0, 0, CLOCK + 1, &[11, 19])), fall(1, 20, 19));
    assert_eq!(against(report(0, 0, CLOCK - 1, &[9, 20])), Comparison::Older);
    assert_eq!(against(report(0, 0, CLOCK - 1, &[11, 20])), fall(0, 11, 10));
    let epoch = |epoch, at| resigned(report(0, 0, at, &[1]), |record| record.epoch = epoch);
    assert_eq!(against(epoch(EPOCH + 1, CLOCK - 9)), Comparison::Newer, "counts begin anew");
    assert_eq!(against(epoch(EPOCH - 1, CLOCK + 9)), Comparison::Older);
}
