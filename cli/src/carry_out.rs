//! Carries a change out: simulates, shows, asks, sends. The one place where a transaction is sent.

use {
    crate::{
        args::SignArgs,
        change::{After, Change, Effect, MarketHead, Step},
        error::CliError,
        gate::Handed,
        output::Answer,
        parties::{Keys, Parties},
        review::{heading, review},
        session::Session,
        signer::{LoadedKey, SignerError},
        unsigned::Unsigned,
    },
    blockable_sdk::{Pubkey, Signature, Signer, amounts::Lamports, client::Prepared},
    blockable_service::command::{ConfirmError, Cost, confirm, send_all},
    serde_json::{Value, json},
    std::time::Instant,
};

/// A change that was simulated.
struct Simulated {
    prepared: Vec<Prepared>,
    effect: Effect,
    cost: Cost,
}

/// Simulates a change, shows it, asks, and sends it; with `--dry-run` it ends after the review, with `--no-send` it prints the
/// transactions instead. `done` says what holds afterwards.
///
/// Errors: [`CliError::Signer`], [`CliError::Client`], [`CliError::Confirm`]; nothing was sent then but what standard error lists as
/// landed.
pub(crate) async fn carry_out(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    change: &Change<'_>,
    done: impl FnOnce(&Effect) -> String,
) -> Result<Answer, CliError> {
    eprintln!("{}", heading(session, change.market, parties));
    if !change.role.admits(&parties.signer) {
        let needed = change.role.needed();
        return Err(SignerError::Wrong {
            found: parties.signer,
            source_text: parties.source.clone(),
            needed,
        }
        .into());
    }
    let simulated = simulate(session, parties, change).await?;
    eprint!("{}", review(change, &simulated.effect, simulated.cost));
    let facts = Facts { session, parties, change, cost: &simulated.cost };
    let (key, others) = match &parties.keys {
        Keys::DryRun => {
            let text = "dry run: simulated, nothing was sent".to_string();
            return Ok(Answer { text, data: facts.data(false, true, &[], &[], &simulated.effect) });
        }
        Keys::NoSend => {
            let unsigned = Unsigned::build(session, &parties.payer, &simulated.prepared).await?;
            let text = unsigned.iter().map(Unsigned::text).collect::<Vec<_>>().join("\n\n");
            return Ok(Answer { text, data: facts.data(false, false, &[], &unsigned, &simulated.effect) });
        }
        Keys::Loaded(key, others) => (key, others),
    };
    if session.settings.non_interactive && !sign.yes {
        return Err(ConfirmError::NoTerminal.into());
    }
    confirm(sign.yes)?;
    let sent = send(session, change, key, others, &parties.payer).await?;
    let effect = match read_after(session, change).await {
        Ok(effect) => effect,
        Err(error) => {
            eprintln!(
                "note: it has landed, and cannot be read again ({error}); the state shown is the simulated one"
            );
            simulated.effect
        }
    };
    let mut text = done(&effect);
    for signature in &sent.signatures {
        text += &format!("\nsignature  {signature}");
    }
    for (name, address) in &change.created {
        text += &format!("\n{name:9}  {address}");
    }
    let mut data = facts.data(true, false, &sent.signatures, &[], &effect);
    data["landed_after_ms"] = json!(sent.landed_after_ms);
    if change.gate.is_some() {
        data["gate"] = sent.handed.iter().map(Handed::json).collect();
    }
    Ok(Answer { text, data })
}

/// The answer of a command that finds nothing to do: what it would bring about holds.
pub(crate) fn nothing(session: &Session, market: impl Into<MarketHead>, says: &str, state: Value) -> Answer {
    let data = json!({
        "cluster": session.cluster_json(),
        "market": market.into().address.to_string(),
        "signer": null,
        "fee_payer": null,
        "changed": false,
        "dry_run": false,
        "signatures": [],
        "transactions": [],
        "created": {},
        "fee_lamports": 0,
        "rent_lamports": 0,
        "effect": [],
        "state": state,
    });
    Answer { text: format!("nothing to do: {says}"), data }
}

