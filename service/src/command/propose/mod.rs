//! Changes that a multisig of Squads v4 is to make: a member proposes, and the others decide.

mod error;
mod open;

pub use error::ProposeError;
use {
    super::{Change, Line, Nodes, Signing, Step},
    blockable_sdk::{
        Hash, Pubkey, SIGNATURE_BYTES, Signature,
        amounts::Lamports,
        errors::ClientError,
        rpc::Account,
        squads::{self, Multisig, Permission, ProposalStatus, Votes},
        transactions::{V0_MAX_BYTES, budget_v0, message_v0},
    },
    open::OpenProposals,
    serde_json::{Value, json},
};

/// A multisig that is to make a change, by one of its vaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposing {
    /// The multisig's account.
    pub multisig: Pubkey,
    /// The vault that acts; 0 is the usual one.
    pub vault_index: u8,
}

impl Proposing {
    /// The vault, which is the signer of the change.
    pub fn vault(&self) -> Pubkey {
        squads::vault(&self.multisig, self.vault_index)
    }

    /// Requires that the address is that of a multisig, before a command looks at what it would do. Errors:
    /// [`ProposeError::NotAMultisig`], [`ProposeError::Client`].
    pub async fn require_multisig(&self, nodes: &Nodes) -> Result<(), ProposeError> {
        read(nodes, &self.multisig).await.map(drop)
    }
}

/// The state of a proposal, as data has it.
pub(super) enum ProposalState<'a> {
    /// It is not created yet.
    NotCreated,
    /// Its votes cannot be read.
    Unread,
    /// Its votes.
    Voted(&'a Votes),
}

impl<'a> ProposalState<'a> {
    /// The state of a proposal that is created, by its votes where they can be read.
    pub(super) fn created(votes: Option<&'a Votes>) -> ProposalState<'a> {
        votes.map_or(ProposalState::Unread, ProposalState::Voted)
    }
}

/// A change as a proposal: checked, and built as the transaction that a member sends.
pub(super) struct Plan {
    proposing: Proposing,
    account: Multisig,
    member: Pubkey,
    /// The number of the proposal.
    pub number: u64,
    /// True where the member approves it in the same transaction.
    approves: bool,
    /// The transaction that stores the change, opens the vote, and votes.
    pub step: Step,
    /// Proposals of the multisig that are open.
    open: OpenProposals,
}

impl Plan {
    /// Makes the plan of a change, by the multisig's account as it is. Errors: [`ProposeError`].
    pub(super) async fn make<E>(
        signing: &Signing<'_>,
        proposing: Proposing,
        change: &Change<'_, E>,
    ) -> Result<Plan, ProposeError> {
        let (nodes, heading) = (signing.nodes, &signing.heading);
        let account = read(nodes, &proposing.multisig).await?;
        require_vault(proposing, change)?;
        let member = require_member(&proposing.multisig, &account, &heading.signer)?;
        let [change_step] = change.steps.as_slice() else {
            return Err(ProposeError::ManyTransactions(change.steps.len()));
        };
        let number = account.next_number();
        let Proposing { multisig, vault_index } = proposing;
        let proposal = squads::Proposal {
            multisig,
            vault_index,
            number,
            member: heading.signer,
            rent_payer: heading.payer,
        };
        let mut instructions = proposal.instructions(&change_step.instructions, None)?.to_vec();
        let approves = member.may(Permission::Vote);
        if approves {
            instructions.push(proposal.approve());
        }
        // The account that it is about tells commands apart that follow each other.
        let watched = change_step.watched.first().copied().into_iter().collect();
        let step = Step { instructions, watched };
        require_fits(&step, &heading.payer, signing.most_fee.is_some())?;
        let open = OpenProposals::find(nodes, &proposing, &account, &change_step.instructions).await?;
        Ok(Plan { proposing, account, member: heading.signer, number, approves, step, open })
    }

    /// The number of an open proposal of exactly this change.
    pub(super) fn same(&self) -> Option<u64> {
        self.open.same
    }

    /// Lines for the review.
    pub(super) fn facts<E>(&self, change: &Change<'_, E>) -> Vec<Line> {
        let Multisig { threshold, time_lock, .. } = self.account;
        let Proposing { multisig, vault_index } = self.proposing;
        let line = |name: &str, value: String| (name.to_string(), value);
        let votes = match (self.approves, threshold) {
            (true, 1) => "yours, the only one that is needed".to_string(),
            (true, _) => format!("yours, and {} more", threshold.saturating_sub(1)),
            (false, _) => format!("none by you: your key may propose and not vote; {threshold} are needed"),
        };
        let mut facts = vec![
            line("proposed to", format!("multisig {multisig}, as number {}", self.number)),
            line("acts", format!("vault {vault_index}, {}", self.proposing.vault())),
            line("approvals", votes),
        ];
        if time_lock > 0 {
            let waits = crate::text::span(time_lock.into());
            facts.push(line("time lock", format!("{waits} from the last approval to the execution")));
        }
        if change.rent > Lamports::ZERO {
            facts.push(line(
                "vault pays",
                format!("{} SOL of rent when it is executed", super::sol(change.rent)),
            ));
        }
        for (number, status) in &self.open.similar {
            let says = format!("proposal {number} ({}) is the same act with other amounts", status.name());
            facts.push(line("beware", says));
        }
        facts
    }

    /// The accounts that the proposal creates: the stored transaction and the votes.
    pub(super) fn created(&self) -> [Pubkey; 2] {
        let multisig = &self.proposing.multisig;
        [squads::transaction(multisig, self.number), squads::proposal(multisig, self.number)]
    }

