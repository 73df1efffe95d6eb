use {
    super::{
        action::{Attempt, By, Twist},
        dice::Dice,
        lab::{Lab, actor, cast},
        metering::Meters,
        ops::{Op, Role},
    },
    anchor_lang::__private::bytemuck::Zeroable,
    blockable_sdk::{
        Pubkey, addresses,
        instructions::{self as ix, MarketKeys},
        program::{
            instructions::{
                CapacityArgs, FreezeAmount, LotTerms, MarketArgs, OfferArgs, ReportersArgs, UnitAmount,
            },
            state::{Credit, FreezeReason, Instalment, MarketSettings, Party, Terms},
        },
        tokens,
    },
    solana_sdk::instruction::{AccountMeta, Instruction},
};

/// The arguments of an instruction, for the model, which verifies what it did.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Args {
    None,
    Amount(u64),
    Key(Pubkey),
    Seconds(u32),
    Market(MarketArgs),
    Settings(MarketSettings),
    /// The time that names a change, a pause or a halt.
    Time(i64),
    Provider(CapacityArgs, ReportersArgs),
    Capacity(CapacityArgs),
    Reporters(ReportersArgs),
    Offer(Box<OfferArgs>),
    Hash([u8; 32]),
    Restructure(Terms, Vec<Instalment>),
    Party(Party),
    Freeze(FreezeAmount, FreezeReason),
    Units(UnitAmount),
    Seize(UnitAmount, LotTerms),
    Buy(u64, u64),
    Meter(Box<Meters>),
}

/// A transaction's one instruction, and what it is about.
#[derive(Clone, Debug)]
pub struct Call {
    /// The instruction.
    pub op: Op,
    /// As it is sent.
    pub ix: Instruction,
    /// Its arguments.
    pub args: Args,
    /// The place of the market it was meant for.
    pub market: usize,
    /// True where nothing is wrong with its accounts.
    pub honest: bool,
}

impl Call {
    /// The account with a purpose.
    pub fn at(&self, role: Role) -> Pubkey {
        let place = self.op.roles().iter().position(|found| *found == role);
        place.and_then(|place| self.ix.accounts.get(place)).map_or(Pubkey::default(), |meta| meta.pubkey)
    }

    /// True where the account with a role signs.
    pub fn signs(&self, role: Role) -> bool {
        let place = self.op.roles().iter().position(|found| *found == role);
        // A key signs wherever it stands once it signs at all: transactions have no signer per place.
        let key = place.and_then(|place| self.ix.accounts.get(place)).map(|meta| meta.pubkey);
        let signing = |meta: &AccountMeta| meta.is_signer && Some(meta.pubkey) == key;
        self.ix.accounts.iter().any(signing)
    }

    /// The credits that the instruction acts on.
    pub fn credits(&self) -> Vec<Pubkey> {
        match &self.args {
            Args::Meter(_) => self.ix.accounts.iter().skip(4).map(|meta| meta.pubkey).collect(),
            _ if self.op.is_on_credit() => vec![self.at(Role::Credit)],
            _ => Vec::new(),
        }
    }
}

/// The parts of an attempt in one state of the world.
pub(super) struct Scene<'a> {
    pub(super) lab: &'a Lab,
    pub(super) attempt: &'a Attempt,
    pub(super) keys: MarketKeys,
    pub(super) market: usize,
    pub(super) address: Pubkey,
    pub(super) credit: Credit,
    /// The credit with its debt brought up to now.
    pub(super) now: Credit,
    pub(super) dice: Dice,
}

/// The transaction that an attempt means right now; `None` where it means nothing.
pub fn build(lab: &Lab, attempt: &Attempt) -> Option<Call> {
    let mut dice = Dice::new(attempt.extra);
    if let Some(Twist::Replay(back)) = attempt.twist
        && attempt.op == Op::UsageMeter
    {
        let meters = lab.meterings.get(usize::from(back) % lab.meterings.len().max(1))?;
        return Some(meter_call(lab, meters.clone(), attempt.op));
    }
    let (market, address) =
        if attempt.op.is_on_credit() { lab.address(attempt.on) } else { (0, Pubkey::default()) };
    let credit = lab.credit(attempt.on).unwrap_or_else(Credit::zeroed);
    let mut now = credit;
    let _ = now.accrue(lab.market_time(&lab.market(market)));
    dice.roll();
    let keys = lab.markets[market];
    let scene = Scene { lab, attempt, keys, market, address, credit, now, dice };
    let mut call = if attempt.op.is_on_credit() { scene.on_credit()? } else { scene.on_settings()? };
    if let Some(twist) = attempt.twist {
        call.honest = false;
        bend(lab, &mut call, twist);
    }
    Some(call)
}

