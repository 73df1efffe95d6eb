//! Carries a change out: simulates, shows, asks, sends. The one place where a command sends a transaction.

use {
    super::{
        Answer, CarryError, Change, Effect, HandOver, Heading, Nodes, Pending, Proposing, Review, SendFailed,
        Step, Unsigned,
        answer::{Ended, change_data},
        change::After,
        confirm,
        confirm::ConfirmError,
        earlier::{forget, landed_before, landed_meanwhile, record_done},
        note::{note, say},
        propose::Plan,
        send::all_landed,
        send_all,
        simulate::{Simulated, simulate},
    },
    blockable_sdk::{
        Pubkey, Signature, Signer,
        client::{Prepared, Recorded, Sender, Signed},
    },
    futures_util::future::{Either, join_all, select, try_join_all},
    serde_json::{Value, json},
    std::{
        pin::pin,
        time::{Duration, Instant},
    },
    tokio::time::timeout,
};

/// Time that a gate has for its answer once the transaction has landed.
const GATE_GRACE: Duration = Duration::from_secs(3);

/// The keys of a change: only [`Keys::Loaded`] holds one, so nothing else can be sent.
pub enum Keys {
    /// `--dry-run`: no key was loaded.
    DryRun,
    /// `--no-send`: no key was loaded, and the transaction is printed.
    NoSend,
    /// The key that signs, and others that sign as well: the one that pays first, where it is another.
    Loaded(Box<dyn Signer>, Vec<Box<dyn Signer>>),
}

/// A command that signs: the cluster, the parties, and the consent.
pub struct Signing<'a> {
    /// The cluster.
    pub nodes: &'a Nodes,
    /// Most priority fee, in micro-lamports per compute unit; `None` for none.
    pub most_fee: Option<u64>,
    /// Cluster, market and parties, as the first line says them.
    pub heading: Heading,
    /// The keys.
    pub keys: &'a Keys,
    /// True where the review is confirmed by an argument.
    pub yes: bool,
    /// True where nobody may be asked.
    pub non_interactive: bool,
    /// The transactions of earlier runs whose outcome is not known. `None` for a command that changes nothing where it is done twice,
    /// such as a freeze: it waits for no earlier one.
    pub pending: Option<&'a Pending>,
    /// True for a change of which each transaction may land without the others, and twice, such as a freeze: all are sent at once, and
    /// one that fails keeps none of the others from the chain.
    pub at_once: bool,
    /// The multisig that is to make the change: then the key that signs is that of a member, who proposes it.
    pub proposing: Option<Proposing>,
}