    /// The votes on a proposal of the multisig, read again; `None` where they cannot be read.
    pub(super) async fn votes(&self, nodes: &Nodes, number: u64) -> Option<Votes> {
        let address = squads::proposal(&self.proposing.multisig, number);
        let account = nodes.client.account(&address).await.ok()?;
        decode_votes(account.as_ref())
    }

    /// The answer in words once the proposal is created by these transactions.
    pub(super) fn text(&self, number: u64, votes: Option<&Votes>, signatures: &[Signature]) -> String {
        let mut text = "proposed, not done: nothing changes before the proposal is executed".to_string();
        text += &self.state(number, votes);
        for signature in signatures {
            text += &format!("\nsignature  {signature}");
        }
        text
    }

    /// The answer in words where it was proposed before.
    pub(super) fn text_of_earlier(&self, number: u64, votes: Option<&Votes>) -> String {
        format!("proposed already, not done: no second proposal was made{}", self.state(number, votes))
    }

    fn state(&self, number: u64, votes: Option<&Votes>) -> String {
        let (multisig, threshold) = (self.proposing.multisig, self.account.threshold);
        let address = squads::proposal(&multisig, number);
        let state = match votes.map(|votes| (votes.status, votes.approved.len())) {
            Some((ProposalStatus::Approved(_), _)) => "approved; a member executes it".to_string(),
            Some((status, approved)) if status.is_open() => {
                format!("{approved} of {threshold} approvals; with all of them a member executes it")
            }
            Some((status, _)) => status.name().to_string(),
            None => "its votes cannot be read now".to_string(),
        };
        format!("\nproposal   {address}\nnumber     {number} of multisig {multisig}\nstate      {state}")
    }

    /// The proposal as data.
    pub(super) fn json(&self, number: u64, state: &ProposalState<'_>) -> Value {
        let Proposing { multisig, vault_index } = self.proposing;
        let (status, votes) = match *state {
            ProposalState::NotCreated => (None, None),
            ProposalState::Unread => (Some("unread"), None),
            ProposalState::Voted(votes) => (Some(votes.status.name()), Some(votes)),
        };
        json!({
            "multisig": multisig.to_string(),
            "vault_index": vault_index,
            "vault": self.proposing.vault().to_string(),
            "member": self.member.to_string(),
            "number": number,
            "transaction": squads::transaction(&multisig, number).to_string(),
            "address": squads::proposal(&multisig, number).to_string(),
            "status": status,
            "approvals": votes.map(|votes| votes.approved.len()),
            "threshold": self.account.threshold,
            "time_lock_seconds": self.account.time_lock,
        })
    }
}

/// The votes in an account that a node has given.
pub(super) fn decode_votes(account: Option<&Account>) -> Option<Votes> {
    account
        .filter(|account| account.owner == squads::PROGRAM)
        .and_then(|account| Votes::decode(&account.data))
}

/// Reads a multisig. Errors: [`ProposeError::NotAMultisig`], [`ProposeError::Client`].
async fn read(nodes: &Nodes, address: &Pubkey) -> Result<Multisig, ProposeError> {
    let found = nodes.client.account(address).await?.filter(|account| account.owner == squads::PROGRAM);
    let account = found.and_then(|account| Multisig::decode(address, &account.data));
    account.ok_or(ProposeError::NotAMultisig(*address))
}

/// Requires that the vault may make the change. Errors: [`ProposeError::WrongVault`].
fn require_vault<E>(proposing: Proposing, change: &Change<'_, E>) -> Result<(), ProposeError> {
    let Proposing { multisig, vault_index: index } = proposing;
    let vault = proposing.vault();
    if change.role.admits(&vault) {
        return Ok(());
    }
    let fitting = (0..=u8::MAX).find(|other| change.role.admits(&squads::vault(&multisig, *other)));
    let advice = match fitting {
        Some(other) => format!(", which is vault {other} of it: add --vault-index {other}"),
        None => {
            ", which is no vault of it; name the multisig of that key, or leave --propose out".to_string()
        }
    };
    let needed = change.role.needed();
    Err(ProposeError::WrongVault { multisig, index, vault, needed, advice })
}

/// Requires that a key is that of a member who may propose. Errors: [`ProposeError::NotAMember`], [`ProposeError::MayNotPropose`].
fn require_member<'a>(
    multisig: &Pubkey,
    account: &'a Multisig,
    key: &Pubkey,
) -> Result<&'a squads::Member, ProposeError> {
    let (member, multisig) = (*key, *multisig);
    let members = || {
        let can = account.members.iter().filter(|member| member.may(Permission::Initiate));
        can.map(|member| member.key.to_string()).collect::<Vec<_>>().join(", ")
    };
    match account.member(key) {
        Some(found) if found.may(Permission::Initiate) => Ok(found),
        Some(_) => Err(ProposeError::MayNotPropose { member, multisig, members: members() }),
        None => Err(ProposeError::NotAMember { member, multisig, members: members() }),
    }
}

/// Requires that the transaction that proposes has room for it. Errors: [`ProposeError::TooLarge`].
fn require_fits(step: &Step, payer: &Pubkey, has_budget: bool) -> Result<(), ProposeError> {
    let budget = if has_budget { budget_v0(u32::MAX, u64::MAX).to_vec() } else { Vec::new() };
    let instructions = [budget, step.instructions.clone()].concat();
    let message = message_v0(&instructions, payer, Hash::default()).map_err(ClientError::from)?;
    let signatures = usize::from(message.header().num_required_signatures).saturating_mul(SIGNATURE_BYTES);
    let bytes = message.serialize().len().saturating_add(signatures).saturating_add(1);
    match bytes <= V0_MAX_BYTES {
        true => Ok(()),
        false => Err(ProposeError::TooLarge { bytes, limit: V0_MAX_BYTES }),
    }
}
