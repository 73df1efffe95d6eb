//! One credit's part of a pass: takes a step of its walk, and classifies the outcome.

use {
    crate::{
        chain::{MAX_ACCOUNTS, Node, NodeError, Snapshot},
        history::{
            backlog::WorkOutcome,
            fetch::{AT_ONCE, Fetcher},
            rows::Head,
            walk::{Rest, Walk, WalkLimits, WalkStep},
        },
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::CreditStamp,
        audit::{Joined, Life, ProofError, join, prove},
        rpc::{CommitmentConfig, UiAccount},
    },
    std::{
        collections::BTreeMap,
        sync::atomic::{AtomicUsize, Ordering},
    },
};

/// The state that a credit's log must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The finalized slot of that state.
    pub slot: u64,
    /// The stamp of the account; `None` for a credit that is gone.
    pub stamp: Option<CreditStamp>,
}

/// A credit that is to be worked on.
pub(super) struct Work {
    pub credit: Pubkey,
    pub head: Head,
    pub target: Target,
    pub walk: Walk,
}

/// A credit that was worked on.
pub(super) struct Worked {
    pub credit: Pubkey,
    /// The walk, where it goes on.
    pub walk: Option<Walk>,
    pub joined: Joined,
    pub outcome: WorkOutcome,
    /// Set where the credit's account no longer exists.
    pub is_gone: bool,
    /// The failure of a request, where that ended the step.
    pub failed: Option<NodeError>,
}

impl Work {
    /// Takes one step. `failures` counts the failed requests of the pass.
    pub(super) async fn step(
        self,
        fetcher: &Fetcher<'_>,
        failures: &AtomicUsize,
        limits: &WalkLimits,
    ) -> Worked {
        let Work { credit, head, target, mut walk } = self;
        let mut worked = Worked {
            credit,
            walk: None,
            joined: Joined { end: head.end, life: head.life, ..Joined::default() },
            outcome: WorkOutcome::Later,
            is_gone: target.stamp.is_none(),
            failed: None,
        };
        // A node that has stopped answering is not waited for once per credit.
        if failures.load(Ordering::Relaxed) >= AT_ONCE {
            worked.walk = Some(walk);
            return worked;
        }
        match walk.step(fetcher, &credit, target.slot, limits).await {
            Err(error) => {
                failures.fetch_add(1, Ordering::Relaxed);
                worked.failed = Some(error);
            }
            Ok(WalkStep { found, rest }) => {
                worked.joined = join(&credit, head.end, head.life, found);
                worked.outcome = classify(&worked.joined, rest, &head, &target);
                let goes_on = matches!(worked.outcome, WorkOutcome::Later | WorkOutcome::Further);
                worked.walk = Some(walk).filter(|walk| goes_on && !walk.is_done());
            }
        }
        worked
    }
}

/// Classifies the effect of a step on a log that was at `head` before.
fn classify(joined: &Joined, rest: Rest, head: &Head, target: &Target) -> WorkOutcome {
    if let Some(fault) = joined.fault {
        return WorkOutcome::Missing(fault.to_string());
    }
    match rest {
        Rest::More if joined.links.is_empty() => return WorkOutcome::Later,
        Rest::More => return WorkOutcome::Further,
        Rest::NotServed(signature) => {
            return WorkOutcome::Missing(format!("the transaction {signature} is not served"));
        }
        Rest::NoHistory => return WorkOutcome::Lost("the node keeps no history of transactions".to_string()),
        Rest::Nothing => {}
    }
    let Some(stamp) = target.stamp else {
        return match joined.life {
            Life::Cancelled | Life::Closed => WorkOutcome::Done,
            Life::Open => {
                WorkOutcome::Missing("its account is gone, and the record of that is not served".to_string())
            }
        };
    };
    match prove(joined.end, stamp) {
        Ok(()) => WorkOutcome::Done,
        Err(ProofError::Mismatch(_)) => WorkOutcome::Mismatch,
        // An account from before the last record is of a node that lags.
        Err(ProofError::Ahead { .. }) if target.slot < head.slot => WorkOutcome::Later,
        // Some nodes show an account some slots before its transactions: a log that has grown is not stuck.
        Err(ProofError::Short { .. }) if !joined.links.is_empty() => WorkOutcome::Further,
        Err(error) => WorkOutcome::Missing(error.to_string()),
    }
}

/// Reads the targets of credits from finalized accounts, in the order given. Credits that were created since are left for later.
/// Errors: [`NodeError`].
pub(super) async fn read_targets(
    node: &Node,
    credits: &[Pubkey],
    snapshot: &Snapshot,
) -> Result<Vec<(Pubkey, Target)>, NodeError> {
    let mut targets = Vec::with_capacity(credits.len());
    for page in credits.chunks(MAX_ACCOUNTS) {
        let (slot, accounts) = node.fetch(page, CommitmentConfig::finalized()).await?;
        for (credit, account) in page.iter().zip(&accounts) {
            let stamp = account.as_ref().and_then(stamp);
            if stamp.is_some() || !snapshot.credits.contains_key(credit) {
                targets.push((*credit, Target { slot, stamp }));
            }
        }
    }
    Ok(targets)
}

fn stamp(account: &UiAccount) -> Option<CreditStamp> {
    let ours = account.lamports > 0 && account.owner.parse() == Ok(PROGRAM_ID);
    ours.then(|| CreditStamp::read(&account.data.decode()?))?
}

/// Pairs targets with the walks that go on. A target without a walk is left out.
pub(super) fn assign(
    targets: Vec<(Pubkey, Target)>,
    heads: &BTreeMap<Pubkey, Head>,
    walks: &mut BTreeMap<Pubkey, Walk>,
) -> Vec<Work> {
    let work = targets.into_iter().filter_map(|(credit, target)| {
        let head = heads.get(&credit).copied().unwrap_or_default();
        Some(Work { credit, head, target, walk: walks.remove(&credit)? })
    });
    work.collect()
}
