//! The accounts of Squads v4 that a proposal needs: the multisig, its stored transactions, and the votes on them.

use {
    super::{discriminator, multisig},
    anchor_lang::AnchorDeserialize,
    solana_instruction::{AccountMeta, Instruction},
    solana_pubkey::Pubkey,
};

/// A permission of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To propose transactions.
    Initiate = 1,
    /// To vote on them.
    Vote = 2,
    /// To execute those that are approved.
    Execute = 4,
}

/// A member of a multisig.
#[derive(AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's key.
    pub key: Pubkey,
    /// One bit per [`Permission`].
    pub permissions: u8,
}

impl Member {
    /// True where the member has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions & permission as u8 != 0
    }
}

/// The account of a multisig.
#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct Multisig {
    /// The key that it was created with, from which its address derives.
    pub create_key: Pubkey,
    /// The key that may change members and threshold alone; zeros for none.
    pub config_authority: Pubkey,
    /// Approvals that a transaction needs.
    pub threshold: u16,
    /// Seconds between the last approval that is needed and the first moment of execution.
    pub time_lock: u32,
    /// The number of the latest transaction; 0 before the first.
    pub latest_number: u64,
    /// Transactions up to this number can no longer be approved: members or threshold have changed since.
    pub stale_number: u64,
    /// The address that gets the rent of closed accounts.
    pub rent_collector: Option<Pubkey>,
    /// Bump of its address.
    pub bump: u8,
    /// The members, by their keys.
    pub members: Vec<Member>,
}

impl Multisig {
    /// Decodes the data of the account at an address, which the caller has found to be owned by [`PROGRAM`](super::PROGRAM). `None`
    /// for another kind of account, one at another address than its own, and one with a threshold that its voters cannot reach.
    pub fn decode(address: &Pubkey, data: &[u8]) -> Option<Multisig> {
        let account: Multisig = decode("Multisig", data)?;
        let is_own = multisig(&account.create_key) == *address;
        let threshold = usize::from(account.threshold);
        (is_own && threshold > 0 && threshold <= account.voters()).then_some(account)
    }

    /// The number that the next transaction gets.
    pub fn next_number(&self) -> u64 {
        self.latest_number.saturating_add(1)
    }

    /// The member with a key.
    pub fn member(&self, key: &Pubkey) -> Option<&Member> {
        self.members.iter().find(|member| member.key == *key)
    }

    /// The number of members that may vote.
    pub fn voters(&self) -> usize {
        self.members.iter().filter(|member| member.may(Permission::Vote)).count()
    }
}

/// The state of a proposal, each since a time in Unix seconds.
#[derive(AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalStatus {
    /// It is not open for votes yet.
    Draft(i64),
    /// It is open for votes.
    Active(i64),
    /// It is rejected.
    Rejected(i64),
    /// Enough members have approved it: it can be executed once the time lock has passed.
    Approved(i64),
    /// It is being executed.
    Executing,
    /// It was executed.
    Executed(i64),
    /// It was given up after its approval.
    Cancelled(i64),
}

impl ProposalStatus {
    /// True where it may be executed yet.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            ProposalStatus::Draft(_)
                | ProposalStatus::Active(_)
                | ProposalStatus::Approved(_)
                | ProposalStatus::Executing
        )
    }

    /// The status in one lower-case word, for JSON.
    pub fn name(self) -> &'static str {
        match self {
            ProposalStatus::Draft(_) => "draft",
            ProposalStatus::Active(_) => "active",
            ProposalStatus::Rejected(_) => "rejected",
            ProposalStatus::Approved(_) => "approved",
            ProposalStatus::Executing => "executing",
            ProposalStatus::Executed(_) => "executed",
            ProposalStatus::Cancelled(_) => "cancelled",
        }
    }
}

