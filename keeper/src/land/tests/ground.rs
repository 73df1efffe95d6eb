//! A lander on nodes that the test plays, with two keys.

use {
    super::{WRITTEN_AT, credit, nodes::Played},
    crate::{
        chain::{Nodes, Snapshot},
        land::{LandSettings, Lander, Landing, settings::VersionChoice},
        plan::{Intent, IntentAction, IntentId, Kind, Reason, Role},
        store::Store,
    },
    blockable_sdk::{
        Keypair, Pubkey,
        amounts::{Lamports, Units},
        keys::SigningKey,
    },
    blockable_service::settings::Reader,
    bytemuck::Zeroable,
    std::collections::BTreeMap,
    tempfile::TempDir,
};

pub(crate) struct Ground {
    pub lander: Lander,
    pub store: Store,
    pub nodes: Vec<Played>,
    _folder: TempDir,
}

/// The key of a role.
pub(crate) fn key(role: Role) -> SigningKey {
    let number = if role == Role::Metering { 99 } else { 98 };
    SigningKey::from(Keypair::new_from_array([number; 32]))
}

impl Ground {
    /// With so many nodes, and settings as they are but for a change.
    pub(crate) async fn new(nodes: usize, change: impl FnOnce(&mut LandSettings)) -> Ground {
        let keys = Role::ALL.map(|role| (role, key(role))).into();
        Ground::with(nodes, change, keys).await
    }

    /// As [`Ground::new`], with keys of one's own.
    pub(crate) async fn with(
        count: usize,
        change: impl FnOnce(&mut LandSettings),
        keys: BTreeMap<Role, SigningKey>,
    ) -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut settings = LandSettings::read(&mut Reader::new("").unwrap());
        settings.version = VersionChoice::V0;
        settings.lamports_per_day = Role::ALL.map(|role| (role, Lamports(1_000_000))).into();
        change(&mut settings);
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Played::at(100).await);
        }
        let opened = nodes.iter().enumerate().map(|(place, node)| node.node(&format!("node {place}")));
        let opened = Nodes::new(opened.collect(), 30);
        let market = Pubkey::default();
        let lander = Lander::open(opened, market, store.clone(), settings, keys).await.unwrap();
        Ground { lander, store, nodes, _folder: folder }
    }

    /// Lands what is due by the state of a slot that is newer than all that has landed.
    pub(crate) async fn land(&self, due: &[Intent]) -> Landing {
        self.lander.land(due.to_vec(), &snapshot()).await.unwrap()
    }

    /// As [`Ground::land`], so many seconds later by the chain's clock.
    pub(crate) async fn land_at(&self, due: &[Intent], seconds: i64) -> Landing {
        let state = Snapshot { slot: 1_000_000, clock: WRITTEN_AT.plus_seconds(seconds), ..snapshot() };
        self.lander.land(due.to_vec(), &state).await.unwrap()
    }

    /// Has all that is in flight land in a block of a slot.
    pub(crate) async fn land_all(&self, slot: u64) {
        self.nodes.iter().for_each(|node| node.show(|view| view.landed = Some(slot)));
        self.lander.track().await.unwrap();
        self.nodes.iter().for_each(|node| node.show(|view| view.landed = None));
        assert_eq!(self.lander.in_flight(), 0);
    }

    /// The work that transactions carry, by name.
    pub(crate) async fn carried(&self) -> Vec<String> {
        let read = |connection: &rusqlite::Connection| {
            let mut rows = connection.prepare("SELECT lane FROM carried ORDER BY lane")?;
            let rows = rows.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<String>, _>>()?)
        };
        self.store.read(read).await.unwrap()
    }
}

pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        slot: 5_000,
        clock: WRITTEN_AT,
        market_key: Pubkey::default(),
        market: Zeroable::zeroed(),
        providers: BTreeMap::new(),
        credits: BTreeMap::new(),
        frozen_vaults: Default::default(),
        cross_credits: Default::default(),
        stalls: Default::default(),
    }
}

/// An intent of a kind on the credit of a number.
pub(crate) fn due(kind: Kind, number: u8) -> Intent {
    let credit = credit(number);
    Intent {
        id: IntentId::from_parts(kind, &credit, &[]),
        action: IntentAction::Credit { kind, credit },
        due_at: WRITTEN_AT,
        reason: Reason::FreezeAgreed { since: WRITTEN_AT, is_default: true, open: Units(1) },
    }
}

/// Metering of a chunk with the credits of these numbers. `reports` is the number of the set of reports.
pub(crate) fn meter(chunk: u32, numbers: &[u8], reports: u8) -> Intent {
    let provider = Pubkey::new_from_array([200; 32]);
    let state = [chunk.to_le_bytes().to_vec(), vec![reports]].concat();
    Intent {
        id: IntentId::from_parts(Kind::Meter, &provider, &[&state]),
        action: IntentAction::Meter {
            provider,
            chunk,
            reports: Vec::new(),
            credits: numbers.iter().map(|number| credit(*number)).collect(),
        },
        due_at: WRITTEN_AT,
        reason: Reason::ReportsToMeter { reports: 1, until: WRITTEN_AT, credits: numbers.len(), chunk },
    }
}
