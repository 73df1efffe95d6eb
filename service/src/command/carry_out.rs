//! Carries a change out: simulates, shows, asks, sends. The one place where a command sends a transaction.

use {
    super::{
        Answer, CarryError, Change, Cost, Effect, HandOver, Heading, Nodes, Pending, Proposing, Review,
        SendFailed, Step, Unsigned,
        answer::{Ended, change_data},
        change::After,
        confirm,
        confirm::ConfirmError,
        pending::{Entry, LastDone, Turn},
        propose::Plan,
        send::all_landed,
        send_all,
        simulate::{Simulated, simulate},
    },
    blockable_sdk::{
        Pubkey, Signature, Signer,
        amounts::Lamports,
        client::{Recorded, Sender, Signed},
        errors::ClientError,
        squads::number_proposed,
    },
    futures_util::future::{join_all, try_join_all},
    serde_json::{Value, json},
    std::time::Instant,
};

/// Most accounts that a node gives at once.
const ACCOUNTS: usize = 100;

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
    eprintln!("{heading}");
    let plan = plan(signing, change).await?;
    let subject = subjects(change).first().copied();
    let read = signing.pending.zip(subject).and_then(|(pending, subject)| pending.last_done(&subject));
    if let Some(landed) = landed_before(signing, change, plan.as_ref()).await? {
        return Ok(landed);
    }
    let simulated = simulate(signing, change, plan.as_ref()).await?;
    eprint!("{}", review(change, plan.as_ref(), &simulated));
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
    if let Some(landed) =
        landed_meanwhile(signing, change, plan.as_ref(), turn.as_ref(), read.as_ref()).await?
    {
        return Ok(landed);
    }
    let (steps, gate) = match &plan {
        Some(plan) => (std::slice::from_ref(&plan.step), None),
        None => (change.steps.as_slice(), change.gate.as_ref()),
    };
    let sent = send(signing, steps, gate, key.as_ref(), others).await;
    let landed = match &sent {
        Ok(sent) => &sent.signatures,
        Err(failed) => &failed.landed,
    };
    record(signing, turn.as_mut(), landed);
    let sent = sent.inspect_err(|failed| forget(signing, &failed.landed)).map_err(CarryError::from)?;
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

