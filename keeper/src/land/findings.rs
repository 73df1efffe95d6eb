//! Findings of landing for the operator: keys that cannot pay or sign, work that was put aside.

use {
    crate::{
        alert::{Level, Rule, Severity, Signal},
        land::{lander::Lander, lanes},
        plan::Role,
        store::StoreError,
    },
    blockable_sdk::{Pubkey, amounts::Lamports},
    std::collections::BTreeMap,
};

impl Lander {
    /// Reports keys that cannot pay or sign, and work that was put aside. All of it is read anew each time. Errors: [`StoreError`].
    pub async fn signals(&self) -> Result<Vec<Signal>, StoreError> {
        let mut signals = self.funds().await;
        let least = self.shared.settings.quarantine_after;
        let lanes = self.shared.store.read(move |connection| lanes::list(connection, 1)).await?;
        let aside = |lane: &&lanes::Lane| lane.failures >= least && !lane.dropped;
        metrics::gauge!("blockable_keeper_quarantined").set(lanes.iter().filter(aside).count() as f64);
        let mut by_subject: BTreeMap<Pubkey, Vec<&lanes::Lane>> = BTreeMap::new();
        lanes.iter().filter(aside).for_each(|lane| by_subject.entry(lane.subject).or_default().push(lane));
        for (subject, lanes) in by_subject {
            let named: Vec<String> = lanes
                .iter()
                .map(|lane| format!("{} ({}x: {})", lane.lane, lane.failures, lane.reason))
                .collect();
            signals.push(Signal {
                rule: Rule::Quarantine,
                subject,
                level: Level::Raise,
                severity: Severity::Warning,
                parties: None,
                happened: format!("work keeps failing and was put aside: {}", named.join("; ")),
                means: "it is tried ever more rarely, at last once an hour; everything else goes on"
                    .to_string(),
                next:
                    "find the cause with `explain`, then `quarantine retry LANE`, or `quarantine drop LANE`"
                        .to_string(),
            });
        }
        Ok(signals)
    }

    async fn funds(&self) -> Vec<Signal> {
        let (usable, _) = self.shared.nodes.probe().await;
        let Some(node) = usable.first() else { return Vec::new() };
        let mut signals = Vec::new();
        for (role, payer) in self.payers() {
            let Ok(lamports) = node.ask("balance", node.rpc().get_balance(&payer)).await else { continue };
            metrics::gauge!("blockable_keeper_payer_lamports", "role" => role.name()).set(lamports as f64);
            signals.push(funds_signal(
                role,
                payer,
                Lamports(lamports),
                self.shared.settings.low_balance_lamports,
                self.shared.key_faults().describe(role),
            ));
        }
        signals
    }
}

fn funds_signal(
    role: Role,
    payer: Pubkey,
    lamports: Lamports,
    low: Lamports,
    fault: Option<String>,
) -> Signal {
    let is_low = lamports < low;
    let happened = match &fault {
        Some(reason) => format!("the {} key {payer} is of no use: {reason}", role.name()),
        None => format!("the {} key {payer} has {} lamports", role.name(), lamports.get()),
    };
    Signal {
        rule: Rule::Funds,
        subject: payer,
        level: if is_low || fault.is_some() { Level::Raise } else { Level::Clear },
        severity: if fault.is_some() { Severity::Critical } else { Severity::Warning },
        parties: None,
        happened,
        means: "without this key's signature and funds the keeper watches, and submits nothing that the key is for"
            .to_string(),
        next: match fault {
            None => format!("send SOL to {payer}"),
            Some(_) => format!(
                "send SOL to {payer}, raise its cap in [spending], or mend its signer under [keys], as the reason asks for"
            ),
        },
    }
}
