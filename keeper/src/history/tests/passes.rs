//! Whole passes against a node.

use super::{server::Server, *};

struct Keeper {
    folder: tempfile::TempDir,
    store: Store,
    history: History,
}

impl Keeper {
    fn new() -> Keeper {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let history = History::new(store.clone(), market());
        Keeper { folder, store, history }
    }

    /// The same store, opened by the next process.
    fn restarted(self) -> Keeper {
        let Keeper { folder, store, history } = self;
        drop((store, history));
        let store = Store::open(folder.path()).unwrap();
        let history = History::new(store.clone(), market());
        Keeper { folder, store, history }
    }

    /// A pass of the chain as it is.
    async fn pass(&self, server: &Server, clock: i64) -> PassSummary {
        let passed = self.history.pass(&server.node, &server.at(clock), 50).await.unwrap();
        self.history.acknowledge(passed.token).await.unwrap();
        passed
    }

    async fn proof(&self, credit: &Pubkey) -> Option<CreditStamp> {
        let credit = *credit;
        self.store.read(move |connection| Ok(proof(connection, &credit))).await.unwrap()
    }

    async fn written(&self, credit: Pubkey) -> u64 {
        self.store.read(move |connection| Ok(rows::head(connection, &credit)?.end.seq)).await.unwrap()
    }
}

/// The findings of a pass on a subject.
fn found(passed: &PassSummary, subject: &Pubkey) -> Vec<RuleState> {
    let about = passed.findings.iter().filter(|finding| finding.subject() == *subject);
    about
        .inspect(|finding| assert_eq!(finding.rule(), Rule::LogMismatch))
        .map(|finding| finding.state().clone())
        .collect()
}

#[tokio::test]
async fn logs_are_proven_and_go_on_after_a_restart() {
    let (server, keeper, credits) = (Server::start().await, Keeper::new(), [key(10), key(11)]);
    for arrears in 0..5 {
        server.fake_chain().happen(&credits, late(arrears));
    }
    let passed = keeper.pass(&server, 100).await;
    assert_eq!((passed.behind, passed.worked, passed.proven, passed.records), (2, 2, 2, 10));
    assert_eq!(found(&passed, &credits[0]), [RuleState::Over]);
    assert_eq!(server.fake_chain().take_asked("getTransaction"), 5, "one transaction is in the logs of both");
    let stamp = server.fake_chain().stamp(&credits[1]);
    assert_eq!(keeper.proof(&credits[1]).await, Some(stamp));

    let keeper = keeper.restarted();
    let passed = keeper.pass(&server, 110).await;
    assert_eq!((passed.behind, passed.worked), (0, 0), "nothing is new");
    server.fake_chain().happen(&credits[..1], What::Accepted);
    server.fake_chain().happen_in_slot(&credits[..1], late(9));
    server.fake_chain().take_asked("getTransaction");
    let passed = keeper.pass(&server, 120).await;
    assert_eq!((passed.worked, passed.proven, passed.records), (1, 1, 2));
    assert_eq!(server.fake_chain().take_asked("getTransaction"), 2, "what is written is not fetched again");
    let stamp = server.fake_chain().stamp(&credits[0]);
    assert_eq!(keeper.proof(&credits[0]).await, Some(stamp));
}

