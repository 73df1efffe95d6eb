//! The ways in which an account can be wrong.

use {
    super::slot::{Kind, Slot},
    anchor_spl::token_2022::spl_token_2022::state::Account as TokenAccount,
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey, addresses,
        program::state::{Credit, Lot, Market, Provider},
        tokens,
    },
    blockable_testkit::{Parties, World},
    solana_sdk::{account::Account, program_pack::Pack},
};

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The key does not sign.
    Unsigned,
    /// Someone without a role signs in its place.
    SignedByAnother,
    /// It is given read-only.
    ReadOnly,
    /// The same bytes, owned by a program that has no part in anything.
    WrongOwner,
    /// The same bytes, owned by the other token program.
    OtherTokenProgram,
    /// Another program, or another address than the one fixed.
    Replaced,
    /// As its namesake in another market; a token account of another mint.
    OfAnotherMarket,
    /// Of another credit in the same state, between other parties.
    OfAnotherCredit,
    /// A token account of someone else; a wallet of someone else.
    OfAnotherOwner,
    /// The address of another account of the same kind in the same instruction.
    Twice,
    /// The same bytes at another address.
    Elsewhere,
    /// An account that has been removed.
    Closed,
    /// Something is there where the account is to be created.
    Occupied,
    /// Someone has sent lamports to where the account is to be created.
    Prefunded,
    /// The first byte is changed.
    WrongDiscriminator,
    /// Half of the bytes are missing.
    Halved,
    /// Four bytes are left.
    Emptied,
}

/// An account and the way in which it is spoilt.
pub struct Trial<'a> {
    /// The account.
    pub slot: &'a Slot,
    /// The way.
    pub mutation: Mutation,
    /// The other account whose address it takes, where that is the way.
    pub other: Option<&'a Slot>,
}

/// All that can be tried.
pub fn trials(slots: &[Slot]) -> Vec<Trial<'_>> {
    let mut trials = Vec::new();
    for slot in slots {
        let ways = ways(slot).into_iter();
        trials.extend(ways.map(|mutation| Trial { slot, mutation, other: None }));
        let same = |other: &&Slot| {
            slot.kind != Kind::Absent && is_same_type(slot.kind, other.kind) && other.key != slot.key
        };
        let twice = |other| Trial { slot, mutation: Mutation::Twice, other: Some(other) };
        trials.extend(slots.iter().filter(same).map(twice));
    }
    trials
}

/// True where one can take the other's place by its type: all wallets, signing or not, are of one type.
fn is_same_type(one: Kind, other: Kind) -> bool {
    let is_wallet = |kind| matches!(kind, Kind::Signer | Kind::Wallet);
    one == other || is_wallet(one) && is_wallet(other)
}

fn ways(slot: &Slot) -> Vec<Mutation> {
    use Mutation::*;
    let mut ways = Vec::new();
    if slot.is_writable {
        ways.push(ReadOnly);
    }
    match slot.kind {
        Kind::Signer => ways.extend([Unsigned, SignedByAnother]),
        Kind::Wallet => ways.push(OfAnotherOwner),
        Kind::Program | Kind::Sysvar | Kind::EventAuthority => ways.push(Replaced),
        Kind::Absent => {}
        _ if slot.is_fresh => ways.extend([Elsewhere, Occupied, Prefunded]),
        kind => {
            ways.extend([WrongOwner, Elsewhere, Closed, Halved, Emptied]);
            match kind {
                Kind::Market | Kind::Provider => ways.extend([WrongDiscriminator, OfAnotherMarket]),
                Kind::Credit => ways.extend([WrongDiscriminator, OfAnotherMarket, OfAnotherCredit]),
                Kind::Lot => ways.extend([WrongDiscriminator, OfAnotherCredit]),
                Kind::Mint => ways.push(OtherTokenProgram),
                _ => ways.extend([OtherTokenProgram, OfAnotherMarket, OfAnotherOwner]),
            }
            if slot.name == "vault" {
                ways.push(OfAnotherCredit);
            }
        }
    }
    ways
}

impl Trial<'_> {
    /// Makes the account wrong.
    pub fn spoil(&self, world: &mut World, instruction: &mut Instruction) {
        use Mutation::*;
        let meta = &mut instruction.accounts[self.slot.index];
        match self.mutation {
            Unsigned => meta.is_signer = false,
            // The owner of the treasury's account has no role in the program.
            SignedByAnother => meta.pubkey = Parties::address("treasury"),
            ReadOnly => meta.is_writable = false,
            Replaced => meta.pubkey = another_program(self.slot),
            OfAnotherOwner if self.slot.kind == Kind::Wallet => meta.pubkey = Parties::address("stranger"),
            Twice => meta.pubkey = self.other.expect("there is another").key,
            OfAnotherMarket => meta.pubkey = of_another_market(world, self.slot),
            OfAnotherCredit => meta.pubkey = of_another_credit(world, self.slot),
            OfAnotherOwner => meta.pubkey = with_token(world, self.slot, |token| token.owner = stranger()),
            Elsewhere if self.slot.is_fresh => meta.pubkey = elsewhere(),
            Elsewhere => meta.pubkey = copied(world, self.slot, elsewhere()),
            Closed => put(world, self.slot.key, Account::default()),
            Occupied => put(world, self.slot.key, occupied()),
            Prefunded => {
                world.svm.airdrop(&self.slot.key, 1_000_000_000).map(|_| ()).expect("an airdrop lands")
            }
            WrongOwner => edit(world, self.slot, |account| account.owner = stranger()),
            OtherTokenProgram => edit(world, self.slot, |account| account.owner = tokens::TOKEN_2022_PROGRAM),
            WrongDiscriminator => edit(world, self.slot, |account| account.data[0] ^= 1),
            Halved => edit(world, self.slot, |account| account.data.truncate(account.data.len() / 2)),
            Emptied => edit(world, self.slot, |account| account.data.truncate(4)),
        }
    }
}

