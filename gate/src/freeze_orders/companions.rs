//! The instructions that may travel with a freeze: a compute budget, and what wallets add.
//!
//! The gate promises to obey a freeze at once and to lift the block where it does not land. So a companion may make the
//! transaction fail, which is one more way not to land and is bounded by the limit on orders that do not land. It must never
//! change the credit: the gate would keep units closed that the chain has opened, or the other way round. Each companion is
//! therefore checked by [`COMPANIONS`], names neither the credit nor the program of credits, and so cannot write the one or
//! call the other. What is certain to fail in every block is refused as well.

use {
    super::refused::OrderRefused,
    blockable_sdk::{
        PROGRAM_ID, Pubkey, VersionedMessage,
        addresses::{COMPUTE_BUDGET, FIRST_MEMO, LIGHTHOUSE, MEMO},
        message::compiled_instruction::CompiledInstruction,
    },
    std::{collections::HashSet, str},
};

/// The system program, whose instruction 4 advances a durable nonce.
const SYSTEM: Pubkey = Pubkey::from_str_const("11111111111111111111111111111111");
const ADVANCE_NONCE: [u8; 4] = 4_u32.to_le_bytes();
/// Programs that sign for many keys: Squads, versions 3 and 4.
const MULTISIGS: [Pubkey; 2] = [
    Pubkey::from_str_const("SMPLecH534NA9acpos4G6x7uf3LWbCAwZQE9e8ZekMu"),
    Pubkey::from_str_const("SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf"),
];

/// Most bytes of a memo.
const MEMO_BYTES: usize = 512;
/// The instructions of Lighthouse that read at most one account and fail where it is not as asserted, from
/// `AssertAccountData` to `AssertSysvarClock`. The others write a memory account (0, 1), compare with one (4), or call
/// another program (16).
const ASSERTIONS: [u8; 13] = [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// The assertion on the clock, which reads no account.
const ASSERT_CLOCK: u8 = 15;
/// Their log levels that call no other program.
const LOG_LEVELS: [u8; 5] = [0, 1, 2, 4, 5];

/// A program whose instructions may travel with a freeze.
struct Companion {
    programs: &'static [Pubkey],
    /// Most of its instructions in one transaction.
    most: usize,
    /// Requires that an instruction is one of those that are known. Errors: the reason.
    check: fn(&VersionedMessage, &CompiledInstruction) -> Result<(), &'static str>,
}

/// Everything that may travel with a freeze.
const COMPANIONS: [Companion; 3] = [
    Companion { programs: &[COMPUTE_BUDGET], most: 4, check: check_budget },
    // Phantom adds one to six.
    Companion { programs: &[LIGHTHOUSE], most: 6, check: check_assertion },
    Companion { programs: &[MEMO, FIRST_MEMO], most: 4, check: check_memo },
];

fn check_budget(_: &VersionedMessage, instruction: &CompiledInstruction) -> Result<(), &'static str> {
    match instruction.data.first() {
        Some(1..=4) => Ok(()),
        _ => Err("is no instruction of the compute budget program"),
    }
}

fn check_assertion(_: &VersionedMessage, instruction: &CompiledInstruction) -> Result<(), &'static str> {
    let &[kind, level, ..] = instruction.data.as_slice() else { return Err("is no assertion") };
    if !ASSERTIONS.contains(&kind) {
        return Err("is no assertion on one account");
    }
    if !LOG_LEVELS.contains(&level) {
        return Err("has a log level that calls another program");
    }
    match (kind, instruction.accounts.len()) {
        (ASSERT_CLOCK, 0) => Ok(()),
        (kind, 1) if kind != ASSERT_CLOCK => Ok(()),
        _ => Err("names another number of accounts than an assertion does"),
    }
}

fn check_memo(message: &VersionedMessage, instruction: &CompiledInstruction) -> Result<(), &'static str> {
    if instruction.data.len() > MEMO_BYTES {
        return Err("is a memo of more than 512 bytes");
    }
    if str::from_utf8(&instruction.data).is_err() {
        return Err("is a memo that is no text in UTF-8");
    }
    match instruction.accounts.iter().all(|account| message.is_signer(usize::from(*account))) {
        true => Ok(()),
        false => Err("is a memo that names a key which does not sign"),
    }
}

/// Checks all instructions but the freeze, if there is one. `credits` are those that the freeze names. Errors: [`OrderRefused`].
pub(super) fn check(
    message: &VersionedMessage,
    freeze: Option<&CompiledInstruction>,
    credits: &[Pubkey],
) -> Result<(), OrderRefused> {
    let mut counts = [0; COMPANIONS.len()];
    let mut budgets = HashSet::new();
    for instruction in message.instructions() {
        if freeze.is_some_and(|freeze| std::ptr::eq(instruction, freeze)) {
            continue;
        }
        let program = key(message, instruction.program_id_index)?;
        let refuse = |reason| OrderRefused::Companion { program, reason };
        let known = COMPANIONS.iter().zip(&mut counts);
        let found = known.into_iter().find(|(companion, _)| companion.programs.contains(&program));
        let (companion, count) = found.ok_or_else(|| refuse_foreign(program, instruction))?;
        *count += 1;
        if *count > companion.most {
            return Err(refuse("comes more often than it may"));
        }
        (companion.check)(message, instruction).map_err(refuse)?;
        // The network takes none of them twice.
        if program == COMPUTE_BUDGET && !budgets.insert(instruction.data.first()) {
            return Err(refuse("sets one thing twice"));
        }
        for account in &instruction.accounts {
            let account = key(message, *account)?;
            if account == PROGRAM_ID || credits.contains(&account) {
                return Err(refuse("names the credit or its program"));
            }
        }
    }
    Ok(())
}

/// Makes the refusal of an instruction whose program may not come with a freeze.
fn refuse_foreign(program: Pubkey, instruction: &CompiledInstruction) -> OrderRefused {
    if program == SYSTEM && instruction.data.starts_with(&ADVANCE_NONCE) {
        return OrderRefused::DurableNonce;
    }
    match MULTISIGS.contains(&program) {
        true => OrderRefused::Multisig { program },
        false => OrderRefused::ForeignInstruction { program },
    }
}

/// The key at an index of a message without lookup tables. Errors: [`OrderRefused::Malformed`].
pub(super) fn key(message: &VersionedMessage, index: u8) -> Result<Pubkey, OrderRefused> {
    message.static_account_keys().get(usize::from(index)).copied().ok_or(OrderRefused::Malformed)
}