#[tokio::test]
async fn a_long_log_is_listed_in_pages_and_fetched_in_parts() {
    let (server, mut keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    keeper.history.limits = WalkLimits { page: 4, pages: 2, kept: 12, fetched: 5 };
    for arrears in 0..30 {
        server.fake_chain().happen(&[credit], late(arrears));
        server.fake_chain().mention(credit, arrears % 2 == 0);
    }
    let mut written = Vec::new();
    for clock in 100..160 {
        let passed = keeper.pass(&server, clock).await;
        written.push(keeper.written(credit).await);
        if passed.proven == 1 {
            break;
        }
        assert_eq!((found(&passed, &credit), passed.failed), (vec![], 0));
        assert_eq!(keeper.proof(&credit).await, None, "not proven before it is whole");
    }
    let stamp = server.fake_chain().stamp(&credit);
    assert_eq!(keeper.proof(&credit).await, Some(stamp));
    assert!(written.is_sorted() && written.contains(&0) && written.len() > 10, "{written:?}");
}

#[tokio::test]
async fn a_transaction_that_is_not_served_yet_is_waited_for() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    let mut signatures = Vec::new();
    for arrears in 0..4 {
        signatures.push(server.fake_chain().happen(&[credit], late(arrears)));
    }
    server.fake_chain().happen_in_slot(&[credit], What::Accepted);
    server.fake_chain().unserved.insert(signatures[2]);
    let passed = keeper.pass(&server, 100).await;
    assert_eq!((passed.proven, passed.records), (0, 2), "the log ends before the gap");
    assert_eq!((found(&passed, &credit), found(&passed, &market())), (vec![], vec![RuleState::Over]));
    server.fake_chain().unserved.clear();
    assert_eq!(keeper.pass(&server, 105).await.worked, 0, "not at once");
    let passed = keeper.pass(&server, 110).await;
    assert_eq!((passed.proven, passed.records), (1, 3));
    let stamp = server.fake_chain().stamp(&credit);
    assert_eq!(keeper.proof(&credit).await, Some(stamp));
}

#[tokio::test]
async fn a_log_that_grows_behind_its_account_is_not_lost() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().lists_late = 3;
    for second in 0..400 {
        // Changed every five seconds, so that the account is always ahead of the list.
        if second % 5 == 0 {
            server.fake_chain().happen(&[credit], late(second));
        } else if second % 2 == 0 {
            server.fake_chain().mention(key(11), false);
        }
        let passed = keeper.pass(&server, 100 + second.cast_signed()).await;
        let raised: Vec<_> = passed.findings.iter().filter(|finding| finding.fact().is_some()).collect();
        assert!(raised.is_empty(), "after {second} s: {raised:?}");
    }
    assert!(keeper.written(credit).await > 60, "most of it is written");
    server.fake_chain().lists_late = 0;
    keeper.pass(&server, 600).await;
    let stamp = server.fake_chain().stamp(&credit);
    assert_eq!(keeper.proof(&credit).await, Some(stamp));
}

#[tokio::test]
async fn history_that_is_gone_is_reported_until_a_node_has_it() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    for arrears in 0..4 {
        server.fake_chain().happen(&[credit], late(arrears));
    }
    server.fake_chain().forgotten_before = 1_003;
    let mut raised = None;
    for clock in [100, 110, 130, 170] {
        assert_eq!(raised, None);
        let passed = keeper.pass(&server, clock).await;
        raised = passed.findings.into_iter().find(|finding| finding.fact().is_some());
    }
    let raised = raised.unwrap();
    assert_eq!((raised.subject(), raised.parties()), (market(), None));
    let Some(Fact::RecordsLost { credits: 1, examples, .. }) = raised.fact() else { panic!("{raised:?}") };
    assert_eq!(examples[0].0, credit);
    assert!(examples[0].1.contains("record 0 is missing: the next one served is 2"), "{examples:?}");
    assert_eq!(keeper.written(credit).await, 0, "what does not join on is not written");
    server.fake_chain().forgotten_before = 0;
    let passed = keeper.pass(&server, 250).await;
    assert_eq!(found(&passed, &market()), [RuleState::Over]);
    assert_eq!(passed.proven, 1);
}

#[tokio::test]
async fn a_node_without_history_is_named_at_once() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().happen(&[credit], late(1));
    server.fake_chain().keeps_no_history = true;
    let passed = keeper.pass(&server, 100).await;
    let found = found(&passed, &market());
    let [RuleState::Is(Fact::RecordsLost { examples, .. })] = found.as_slice() else { panic!("{found:?}") };
    assert!(examples[0].1.contains("keeps no history"), "{examples:?}");
}

