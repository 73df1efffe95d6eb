//! Batches: what is stored, what is on the shelf, what is found.

use {
    super::*,
    crate::finding::{Fact, Rule},
    blockable_sdk::amounts::{ChainTime, Units},
};

fn faults(findings: &[Finding]) -> Vec<(Rule, Pubkey)> {
    let faults = findings.iter().filter(|finding| finding.rule() != Rule::ReporterSilent);
    faults.map(|finding| (finding.rule(), finding.subject())).collect()
}

#[tokio::test]
async fn reports_are_on_the_shelf_and_there_after_a_restart() {
    let keeper = Keeper::new().await;
    let reports = [report(0, 0, CLOCK, &[10, 20]), report(1, 0, CLOCK, &[11]), report(0, 1, CLOCK, &[5])];
    let taken = keeper.take(&reports).await;
    assert_eq!(taken, Taken { accepted: 3, ..Taken::default() });
    let again = keeper.take(&reports).await;
    assert_eq!(again, Taken { duplicates: 3, ..Taken::default() });
    let keeper = keeper.restarted().await;
    assert_eq!(keeper.ingest.shelf().len(), 3);
    assert_eq!(keeper.latest(0, 0).as_ref(), Some(&reports[0]));
    assert_eq!(keeper.latest(1, 0).as_ref(), Some(&reports[1]));
    assert_eq!(keeper.take(&reports).await.duplicates, 3);
    let other = Ingest::open(keeper.store.clone(), key(9)).await.unwrap();
    assert!(other.shelf().is_empty(), "another market's");
}

#[tokio::test]
async fn order_does_not_matter() {
    let keeper = Keeper::new().await;
    let at = |seconds: i64| report(0, 0, CLOCK + seconds, &[u64::try_from(100 + seconds).unwrap()]);
    let taken = keeper.take(&[at(20), at(0), at(40), at(10), at(20)]).await;
    assert_eq!((taken.accepted, taken.duplicates), (4, 1));
    assert_eq!(keeper.latest(0, 0), Some(at(40)));
    assert_eq!(keeper.digests().await, 4, "older ones are remembered as well");
    let keeper = keeper.restarted().await;
    assert_eq!(keeper.latest(0, 0), Some(at(40)));
    assert_eq!(keeper.take(&[at(0), at(30)]).await.accepted, 1);
    assert_eq!(keeper.latest(0, 0), Some(at(40)));
}

/// A freeze is metered by the reports from before it, also where the keeper has stopped in between.
#[tokio::test]
async fn reports_shortly_before_the_latest_are_there_after_a_restart() {
    let keeper = Keeper::new().await;
    let at = |seconds: i64| report(0, 0, CLOCK + seconds, &[u64::try_from(1_000 + seconds).unwrap()]);
    let until = |keeper: &Keeper, seconds: i64| {
        let (shelf, key) = (keeper.ingest.shelf(), reporter(0).pubkey());
        shelf.latest_until(&provider(), 0, &key, ChainTime(CLOCK + seconds)).map(|record| (**record).clone())
    };
    keeper.take(&[at(-250), at(-100), at(-40)]).await;
    keeper.take(&[at(0), at(-20)]).await;
    let instants = [-250, -101, -100, -41, -30, -20, -1, 0].map(|seconds| until(&keeper, seconds));
    let expected = [None, None, Some(-100), Some(-100), Some(-40), Some(-20), Some(-20), Some(0)];
    assert_eq!(instants, expected.map(|at_seconds| at_seconds.map(at)));
    let keeper = keeper.restarted().await;
    assert_eq!(
        [-250, -101, -100, -41, -30, -20, -1, 0].map(|seconds| until(&keeper, seconds)),
        instants,
        "as before the restart"
    );
    let rows = |connection: &rusqlite::Connection| {
        Ok(connection.query_row("SELECT count(*) FROM reports", [], |row| row.get::<_, u32>(0))?)
    };
    assert_eq!(keeper.store.read(rows).await.unwrap(), 4, "the one that is too old is gone");
    let next = resigned(at(0), |record| record.epoch = EPOCH + 1);
    let mut raised = chain();
    raised.providers.get_mut(&provider()).unwrap().epoch = EPOCH + 1;
    keeper.ingest.update_chain(Arc::new(raised));
    keeper.take(&[next]).await;
    assert_eq!(keeper.store.read(rows).await.unwrap(), 1, "and those of the epoch before");
}

#[tokio::test]
async fn refusals_are_counted_by_reason_and_change_nothing() {
    let keeper = Keeper::new().await;
    let good = report(0, 0, CLOCK, &[10]);
    let bad = ReportRecord { reported_at: CLOCK + 1, ..good.clone() };
    let old = resigned(good.clone(), |record| record.epoch = EPOCH - 1);
    let taken = keeper.take(&[bad.clone(), old, good.clone(), bad]).await;
    assert_eq!(taken.accepted, 1, "a bad report does not spoil a good one");
    assert_eq!((taken.count(ReportRefusal::BadSignature), taken.count(ReportRefusal::OlderEpoch)), (2, 1));
    assert_eq!(taken.refused.len(), 2);
    assert!(taken.findings.is_empty(), "nobody has signed those, so nobody is to blame");
    assert_eq!(keeper.digests().await, 1);
    assert_eq!(keeper.latest(0, 0), Some(good));
}

