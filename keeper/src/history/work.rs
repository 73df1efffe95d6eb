//! One credit's part of a pass: goes on with its transactions, and judges what they say.

use {
    crate::{
        chain::{FETCH, Node, NodeError, Snapshot},
        history::{
            fetch::{AT_ONCE, Fetcher},
            kinds::Life,
            order::Outcome,
            prove::{Joined, ProofError, join, prove},
            rows::Head,
            walk::{Limits, Rest, Step, Walk},
        },
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::CreditStamp,
        rpc::{CommitmentConfig, UiAccount},
    },
    std::{
        collections::BTreeMap,
        sync::atomic::{AtomicUsize, Ordering},
    },
};

/// What a credit's log must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The finalized slot that this is as of.
    pub slot: u64,
    /// What the account says; `None` for a credit that is gone.
    pub stamp: Option<CreditStamp>,
}

/// What is done with a credit.
pub(super) struct Work {
    pub credit: Pubkey,
    pub head: Head,
    pub target: Target,
    pub walk: Walk,
}

/// What has come of it.
pub(super) struct Worked {
    pub credit: Pubkey,
    /// The search, where it goes on.
    pub walk: Option<Walk>,
    pub joined: Joined,
    pub outcome: Outcome,
    /// Whether the credit's account is no more.
    pub is_gone: bool,
    /// Why it stopped, where a request failed.
    pub failed: Option<NodeError>,
}

impl Work {
    /// Goes on by what `limits` allow. `failures` counts the failed requests of the pass.
    pub async fn go(self, fetcher: &Fetcher<'_>, failures: &AtomicUsize, limits: &Limits) -> Worked {
        let Work { credit, head, target, mut walk } = self;
        let mut worked = Worked {
            credit,
            walk: None,
            joined: Joined { end: head.end, life: head.life, ..Joined::default() },
            outcome: Outcome::Later,
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
            Ok(Step { found, rest }) => {
                worked.joined = join(&credit, head.end, head.life, found);
                worked.outcome = judge(&worked.joined, rest, &head, &target);
                let goes_on = matches!(worked.outcome, Outcome::Later | Outcome::Further);
                worked.walk = Some(walk).filter(|walk| goes_on && !walk.is_over());
            }
        }
        worked
    }
}

/// What has become of a credit's log, which had come as far as `head`.
fn judge(joined: &Joined, rest: Rest, head: &Head, target: &Target) -> Outcome {
    if let Some(fault) = joined.fault {
        return Outcome::Missing(fault.to_string());
    }
    match rest {
        Rest::More if joined.links.is_empty() => return Outcome::Later,
        Rest::More => return Outcome::Further,
        Rest::NotServed(signature) => {
            return Outcome::Missing(format!("the transaction {signature} is not served"));
        }
        Rest::NoHistory => return Outcome::Lost("the node keeps no history of transactions".to_string()),
        Rest::Nothing => {}
    }
    let Some(stamp) = target.stamp else {
        return match joined.life {
            Life::Cancelled | Life::Closed => Outcome::Done,
            Life::Open => {
                Outcome::Missing("its account is gone, and the record of that is not served".to_string())
            }
        };
    };
    match prove(joined.end, stamp) {
        Ok(()) => Outcome::Done,
        Err(ProofError::Mismatch(_)) => Outcome::Mismatch,
        // An account from before the last record is of a node that lags.
        Err(ProofError::Ahead { .. }) if target.slot < head.slot => Outcome::Later,
        Err(error) => Outcome::Missing(error.to_string()),
    }
}

/// What finalized accounts say of credits, in the order given. Those that were created since are left for later.
/// Errors: [`NodeError`].
pub(super) async fn targets(
    node: &Node,
    credits: &[Pubkey],
    snapshot: &Snapshot,
) -> Result<Vec<(Pubkey, Target)>, NodeError> {
    let mut targets = Vec::with_capacity(credits.len());
    for page in credits.chunks(FETCH) {
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

/// Goes on with the searches that were left, and begins those that were not.
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
