//! A change that a command wants, as a review shows it.

use {
    super::CarryError,
    blockable_sdk::{
        Instruction, Pubkey, VersionedTransaction, accounts::BlockableAccount, amounts::Lamports,
        errors::ClientError, program::state::Credit, rpc::Account,
    },
    serde_json::{Value, json},
    std::{collections::BTreeMap, future::Future, pin::Pin},
};

/// A change: everything that a review shows and a transaction needs. [`carry_out`](super::carry_out) does the rest. `E` is the
/// command's error.
///
/// The instructions' bounds ("at least", "up to") are filled from the same accounts as the review's lines, so that what lands is
/// what was read.
pub struct Change<'a, E> {
    /// The act, as a sentence without a point: "freeze 2 credits".
    pub title: String,
    /// The market, for the first line.
    pub market: MarketHead,
    /// The keys that may sign.
    pub role: Role,
    /// The facts before: who, what, amounts.
    pub facts: Vec<Line>,
    /// The transactions, in order.
    pub steps: Vec<Step>,
    /// The effect by the accounts as they are afterwards: simulated for the review, read again once everything has landed.
    pub effect: EffectOf<'a, E>,
    /// The part that cannot be undone.
    pub irreversible: String,
    /// Rent that is paid for accounts.
    pub rent: Lamports,
    /// Accounts that it creates, by name.
    pub created: Vec<(&'static str, Pubkey)>,
    /// Hands each signed transaction to a provider's server as well, for freezes.
    pub gate: Option<SendToGate<'a>>,
}

/// The effect of a change by the accounts as they are afterwards. Errors: the command's own.
pub type EffectOf<'a, E> = Box<dyn Fn(&After) -> Result<Effect, E> + 'a>;

/// Hands the signed transaction of a step to a server before it lands; the answer as data: `obeyed`, `after_ms`, `frozen`, `error`. A
/// server that fails holds nothing up, and one that is slow is waited for until seconds after the landing.
pub type SendToGate<'a> =
    Box<dyn Fn(&Step, VersionedTransaction) -> Pin<Box<dyn Future<Output = Value> + 'a>> + 'a>;

/// A market in the first line of a command that signs.
#[derive(Clone, Copy, Debug)]
pub struct MarketHead {
    /// Its address.
    pub address: Pubkey,
    /// Its admin.
    pub admin: Pubkey,
}

/// A line of a review: the name of a thing, and its value.
pub type Line = (String, String);

/// One transaction of a change.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// Accounts of which the state afterwards is wanted; the first is the one that the transaction is about.
    pub watched: Vec<Pubkey>,
}

/// The keys that may sign a change.
#[derive(Clone, Debug)]
pub struct Role {
    /// Words for them: "the lender or the freeze authority".
    pub name: &'static str,
    /// Their addresses, the usual one first; that one is assumed where no key is loaded.
    pub allowed: Vec<Pubkey>,
    /// True where any key may sign; `allowed` has the usual one.
    pub is_anyone: bool,
}

impl Role {
    /// Some keys alone.
    pub fn new(name: &'static str, allowed: Vec<Pubkey>) -> Role {
        Role { name, allowed, is_anyone: false }
    }

    /// Any key; `usual` is assumed where none is loaded.
    pub fn anyone(name: &'static str, usual: Pubkey) -> Role {
        Role { name, allowed: vec![usual], is_anyone: true }
    }

    /// The lender of a credit.
    pub fn lender(credit: &Credit) -> Role {
        Role::new("the lender", vec![credit.lender])
    }

    /// The lender or the freeze authority of every one of some credits.
    pub fn freezers<'a>(credits: impl IntoIterator<Item = &'a Credit>) -> Role {
        let mut allowed: Option<Vec<Pubkey>> = None;
        for credit in credits {
            let keys = [credit.lender, credit.freeze_authority];
            let common: Vec<Pubkey> = match &allowed {
                Some(known) => known.iter().filter(|key| keys.contains(key)).copied().collect(),
                None if keys[1] == Pubkey::default() || keys[1] == keys[0] => vec![keys[0]],
                None => keys.to_vec(),
            };
            allowed = Some(common);
        }
        Role::new("the lender or the freeze authority", allowed.unwrap_or_default())
    }

    /// True where the key may sign.
    pub fn admits(&self, key: &Pubkey) -> bool {
        self.is_anyone || self.allowed.contains(key)
    }

    /// The keys in words, for a refusal.
    pub fn needed(&self) -> String {
        if self.allowed.is_empty() {
            return format!("nobody is {} of all of these; name fewer", self.name);
        }
        let addresses: Vec<String> = self.allowed.iter().map(ToString::to_string).collect();
        format!("only {} can, {}", self.name, addresses.join(" or "))
    }
}

/// The effect of a change.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Lines of a thing before and after.
    pub lines: Vec<EffectLine>,
    /// The state afterwards, as data.
    pub state: Value,
}

/// A thing before and after.
#[derive(Clone, Debug)]
pub struct EffectLine {
    /// Its name.
    pub name: String,
    /// Its value before.
    pub before: String,
    /// Its value afterwards.
    pub after: String,
}

impl EffectLine {
    /// A line; `None` where nothing changes.
    pub fn changed(name: impl Into<String>, before: String, after: String) -> Option<EffectLine> {
        (before != after).then(|| EffectLine { name: name.into(), before, after })
    }

    /// The line as data.
    pub fn json(&self) -> Value {
        json!({"name": self.name, "before": self.before, "after": self.after})
    }
}

/// Accounts as they are after a change.
#[derive(Clone, Debug, Default)]
pub struct After {
    /// By address; `None` for an account that is not there any more.
    pub accounts: BTreeMap<Pubkey, Option<Account>>,
}

impl After {
    /// Reads an account of the program; `None` where it is not there any more. Errors: [`ClientError::Decode`].
    pub fn read<T: BlockableAccount>(&self, address: &Pubkey) -> Result<Option<T>, ClientError> {
        let Some(Some(account)) = self.accounts.get(address) else { return Ok(None) };
        // A removed account is handed on with no data.
        if account.data.is_empty() {
            return Ok(None);
        }
        let decoded = T::decode(&account.data);
        let failed = |source| ClientError::Decode { address: *address, source };
        Ok(Some(decoded.map_err(failed)?))
    }

    /// Reads an account that must be there. Errors: [`CarryError::NotShown`], [`CarryError::Client`].
    pub fn require<T: BlockableAccount>(&self, address: &Pubkey) -> Result<T, CarryError> {
        self.read(address)?.ok_or(CarryError::NotShown(*address))
    }
}
