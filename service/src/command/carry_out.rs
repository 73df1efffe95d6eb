//! Carries a change out: simulates, shows, asks, sends. The one place where a command sends a transaction.

use {
    super::{
        Answer, CarryError, Change, Effect, Heading, Nodes, Pending, Proposing, Review, Step, Unsigned,
        answer::{Ended, change_data},
        change::After,
        confirm,
        confirm::ConfirmError,
        earlier::{forget_once_answered, landed_before, landed_meanwhile, record_done},
        note::{note, say},
        propose::{Plan, ProposalState},
        send::{Sent, send},
        simulate::{Simulated, simulate},
    },
    blockable_sdk::{Pubkey, Signer, client::Prepared, events::Event},
    serde_json::{Value, json},
};

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
/// gives the transactions instead. `done` says what holds afterwards, by the effect and by the events that have landed: none where no
/// node serves them. Where a multisig is to make the change, a proposal to it is all that is sent, and the answer says that nothing
/// else is done.
///
/// A transaction that has landed is no failure: where the accounts cannot be read again the answer has the simulated state, and stderr says so.
/// Errors: [`CarryError`], and those of [`Change::effect`]; nothing was sent then but what the error lists as landed.
pub async fn carry_out<E: From<CarryError> + std::fmt::Display>(
    signing: &Signing<'_>,
    change: &Change<'_, E>,
    done: impl FnOnce(&Effect, &[Event]) -> String,
) -> Result<Answer, E> {
    say(&signing.heading.to_string());
    let plan = plan(signing, change).await?;
    if let Some(landed) = landed_before(signing, change, plan.as_ref()).await? {
        return Ok(landed);
    }
    let simulated = simulate(signing, change, plan.as_ref()).await?;
    say(review(change, plan.as_ref(), &simulated).trim_end());
    let reviewed = Reviewed { signing, change, plan, simulated };
    let Keys::Loaded(key, others) = signing.keys else { return Ok(reviewed.unsent().await?) };
    if signing.non_interactive && !signing.yes {
        return Err(CarryError::from(ConfirmError::NoTerminal).into());
    }
    confirm(signing.yes).map_err(CarryError::from)?;
    let sent = match reviewed.send_in_turn(key.as_ref(), others).await? {
        InTurn::Sent(sent) => sent,
        InTurn::LandedMeanwhile(answer) => return Ok(answer),
    };
    let answer = match &reviewed.plan {
        Some(plan) => reviewed.proposed(plan, &sent).await,
        None => reviewed.done(&sent, done).await,
    };
    forget_once_answered(signing, &sent.signatures());
    Ok(answer)
}

/// A change that was shown.
struct Reviewed<'a, 'c, E> {
    signing: &'a Signing<'a>,
    change: &'a Change<'c, E>,
    /// The proposal; `None` where the key itself makes the change.
    plan: Option<Plan>,
    simulated: Simulated,
}

/// The end of a run's turn to send.
enum InTurn {
    /// Everything has landed.
    Sent(Sent),
    /// Another run of the same command was faster: the answer.
    LandedMeanwhile(Answer),
}

impl<E: From<CarryError> + std::fmt::Display> Reviewed<'_, '_, E> {
    fn data(&self, effect: &Effect, ended: Ended<'_>) -> Value {
        let Signing { nodes, heading, .. } = self.signing;
        let proposal = self.plan.as_ref().map(|plan| plan.json(plan.number, &ProposalState::NotCreated));
        let ended = Ended { proposal: ended.proposal.or(proposal), ..ended };
        change_data(nodes, heading, self.change, self.simulated.cost, effect, ended)
    }

    /// The answer where no key was loaded: that of a dry run, or the transactions. Errors: [`CarryError`] of a node.
    async fn unsent(&self) -> Result<Answer, CarryError> {
        let effect = &self.simulated.effect;
        if matches!(self.signing.keys, Keys::DryRun) {
            let text = "dry run: simulated, nothing was sent".to_string();
            let ended = Ended { dry_run: true, ..Ended::default() };
            return Ok(Answer { text, data: self.data(effect, ended) });
        }
        let payer = &self.signing.heading.payer;
        let unsigned = Unsigned::build(self.signing.nodes, payer, &self.simulated.prepared).await?;
        let text = unsigned.iter().map(Unsigned::text).collect::<Vec<_>>().join("\n\n");
        let ended = Ended { unsigned: &unsigned, ..Ended::default() };
        Ok(Answer { text, data: self.data(effect, ended) })
    }

    /// Sends the transactions once no other run sends any about the same account. Errors: [`CarryError`], and those of
    /// [`Change::effect`].
    async fn send_in_turn(&self, key: &dyn Signer, others: &[Box<dyn Signer>]) -> Result<InTurn, E> {
        let Reviewed { signing, change, plan, simulated } = self;
        let subject = subjects(change).first().copied();
        let mut turn = match signing.pending.zip(subject) {
            Some((pending, subject)) => Some(pending.turn(&subject).await?),
            None => None,
        };
        if let Some(landed) = landed_meanwhile(signing, change, plan.as_ref(), turn.as_ref()).await? {
            return Ok(InTurn::LandedMeanwhile(landed));
        }
        let (steps, gate) = match plan {
            Some(plan) => (std::slice::from_ref(&plan.step), None),
            None => (change.steps.as_slice(), change.gate.as_ref()),
        };
        let reviewed: Vec<(&Step, &Prepared)> = steps.iter().zip(&simulated.prepared).collect();
        let sent = send(signing, &reviewed, gate, key, others).await;
        let landed = match &sent {
            Ok(sent) => &sent.signatures(),
            Err(failed) => &failed.landed,
        };
        record_done(signing, turn.as_mut(), landed);
        let sent = sent.inspect_err(|failed| forget_once_answered(signing, &failed.landed));
        let sent = sent.map_err(|failed| CarryError::from(failed.with_fee(simulated.cost.fee)))?;
        Ok(InTurn::Sent(sent))
    }

    /// The answer once the change is proposed.
    async fn proposed(&self, plan: &Plan, sent: &Sent) -> Answer {
        let votes = plan.votes(self.signing.nodes, plan.number).await;
        let votes = votes.or_else(|| self.simulated.votes.clone());
        let signatures = sent.signatures();
        let text = plan.text(plan.number, votes.as_ref(), &signatures);
        let proposal = Some(plan.json(plan.number, &ProposalState::created(votes.as_ref())));
        let ended = Ended { signatures: &signatures, proposal, ..Ended::default() };
        Answer { text, data: self.data(&self.simulated.effect, ended) }
    }

    /// The answer once the change is made.
    async fn done(&self, sent: &Sent, done: impl FnOnce(&Effect, &[Event]) -> String) -> Answer {
        let effect = shown_after(self.signing.nodes, self.change, &self.simulated.effect).await;
        let signatures = sent.signatures();
        let mut text = done(&effect, &sent.events());
        for signature in &signatures {
            text += &format!("\nsignature  {signature}");
        }
        text += &format!("\nlanded     after {} ms", sent.landed_after_ms);
        for (name, address) in &self.change.created {
            text += &format!("\n{name:9}  {address}");
        }
        let ended = Ended { changed: true, signatures: &signatures, ..Ended::default() };
        let mut data = self.data(&effect, ended);
        data["landed_after_ms"] = json!(sent.landed_after_ms);
        if self.change.gate.is_some() {
            data["gate"] = sent.handed.clone().into();
        }
        Answer { text, data }
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
