//! Keys that sign and keys that do not.

use {
    super::{WRITTEN_AT, intent, nodes::Played},
    crate::{
        alert::{Level, Severity},
        chain::{Nodes, Snapshot},
        config::Reader,
        land::{LandSettings, Lander, Landing, VersionChoice},
        plan::{Action, Intent, IntentId, Kind, Role},
        store::Store,
    },
    blockable_sdk::{
        Pubkey,
        keys::{KeySource, SigningKey},
    },
    bytemuck::Zeroable,
    solana_sdk::signature::Keypair,
    std::collections::BTreeMap,
};

/// Something that another key is for.
fn default_of(number: u8) -> Intent {
    let (kind, credit) = (Kind::MarkDefaulted, super::credit(number));
    Intent {
        id: IntentId::of(kind, &credit, &[]),
        action: Action::Credit { kind, credit },
        due_at: WRITTEN_AT,
        because: "its cure period is over".to_string(),
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_holds_up_its_own_work_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "a token").unwrap();
    let mute = SigningKey::from(Keypair::new_from_array([98; 32])).public_key();
    // Nobody listens there.
    let vault = serde_json::json!({
        "kind": "vault", "url": "http://127.0.0.1:1", "key": "enforcement", "public_key": mute.to_string(),
        "token_file": token_file,
    });
    let vault: KeySource = serde_json::from_value(vault).unwrap();
    let keys = BTreeMap::from([
        (Role::Metering, SigningKey::from(Keypair::new_from_array([99; 32]))),
        (Role::Enforcement, vault.open().await.unwrap()),
    ]);
    let mut settings = LandSettings::read(&mut Reader::new("").unwrap());
    settings.version = VersionChoice::V0;
    settings.lamports_per_day = BTreeMap::from([(Role::Metering, 1_000_000), (Role::Enforcement, 1_000_000)]);
    let played = Played::at(100).await;
    let nodes = Nodes::new(vec![played.node("only")], 30);
    let lander = Lander::open(nodes, Pubkey::default(), store, settings, keys).await.unwrap();
    let snapshot = Snapshot {
        slot: 5_000,
        clock: WRITTEN_AT,
        market_key: Pubkey::default(),
        market: Zeroable::zeroed(),
        providers: BTreeMap::new(),
        credits: BTreeMap::new(),
        stalls: Default::default(),
    };
    let due = vec![default_of(1), intent(2), default_of(3)];
    let landing = lander.land(due, &snapshot).await.unwrap();
    assert_eq!(landing, Landing { transactions: 1, sent: 1, untried: 2, ..Landing::default() });
    let told = lander.signals().await.unwrap();
    let raised: Vec<_> = told.iter().filter(|signal| signal.level == Level::Raise).collect();
    assert_eq!(raised.len(), 1);
    assert_eq!((raised[0].subject, raised[0].severity), (mute, Severity::Critical));
    assert!(raised[0].happened.contains("it does not sign"), "{}", raised[0].happened);
}