#[tokio::test]
async fn a_log_that_was_altered_is_critical_and_is_fetched_anew() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().happen(&[credit], late(1));
    assert_eq!(keeper.pass(&server, 100).await.proven, 1);
    let proven = server.fake_chain().stamp(&credit);
    server.fake_chain().happen(&[credit], late(2));
    server.fake_chain().lies = true;
    let passed = keeper.pass(&server, 110).await;
    let fact = Fact::LogMismatch { node: "one".to_string(), records: 2 };
    assert_eq!(found(&passed, &credit), [RuleState::Is(fact)]);
    let parties = Parties { lender: key(4), borrower: key(5) };
    assert_eq!(passed.findings[0].parties(), Some(parties));
    assert_eq!((passed.proven, passed.records), (0, 0));
    assert_eq!(keeper.proof(&credit).await, Some(proven), "what was proven stays");
    server.fake_chain().lies = false;
    let passed = keeper.pass(&server, 120).await;
    assert_eq!(found(&passed, &credit), [RuleState::Over]);
    let stamp = server.fake_chain().stamp(&credit);
    assert_eq!(keeper.proof(&credit).await, Some(stamp));
}

#[tokio::test]
async fn a_mismatch_is_found_after_a_crash_before_its_alert_though_another_node_is_honest() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().happen(&[credit], late(1));
    server.fake_chain().lies = true;
    let passed = keeper.history.pass(&server.node, &server.at(100), 50).await.unwrap();
    let fact = Fact::LogMismatch { node: "one".to_string(), records: 1 };
    assert_eq!(found(&passed, &credit), [RuleState::Is(fact.clone())]);

    let keeper = keeper.restarted();
    server.fake_chain().lies = false;
    let passed = keeper.pass(&server, 110).await;
    assert_eq!(passed.proven, 1);
    assert_eq!(found(&passed, &credit), [RuleState::Is(fact)], "no alert was stored");
    assert_eq!(passed.findings[0].parties(), Some(Parties { lender: key(4), borrower: key(5) }));
    assert_eq!(found(&keeper.pass(&server, 120).await, &credit), [RuleState::Over]);
    let keeper = keeper.restarted();
    assert_eq!(found(&keeper.pass(&server, 130).await, &credit), [RuleState::Over], "its alert is stored");
}

#[tokio::test]
async fn a_node_that_does_not_know_where_to_stop_changes_nothing() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().ignores_until = true;
    for arrears in 0..6 {
        server.fake_chain().happen(&[credit], late(arrears));
        let passed = keeper.pass(&server, 100).await;
        assert_eq!((passed.proven, passed.records), (1, 1));
    }
}

#[tokio::test]
async fn the_last_record_of_a_credit_that_was_removed_ends_its_log() {
    let (server, keeper, credit) = (Server::start().await, Keeper::new(), key(10));
    server.fake_chain().happen(&[credit], late(1));
    keeper.pass(&server, 100).await;
    let proven = server.fake_chain().stamp(&credit);
    server.fake_chain().happen(&[credit], What::Closed { given_up: 0 });
    server.fake_chain().remove(&credit);
    let passed = keeper.pass(&server, 110).await;
    assert_eq!((passed.worked, passed.records), (1, 1));
    assert_eq!(keeper.written(credit).await, 2);
    assert_eq!(keeper.proof(&credit).await, Some(proven), "no account proves the last one");
    assert_eq!(keeper.pass(&server, 120).await.behind, 0);
    // The address is used again.
    server.fake_chain().happen(&[credit], What::Accepted);
    let passed = keeper.pass(&server, 130).await;
    let stamp = server.fake_chain().stamp(&credit);
    assert_eq!((passed.proven, keeper.proof(&credit).await), (1, Some(stamp)));
}

#[tokio::test]
async fn a_node_that_fails_is_not_waited_for_and_nothing_is_found_of_the_logs() {
    let (server, keeper) = (Server::start().await, Keeper::new());
    for number in 10..30 {
        server.fake_chain().happen(&[key(number)], late(1));
    }
    server.fake_chain().fails = true;
    let passed = keeper.pass(&server, 100).await;
    assert_eq!((passed.worked, passed.failed, passed.findings.len()), (0, 20, 0));
    server.fake_chain().fails = false;
    assert_eq!(keeper.pass(&server, 101).await.proven, 20);
}