pub(super) fn meter_call(lab: &Lab, meters: Meters, op: Op) -> Call {
    let market = lab.markets[meters.market].market;
    let (chunk, reports) = (meters.chunk, meters.reports.clone());
    let ix = ix::usage_meter(&market, &meters.provider, chunk, reports, &meters.credits);
    Call { op, ix, market: meters.market, args: Args::Meter(Box::new(meters)), honest: true }
}

/// Puts something wrong into a transaction.
fn bend(lab: &Lab, call: &mut Call, twist: Twist) {
    let roles = call.op.roles();
    let count = call.ix.accounts.len();
    let place = |at: u8| usize::from(at) % count;
    match twist {
        Twist::ReadOnly(at) => call.ix.accounts[place(at)].is_writable = false,
        Twist::Unsigned(at) => call.ix.accounts[place(at)].is_signer = false,
        Twist::Swap(at, with) => {
            let at = place(at);
            // Only a key can sign: an address of the program never does.
            let known = if call.ix.accounts[at].is_signer { cast().actors.clone() } else { known(lab) };
            call.ix.accounts[at].pubkey = known[usize::from(with) % known.len()];
        }
        Twist::Cousin(at, with) => {
            let at = usize::from(at) % roles.len();
            let cousins = cousins(lab, call, roles[at]);
            if !cousins.is_empty() {
                call.ix.accounts[at].pubkey = cousins[usize::from(with) % cousins.len()];
            }
        }
        Twist::Replay(_) => {}
    }
}

fn credits(lab: &Lab) -> impl Iterator<Item = Pubkey> {
    lab.places.iter().map(|place| place.credit).chain(lab.grants.iter().map(|(_, key)| *key))
}

fn known(lab: &Lab) -> Vec<Pubkey> {
    let mut known = cast().actors.clone();
    known.extend(lab.markets.iter().flat_map(|keys| [keys.market, keys.mint, keys.token_program]));
    known.extend(lab.providers.iter().map(|(_, key)| *key));
    known.extend(credits(lab));
    known
}

fn cousins(lab: &Lab, call: &Call, role: Role) -> Vec<Pubkey> {
    let keys = lab.markets[call.market];
    match role {
        Role::Signer | Role::Second | Role::Party | Role::Receiver => cast().actors.clone(),
        Role::Market => lab.markets.iter().map(|keys| keys.market).collect(),
        Role::Mint => lab.markets.iter().map(|keys| keys.mint).collect(),
        Role::Tokens => vec![tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM],
        Role::Provider => lab.providers.iter().map(|(_, key)| *key).collect(),
        Role::Credit | Role::Grant => credits(lab).collect(),
        Role::Vault => credits(lab).map(|credit| addresses::vault(&credit)).collect(),
        Role::Wallet | Role::Treasury => cast().actors.iter().map(|key| keys.token_account(key)).collect(),
        Role::Lot => credits(lab).flat_map(|credit| [0, 1].map(|lot| addresses::lot(&credit, lot))).collect(),
        Role::System => vec![blockable_sdk::PROGRAM_ID],
    }
}

impl Scene<'_> {
    pub(super) fn call(&self, ix: Instruction, args: Args) -> Option<Call> {
        Some(Call { op: self.attempt.op, ix, args, market: self.market, honest: true })
    }

    pub(super) fn by(&self, right: Pubkey) -> Pubkey {
        match self.attempt.by {
            By::Actor(index) => actor(index),
            By::Right if right == Pubkey::default() => actor(Lab::LENDERS[0]),
            By::Right => right,
        }
    }

    pub(super) fn someone(&mut self) -> Pubkey {
        if self.dice.one_in(8) { Pubkey::default() } else { actor(self.dice.roll() as u8) }
    }

    pub(super) fn amount(&self, whole: u64, lesser: u64) -> u64 {
        self.attempt.amount.resolve(whole, lesser)
    }

    pub(super) fn units(&self, whole: u64, lesser: u64) -> UnitAmount {
        match self.amount(whole, lesser) {
            u64::MAX => UnitAmount::All,
            units => UnitAmount::Units(units),
        }
    }
}
