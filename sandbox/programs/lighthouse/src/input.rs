//! The input that the loader serialises for a program: accounts, then instruction data.
//!
//! An account is a marker (255, or the place of the earlier account that it repeats), three flags, padding, address, owner,
//! balance, length of the data, data, room for growth, and the rent epoch; each begins at a multiple of 8 bytes.

use crate::Account;

/// The marker of an account that is none of the earlier ones.
const FIRST_MENTION: u8 = 255;
/// Padding behind marker and flags.
const PADDING: usize = 4;
/// Room behind an account's data, into which a program could let it grow.
const ROOM_TO_GROW: usize = 10_240;

/// No assertion names more accounts than two. Further ones are read and passed over.
pub(crate) const MOST_ACCOUNTS: usize = 2;

/// The first accounts of an instruction; `None` where it names fewer.
pub(crate) type Accounts = [Option<Account<'static>>; MOST_ACCOUNTS];

/// A position in the input.
struct Reader {
    start: *const u8,
    offset: usize,
}

impl Reader {
    /// # Safety
    ///
    /// The input has `length` further bytes, which nothing changes.
    #[expect(unsafe_code, reason = "the input is a pointer without a length")]
    unsafe fn bytes(&mut self, length: usize) -> &'static [u8] {
        // SAFETY: the caller's promise.
        let bytes = unsafe { core::slice::from_raw_parts(self.start.wrapping_add(self.offset), length) };
        self.offset = self.offset.wrapping_add(length);
        bytes
    }

    /// # Safety
    ///
    /// The input has `N` further bytes, which nothing changes.
    #[expect(unsafe_code, reason = "as for bytes")]
    unsafe fn array<const N: usize>(&mut self) -> &'static [u8; N] {
        // SAFETY: the caller's promise.
        unsafe { self.bytes(N) }.first_chunk().unwrap_or(&[0; N])
    }

    /// # Safety
    ///
    /// The input has 8 further bytes, which nothing changes.
    #[expect(unsafe_code, reason = "as for bytes")]
    unsafe fn u64(&mut self) -> u64 {
        // SAFETY: the caller's promise.
        u64::from_le_bytes(*unsafe { self.array() })
    }

    const fn skip(&mut self, length: usize) {
        self.offset = self.offset.wrapping_add(length);
    }

    fn align(&mut self) {
        self.offset = self.offset.next_multiple_of(8);
    }
}

/// Reads the first accounts and the data of the instruction.
///
/// # Safety
///
/// `input` is what a loader of the second version or later passes to a program. It lives as long as the program runs, which
/// changes none of it.
#[expect(unsafe_code, reason = "the input is a pointer without a length")]
pub(crate) unsafe fn read(input: *const u8) -> (Accounts, &'static [u8]) {
    let mut reader = Reader { start: input, offset: 0 };
    let mut accounts: Accounts = [None; MOST_ACCOUNTS];
    // SAFETY: the loader writes the lengths that are read, and as many bytes behind them.
    unsafe {
        let count = reader.u64();
        for place in 0..count {
            let account = read_account(&mut reader, &accounts);
            if let Some(slot) = usize::try_from(place).ok().and_then(|place| accounts.get_mut(place)) {
                *slot = account;
            }
        }
        let length = usize::try_from(reader.u64()).unwrap_or(0);
        (accounts, reader.bytes(length))
    }
}

/// # Safety
///
/// As for [`read`], with the reader at the marker of an account.
#[expect(unsafe_code, reason = "as for read")]
unsafe fn read_account(reader: &mut Reader, earlier: &Accounts) -> Option<Account<'static>> {
    // SAFETY: the caller's promise.
    unsafe {
        let [marker, is_signer, is_writable, executable] = *reader.array();
        reader.skip(PADDING);
        if marker != FIRST_MENTION {
            return earlier.get(usize::from(marker)).copied().flatten();
        }
        let _address: &[u8; 32] = reader.array();
        let owner = reader.array();
        let lamports = reader.u64();
        let length = usize::try_from(reader.u64()).unwrap_or(0);
        let data = reader.bytes(length);
        reader.skip(ROOM_TO_GROW);
        reader.align();
        let rent_epoch = reader.u64();
        let flag = |byte| byte == 1;
        let (is_signer, is_writable, executable) = (flag(is_signer), flag(is_writable), flag(executable));
        Some(Account { is_signer, is_writable, executable, owner, lamports, data, rent_epoch })
    }
}
