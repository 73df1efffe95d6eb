//! Texts on the keeper itself, its nodes and the event logs, for the operator.

use {
    super::Text,
    crate::finding::FailingLane,
    blockable_sdk::{Pubkey, amounts::Lamports},
    blockable_service::text::{span, thousands},
};

pub(super) fn funds(key: &Pubkey, role: &str, lamports: Lamports, fault: Option<&str>) -> Text {
    Text::new(
        match fault {
            Some(fault) => format!("The {role} key {key} cannot be used: {fault}."),
            None => format!("The {role} key {key} has {} lamports left.", thousands(lamports.get())),
        },
        "Without this key's signature and lamports the keeper watches, and submits nothing that the key is for.",
        match fault {
            Some(_) => format!(
                "Do what the reason asks for: send SOL to {key}, raise its cap in [spending], or repair its signer under \
                 [keys]."
            ),
            None => format!("Send SOL to {key}."),
        },
    )
}

pub(super) fn quarantine(lanes: &[FailingLane]) -> Text {
    let lanes: Vec<String> = lanes
        .iter()
        .map(|lane| format!("{} ({} failures: {})", lane.lane, lane.failures, lane.reason))
        .collect();
    Text::new(
        format!("Work keeps failing and is in quarantine: {}.", lanes.join("; ")),
        "It is tried ever more rarely, at last once an hour. Everything else goes on.",
        "Find the cause with `blockable-keeper explain CREDIT`, then run `blockable-keeper quarantine retry LANE` or \
         `quarantine drop LANE`.",
    )
}

pub(super) fn rpc(cycles: u32, reasons: &[String]) -> Text {
    Text::new(
        format!("Nodes could not be used in {cycles} cycles in a row: {}.", reasons.join("; ")),
        "While fewer than two nodes agree nobody is marked late. Metering goes on with one.",
        "Check the nodes under [[rpc]], or replace them.",
    )
}

pub(super) fn stall(seconds: i64) -> Text {
    Text::new(
        format!("The cluster produced no blocks for {} within the last hour.", span(seconds)),
        "Nobody could pay meanwhile. The keeper adds this time to every grace before it marks anyone late.",
        "Check the cluster's status and the RPC nodes. Nothing has to be done on the credits.",
    )
}

pub(super) fn log_mismatch(node: &str, records: u64) -> Text {
    Text::new(
        format!(
            "The {} records of the credit that node {node} serves do not hash to the event hash in the credit's account.",
            thousands(records)
        ),
        "A record or the account is not as the program wrote it: the node serves what is not on the chain, or the records \
         that were kept were altered.",
        "Compare the credit's account and transactions with those of a node of another operator. Trust no figure of this \
         credit until they agree.",
    )
}

pub(super) fn records_lost(node: &str, credits: usize, examples: &[(Pubkey, String)]) -> Text {
    let examples: Vec<String> =
        examples.iter().map(|(credit, reason)| format!("{credit}: {reason}")).collect();
    Text::new(
        format!(
            "Records of {credits} credits cannot be fetched from node {node}, among them those of {}.",
            examples.join("; ")
        ),
        "The logs of these credits are not kept beyond the records proven before; metering, marks and alerts go on. The node \
         has removed old transactions, or leaves some out.",
        "Put a node with full history first under [[rpc]], or set history.enabled = false.",
    )
}