/// Simulates a change, shows it, asks, and sends it; in a dry run it ends after the review, and where nothing is to be sent it
/// gives the transactions instead. `done` says what holds afterwards. Where a multisig is to make the change, a proposal to it is all
/// that is sent, and the answer says that nothing else is done.
///
/// What has landed is no failure: where the accounts cannot be read again the answer has the simulated state, and stderr says so.
/// Errors: [`CarryError`], and those of [`Change::effect`]; nothing was sent then but what the error lists as landed.
pub async fn carry_out<E: From<CarryError> + std::fmt::Display>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    done: impl FnOnce(&Effect) -> String,
) -> Result<Answer, E> {
    let Signing { nodes, heading, .. } = signing;
    say(&heading.to_string());
    let plan = plan(signing, change).await?;
    let subject = subjects(change).first().copied();
    if let Some(landed) = landed_before(signing, change, plan.as_ref()).await? {
        return Ok(landed);
    }
    let simulated = simulate(signing, change, plan.as_ref()).await?;
    say(review(change, plan.as_ref(), &simulated).trim_end());
    let data = |effect, ended: Ended<'_>| {
        let proposal = plan.as_ref().map(|plan| plan.json(plan.number, None));
        let ended = Ended { proposal: ended.proposal.or(proposal), ..ended };
        change_data(nodes, heading, change, simulated.cost, effect, ended)
    };
    let (key, others) = match signing.keys {
        Keys::DryRun => {
            let text = "dry run: simulated, nothing was sent".to_string();
            let ended = Ended { dry_run: true, ..Ended::default() };
            return Ok(Answer { text, data: data(&simulated.effect, ended) });
        }
        Keys::NoSend => {
            let unsigned = Unsigned::build(nodes, &heading.payer, &simulated.prepared).await;
            let unsigned = unsigned.map_err(CarryError::from)?;
            let text = unsigned.iter().map(Unsigned::text).collect::<Vec<_>>().join("\n\n");
            let ended = Ended { unsigned: &unsigned, ..Ended::default() };
            return Ok(Answer { text, data: data(&simulated.effect, ended) });
        }
        Keys::Loaded(key, others) => (key, others),
    };
    if signing.non_interactive && !signing.yes {
        return Err(CarryError::from(ConfirmError::NoTerminal).into());
    }
    confirm(signing.yes).map_err(CarryError::from)?;
    let mut turn = match signing.pending.zip(subject) {
        Some((pending, subject)) => Some(pending.turn(&subject).await?),
        None => None,
    };
    if let Some(landed) = landed_meanwhile(signing, change, plan.as_ref(), turn.as_ref()).await? {
        return Ok(landed);
    }
    let (steps, gate) = match &plan {
        Some(plan) => (std::slice::from_ref(&plan.step), None),
        None => (change.steps.as_slice(), change.gate.as_ref()),
    };
    let reviewed: Vec<(&Step, &Prepared)> = steps.iter().zip(&simulated.prepared).collect();
    let sent = send(signing, &reviewed, gate, key.as_ref(), others).await;
    let landed = match &sent {
        Ok(sent) => &sent.signatures,
        Err(failed) => &failed.landed,
    };
    record_done(signing, turn.as_mut(), landed);
    let sent = sent.inspect_err(|failed| forget(signing, &failed.landed));
    let sent = sent.map_err(|failed| CarryError::from(failed.with_fee(simulated.cost.fee)))?;
    if let Some(plan) = &plan {
        let votes = plan.votes(nodes, plan.number).await.or_else(|| simulated.votes.clone());
        let text = plan.text(plan.number, votes.as_ref(), &sent.signatures);
        let proposal = Some(plan.json(plan.number, Some(votes.as_ref())));
        let ended = Ended { signatures: &sent.signatures, proposal, ..Ended::default() };
        let data = data(&simulated.effect, ended);
        forget(signing, &sent.signatures);
        return Ok(Answer { text, data });
    }
    let effect = shown_after(nodes, change, &simulated.effect).await;
    let mut text = done(&effect);
    for signature in &sent.signatures {
        text += &format!("\nsignature  {signature}");
    }
    text += &format!("\nlanded     after {} ms", sent.landed_after_ms);
    for (name, address) in &change.created {
        text += &format!("\n{name:9}  {address}");
    }
    let ended = Ended { changed: true, signatures: &sent.signatures, ..Ended::default() };
    let mut data = data(&effect, ended);
    data["landed_after_ms"] = json!(sent.landed_after_ms);
    if change.gate.is_some() {
        data["gate"] = sent.handed.into();
    }
    forget(signing, &sent.signatures);
    Ok(Answer { text, data })
}

/// The plan of a proposal; `None` where the key itself may make the change. Errors: [`CarryError::WrongKey`] where it may not,
/// [`CarryError::Propose`].
async fn plan<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
) -> Result<Option<Plan>, CarryError> {
    if let Some(proposing) = signing.proposing {
        return Ok(Some(Plan::make(signing, proposing, change).await?));
    }
    let Heading { signer, source, .. } = &signing.heading;
    if !change.role.admits(signer) {
        let (found, source_text) = (*signer, source.clone());
        return Err(CarryError::WrongKey { found, source_text, needed: change.role.needed() });
    }
    Ok(None)
}

/// The account that each transaction of a change is about: the first of those that are watched. The others, such as the signer's
/// wallet, may change by other commands at the same time.
pub(super) fn subjects<E>(change: &Change<'_, E>) -> Vec<Pubkey> {
    change.steps.iter().filter_map(|step| step.watched.first().copied()).collect()
}

/// The accounts of a change of which the state afterwards is wanted.
fn watched<E>(change: &Change<'_, E>) -> Vec<Pubkey> {
    change.steps.iter().flat_map(|step| step.watched.iter().copied()).collect()
}

/// The review: act, facts, effect before and after, cost, and the part that cannot be undone.
fn review<E>(change: &Change<'_, E>, plan: Option<&Plan>, simulated: &Simulated) -> String {
    let becomes = simulated.effect.lines.iter();
    let becomes = becomes.map(|line| (line.name.clone(), format!("{} -> {}", line.before, line.after)));
    let proposal = plan.map(|plan| plan.facts(change)).unwrap_or_default();
    let facts = change.facts.iter().cloned().chain(proposal);
    let lines: Vec<(String, String)> = facts.chain(becomes).collect();
    let (title, irreversible) = match plan {
        Some(_) => {
            (format!("propose to {}", change.title), format!("once executed: {}", change.irreversible))
        }
        None => (change.title.clone(), change.irreversible.clone()),
    };
    Review { title: &title, lines: &lines, cost: simulated.cost, irreversible: &irreversible }.to_string()
}

/// The transactions of a change that have landed, and the provider's answers to them.
struct Sent {
    signatures: Vec<Signature>,
    handed: Vec<Value>,
    /// Milliseconds from the confirmation to the last landing.
    landed_after_ms: u64,
}

