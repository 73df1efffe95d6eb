//! The program's edge: reads what the loader serialises, and calls the inner instruction as the vault.
//!
//! An account is a marker (255, or the place of the earlier account that it repeats), three flags, padding, address, owner, balance,
//! length of the data, data, room for growth, and the rent epoch; each begins at a multiple of 8 bytes. Behind the accounts come the
//! instruction's data and the program's own address.

use crate::{Failure, Head, MOST_MEMBERS, Member, PREFIX, require_approval};

/// The marker of an account that is none of the earlier ones.
const FIRST_MENTION: u8 = 255;
/// Room behind an account's data, into which a program could let it grow.
const ROOM_TO_GROW: usize = 10_240;
/// The most accounts of an instruction: what fits the stack.
const MOST_ACCOUNTS: usize = 24;

/// An account as the runtime's call takes it.
#[repr(C)]
#[derive(Clone, Copy)]
struct AccountInfo {
    key: *const [u8; 32],
    lamports: *mut u64,
    data_len: u64,
    data: *mut u8,
    owner: *const [u8; 32],
    rent_epoch: u64,
    is_signer: bool,
    is_writable: bool,
    executable: bool,
}

/// The use of an account by the inner instruction.
#[repr(C)]
#[derive(Clone, Copy)]
struct AccountMeta {
    key: *const [u8; 32],
    is_writable: bool,
    is_signer: bool,
}

/// The inner instruction.
#[repr(C)]
struct Instruction {
    program: *const [u8; 32],
    accounts: *const AccountMeta,
    account_count: u64,
    data: *const u8,
    data_len: u64,
}

/// A seed, or a list of them.
#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    start: *const u8,
    length: u64,
}

#[expect(unsafe_code, reason = "calls of the runtime")]
unsafe extern "C" {
    /// The runtime calls an instruction, with the addresses derived from the seeds as signers.
    fn sol_invoke_signed_c(
        instruction: *const Instruction,
        accounts: *const AccountInfo,
        account_count: u64,
        seeds: *const Bytes,
        seeds_count: u64,
    ) -> u64;
    /// The runtime derives an address and returns 0.
    fn sol_create_program_address(
        seeds: *const Bytes,
        seeds_count: u64,
        program: *const [u8; 32],
        address: *mut [u8; 32],
    ) -> u64;
}

const NO_ACCOUNT: AccountInfo = AccountInfo {
    key: core::ptr::null(),
    lamports: core::ptr::null_mut(),
    data_len: 0,
    data: core::ptr::null_mut(),
    owner: core::ptr::null(),
    rent_epoch: 0,
    is_signer: false,
    is_writable: false,
    executable: false,
};

/// Receives the loader's serialised input. Returns 0, or the error.
///
/// # Safety
///
/// `input` is what a loader of the second version or later passes to a program.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the loader hands over a pointer")]
pub(crate) unsafe extern "C" fn entrypoint(input: *mut u8) -> u64 {
    let mut accounts = [NO_ACCOUNT; MOST_ACCOUNTS];
    // SAFETY: the caller's promise; every offset is one that the loader has written.
    unsafe {
        let Some((count, data, program)) = read(input, &mut accounts) else {
            return Failure::Accounts.code();
        };
        execute(accounts.get(..count).unwrap_or_default(), data, program)
    }
}