/// The account of the votes on a transaction.
#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct Votes {
    /// The multisig.
    pub multisig: Pubkey,
    /// The transaction's number.
    pub number: u64,
    /// The state of the proposal.
    pub status: ProposalStatus,
    /// Bump of its address.
    pub bump: u8,
    /// Members that have approved it.
    pub approved: Vec<Pubkey>,
    /// Members that have rejected it.
    pub rejected: Vec<Pubkey>,
    /// Members that want it given up after its approval.
    pub cancelled: Vec<Pubkey>,
}

impl Votes {
    /// Decodes the account's data; `None` for another kind of account.
    pub fn decode(data: &[u8]) -> Option<Votes> {
        decode("Proposal", data)
    }
}

/// The account of a transaction that a multisig's vault signs when it is executed.
#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct StoredTransaction {
    /// The multisig.
    pub multisig: Pubkey,
    /// The member that proposed it.
    pub creator: Pubkey,
    /// Its number.
    pub number: u64,
    /// Bump of its address.
    pub bump: u8,
    /// The vault that signs.
    pub vault_index: u8,
    /// Bump of the vault's address.
    pub vault_bump: u8,
    /// Bumps of further addresses that sign; none where this SDK has proposed it.
    pub ephemeral_signer_bumps: Vec<u8>,
    message: StoredMessage,
}

#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
struct StoredMessage {
    signers: u8,
    written_signers: u8,
    written_others: u8,
    keys: Vec<Pubkey>,
    instructions: Vec<StoredInstruction>,
    tables: Vec<StoredTable>,
}

#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
struct StoredInstruction {
    program: u8,
    accounts: Vec<u8>,
    data: Vec<u8>,
}

#[derive(AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
struct StoredTable {
    key: Pubkey,
    written: Vec<u8>,
    read: Vec<u8>,
}

impl StoredTransaction {
    /// Decodes the account's data; `None` for another kind of account, such as a change of the multisig's members.
    pub fn decode(data: &[u8]) -> Option<StoredTransaction> {
        decode("VaultTransaction", data)
    }

    /// The instructions that it executes, with the vault as the signer. `None` where it takes accounts from address tables, or names
    /// keys that it does not have.
    pub fn instructions(&self) -> Option<Vec<Instruction>> {
        let metas = self.metas()?;
        let meta = |place: &u8| metas.get(usize::from(*place)).cloned();
        let build = |stored: &StoredInstruction| {
            let accounts = stored.accounts.iter().map(meta).collect::<Option<Vec<AccountMeta>>>()?;
            Some(Instruction {
                program_id: meta(&stored.program)?.pubkey,
                accounts,
                data: stored.data.clone(),
            })
        };
        self.message.instructions.iter().map(build).collect()
    }

    /// Its accounts in the order in which their execution takes them, where the vault's signature is the program's.
    pub(super) fn accounts(&self) -> Option<Vec<AccountMeta>> {
        let metas = self.metas()?.into_iter();
        Some(metas.map(|meta| AccountMeta { is_signer: false, ..meta }).collect())
    }

    fn metas(&self) -> Option<Vec<AccountMeta>> {
        let StoredMessage { signers, written_signers, written_others, keys, tables, .. } = &self.message;
        let (signers, written) = (usize::from(*signers), usize::from(*written_signers));
        let written_others = signers.saturating_add(usize::from(*written_others));
        let meta = |(place, key): (usize, &Pubkey)| {
            let is_signer = place < signers;
            let is_writable = if is_signer { place < written } else { place < written_others };
            AccountMeta { pubkey: *key, is_signer, is_writable }
        };
        tables.is_empty().then(|| keys.iter().enumerate().map(meta).collect())
    }
}

/// Decodes an account by its name in Squads' program; room behind its fields is for later members.
fn decode<T: AnchorDeserialize>(name: &str, data: &[u8]) -> Option<T> {
    let mut rest = data.strip_prefix(discriminator("account", name).as_slice())?;
    T::deserialize(&mut rest).ok()
}
