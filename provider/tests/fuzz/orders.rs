//! Signed freezes: good ones, some that the desk must refuse, and bytes that are no transaction.

use {
    super::{common::address, node::blockhash, values::spoil},
    blockable_gate::Gate,
    blockable_sdk::{
        AccountMeta, Hash, Instruction, Keypair, Pubkey, Signer,
        amounts::Units,
        instructions::credit_freeze,
        program::{
            instructions::FreezeAmount,
            state::{FreezePolicy, FreezeReason},
        },
        transactions::{encode, sign_v0},
    },
    blockable_testkit::fixtures::{MARKET, active_credit},
    rand::{Rng, rngs::StdRng, seq::IndexedRandom},
    std::{ops::Range, sync::Mutex},
};

/// Numbers of the credits that are frozen. Nothing is asked of them, so that no request waits for a thaw.
const FREEZABLE: Range<u8> = 100..164;
/// Units of each of them.
const UNITS: u64 = 1_000_000;
const COMPUTE: Pubkey = Pubkey::from_str_const("ComputeBudget111111111111111111111111111111");
const LIGHTHOUSE: Pubkey = Pubkey::from_str_const("L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95");
const MEMO: Pubkey = Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const SYSTEM: Pubkey = Pubkey::from_str_const("11111111111111111111111111111111");

/// The signatures of the freezes so far.
#[derive(Default)]
pub struct Orders {
    signatures: Mutex<Vec<String>>,
}

fn lender() -> Keypair {
    Keypair::new_from_array([41; 32])
}

/// Shows the gate the credits that are frozen.
pub fn observe(gate: &Gate) {
    for number in FREEZABLE {
        let mut credit = active_credit(u32::from(number), Units(UNITS));
        (credit.lender, credit.freeze_authority) = (lender().pubkey(), lender().pubkey());
        credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
        gate.observe_credit(address(number), 10, Some(&credit));
    }
}

impl Orders {
    /// The bytes of a freeze.
    pub fn make(&self, random: &mut StdRng) -> Vec<u8> {
        let by = if random.random_ratio(1, 15) { Keypair::new_from_array([43; 32]) } else { lender() };
        let hash = match random.random_range(0..15) {
            0 => Hash::new_from_array([8; 32]),
            _ => blockhash(),
        };
        let mut instructions = vec![freeze(random, &by)];
        for _ in 0..*[0, 0, 1, 1, 2, 5].choose(random).unwrap() {
            let place = random.random_range(0..=instructions.len());
            let companion = companion(random, &by);
            instructions.insert(place, companion);
        }
        // As much of it as one transaction holds.
        let transaction = loop {
            match sign_v0(&instructions, &by, &[], hash) {
                Ok(transaction) => break transaction,
                Err(_) => drop(instructions.pop().expect("an empty transaction fits")),
            }
        };
        let mut signatures = self.signatures.lock().unwrap();
        signatures.extend(transaction.signatures.first().map(ToString::to_string));
        let mut bytes = encode(&transaction);
        if random.random_ratio(1, 3) {
            for _ in 0..random.random_range(1..4) {
                spoil(random, &mut bytes);
            }
        }
        bytes
    }

    /// The signature of one of them.
    pub fn signature(&self, random: &mut StdRng) -> Option<String> {
        self.signatures.lock().unwrap().choose(random).cloned()
    }
}

fn freeze(random: &mut StdRng, by: &Keypair) -> Instruction {
    let market = if random.random_ratio(1, 30) { address(7) } else { MARKET };
    let number = if random.random_ratio(1, 30) { 99 } else { random.random_range(FREEZABLE) };
    let amount = match random.random_range(0..10) {
        0 => FreezeAmount::All,
        1 => FreezeAmount::Bps(random.random_range(0..12_000)),
        2 => FreezeAmount::Shortfall,
        3 => FreezeAmount::Units(*[0, u64::MAX, UNITS].choose(random).unwrap()),
        _ => FreezeAmount::Units(random.random_range(1..UNITS / 10)),
    };
    let reason = *[FreezeReason::Risk, FreezeReason::MissedPayment].choose(random).unwrap();
    credit_freeze(&market, &by.pubkey(), &address(number), amount, reason)
}

/// An instruction that a wallet adds, or one that has no place with a freeze.
fn companion(random: &mut StdRng, by: &Keypair) -> Instruction {
    let calls = |program_id, accounts, data: &[u8]| Instruction { program_id, accounts, data: data.to_vec() };
    let payer = AccountMeta::new_readonly(by.pubkey(), random.random());
    match random.random_range(0..12) {
        0 | 1 => calls(COMPUTE, vec![], &[2, 0, 0, 3, 0]),
        2 | 3 => calls(COMPUTE, vec![], &[3, 1, 0, 0, 0, 0, 0, 0, 0]),
        4 | 5 => calls(MEMO, vec![], "Ünïcode".as_bytes()),
        6 => calls(MEMO, vec![payer], &vec![b'm'; random.random_range(500..520)]),
        7 => calls(LIGHTHOUSE, vec![], &[15, 0, 0, 0]),
        8 => {
            let data: Vec<u8> = (0..random.random_range(0..40)).map(|_| random.random()).collect();
            calls(*[LIGHTHOUSE, COMPUTE, MEMO].choose(random).unwrap(), vec![payer], &data)
        }
        9 => freeze(random, by),
        // The instruction that makes a durable nonce of the blockhash.
        10 => calls(SYSTEM, vec![AccountMeta::new(address(50), false)], &[4, 0, 0, 0]),
        _ => calls(address(60), vec![payer], b"any"),
    }
}