/// Sends transactions, each once the one before has landed; with a gate all of them at once, so that it has the last
/// one as soon as the first. Errors: [`SendFailed`].
async fn send(
    signing: &Signing<'_>,
    reviewed: &[(&Step, &Prepared)],
    gate: Option<&HandOver<'_>>,
    key: &dyn Signer,
    others: &[Box<dyn Signer>],
) -> Result<Sent, SendFailed> {
    let began = Instant::now();
    let signers: Vec<&dyn Signer> = std::iter::once(key).chain(others.iter().map(AsRef::as_ref)).collect();
    let (sender, payer) = (signing.nodes.sender(signing.most_fee), &signing.heading.payer);
    let first = signers.iter().find(|signer| signer.pubkey() == *payer).copied().unwrap_or(key);
    // What was reviewed is signed, with its fee.
    let sign =
        async |prepared: &Prepared| signing.nodes.client.sign(&prepared.instructions, first, &signers).await;
    let (signatures, handed) = match gate {
        Some(hand_over) => {
            let signed = try_join_all(reviewed.iter().map(|(_, prepared)| sign(prepared))).await?;
            return hand_over_and_send(hand_over, &sender, reviewed, signed, began).await;
        }
        None if signing.at_once => {
            let signed = try_join_all(reviewed.iter().map(|(_, prepared)| sign(prepared))).await?;
            let each = signed.into_iter().map(async |signed| sender.submit(&signed.without_record()).await);
            (all_landed(join_all(each).await)?, Vec::new())
        }
        None => {
            let send = async |(step, prepared): &(&Step, &Prepared)| {
                let signed = sign(prepared).await?;
                let Some(pending) = signing.pending else {
                    return sender.submit(&signed.without_record()).await;
                };
                let subject = step.watched.first().copied();
                let entry =
                    pending.entry(signing.nodes.genesis, &signing.heading, subject.as_slice(), &signed);
                let submit = async |recorded: Recorded| sender.submit(&recorded).await;
                pending.guard(&entry, signed, submit).await
            };
            (send_all(reviewed, send).await?, Vec::new())
        }
    };
    Ok(Sent { signatures, handed, landed_after_ms: millis(began) })
}

/// Milliseconds since a time.
fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Hands transactions over and sends them, all at the same time: one that fails keeps none of the others from the gate or from the
/// chain, and a slow gate none from the answer. Errors: [`SendFailed`] of the first that failed, with all that landed.
async fn hand_over_and_send(
    hand_over: &HandOver<'_>,
    sender: &Sender<'_>,
    reviewed: &[(&Step, &Prepared)],
    signed: Vec<Signed>,
    began: Instant,
) -> Result<Sent, SendFailed> {
    let each = reviewed.iter().zip(signed).map(async |((step, _), signed)| {
        let recorded = signed.without_record();
        let handing = hand_over(step, recorded.transaction().clone());
        let landing = async {
            let result = sender.submit(&recorded).await;
            (result, millis(began))
        };
        match select(handing, pin!(landing)).await {
            Either::Left((handed, landing)) => (handed, landing.await),
            Either::Right((landed, handing)) => {
                let answer = timeout(GATE_GRACE, handing).await;
                (answer.unwrap_or_else(|_| unanswered(millis(began))), landed)
            }
        }
    });
    let (handed, landed): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    let (results, after_ms): (Vec<_>, Vec<u64>) = landed.into_iter().unzip();
    match all_landed(results) {
        Ok(signatures) => {
            Ok(Sent { signatures, handed, landed_after_ms: after_ms.into_iter().max().unwrap_or(0) })
        }
        Err(failed) => Err(failed.with_handed(handed)),
    }
}

/// The data of a gate that has not answered in time.
fn unanswered(after_ms: u64) -> Value {
    note("the provider has not answered yet, and is not waited for: the freeze has landed or failed");
    json!({"obeyed": false, "after_ms": after_ms, "frozen": null, "error": "no answer in time"})
}

/// The effect of a change that has landed; the simulated one where the accounts cannot be read again, which stderr says.
async fn shown_after<E: From<CarryError> + std::fmt::Display>(
    nodes: &Nodes,
    change: &Change<'_, E>,
    simulated: &Effect,
) -> Effect {
    read_after(nodes, change).await.unwrap_or_else(|error| {
        note(&format!(
            "it has landed, and cannot be read again ({error}); the state shown is the simulated one"
        ));
        simulated.clone()
    })
}

/// Reads the accounts of a change again.
pub(super) async fn read_after<E: From<CarryError>>(
    nodes: &Nodes,
    change: &Change<'_, E>,
) -> Result<Effect, E> {
    let watched = watched(change);
    let accounts = nodes.client.accounts(&watched).await.map_err(CarryError::from)?;
    let after = After { accounts: watched.into_iter().zip(accounts).collect() };
    (change.effect)(&after)
}
