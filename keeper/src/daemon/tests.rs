//! Findings outlive a store that fails before the alert on them is stored.

use {
    super::{Parts, audit::Audit, cycle::Cycle},
    crate::{
        alerts::{Alert, AlertFilter, Rule},
        chain::Snapshot,
        config::Config,
        finding::Finding,
        history::tests::{self as logs, server::Server},
        ingest::tests::{self as reports, report},
        store::{Store, StoreError},
        watch::tests::{self as loans, DAY, START, USDC},
    },
    blockable_sdk::{
        Keypair, Pubkey, Signer,
        events::Change,
        program::state::{Credit, Instalment},
    },
    std::sync::Arc,
    tempfile::TempDir,
};

/// A keeper whose nodes answer nothing, on a store of its own.
struct Case {
    cycle: Cycle,
    folder: TempDir,
}

impl Case {
    async fn new() -> Case {
        let folder = tempfile::tempdir().unwrap();
        let key = Keypair::new_from_array([9; 32]);
        let bytes = format!("{:?}", key.to_bytes());
        blockable_service::private_file::replace(&folder.path().join("fees.json"), bytes.as_bytes()).unwrap();
        Case::open(folder).await
    }

    async fn open(folder: TempDir) -> Case {
        let (market, provider) = (reports::market(), reports::provider());
        let text = format!(
            "market = \"{market}\"\n[keys]\nfees = {{ kind = \"file\", path = \"fees.json\" }}\n\
             [[rpc]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\n[[rpc]]\nname = \"b\"\nurl = \"http://127.0.0.1:2\"\n\
             [[reporter]]\nurl = \"http://127.0.0.1:1\"\nprovider = \"{provider}\"\n"
        );
        let config = Config::FILE.parse(&text, folder.path(), "keeper.toml").unwrap();
        let store = Store::open(&config.data_dir).unwrap();
        let parts = Parts::open(config, store).await.unwrap();
        Case { cycle: Cycle::new(parts), folder }
    }

    /// The same store, opened by the next process.
    async fn restarted(self) -> Case {
        let Case { cycle, folder } = self;
        drop(cycle);
        Case::open(folder).await
    }

    fn parts(&self) -> &Parts {
        &self.cycle.parts
    }

    /// Lets every write to the table of alerts fail from now on, as on a full disk.
    async fn fill_disk(&self) {
        let sql = "CREATE TRIGGER full_insert BEFORE INSERT ON alerts BEGIN SELECT RAISE(FAIL, 'full'); END;
                   CREATE TRIGGER full_update BEFORE UPDATE ON alerts BEGIN SELECT RAISE(FAIL, 'full'); END";
        self.parts().store.write(move |tx| Ok(tx.execute_batch(sql)?)).await.unwrap();
    }

    async fn free_disk(&self) {
        let sql = "DROP TRIGGER full_insert; DROP TRIGGER full_update";
        self.parts().store.write(move |tx| Ok(tx.execute_batch(sql)?)).await.unwrap();
    }

    /// The end of a cycle: raises and clears alerts.
    async fn alert(&self, snapshot: &Arc<Snapshot>) -> Result<usize, StoreError> {
        self.cycle.raise_alerts(snapshot, Vec::new()).await
    }

    /// Alerts of a rule, the oldest first.
    async fn alerts(&self, rule: Rule) -> Vec<Alert> {
        let mut alerts = self.parts().alerts.list(AlertFilter::default()).await.unwrap();
        alerts.retain(|alert| alert.rule.known() == Some(rule));
        alerts.reverse();
        alerts
    }
}

fn loan(clock: i64, credit: &Credit) -> Arc<Snapshot> {
    loans::snapshot(clock, [(loans::key(7), credit)])
}

#[tokio::test]
async fn conflicting_reports_raise_their_alert_once_the_store_works_again() {
    let case = Case::new().await;
    let chain = Arc::new(reports::chain());
    case.parts().ingest.update_chain(chain.clone());
    let at = reports::CLOCK;
    let conflict = vec![report(0, 0, at, &[10]), report(0, 0, at, &[99])];
    case.parts().ingest.take(conflict).await.unwrap();
    case.fill_disk().await;
    for _ in 0..3 {
        case.alert(&chain).await.unwrap_err();
    }
    // What is written in the meantime must not say that the conflict was dealt with.
    case.parts().ingest.take(vec![report(0, 0, at + 1, &[11])]).await.unwrap();
    let case = case.restarted().await;
    case.parts().ingest.update_chain(chain.clone());
    case.alert(&chain).await.unwrap_err();
    case.free_disk().await;
    case.alert(&chain).await.unwrap();
    let raised = case.alerts(Rule::Equivocation).await;
    assert_eq!(raised.iter().map(|alert| alert.subject).collect::<Vec<_>>(), [reports::reporter(0).pubkey()]);
    // Once it is stored it has been dealt with: it is not raised again when its alert has ended.
    let end = "UPDATE alerts SET cleared_at = raised_at WHERE rule = 'equivocation'";
    case.parts().store.write(move |tx| Ok(tx.execute(end, [])?)).await.unwrap();
    assert_eq!(case.alert(&chain).await.unwrap(), 0);
    let case = case.restarted().await;
    case.parts().ingest.update_chain(chain.clone());
    assert_eq!(case.alert(&chain).await.unwrap(), 0);
}