#[tokio::test]
async fn nothing_can_be_validated_before_the_chain_is_seen() {
    let keeper = Keeper::new().await;
    let blind = Ingest::open(keeper.store.clone(), market()).await.unwrap();
    let taken = blind.take(vec![report(0, 0, CLOCK, &[10])]).await.unwrap();
    assert_eq!((taken.accepted, taken.count(ReportRefusal::UnknownProvider)), (0, 1));
}

#[tokio::test]
async fn two_reports_for_one_instant_are_evidence_and_the_first_stays() {
    let keeper = Keeper::new().await;
    let (first, second) = (report(0, 0, CLOCK, &[10]), report(0, 0, CLOCK, &[99]));
    keeper.take(std::slice::from_ref(&first)).await;
    let taken = keeper.take(std::slice::from_ref(&second)).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::Equivocation)), (0, 1));
    let fact = Fact::Equivocation { provider: provider(), chunk: 0, reported_at: ChainTime(CLOCK) };
    assert_eq!(taken.findings, [Finding::is(reporter(0).pubkey(), fact)]);
    assert_eq!(keeper.latest(0, 0), Some(first.clone()));
    let evidence = keeper.evidence().await;
    assert_eq!(evidence.len(), 1);
    assert_eq!((evidence[0].fault, evidence[0].first.as_ref()), (ReporterFault::Equivocation, Some(&first)));
    assert_eq!(evidence[0].second, second);
    // Anyone who has the evidence can verify it.
    for proof in [evidence[0].first.as_ref().unwrap(), &evidence[0].second] {
        proof.verify(&provider(), &listed()).unwrap();
    }
    let again = keeper.take(&[second, first]).await;
    assert_eq!((again.count(ReportRefusal::Equivocation), again.duplicates), (1, 1));
    assert!(again.findings.is_empty(), "it was found before");
    assert_eq!(keeper.evidence().await.len(), 1);
}

#[tokio::test]
async fn equivocation_is_found_behind_later_reports_within_a_batch_and_after_a_restart() {
    let keeper = Keeper::new().await;
    let at = |seconds: i64, units: u64| report(0, 0, CLOCK + seconds, &[units]);
    let taken = keeper.take(&[at(0, 10), at(10, 20), at(0, 9)]).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::Equivocation)), (2, 1));
    assert_eq!(keeper.evidence().await[0].first, Some(at(0, 10)), "from the batch");
    let keeper = keeper.restarted().await;
    let taken = keeper.take(&[at(0, 8)]).await;
    assert_eq!(taken.count(ReportRefusal::Equivocation), 1);
    let evidence = keeper.evidence().await;
    assert_eq!((evidence.len(), evidence[1].first.as_ref()), (2, None), "its digest alone was kept");
    assert_eq!(evidence[1].first_digest, evidence[0].first_digest);
    // The latest report is compared by itself, whatever has been pruned.
    keeper.ingest.prune(ChainTime(i64::MAX), 100).await.unwrap();
    assert_eq!(keeper.digests().await, 0);
    let taken = keeper.take(&[at(10, 20), at(10, 21)]).await;
    assert_eq!((taken.duplicates, taken.count(ReportRefusal::Equivocation)), (1, 1));
    assert_eq!(keeper.latest(0, 0), Some(at(10, 20)));
}

#[tokio::test]
async fn evidence_against_one_key_is_bounded() {
    let keeper = Keeper::new().await;
    let reports: Vec<ReportRecord> = (0..110).map(|units| report(0, 0, CLOCK, &[units])).collect();
    let taken = keeper.take(&reports).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::Equivocation)), (1, 109));
    assert_eq!(keeper.evidence().await.len(), 100);
}

#[tokio::test]
async fn a_count_that_goes_back_is_refused_and_found() {
    let keeper = Keeper::new().await;
    let at = |seconds: i64, units: &[u64]| report(0, 0, CLOCK + seconds, units);
    let taken = keeper.take(&[at(0, &[10, 20]), at(10, &[11, 19])]).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::Regression)), (1, 1));
    assert_eq!(faults(&taken.findings), [(Rule::BadReports, reporter(0).pubkey())]);
    let (from, to) = (Units(20), Units(19));
    let fact = Fact::BadReports { provider: provider(), chunk: 0, bit: 1, from, to };
    assert_eq!(taken.findings[0].fact(), Some(&fact));
    assert_eq!(keeper.latest(0, 0), Some(at(0, &[10, 20])));
    assert_eq!(keeper.evidence().await[0].fall, Some((1, Units(20), Units(19))));
    // Out of order it is the same fault; other reporters and later counts are not held up by it.
    let taken = keeper.take(&[at(-10, &[10, 21]), report(1, 0, CLOCK + 10, &[9]), at(20, &[12, 20])]).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::Regression)), (2, 1));
    assert_eq!(keeper.latest(0, 0), Some(at(20, &[12, 20])));
}

