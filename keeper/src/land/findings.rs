//! Findings of landing for the operator: keys that cannot pay or sign, work that was put aside.

use {
    crate::{
        finding::{Fact, FailingLane, Finding},
        land::{lander::Lander, lanes},
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