async fn simulate(session: &Session, parties: &Parties, change: &Change<'_>) -> Result<Simulated, CliError> {
    let sender = session.sender();
    let (mut prepared, mut after, mut fee) = (Vec::new(), After::default(), Lamports::ZERO);
    for step in &change.steps {
        let preview = sender.preview(&step.instructions, &parties.payer, &step.watched).await?;
        after.accounts.extend(step.watched.iter().copied().zip(preview.accounts));
        fee = fee.saturating_add(preview.prepared.fee);
        prepared.push(preview.prepared);
    }
    let effect = (change.effect)(&after)?;
    Ok(Simulated {
        prepared,
        effect,
        cost: Cost { fee, rent: change.rent, transactions: change.steps.len() },
    })
}

/// The transactions of a change that have landed, and the provider's answers to them.
struct Sent {
    signatures: Vec<Signature>,
    handed: Vec<Handed>,
    /// Milliseconds from the confirmation to the last landing.
    landed_after_ms: u64,
}

/// Sends the transactions of a change, each once the one before has landed; with a gate each goes there at the same time. Errors:
/// [`CliError::Client`], [`CliError::Partly`].
async fn send(
    session: &Session,
    change: &Change<'_>,
    key: &LoadedKey,
    others: &[LoadedKey],
    payer: &Pubkey,
) -> Result<Sent, CliError> {
    let all: Vec<&dyn Signer> =
        std::iter::once(key).chain(others).map(|key| key.signer.as_ref() as &dyn Signer).collect();
    let pays = |signer: &&&dyn Signer| signer.pubkey() == *payer;
    let first: &dyn Signer = all.iter().find(pays).copied().unwrap_or(key.signer.as_ref());
    let (sender, began) = (session.sender(), Instant::now());
    let mut handed = Vec::new();
    let signatures = send_all(&change.steps, async |step: &Step| {
        let prepared = sender.prepare(&step.instructions, payer).await?;
        let (transaction, last_valid) = session.client.sign(&prepared.instructions, first, &all).await?;
        let Some(gate) = &change.gate else { return sender.submit(&transaction, last_valid).await };
        let handing = Handed::hand_over(gate, &transaction, Instant::now());
        let (answer, landed) = tokio::join!(handing, sender.submit(&transaction, last_valid));
        handed.push(answer);
        landed
    })
    .await?;
    let landed_after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Sent { signatures, handed, landed_after_ms })
}

/// Reads the accounts of a change again.
async fn read_after(session: &Session, change: &Change<'_>) -> Result<Effect, CliError> {
    let watched: Vec<Pubkey> = change.steps.iter().flat_map(|step| step.watched.iter().copied()).collect();
    let mut after = After::default();
    for part in watched.chunks(100) {
        let accounts = session.client.rpc().get_multiple_accounts(part).await;
        let accounts = accounts.map_err(blockable_sdk::errors::ClientError::from)?;
        after.accounts.extend(part.iter().copied().zip(accounts));
    }
    (change.effect)(&after)
}

/// The parts of an answer's data that all changes share.
struct Facts<'a> {
    session: &'a Session,
    parties: &'a Parties,
    change: &'a Change<'a>,
    cost: &'a Cost,
}

impl Facts<'_> {
    fn data(
        &self,
        changed: bool,
        dry_run: bool,
        signatures: &[Signature],
        unsigned: &[Unsigned],
        effect: &Effect,
    ) -> Value {
        let created =
            self.change.created.iter().map(|(name, address)| (name.to_string(), json!(address.to_string())));
        let lines = effect.lines.iter();
        json!({
            "cluster": self.session.cluster_json(),
            "market": self.change.market.address.to_string(),
            "signer": self.parties.signer.to_string(),
            "fee_payer": self.parties.payer.to_string(),
            "changed": changed,
            "dry_run": dry_run,
            "signatures": signatures.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "transactions": unsigned.iter().map(Unsigned::json).collect::<Vec<_>>(),
            "created": created.collect::<serde_json::Map<_, _>>(),
            "fee_lamports": self.cost.fee,
            "rent_lamports": self.cost.rent,
            "effect": lines.map(|line| json!({"name": line.name, "before": line.before, "after": line.after})).collect::<Vec<_>>(),
            "state": effect.state,
        })
    }
}