#[tokio::test]
async fn a_new_epoch_takes_over_and_the_old_one_is_dropped() {
    let keeper = Keeper::new().await;
    let old = report(0, 0, CLOCK, &[100]);
    let new = resigned(report(0, 0, CLOCK + 5, &[3]), |record| record.epoch = EPOCH + 1);
    let taken = keeper.take(&[old.clone(), new.clone()]).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::NewerEpoch)), (1, 1));
    let mut raised = chain();
    raised.providers.get_mut(&provider()).unwrap().epoch = EPOCH + 1;
    keeper.ingest.update_chain(Arc::new(raised));
    let taken = keeper.take(&[new.clone(), old]).await;
    assert_eq!((taken.accepted, taken.count(ReportRefusal::OlderEpoch)), (1, 1));
    assert!(taken.findings.is_empty(), "counts of another epoch are no regression");
    assert_eq!(keeper.latest(0, 0), Some(new));
}

#[tokio::test]
async fn a_fault_is_found_again_until_it_was_acknowledged() {
    let keeper = Keeper::new().await;
    keeper.take(&[report(0, 0, CLOCK, &[1]), report(0, 0, CLOCK, &[2])]).await;
    let expected = [(Rule::Equivocation, reporter(0).pubkey())];
    let keeper = keeper.restarted().await;
    for _ in 0..3 {
        assert_eq!(faults(&keeper.ingest.findings().0), expected, "asking is not storing");
    }
    keeper.take(&[report(0, 0, CLOCK + 1, &[5])]).await;
    let keeper = keeper.restarted().await;
    let (found, token) = keeper.ingest.findings();
    assert_eq!(faults(&found), expected, "the process ended before the alert was stored");
    // A second fault that is found in between is not acknowledged with the first.
    keeper.take(&[report(1, 0, CLOCK, &[1]), report(1, 0, CLOCK, &[2])]).await;
    keeper.ingest.acknowledge(token).await.unwrap();
    let second = [(Rule::Equivocation, reporter(1).pubkey())];
    assert_eq!(faults(&keeper.ingest.findings().0), second);
    let keeper = keeper.restarted().await;
    let (found, token) = keeper.ingest.findings();
    assert_eq!(faults(&found), second);
    keeper.ingest.acknowledge(token).await.unwrap();
    assert_eq!(faults(&keeper.ingest.findings().0), [], "once in a process");
    let keeper = keeper.restarted().await;
    assert_eq!(faults(&keeper.ingest.findings().0), [], "and never again");
}

#[tokio::test]
async fn batches_at_once_see_each_other() {
    let keeper = Keeper::new().await;
    let reports: Vec<ReportRecord> = (0..40)
        .map(|number| report(0, number % 4, CLOCK + i64::from(number), &[u64::from(number)]))
        .collect();
    let takes = reports.chunks(4).map(|some| keeper.ingest.take([some, &reports[..8]].concat()));
    let taken = join_all(takes).await;
    let accepted: usize = taken.iter().map(|taken| taken.as_ref().unwrap().accepted).sum();
    assert_eq!(accepted, 40, "each once");
    for chunk in 0..4 {
        assert_eq!(keeper.latest(0, chunk).unwrap().reported_at, CLOCK + 36 + i64::from(chunk));
    }
}

#[tokio::test]
async fn a_take_that_is_given_up_leaves_store_and_shelf_in_step() {
    let keeper = Keeper::new().await;
    let reports: Vec<ReportRecord> = (0..4).map(|chunk| report(0, chunk, CLOCK, &[1])).collect();
    for polls in 0..6 {
        let mut take = Box::pin(keeper.ingest.take(reports.clone()));
        for _ in 0..polls {
            // One that has returned must not be polled again.
            if futures_util::poll!(&mut take).is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(take);
    }
    keeper.take(&reports).await;
    assert_eq!((keeper.ingest.shelf().len(), keeper.digests().await), (4, 4));
}

#[tokio::test]
async fn pruning_takes_old_digests_alone_and_no_more_than_it_may() {
    let keeper = Keeper::new().await;
    let at = |by, chunk, seconds: i64| report(by, chunk, CLOCK + seconds, &[7]);
    keeper.take(&[at(0, 0, -100), at(0, 0, -50), at(0, 0, 0)]).await;
    keeper.take(&[at(1, 0, -100), at(1, 1, -99), at(1, 1, 0)]).await;
    let mut left = Vec::new();
    for _ in 0..3 {
        keeper.ingest.prune(ChainTime(CLOCK - 50), 2).await.unwrap();
        left.push(keeper.digests().await);
    }
    assert_eq!(left, [4, 3, 3]);
    assert_eq!(keeper.latest(0, 0), Some(at(0, 0, 0)));
}
