//! Builds the transaction of an attempt from the state in which it is made.

mod credit;
mod enforcement;
mod recovery;
mod settings;

use {
    crate::{
        action::{Attempt, By, Flaw},
        dice::Dice,
        lab::{Lab, actor, cast},
        metering::Meters,
        ops::{Op, Role},
    },
    anchor_lang::__private::bytemuck::Zeroable,
    blockable_sdk::{
        Pubkey, addresses,
        instructions::{self as ix, MarketKeys, Payment},
        program::{
            instructions::{
                BorrowerLimits, FreezeAmount, LoanRead, LotTerms, MarketArgs, Notice, OfferArgs, OfferRead,
                PurchaseLimits, RestructureLimits, ThawBounds, UnitBounds,
            },
            state::{Credit, FreezeReason, Instalment, MarketSettings, Party, ProviderSettings, Terms},
            transitions::Status,
        },
        tokens,
    },
    solana_sdk::instruction::{AccountMeta, Instruction},
};

/// The arguments of an instruction. The model verifies the effect of the instruction by them.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Args {
    None,
    Amount(u64),
    Key(Pubkey),
    Seconds(u32),
    Market(MarketArgs),
    Settings(MarketSettings),
    /// The time that names a change, a notice, a pause or a halt.
    Time(i64),
    Register(u64, Box<ProviderSettings>),
    Propose(Box<ProviderSettings>),
    Offer(Box<OfferArgs>),
    Read(OfferRead),
    /// The slot that names an offer.
    Slot(u64),
    /// The slot that names an offer, and a key that gets a role in its loan.
    Role(u64, Pubkey),
    Pay(Payment),
    Fund(u64, LoanRead),
    Restructure(Terms, Vec<Instalment>, RestructureLimits),
    Purchase(PurchaseLimits),
    Place(BorrowerLimits),
    Collect(Party, u64),
    Notice(Notice),
    Freeze(FreezeAmount, FreezeReason),
    Thaw(ThawBounds),
    Units(UnitBounds),
    Cancel(UnitBounds, LoanRead),
    Seize(UnitBounds, LotTerms),
    Buy(UnitBounds, u64),
    /// The slot that names an offer, and the most debt.
    WriteOff(u64, u64),
    Meter(Box<Meters>),
}

/// The only instruction of a transaction, with the values that the model needs to verify its effect.
#[derive(Clone, Debug)]
pub struct Call {
    /// The kind of the instruction.
    pub op: Op,
    /// The instruction as it is sent.
    pub ix: Instruction,
    /// Its arguments.
    pub args: Args,
    /// The index in [`Lab::markets`] of the market it is meant for.
    pub market: usize,
    /// True without a [`Flaw`].
    pub honest: bool,
}

impl Call {
    /// The account with a role; the default key if the instruction has none.
    pub fn account(&self, role: Role) -> Pubkey {
        self.meta(role).map_or(Pubkey::default(), |meta| meta.pubkey)
    }

    fn meta(&self, role: Role) -> Option<&AccountMeta> {
        let position = self.op.roles().iter().position(|found| *found == role)?;
        self.ix.accounts.get(position)
    }

    /// Returns true if the account with a role signs.
    pub fn signs(&self, role: Role) -> bool {
        // A transaction lists its signers by key, so a key that signs in one position signs in all.
        let key = self.meta(role).map(|meta| meta.pubkey);
        let signing = |meta: &AccountMeta| meta.is_signer && Some(meta.pubkey) == key;
        self.ix.accounts.iter().any(signing)
    }

    /// The credits that the instruction acts on.
    pub fn credits(&self) -> Vec<Pubkey> {
        match &self.args {
            Args::Meter(_) => self.ix.accounts.iter().skip(4).map(|meta| meta.pubkey).collect(),
            _ if self.op.is_on_credit() => vec![self.account(Role::Credit)],
            _ => Vec::new(),
        }
    }
}

/// An attempt, with the accounts that it refers to in the lab's current state.
pub(super) struct Scene<'a> {
    pub(super) lab: &'a Lab,
    pub(super) attempt: &'a Attempt,
    pub(super) keys: MarketKeys,
    pub(super) market: usize,
    pub(super) address: Pubkey,
    pub(super) credit: Credit,
    /// The credit with its debt accrued up to the lab's time.
    pub(super) accrued: Credit,
    pub(super) dice: Dice,
}

/// Builds the transaction of an attempt from the lab's current state; `None` where that state has nothing to act on.
pub fn build(lab: &Lab, attempt: &Attempt) -> Option<Call> {
    let mut dice = Dice::new(attempt.extra);
    if let Some(Flaw::Replay(back)) = attempt.flaw
        && attempt.op == Op::UsageMeter
    {
        let meters = lab.meterings.get(usize::from(back) % lab.meterings.len().max(1))?;
        return Some(meter_call(lab, meters.clone(), attempt.op));
    }
    let (market, address) =
        if attempt.op.is_on_credit() { lab.address(attempt.on) } else { (0, Pubkey::default()) };
    let credit = lab.credit(attempt.on).unwrap_or_else(Credit::zeroed);
    let mut accrued = credit;
    let _ = accrued.accrue(lab.market_time(&lab.market(market)));
    dice.roll();
    let keys = lab.markets[market];
    let scene = Scene { lab, attempt, keys, market, address, credit, accrued, dice };
    let mut call = if attempt.op.is_on_credit() { scene.on_credit()? } else { scene.on_settings()? };
    if let Some(flaw) = attempt.flaw {
        call.honest = false;
        apply_flaw(lab, &mut call, flaw);
    }
    Some(call)
}

