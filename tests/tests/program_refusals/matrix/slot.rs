//! The accounts that an instruction names, as the committed IDL has them.

use {
    blockable_sdk::{Instruction, PROGRAM_ID, Pubkey},
    blockable_testkit::World,
    serde_json::Value,
    std::collections::BTreeSet,
};

/// The kind of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Market,
    Provider,
    Credit,
    Lot,
    Mint,
    Token,
    /// A wallet that signs.
    Signer,
    /// A wallet that only gives its address.
    Wallet,
    Program,
    Sysvar,
    EventAuthority,
    /// An optional account that is not given: the program's own address stands in its place.
    Absent,
}

impl Kind {
    fn from_name(name: &str, is_signer: bool) -> Kind {
        match name {
            _ if is_signer => Kind::Signer,
            "market" => Kind::Market,
            "provider" => Kind::Provider,
            "credit" | "other" | "lender_credit" | "buyer_credit" => Kind::Credit,
            "lot" => Kind::Lot,
            "mint" => Kind::Mint,
            "vault" | "source" | "refund" | "destination" | "payout" | "treasury" => Kind::Token,
            "lender" | "borrower" | "receiver" | "rent_payer" => Kind::Wallet,
            "token_program" | "system_program" | "program" => Kind::Program,
            "slot_hashes" => Kind::Sysvar,
            "event_authority" => Kind::EventAuthority,
            other => panic!("the matrix does not know what {other} is"),
        }
    }

    /// True for accounts of the program itself.
    pub fn is_own(self) -> bool {
        matches!(self, Kind::Market | Kind::Provider | Kind::Credit | Kind::Lot)
    }

    /// True where the program reads the account's bytes.
    pub fn has_data(self) -> bool {
        self.is_own() || matches!(self, Kind::Mint | Kind::Token)
    }
}

/// One account of an instruction.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name in the IDL, without that of a group.
    pub name: String,
    /// Its place among the accounts.
    pub index: usize,
    /// The kind of the account.
    pub kind: Kind,
    /// The program declares the account writable.
    pub is_writable: bool,
    /// The instruction creates the account.
    pub is_fresh: bool,
    /// The instruction goes through without it, in other states.
    pub is_optional: bool,
    /// The address that goes through.
    pub key: Pubkey,
}

fn idl() -> Value {
    serde_json::from_str(include_str!("../../../../app-idl/blockable_credits.json")).expect("the IDL is JSON")
}

fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of[field].as_array().map_or(&[], Vec::as_slice)
}

fn text(of: &Value) -> String {
    of["name"].as_str().expect("everything in an IDL has a name").to_string()
}

/// The names of all instructions.
pub fn instructions() -> Vec<String> {
    list(&idl(), "instructions").iter().map(text).collect()
}

/// The accounts of an instruction, groups resolved.
fn accounts(instruction: &str) -> Vec<Value> {
    fn resolve(account: &Value) -> Vec<Value> {
        match account.get("accounts") {
            Some(_) => list(account, "accounts").iter().flat_map(resolve).collect(),
            None => vec![account.clone()],
        }
    }
    let idl = idl();
    let declared = list(&idl, "instructions").iter().find(|declared| text(declared) == instruction);
    let declared = declared.unwrap_or_else(|| panic!("the IDL has no {instruction}"));
    list(declared, "accounts").iter().flat_map(resolve).collect()
}

/// The names of an instruction's accounts.
pub fn names(instruction: &str) -> Vec<String> {
    accounts(instruction).iter().map(text).collect()
}

/// The accounts of an instruction that goes through.
pub fn slots(name: &str, world: &World, instruction: &Instruction) -> Vec<Slot> {
    let accounts = accounts(name);
    assert!(accounts.len() <= instruction.accounts.len(), "{name} is given too few accounts");
    let slots = accounts.iter().zip(&instruction.accounts).enumerate();
    let slot = |(index, (account, meta)): (usize, (&Value, &solana_sdk::instruction::AccountMeta))| {
        let flag = |flag: &str| account[flag].as_bool().unwrap_or(false);
        let name = text(account);
        if flag("optional") && meta.pubkey == PROGRAM_ID {
            let (kind, key) = (Kind::Absent, meta.pubkey);
            return Slot { name, index, kind, is_writable: false, is_fresh: false, is_optional: true, key };
        }
        let kind = Kind::from_name(&name, flag("signer"));
        let is_missing = world.svm.get_account(&meta.pubkey).is_none_or(|account| account.lamports == 0);
        assert_eq!((meta.is_signer, meta.is_writable), (flag("signer"), flag("writable")), "{name}");
        let is_fresh = kind.has_data() && is_missing;
        let (is_writable, is_optional) = (flag("writable"), flag("optional"));
        Slot { name, index, kind, is_writable, is_fresh, is_optional, key: meta.pubkey }
    };
    slots.map(slot).collect()
}

/// The instructions that are given an account of a name so that they can change it.
pub fn writers(name: &str) -> BTreeSet<String> {
    let writes = |instruction: &String| {
        let mut accounts = accounts(instruction).into_iter().filter(|account| text(account) == name);
        accounts.any(|account| account["writable"] == true)
    };
    instructions().into_iter().filter(writes).collect()
}
