//! Tests of silent reporters and the start of their silence.

use {super::*, crate::finding::Fact};

/// The silences among findings, with their seconds and chunk.
fn silences(findings: &[Finding]) -> BTreeMap<Pubkey, (u32, i64)> {
    let silence = |finding: &Finding| match finding.fact() {
        Some(Fact::ReporterSilent { chunk, seconds, .. }) => Some((finding.subject(), (*chunk, *seconds))),
        _ => None,
    };
    findings.iter().filter_map(silence).collect()
}

/// Tests whether each of the two reporters is silent.
fn silent(keeper: &Keeper, chain: Arc<Snapshot>) -> [bool; 2] {
    keeper.ingest.update_chain(chain);
    let found = silences(&keeper.ingest.findings().0);
    [0, 1].map(|by| found.contains_key(&reporter(by).pubkey()))
}

#[tokio::test]
async fn a_reporter_is_silent_on_its_longest_silent_chunk_and_heard_again() {
    let keeper = Keeper::new().await;
    keeper.take(&[report(0, 0, CLOCK, &[1]), report(0, 1, CLOCK, &[1]), report(1, 0, CLOCK, &[1])]).await;
    assert_eq!(silent(&keeper, later(120)), [false; 2], "at the limit");
    assert_eq!(silent(&keeper, later(121)), [true; 2]);
    keeper.take(&[report(0, 0, CLOCK + 121, &[1]), report(0, 1, CLOCK + 121, &[1])]).await;
    keeper.take(&[report(1, 0, CLOCK + 121, &[1])]).await;
    assert_eq!(silent(&keeper, later(130)), [false, true], "reporter 1 leaves out chunk 1");
    let found = silences(&keeper.ingest.findings().0);
    assert_eq!(found, BTreeMap::from([(reporter(1).pubkey(), (1, 130))]));
}

#[tokio::test]
async fn time_begins_when_reports_are_due() {
    let keeper = Keeper::new().await;
    let idle = |seconds| Arc::new(Snapshot { credits: BTreeMap::new(), ..(*later(seconds)).clone() });
    keeper.ingest.update_chain(idle(10));
    assert_eq!(keeper.ingest.findings().0, [], "nobody has to report on nothing");
    assert_eq!(silent(&keeper, later(500)), [false; 2], "a first credit");
    assert_eq!(silent(&keeper, later(621)), [true; 2]);
    let mut raised = (*later(622)).clone();
    raised.providers.get_mut(&provider()).unwrap().epoch = EPOCH + 1;
    assert_eq!(silent(&keeper, Arc::new(raised)), [false; 2], "a new epoch");
}

#[tokio::test]
async fn nobody_waits_for_keys_that_are_gone_or_have_expired() {
    let keeper = Keeper::new().await;
    assert_eq!(silent(&keeper, later(200)), [true; 2]);
    let mut fewer = (*later(210)).clone();
    fewer.providers.get_mut(&provider()).unwrap().settings.reporter_count = 1;
    assert_eq!(silent(&keeper, Arc::new(fewer)), [true, false]);
    assert_eq!(silent(&keeper, later(1_000)), [false; 2], "both have expired");
    let mut closed = (*later(220)).clone();
    for credit in closed.credits.values_mut() {
        Arc::make_mut(credit).status = Status::Closed.byte();
    }
    assert_eq!(silent(&keeper, Arc::new(closed)), [false; 2], "nothing is left to meter");
}

#[tokio::test]
async fn after_a_restart_silence_is_counted_anew() {
    let keeper = Keeper::new().await;
    keeper.take(&[report(0, 0, CLOCK, &[1])]).await;
    let keeper = keeper.restarted().await;
    assert_eq!(silent(&keeper, later(121)), [true; 2]);
    let fresh = Ingest::open(keeper.store.clone(), market()).await.unwrap();
    fresh.update_chain(later(800));
    assert_eq!(fresh.findings().0.len(), 2);
    assert!(silences(&fresh.findings().0).is_empty());
    fresh.update_chain(later(921));
    assert_eq!(silences(&fresh.findings().0).len(), 2);
}

#[tokio::test]
async fn an_endpoints_limit_counts_for_its_provider() {
    let keeper = Keeper::new().await;
    let url = reqwest::Url::parse("http://127.0.0.1:1/").unwrap();
    let source =
        |silent_after| SourceSettings { silent_after, ..SourceSettings::new(url.clone(), provider()) };
    keeper.ingest.state().wait_for(&[source(300), source(30)]);
    assert_eq!(silent(&keeper, later(30)), [false; 2]);
    assert_eq!(silent(&keeper, later(31)), [true; 2]);
}

#[tokio::test]
async fn the_lag_of_a_reporter_is_right_while_it_is_waited_for_and_none_afterwards() {
    let keeper = Keeper::new().await;
    keeper.take(&[report(0, 0, CLOCK, &[1])]).await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let lags = |chain: Arc<Snapshot>| {
        metrics::with_local_recorder(&recorder, || keeper.ingest.update_chain(chain));
        let rendered = recorder.handle().render();
        [0, 1].map(|by| {
            let name =
                format!("blockable_keeper_report_lag_seconds{{reporter=\"{}\"}} ", reporter(by).pubkey());
            rendered.lines().find_map(|line| line.strip_prefix(&name)).unwrap().to_string()
        })
    };
    assert_eq!(lags(later(50)), ["50", "50"], "one has not reported yet");
    let mut raised = (*later(70)).clone();
    raised.providers.get_mut(&provider()).unwrap().epoch = EPOCH + 1;
    assert_eq!(lags(Arc::new(raised.clone())), ["0", "0"], "a new epoch");
    raised.clock = ChainTime(CLOCK + 170);
    assert_eq!(lags(Arc::new(raised.clone())), ["100", "100"], "in which nobody has reported");

    // Reporter 1 reports for a second provider as well, which has just begun.
    let mut second = listed();
    (second.settings.reporter_count, second.settings.reporters[0]) = (1, second.settings.reporters[1]);
    raised.providers.insert(key(3), second);
    let mut other = credit(0);
    other.provider = key(3);
    raised.credits.insert(key(52), Arc::new(other));
    assert_eq!(lags(Arc::new(raised.clone())), ["100", "100"], "the one it is latest for counts");

    raised.providers.get_mut(&provider()).unwrap().settings.reporter_count = 1;
    raised.providers.remove(&key(3));
    assert_eq!(lags(Arc::new(raised.clone())), ["100", "0"], "one was replaced");
    raised.clock = ChainTime(CLOCK + 1_000);
    assert_eq!(lags(Arc::new(raised)), ["0", "0"], "the other has expired");
}
