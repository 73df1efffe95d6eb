use {
    super::{LAST_VALID, WRITTEN_AT, flight, intent, nodes::Played},
    crate::{
        chain::Nodes,
        land::{LandSettings, Lander, journal, lanes, pack::Version},
        plan::Role,
        store::Store,
    },
    blockable_sdk::{Keypair, Pubkey, keys::KeySource, write_keypair_file},
    blockable_service::settings::Reader,
    serde_json::json,
    std::{collections::BTreeMap, time::Duration},
    tempfile::TempDir,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// A lander that finds one transaction open, and two nodes that say what has become of it.
struct Scene {
    lander: Lander,
    store: Store,
    nodes: [Played; 2],
    _folder: TempDir,
}

impl Scene {
    /// Both nodes are at these heights.
    async fn new(heights: [u64; 2], doubt: Duration) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let write =
            |connection: &rusqlite::Transaction| journal::write_ahead(connection, &flight(1), &[intent(1)]);
        store.write(write).await.unwrap();
        let mut settings = LandSettings::read(&mut Reader::new("").unwrap());
        settings.doubt = doubt;
        let nodes = [Played::at(heights[0]).await, Played::at(heights[1]).await];
        let opened = Nodes::new(vec![nodes[0].node("first"), nodes[1].node("second")], 30);
        let path = folder.path().join("key.json");
        write_keypair_file(&Keypair::new_from_array([99; 32]), &path).unwrap();
        let keys = BTreeMap::from([(Role::Metering, KeySource::File { path }.open().await.unwrap())]);
        let market = Pubkey::default();
        let lander = Lander::open(opened, market, store.clone(), settings, keys).await.unwrap();
        assert_eq!(lander.in_flight(), 1);
        Scene { lander, store, nodes, _folder: folder }
    }

    /// Tracks once. Returns the state of the transaction on record, and the lamports that its day has cost.
    async fn track(&self) -> (String, u64) {
        self.lander.track().await.unwrap();
        let read = |connection: &rusqlite::Connection| {
            let sql = "SELECT state FROM transactions";
            let state: String = connection.query_row(sql, [], |row| row.get(0))?;
            Ok((state, journal::spent(connection, Role::Metering, WRITTEN_AT)?.get()))
        };
        let (state, spent) = self.store.read(read).await.unwrap();
        assert_eq!(self.lander.in_flight(), usize::from(state == "open"));
        (state, spent)
    }

    fn sent(&self) -> [usize; 2] {
        [self.nodes[0].sent(), self.nodes[1].sent()]
    }
}

fn open() -> (String, u64) {
    ("open".to_string(), 5_001)
}

fn landed() -> (String, u64) {
    ("landed".to_string(), 5_001)
}

fn dead() -> (String, u64) {
    ("dead".to_string(), 0)
}

#[tokio::test]
async fn unknown_is_not_dead_and_is_sent_again() {
    let scene = Scene::new([LAST_VALID, LAST_VALID], Duration::ZERO).await;
    assert_eq!(scene.track().await, open(), "it can still get into the last valid block");
    assert_eq!(scene.sent(), [1, 1], "a restart sends at once what the one before may not have sent");
    assert_eq!(scene.track().await, open());
    assert_eq!(scene.sent(), [1, 1], "and then in its own time");
}

#[tokio::test]
async fn it_is_dead_when_two_nodes_say_so() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID], HOUR).await;
    assert_eq!(scene.track().await, open(), "the second node has not seen its last valid block pass");
    scene.nodes[1].show(|view| view.height = LAST_VALID + 1);
    assert_eq!(scene.track().await, dead());
    assert_eq!(scene.sent(), [0, 0], "what has expired is not sent");
}

#[tokio::test]
async fn one_node_does_not_suffice_until_there_was_time_to_doubt() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], HOUR).await;
    scene.nodes[1].show(|view| view.mute = vec!["getSlot", "getBlockHeight", "getSignatureStatuses"]);
    assert_eq!(scene.track().await, open());
    assert_eq!(scene.track().await, open());
    scene.nodes[1].show(|view| view.mute.clear());
    assert_eq!(scene.track().await, dead());

    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], Duration::ZERO).await;
    scene.nodes[1].show(|view| view.mute = vec!["getSlot", "getBlockHeight", "getSignatureStatuses"]);
    assert_eq!(
        scene.track().await,
        dead(),
        "after the time for doubt one node that has seen it pass suffices"
    );
}