#[tokio::test]
async fn the_next_payment_gets_its_own_alert_once_the_store_works_again() {
    let weekly = loans::with(|credit| {
        let instalment =
            |number: u32| Instalment { due_after: number * 3 * DAY as u32, principal: 3_000 * USDC };
        credit.set_schedule(&(1..=4).map(instalment).collect::<Vec<_>>()).unwrap();
    });
    let case = Case::new().await;
    case.alert(&loan(START, &weekly)).await.unwrap();
    assert_eq!(case.alerts(Rule::PaymentDue).await.len(), 1);
    let next = START + 3 * DAY;
    case.fill_disk().await;
    for after in [0, 10, 400, 800] {
        case.alert(&loan(next + after, &weekly)).await.unwrap_err();
    }
    let case = case.restarted().await;
    case.alert(&loan(next + 810, &weekly)).await.unwrap_err();
    case.free_disk().await;
    for after in [820, 830, 1_200] {
        case.alert(&loan(next + after, &weekly)).await.unwrap();
    }
    let alerts = case.alerts(Rule::PaymentDue).await;
    assert_eq!(
        alerts.iter().map(|alert| alert.cleared_at.is_some()).collect::<Vec<_>>(),
        [true, false],
        "the first has ended with its payment, the second is on the next one"
    );
}

#[tokio::test]
async fn alerts_on_a_credit_that_is_gone_end_once_the_store_works_again() {
    let frozen = loans::with(|credit| credit.collateral.frozen_for_other = 1);
    let case = Case::new().await;
    case.alert(&loan(START, &frozen)).await.unwrap();
    assert_eq!(case.alerts(Rule::Frozen).await.len(), 1);
    case.fill_disk().await;
    let gone = |clock| loans::snapshot(clock, []);
    for after in [10, 400, 800] {
        case.alert(&gone(START + after)).await.unwrap_err();
    }
    case.free_disk().await;
    case.alert(&gone(START + 810)).await.unwrap();
    assert!(case.alerts(Rule::Frozen).await[0].cleared_at.is_some());
}

#[tokio::test]
async fn what_a_pass_over_the_logs_has_found_is_kept_until_it_is_stored() {
    let (case, server, credit) = (Case::new().await, Server::start().await, logs::key(10));
    server.fake_chain().happen(&[credit], Change::Accepted);
    server.fake_chain().lies = true;
    let pass =
        async |case: &Case, clock: i64| Audit::new(case.parts()).pass(&server.node, &server.at(clock)).await;
    case.fill_disk().await;
    pass(&case, 100).await.unwrap_err();
    server.fake_chain().lies = false;
    pass(&case, 200).await.unwrap_err();
    case.free_disk().await;
    pass(&case, 300).await.unwrap();
    let mismatch = |alerts: &[Alert]| alerts.iter().filter(|alert| alert.subject == credit).count();
    assert_eq!(mismatch(&case.alerts(Rule::LogMismatch).await), 1, "though the log has been proven since");

    // Its end, while the disk is full once more, and then the process ends.
    case.fill_disk().await;
    pass(&case, 400).await.unwrap_err();
    let case = case.restarted().await;
    case.free_disk().await;
    pass(&case, 500).await.unwrap();
    let alerts = case.alerts(Rule::LogMismatch).await;
    let open = alerts.iter().filter(|alert| alert.cleared_at.is_none());
    assert_eq!(open.map(|alert| alert.subject).collect::<Vec<Pubkey>>(), []);
}

#[tokio::test]
async fn a_mismatch_that_reconcile_has_found_is_alerted_though_the_next_process_proves_the_log() {
    let (case, server, credit) = (Case::new().await, Server::start().await, logs::key(10));
    server.fake_chain().happen(&[credit], Change::Accepted);
    server.fake_chain().lies = true;
    let proof = Audit::new(case.parts()).pass_to_end(&server.node, &server.at(100)).await.unwrap();
    assert_eq!(proof.findings.iter().map(Finding::subject).collect::<Vec<_>>(), [credit]);

    server.fake_chain().lies = false;
    let case = case.restarted().await;
    let proof = Audit::new(case.parts()).pass_to_end(&server.node, &server.at(200)).await.unwrap();
    assert_eq!((proof.proven, proof.findings), (1, Vec::new()));
    let alerts = case.alerts(Rule::LogMismatch).await;
    let of_credit: Vec<&Alert> = alerts.iter().filter(|alert| alert.subject == credit).collect();
    assert_eq!(of_credit.len(), 1, "{alerts:?}");
    assert!(of_credit[0].cleared_at.is_some(), "the log is proven since");
}

#[tokio::test]
async fn the_operator_is_alerted_when_no_node_answers_at_all() {
    let mut case = Case::new().await;
    for _ in 0..2 {
        assert!(case.cycle.run().await.is_err());
        assert_eq!(case.alerts(Rule::Rpc).await, []);
    }
    for _ in 0..3 {
        assert!(case.cycle.run().await.is_err());
    }
    let raised = case.alerts(Rule::Rpc).await;
    assert_eq!(raised.len(), 1);
    assert!(raised[0].happened.starts_with("Nodes could not be used in 3 cycles in a row: "), "{raised:?}");
}