fn stranger() -> Pubkey {
    Parties::address("stranger")
}

fn elsewhere() -> Pubkey {
    Parties::address("elsewhere")
}

/// An account with bytes that belongs to a program without a part in anything.
fn occupied() -> Account {
    Account { lamports: 1_000_000_000, data: vec![1; 100], owner: stranger(), ..Account::default() }
}

fn put(world: &mut World, key: Pubkey, account: Account) {
    world.svm.set_account(key, account).expect("an account can be set");
}

fn edit(world: &mut World, slot: &Slot, change: impl FnOnce(&mut Account)) {
    let mut account = world.svm.get_account(&slot.key).expect("the account exists");
    change(&mut account);
    put(world, slot.key, account);
}

/// Puts the account's bytes at another address; returns that.
fn copied(world: &mut World, slot: &Slot, to: Pubkey) -> Pubkey {
    let account = world.svm.get_account(&slot.key).expect("the account exists");
    put(world, to, account);
    to
}

/// Puts a token account at another address, with a change; returns that.
fn with_token(world: &mut World, slot: &Slot, change: impl FnOnce(&mut TokenAccount)) -> Pubkey {
    let mut account = world.svm.get_account(&slot.key).expect("the account exists");
    let bytes = &mut account.data[..TokenAccount::LEN];
    let mut token = TokenAccount::unpack(bytes).expect("a token account");
    change(&mut token);
    TokenAccount::pack(token, bytes).expect("a token account");
    put(world, elsewhere(), account);
    elsewhere()
}

fn another_program(slot: &Slot) -> Pubkey {
    match slot.name.as_str() {
        "token_program" => tokens::TOKEN_2022_PROGRAM,
        "system_program" => tokens::TOKEN_PROGRAM,
        "program" => solana_system_interface::program::ID,
        _ => elsewhere(),
    }
}

/// Another market of the same mint, with another admin and guardian; returns its address.
fn another_market(world: &mut World) -> Pubkey {
    let other = addresses::market(2);
    let account = world.svm.get_account(&world.keys.market).expect("the market exists");
    put(world, other, account);
    world.write::<Market>(&other, |market| {
        market.id = 2;
        market.admin = stranger();
        market.guardian = stranger();
        market.pending_admin = stranger();
    });
    other
}

fn of_another_market(world: &mut World, slot: &Slot) -> Pubkey {
    match slot.kind {
        Kind::Market => another_market(world),
        Kind::Provider => {
            let other = another_market(world);
            let authority = world.read::<Provider>(&slot.key).authority;
            let provider = copied(world, slot, addresses::provider(&other, &authority));
            world.write::<Provider>(&provider, |provider| provider.market = other);
            provider
        }
        Kind::Credit => {
            let other = another_market(world);
            let old = world.credit(&slot.key);
            let address = addresses::credit(&other, &old.lender, &old.borrower, old.nonce);
            let credit = copied(world, slot, address);
            world.write::<Credit>(&credit, |credit| credit.market = other);
            credit
        }
        _ => {
            let mint = Parties::address("another mint");
            let account = world.svm.get_account(&world.keys.mint).expect("the mint exists");
            put(world, mint, account);
            with_token(world, slot, |token| token.mint = mint)
        }
    }
}

/// A credit in the same state between the stranger and the buyer, with a vault; returns its address.
fn another_credit(world: &mut World, credit: &Pubkey) -> Pubkey {
    let old = world.credit(credit);
    let other = addresses::credit(&old.market, &stranger(), &Parties::address("buyer"), 77);
    for (from, to) in [(*credit, other), (addresses::vault(credit), addresses::vault(&other))] {
        if let Some(mut account) = world.svm.get_account(&from) {
            if account.owner != PROGRAM_ID {
                account.data[32..64].copy_from_slice(other.as_ref());
            }
            put(world, to, account);
        }
    }
    world.write::<Credit>(&other, |credit| {
        credit.vault = addresses::vault(&other);
        (credit.lender, credit.borrower, credit.nonce) = (stranger(), Parties::address("buyer"), 77);
        (credit.freeze_authority, credit.pending_lender) = (stranger(), Pubkey::default());
    });
    other
}

fn of_another_credit(world: &mut World, slot: &Slot) -> Pubkey {
    match slot.kind {
        Kind::Credit => another_credit(world, &slot.key),
        Kind::Lot => {
            let credit = world.read::<Lot>(&slot.key).credit;
            let other = another_credit(world, &credit);
            let lot = copied(world, slot, addresses::lot(&other, 0));
            world.write::<Lot>(&lot, |lot| lot.credit = other);
            lot
        }
        _ => {
            let token = world.svm.get_account(&slot.key).expect("the vault exists");
            let token = TokenAccount::unpack(&token.data[..TokenAccount::LEN]).expect("a token account");
            let other = another_credit(world, &token.owner);
            addresses::vault(&other)
        }
    }
}