#[tokio::test]
async fn no_node_that_has_seen_it_pass_means_that_it_is_not_dead_at_any_time() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], Duration::ZERO).await;
    // The first node counts blocks and knows nothing of transactions.
    scene.nodes[0].show(|view| view.mute = vec!["getSignatureStatuses"]);
    scene.nodes[1].show(|view| view.mute = vec!["getSignatureStatuses"]);
    assert_eq!(scene.track().await, open());
}

#[tokio::test]
async fn it_has_landed_when_any_node_knows_it() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], Duration::ZERO).await;
    scene.nodes[1].show(|view| view.landed = Some(4_990));
    assert_eq!(scene.track().await, landed());
}

#[tokio::test]
async fn a_status_that_stays_processed_on_the_first_node_does_not_hold_its_work_up() {
    let scene = Scene::new([LAST_VALID, LAST_VALID], HOUR).await;
    scene.nodes[0].show(|view| (view.landed, view.commitment) = (Some(4_990), "processed"));
    assert_eq!(scene.track().await, open(), "its block may still be confirmed");
    assert_eq!(scene.sent(), [0, 0], "and until then it is not sent again");
    for node in &scene.nodes {
        node.show(|view| view.height = LAST_VALID + 1);
    }
    scene.nodes[1].show(|view| (view.landed, view.commitment) = (Some(4_991), "confirmed"));
    assert_eq!(scene.track().await, landed(), "the node that has come furthest counts");

    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], HOUR).await;
    scene.nodes[0].show(|view| (view.landed, view.commitment) = (Some(4_990), "processed"));
    assert_eq!(scene.track().await, open(), "one node that knows of none does not suffice yet");
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID + 1], Duration::ZERO).await;
    scene.nodes[0].show(|view| (view.landed, view.commitment) = (Some(4_990), "processed"));
    assert_eq!(scene.track().await, dead(), "after the time for doubt it does");
}

#[tokio::test]
async fn also_a_node_that_lags_knows_what_has_landed() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID - 100], Duration::ZERO).await;
    scene.nodes[1].show(|view| (view.slot, view.landed) = (4_000, Some(3_990)));
    assert_eq!(scene.track().await, landed());
}

#[tokio::test]
async fn a_node_that_stopped_before_the_last_valid_block_cannot_say_that_it_is_dead() {
    let scene = Scene::new([LAST_VALID + 1, LAST_VALID - 100], HOUR).await;
    scene.nodes[1].show(|view| view.slot = 4_000);
    assert_eq!(scene.track().await, open());
}

#[tokio::test]
async fn the_second_node_is_asked_where_the_first_does_not_answer() {
    let scene = Scene::new([LAST_VALID, LAST_VALID], HOUR).await;
    scene.nodes[0].show(|view| view.mute = vec!["getSignatureStatuses"]);
    scene.nodes[1].show(|view| view.landed = Some(4_990));
    assert_eq!(scene.track().await, landed());
}

#[tokio::test]
async fn a_transaction_that_failed_has_cost_its_fee_and_its_work_waits() {
    let scene = Scene::new([LAST_VALID, LAST_VALID], HOUR).await;
    let error = json!({"InstructionError": [2, "ComputationalBudgetExceeded"]});
    scene.nodes[0].show(|view| (view.landed, view.error) = (Some(4_990), error));
    assert_eq!(scene.track().await, ("failed".to_string(), 5_001));
    let lanes = scene.store.read(|connection| lanes::list(connection, 1)).await.unwrap();
    assert_eq!(lanes.iter().map(|lane| lane.lane.clone()).collect::<Vec<_>>(), [intent(1).lane()]);
}

#[tokio::test]
async fn a_version_is_given_up_only_for_a_node_that_cannot_read_it() {
    let scene = Scene::new([LAST_VALID, LAST_VALID], HOUR).await;
    let (node, payer) = (scene.nodes[0].node("first"), scene.lander.payers()[&Role::Metering]);
    for (refusal, expected) in [(Some(-32_005), None), (Some(-32_603), None), (None, Some(Version::V1))] {
        scene.nodes[0].show(|view| view.refusal = refusal);
        assert_eq!(scene.lander.shared.version.detect(&[&node], &payer).await.ok(), expected, "{refusal:?}");
    }
    let scene = Scene::new([LAST_VALID, LAST_VALID], HOUR).await;
    scene.nodes[0].show(|view| view.refusal = Some(-32_602));
    assert_eq!(
        scene.lander.shared.version.detect(&[&scene.nodes[0].node("first")], &payer).await.unwrap(),
        Version::V0
    );
}