/// Removes what was written down about transactions that have landed.
fn forget(signing: &Signing<'_>, landed: &[Signature]) {
    if let Some(pending) = signing.pending {
        landed.iter().for_each(|signature| pending.forget(signature));
    }
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

/// Finds out what became of the transactions of earlier runs. The answer where the same command has landed in one of them: done once is
/// enough; and where a proposal of exactly this change is open. Errors: those of [`Pending::resolve`]; [`CarryError::Overtaken`] where
/// only a part of several transactions has landed.
async fn landed_before<E: From<CarryError>>(
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
async fn landed_meanwhile<E: From<CarryError>>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    plan: Option<&Plan>,
    turn: Option<&Turn>,
    read: Option<&LastDone>,
) -> Result<Option<Answer>, E> {
    let (Some(pending), Some(done)) = (signing.pending, turn.and_then(|turn| turn.last_done.as_ref())) else {
        return landed_before(signing, change, plan).await;
    };
    if read == Some(done) {
        // One whose outcome is not known may have been left behind meanwhile.
        return landed_before(signing, change, plan).await;
    }
    if plan.is_some() || done.action != pending.action(&signing.heading) {
        return Err(CarryError::Overtaken(done.signature).into());
    }
    landed_already(signing, change, done.signature).await.map(Some)
}

/// Records what a run has done, for others at the same time.
fn record(signing: &Signing<'_>, turn: Option<&mut Turn>, signatures: &[Signature]) {
    if let (Some(pending), Some(turn), Some(signature)) = (signing.pending, turn, signatures.last()) {
        turn.landed(&LastDone { action: pending.action(&signing.heading), signature: *signature });
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
        forget(signing, &[signature]);
        return Err(CarryError::Overtaken(signature).into());
    }
    let effect = read_after(nodes, change).await?;
    let cost = Cost { fee: Lamports::ZERO, rent: Lamports::ZERO, transactions: 1 };
    let ended = Ended { signatures: &[signature], ..Ended::default() };
    let text = format!(
        "nothing to do: {signature} of another run of this command has landed; run it once more to do it again"
    );
    let data = change_data(nodes, heading, change, cost, &effect, ended);
    forget(signing, &[signature]);
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
    let (proposal, dry_run) =
        (Some(plan.json(number, Some(votes.as_ref()))), matches!(signing.keys, Keys::DryRun));
    let ended = Ended { signatures: &signatures, proposal, dry_run, ..Ended::default() };
    let data = change_data(nodes, heading, change, cost, &read_after(nodes, change).await?, ended);
    forget(signing, &signatures);
    Ok(Some(Answer { text, data }))
}

/// The account that each transaction of a change is about: the first of those that are watched. The others, such as the signer's
/// wallet, may change by other commands at the same time.
fn subjects<E>(change: &Change<'_, E>) -> Vec<Pubkey> {
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
    steps: &[Step],
    gate: Option<&HandOver<'_>>,
    key: &dyn Signer,
    others: &[Box<dyn Signer>],
) -> Result<Sent, SendFailed> {
    let began = Instant::now();
    let signers: Vec<&dyn Signer> = std::iter::once(key).chain(others.iter().map(AsRef::as_ref)).collect();
    let (sender, payer) = (signing.nodes.sender(signing.most_fee), &signing.heading.payer);
    let first = signers.iter().find(|signer| signer.pubkey() == *payer).copied().unwrap_or(key);
    let sign = async |step: &Step| {
        let prepared = sender.prepare(&step.instructions, payer).await?;
        signing.nodes.client.sign(&prepared.instructions, first, &signers).await
    };
    let (signatures, handed) = match gate {
        Some(hand_over) => {
            let signed = try_join_all(steps.iter().map(sign)).await?;
            hand_over_and_send(hand_over, &sender, steps, signed).await?
        }
        None => {
            let send = async |step: &Step| {
                let signed = sign(step).await?;
                let Some(pending) = signing.pending else {
                    return sender.submit(&signed.without_record()).await;
                };
                let subject = step.watched.first().copied();
                let entry = pending.entry(&signing.heading, subject.as_slice(), &signed);
                let submit = async |recorded: Recorded| sender.submit(&recorded).await;
                pending.guard(&signing.nodes.genesis, &entry, signed, submit).await
            };
            (send_all(steps, send).await?, Vec::new())
        }
    };
    let landed_after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Sent { signatures, handed, landed_after_ms })
}

/// Hands transactions over and sends them, all at the same time: one that fails keeps none of the others from the gate or from the
/// chain. Errors: [`SendFailed`] of the first that failed, with all that landed.
async fn hand_over_and_send(
    hand_over: &HandOver<'_>,
    sender: &Sender<'_>,
    steps: &[Step],
    signed: Vec<Signed>,
) -> Result<(Vec<Signature>, Vec<Value>), SendFailed> {
    let each = steps.iter().zip(signed).map(async |(step, signed)| {
        let recorded = signed.without_record();
        let handing = hand_over(step, recorded.transaction().clone());
        futures_util::join!(handing, sender.submit(&recorded))
    });
    let (handed, results): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    Ok((all_landed(results)?, handed))
}

/// The effect of a change that has landed; the simulated one where the accounts cannot be read again, which stderr says.
async fn shown_after<E: From<CarryError> + std::fmt::Display>(
    nodes: &Nodes,
    change: &Change<'_, E>,
    simulated: &Effect,
) -> Effect {
    read_after(nodes, change).await.unwrap_or_else(|error| {
        eprintln!(
            "note: it has landed, and cannot be read again ({error}); the state shown is the simulated one"
        );
        simulated.clone()
    })
}

/// Reads the accounts of a change again.
async fn read_after<E: From<CarryError>>(nodes: &Nodes, change: &Change<'_, E>) -> Result<Effect, E> {
    let watched = watched(change);
    let mut after = After::default();
    for part in watched.chunks(ACCOUNTS) {
        let accounts = nodes.client.rpc().get_multiple_accounts(part).await;
        let accounts = accounts.map_err(ClientError::from).map_err(CarryError::from)?;
        after.accounts.extend(part.iter().copied().zip(accounts));
    }
    (change.effect)(&after)
}
