//! Simulates a change for its review, by the code path that sends.

use {
    super::{
        CarryError, Change, Cost, Effect, Nodes, Signing,
        change::After,
        propose::{Plan, decode_votes},
    },
    blockable_sdk::{
        Pubkey,
        amounts::Lamports,
        client::{Prepared, Preview},
        errors::ClientError,
        squads::Votes,
    },
};

/// The least fee of a transaction with one signature.
const LEAST_FEE: Lamports = Lamports(5_000);

/// A change that was simulated.
pub(super) struct Simulated {
    /// The transactions, as they would be sent.
    pub prepared: Vec<Prepared>,
    /// The effect: of a proposal once it is executed.
    pub effect: Effect,
    /// The cost.
    pub cost: Cost,
    /// The votes on the proposal once it is created; `None` for a change that is none.
    pub votes: Option<Votes>,
}

/// Simulates a change; where it is proposed, as its execution, and then the transaction that proposes it. Errors: [`CarryError`], and
/// those of [`Change::effect`].
pub(super) async fn simulate<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    plan: Option<&Plan>,
) -> Result<Simulated, E> {
    let (sender, payer) = (signing.nodes.sender(signing.most_fee), &signing.heading.payer);
    let (mut prepared, mut after, mut fee) = (Vec::new(), After::default(), Lamports::ZERO);
    for step in &change.steps {
        let preview = match sender.preview(&step.instructions, payer, &step.watched).await {
            Ok(preview) => preview,
            Err(error) => {
                // The rent of what a proposal creates when it is executed is the vault's.
                let payer = signing.proposing.map_or(*payer, |proposing| proposing.vault());
                return Err(explained(signing.nodes, &payer, change.rent, error).await.into());
            }
        };
        after.accounts.extend(step.watched.iter().copied().zip(preview.accounts));
        fee = fee.saturating_add(preview.prepared.fee);
        prepared.push(preview.prepared);
    }
    let effect = (change.effect)(&after)?;
    if let Some(plan) = plan {
        return simulate_proposal(signing, plan, effect).await;
    }
    let cost = Cost { fee, rent: change.rent, transactions: change.steps.len() };
    Ok(Simulated { prepared, effect, cost, votes: None })
}

/// Simulates the transaction that proposes a change of this effect.
async fn simulate_proposal<E: From<CarryError>>(
    signing: &Signing<'_>,
    plan: &Plan,
    effect: Effect,
) -> Result<Simulated, E> {
    let (sender, payer) = (signing.nodes.sender(signing.most_fee), &signing.heading.payer);
    let Preview { prepared, accounts } =
        match sender.preview(&plan.step.instructions, payer, &plan.created()).await {
            Ok(preview) => preview,
            Err(error) => return Err(explained(signing.nodes, payer, Lamports::ZERO, error).await.into()),
        };
    let rent = accounts.iter().flatten().map(|account| Lamports(account.lamports));
    let rent = rent.fold(Lamports::ZERO, Lamports::saturating_add);
    let votes = accounts.last().and_then(|account| decode_votes(account.as_ref()));
    let cost = Cost { fee: prepared.fee, rent, transactions: 1 };
    Ok(Simulated { prepared: vec![prepared], effect, cost, votes })
}

/// Names the lack of SOL where that is why a simulation fails: nodes say it in other words.
async fn explained(nodes: &Nodes, payer: &Pubkey, rent: Lamports, error: ClientError) -> CarryError {
    let needs = rent.saturating_add(LEAST_FEE);
    if matches!(error, ClientError::Refused { .. }) {
        return error.into();
    }
    match nodes.client.rpc().get_balance(payer).await {
        Ok(has) if Lamports(has) < needs => CarryError::TooPoor { payer: *payer, has: Lamports(has), needs },
        _ => error.into(),
    }
}
