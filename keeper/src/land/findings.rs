//! Findings of landing for the operator: keys that cannot pay or sign, work that was put aside.

use {
    crate::{
        finding::{Fact, FailingLane, Finding},
        land::{journal, lander::Lander, lanes},
        plan::Role,
        store::StoreError,
    },
    blockable_sdk::{Pubkey, amounts::Lamports},
    std::collections::BTreeMap,
};

impl Lander {
    /// Reports the lamports and faults of its keys, and work that was put aside. All of it is read anew each time.
    /// Errors: [`StoreError`].
    pub(crate) async fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.funds().await;
        self.measure_spending().await?;
        let least = self.shared.settings.quarantine_after;
        let lanes = self.shared.store.read(move |connection| lanes::list(connection, 1)).await?;
        let aside: Vec<lanes::Lane> =
            lanes.into_iter().filter(|lane| lane.failures >= least && !lane.dropped).collect();
        metrics::gauge!("blockable_keeper_quarantined").set(aside.len() as f64);
        let mut by_subject: BTreeMap<Pubkey, Vec<FailingLane>> = BTreeMap::new();
        for lanes::Lane { lane, subject, failures, reason, .. } in aside {
            by_subject.entry(subject).or_default().push(FailingLane { lane, failures, reason });
        }
        let quarantine = |(subject, lanes)| Finding::is(subject, Fact::Quarantine { lanes });
        findings.extend(by_subject.into_iter().map(quarantine));
        Ok(findings)
    }

    /// Shows what each role has spent of its cap today.
    async fn measure_spending(&self) -> Result<(), StoreError> {
        let now = self.shared.now();
        let spent = self.shared.store.read(move |connection| {
            let spent = |role| Ok((role, journal::spent(connection, role, now)?));
            Role::ALL.into_iter().map(spent).collect::<Result<Vec<(Role, Lamports)>, StoreError>>()
        });
        for (role, spent) in spent.await? {
            let cap = self.shared.settings.lamports_per_day.get(&role).copied().unwrap_or_default();
            metrics::gauge!("blockable_keeper_spent_lamports", "role" => role.name()).set(spent.get() as f64);
            metrics::gauge!("blockable_keeper_cap_lamports", "role" => role.name()).set(cap.get() as f64);
        }
        Ok(())
    }

    async fn funds(&self) -> Vec<Finding> {
        let (usable, _) = self.shared.nodes.probe().await;
        let Some(node) = usable.first() else { return Vec::new() };
        let mut findings = Vec::new();
        for (role, payer) in self.payers() {
            let Ok(lamports) = node.ask("balance", node.rpc().get_balance(&payer)).await else { continue };
            metrics::gauge!("blockable_keeper_payer_lamports", "role" => role.name()).set(lamports as f64);
            let (role, lamports, fault) =
                (role.name(), Lamports(lamports), self.shared.key_faults().describe(role));
            findings.push(Finding::is(payer, Fact::Funds { role, lamports, fault }));
        }
        findings
    }
}