/// Reads the accounts, the data and the program's address; `None` for more accounts than there is room for.
///
/// # Safety
///
/// As for [`entrypoint`].
#[expect(unsafe_code, reason = "the input is a pointer without a length")]
unsafe fn read(
    input: *mut u8,
    accounts: &mut [AccountInfo; MOST_ACCOUNTS],
) -> Option<(usize, &'static [u8], *const [u8; 32])> {
    // SAFETY: the loader writes the lengths that are read, and as many bytes behind them.
    unsafe {
        let count = usize::try_from(input.cast::<u64>().read()).ok()?;
        let mut offset = 8;
        for place in 0..count {
            let at = input.wrapping_add(offset);
            let marker = at.read();
            let account = if marker == FIRST_MENTION {
                let length = at.wrapping_add(80).cast::<u64>().read();
                let behind = 88 + usize::try_from(length).ok()? + ROOM_TO_GROW;
                let epoch = behind.next_multiple_of(8);
                offset += epoch + 8;
                AccountInfo {
                    key: at.wrapping_add(8).cast(),
                    owner: at.wrapping_add(40).cast(),
                    lamports: at.wrapping_add(72).cast(),
                    data_len: length,
                    data: at.wrapping_add(88),
                    rent_epoch: at.wrapping_add(epoch).cast::<u64>().read(),
                    is_signer: at.wrapping_add(1).read() == 1,
                    is_writable: at.wrapping_add(2).read() == 1,
                    executable: at.wrapping_add(3).read() == 1,
                }
            } else {
                offset += 8;
                *accounts.get(usize::from(marker))?
            };
            *accounts.get_mut(place)? = account;
        }
        let at = input.wrapping_add(offset);
        let length = usize::try_from(at.cast::<u64>().read()).ok()?;
        let data = core::slice::from_raw_parts(at.wrapping_add(8), length);
        Some((count, data, at.wrapping_add(8 + length).cast()))
    }
}

/// Checks the members and calls the inner instruction as the vault. Returns 0, or the error.
///
/// # Safety
///
/// The accounts and the program's address are those of [`read`].
#[expect(unsafe_code, reason = "pointers into the input, and calls of the runtime")]
unsafe fn execute(accounts: &[AccountInfo], data: &[u8], program: *const [u8; 32]) -> u64 {
    let head = match Head::read(data) {
        Ok(head) => head,
        Err(failure) => return failure.code(),
    };
    let Some((members, rest)) = accounts.split_at_checked(head.members) else {
        return Failure::Accounts.code();
    };
    let Some((target, inner)) = rest.split_first() else { return Failure::Accounts.code() };
    // SAFETY: the keys are in the input.
    let approved = require_approval(
        head.threshold,
        members.iter().map(|member| Member { key: unsafe { &*member.key }, signs: member.is_signer }),
    );
    if let Err(failure) = approved {
        return failure.code();
    }
    let mut seeds = [Bytes { start: PREFIX.as_ptr(), length: PREFIX.len() as u64 }; MOST_MEMBERS + 3];
    for (seed, member) in seeds.iter_mut().skip(1).zip(members) {
        *seed = Bytes { start: member.key.cast(), length: 32 };
    }
    for (seed, byte) in seeds.iter_mut().skip(1 + head.members).zip([&head.threshold, &head.bump]) {
        *seed = Bytes { start: byte, length: 1 };
    }
    let seed_count = head.members as u64 + 3;
    let mut vault = [0; 32];
    // SAFETY: seeds and addresses live until the call ends.
    let derived = unsafe { sol_create_program_address(seeds.as_ptr(), seed_count, program, &mut vault) };
    if derived != 0 {
        return derived;
    }
    let mut metas =
        [AccountMeta { key: core::ptr::null(), is_writable: false, is_signer: false }; MOST_ACCOUNTS];
    for (meta, account) in metas.iter_mut().zip(inner) {
        // SAFETY: the keys are in the input.
        let is_vault = unsafe { *account.key } == vault;
        let is_signer = account.is_signer || is_vault;
        *meta = AccountMeta { key: account.key, is_writable: account.is_writable, is_signer };
    }
    let instruction = Instruction {
        program: target.key,
        accounts: metas.as_ptr(),
        account_count: inner.len() as u64,
        data: head.inner.as_ptr(),
        data_len: head.inner.len() as u64,
    };
    let signer = Bytes { start: seeds.as_ptr().cast(), length: seed_count };
    // SAFETY: everything that is pointed to lives until the call ends.
    unsafe { sol_invoke_signed_c(&instruction, rest.as_ptr(), rest.len() as u64, &signer, 1) }
}