pub(super) fn meter_call(lab: &Lab, meters: Meters, op: Op) -> Call {
    let market = lab.markets[meters.market].market;
    let (chunk, reports) = (meters.chunk, meters.reports.clone());
    let ix = ix::usage_meter(&market, &meters.provider, chunk, reports, &meters.credits);
    Call { op, ix, market: meters.market, args: Args::Meter(Box::new(meters)), honest: true }
}

/// Changes the accounts of a transaction as the flaw says.
fn apply_flaw(lab: &Lab, call: &mut Call, flaw: Flaw) {
    let roles = call.op.roles();
    let count = call.ix.accounts.len();
    let position = |at: u8| usize::from(at) % count;
    match flaw {
        Flaw::ReadOnly(at) => call.ix.accounts[position(at)].is_writable = false,
        Flaw::Unsigned(at) => call.ix.accounts[position(at)].is_signer = false,
        Flaw::Swap(at, with) => {
            let at = position(at);
            // Only a key can sign: an address of the program never does.
            let known =
                if call.ix.accounts[at].is_signer { cast().actors.clone() } else { known_accounts(lab) };
            call.ix.accounts[at].pubkey = known[usize::from(with) % known.len()];
        }
        Flaw::SameRole(at, with) => {
            let at = usize::from(at) % roles.len();
            let others = accounts_with_role(lab, call, roles[at]);
            if !others.is_empty() {
                call.ix.accounts[at].pubkey = others[usize::from(with) % others.len()];
            }
        }
        Flaw::Replay(_) => {}
    }
}

fn known_credits(lab: &Lab) -> impl Iterator<Item = Pubkey> {
    lab.places.iter().map(|place| place.credit).chain(lab.grants.iter().map(|(_, key)| *key))
}

fn known_accounts(lab: &Lab) -> Vec<Pubkey> {
    let mut known = cast().actors.clone();
    known.extend(lab.markets.iter().flat_map(|keys| [keys.market, keys.mint, keys.token_program]));
    known.extend(lab.providers.iter().map(|(_, key)| *key));
    known.extend(known_credits(lab));
    known
}

fn accounts_with_role(lab: &Lab, call: &Call, role: Role) -> Vec<Pubkey> {
    let keys = lab.markets[call.market];
    match role {
        Role::Signer | Role::Rent | Role::Second | Role::Authority | Role::Party | Role::Receiver => {
            cast().actors.clone()
        }
        Role::Market => lab.markets.iter().map(|keys| keys.market).collect(),
        Role::Mint => lab.markets.iter().map(|keys| keys.mint).collect(),
        Role::Tokens => vec![tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM],
        Role::Provider => lab.providers.iter().map(|(_, key)| *key).collect(),
        Role::Credit | Role::Other | Role::Grant => known_credits(lab).collect(),
        Role::Vault => known_credits(lab).map(|credit| addresses::vault(&credit)).collect(),
        Role::Wallet | Role::Treasury => cast().actors.iter().map(|key| keys.token_account(key)).collect(),
        Role::Lot => {
            known_credits(lab).flat_map(|credit| [0, 1].map(|lot| addresses::lot(&credit, lot))).collect()
        }
        Role::System | Role::Slots => vec![blockable_sdk::PROGRAM_ID],
    }
}

impl Scene<'_> {
    pub(super) fn call(&self, ix: Instruction, args: Args) -> Option<Call> {
        Some(Call { op: self.attempt.op, ix, args, market: self.market, honest: true })
    }

    /// The key that signs, where `entitled` is the one that may.
    pub(super) fn signer(&self, entitled: Pubkey) -> Pubkey {
        match self.attempt.by {
            By::Actor(index) => actor(index),
            // Only a key can sign: the provider's account, which is the lender of bought units, cannot.
            By::Entitled if !cast().actors.contains(&entitled) => actor(Lab::LENDERS[0]),
            By::Entitled => entitled,
        }
    }

    /// Picks any actor, or rarely no key.
    pub(super) fn pick_actor(&mut self) -> Pubkey {
        if self.dice.one_in(8) { Pubkey::default() } else { actor(self.dice.roll() as u8) }
    }

    pub(super) fn amount(&self, whole: u64, lesser: u64) -> u64 {
        self.attempt.amount.resolve(whole, lesser)
    }

    /// Bounds on units around an exact number: exactly it, or up to it.
    pub(super) fn units(&mut self, whole: u64, lesser: u64) -> UnitBounds {
        let units = self.amount(whole, lesser);
        let least = self.dice.pick(&[units, 0, 1, units / 2]);
        if units == u64::MAX { UnitBounds::ALL } else { UnitBounds { least, most: units } }
    }

    /// The key that pays rent where `signer` signs: mostly itself.
    pub(super) fn rent_payer(&mut self, signer: &Pubkey) -> Pubkey {
        if self.dice.one_in(3) { actor(self.dice.roll() as u8) } else { *signer }
    }

    /// The slot of the offer as the signer has read it, seldom another one.
    pub(super) fn offer_slot(&mut self) -> u64 {
        let slot = self.credit.offer_slot;
        if self.dice.one_in(16) { slot.wrapping_sub(1) } else { slot }
    }

    /// The loan as the signer has read it, seldom another one or in a better status.
    pub(super) fn loan_read(&mut self) -> LoanRead {
        let status = Status::from_byte(self.credit.status).unwrap_or(Status::Active);
        let worst_status = self.dice.pick(&[status, Status::Seizing, status, Status::Active]);
        LoanRead { offer_slot: self.offer_slot(), worst_status }
    }

    /// A bound that holds, seldom one that is missed by one.
    pub(super) fn bound(&mut self, value: u64, missed: u64) -> u64 {
        if self.dice.one_in(16) { missed } else { value }
    }
}
