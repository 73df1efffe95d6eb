//! Acts that earlier runs of a command, or others at the same time, have done already.

use {
    super::{
        Answer, CarryError, Change, Cost, Keys, Signing,
        answer::{Ended, change_data},
        carry_out::{read_after, subjects},
        nodes::now_ms,
        pending::{Entry, LastDone, Turn},
        propose::{Plan, ProposalState},
    },
    blockable_sdk::{Signature, amounts::Lamports, squads::number_proposed},
};

/// Leaves what was written down about transactions that have landed until the user is told.
pub(super) fn forget_once_answered(signing: &Signing<'_>, landed: &[Signature]) {
    if let Some(pending) = signing.pending {
        landed.iter().for_each(|signature| pending.forget_once_answered(signature));
    }
}

/// Finds out what became of the transactions of earlier runs. The answer where the same command has landed in one of them: done once is
/// enough; and where a proposal of exactly this change is open. Errors: those of [`Pending::resolve`]; [`CarryError::Overtaken`] where
/// only a part of several transactions has landed.
pub(super) async fn landed_before<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    plan: Option<&Plan>,
) -> Result<Option<Answer>, E> {
    let Signing { nodes, heading, .. } = signing;
    let earlier = match (signing.pending, signing.keys) {
        (Some(pending), Keys::Loaded(..)) => pending.resolve(nodes, heading, &subjects(change)).await?,
        _ => None,
    };
    match (plan, earlier) {
        (Some(plan), earlier) => proposed_before(signing, change, plan, earlier.as_ref()).await,
        (None, Some(earlier)) => landed_already(signing, change, earlier.signature).await.map(Some),
        (None, None) => Ok(None),
    }
}

/// The answer where the same command of another run has landed since the accounts were read: the two are one. Errors:
/// [`CarryError::Overtaken`] where it is another command on the same account, or has made a proposal that this one could not find yet.
pub(super) async fn landed_meanwhile<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    plan: Option<&Plan>,
    turn: Option<&Turn>,
) -> Result<Option<Answer>, E> {
    let (Some(pending), Some(done)) = (signing.pending, turn.and_then(|turn| turn.last_done.as_ref())) else {
        return landed_before(signing, change, plan).await;
    };
    // One that is yet to come was recorded by a clock that was ahead, and would stop every command until then.
    if done.at_ms < signing.nodes.opened_at_ms || done.at_ms > now_ms() {
        // It was done before anything was read here. One whose outcome is not known may have been left behind meanwhile.
        return landed_before(signing, change, plan).await;
    }
    if plan.is_some() || done.action != pending.action(&signing.heading) {
        return Err(CarryError::Overtaken(done.signature).into());
    }
    landed_already(signing, change, done.signature).await.map(Some)
}

/// Records what a run has done, for others at the same time.
pub(super) fn record_done(signing: &Signing<'_>, turn: Option<&mut Turn>, signatures: &[Signature]) {
    if let (Some(pending), Some(turn), Some(signature)) = (signing.pending, turn, signatures.last()) {
        turn.record_landed(&LastDone {
            action: pending.action(&signing.heading),
            signature: *signature,
            at_ms: now_ms(),
        });
    }
}

/// The answer of a command that another run has carried out. Errors: [`CarryError::Overtaken`] where that may be a part of it only.
async fn landed_already<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    signature: Signature,
) -> Result<Answer, E> {
    let Signing { nodes, heading, .. } = signing;
    if change.steps.len() > 1 {
        forget_once_answered(signing, &[signature]);
        return Err(CarryError::Overtaken(signature).into());
    }
    let effect = read_after(nodes, change).await?;
    let cost = Cost { fee: Lamports::ZERO, rent: Lamports::ZERO, transactions: 1 };
    let ended = Ended { signatures: &[signature], ..Ended::default() };
    let text = format!(
        "nothing to do: {signature} of another run of this command has landed; run it once more to do it again"
    );
    let data = change_data(nodes, heading, change, cost, &effect, ended);
    forget_once_answered(signing, &[signature]);
    Ok(Answer { text, data })
}

/// The answer where the change is proposed already: by the transaction of an earlier run, or in an open proposal of exactly this change.
async fn proposed_before<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    plan: &Plan,
    earlier: Option<&Entry>,
) -> Result<Option<Answer>, E> {
    let by_earlier = earlier.and_then(|entry| number_proposed(&entry.transaction));
    let Some(number) = by_earlier.or(plan.same()) else { return Ok(None) };
    let Signing { nodes, heading, .. } = signing;
    let signatures: Vec<Signature> = earlier.map(|entry| entry.signature).into_iter().collect();
    let votes = plan.votes(nodes, number).await;
    let text = plan.text_of_earlier(number, votes.as_ref());
    let cost = Cost { fee: Lamports::ZERO, rent: Lamports::ZERO, transactions: signatures.len() };
    let (proposal, dry_run) = (
        Some(plan.json(number, &ProposalState::created(votes.as_ref()))),
        matches!(signing.keys, Keys::DryRun),
    );
    let ended = Ended { signatures: &signatures, proposal, dry_run, ..Ended::default() };
    let data = change_data(nodes, heading, change, cost, &read_after(nodes, change).await?, ended);
    forget_once_answered(signing, &signatures);
    Ok(Some(Answer { text, data }))
}
