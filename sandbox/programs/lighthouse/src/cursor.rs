//! Reads bytes from front to back.

/// The longest LEB128 number: 64 bits in groups of seven.
const MAX_LEB128_BYTES: u32 = 10;

/// Bytes that are left to read. Every read fails by `None` at the end, and then leaves the bytes as they are.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    left: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Bytes from an offset on; `None` where that is beyond the end.
    pub(crate) fn at(bytes: &'a [u8], offset: u64) -> Option<Self> {
        let offset = usize::try_from(offset).ok()?;
        Some(Self { left: bytes.get(offset..)? })
    }

    pub(crate) fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(usize::try_from(length).ok()?)?;
        self.left = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, left) = self.left.split_first_chunk()?;
        self.left = left;
        Some(*taken)
    }

    pub(crate) fn address(&mut self) -> Option<[u8; 32]> {
        self.array()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }

    /// A signed integer of `width` bytes: 1, 2, 4, 8 or 16.
    pub(crate) fn signed(&mut self, width: u8) -> Option<i128> {
        match width {
            1 => self.array().map(|bytes| i8::from_le_bytes(bytes).into()),
            2 => self.array().map(|bytes| i16::from_le_bytes(bytes).into()),
            4 => self.array().map(|bytes| i32::from_le_bytes(bytes).into()),
            8 => self.array().map(|bytes| i64::from_le_bytes(bytes).into()),
            16 => self.array().map(i128::from_le_bytes),
            _ => None,
        }
    }

    /// A number in LEB128. `None` also for more than 64 bits.
    pub(crate) fn leb128(&mut self) -> Option<u64> {
        let mut rest = self.clone();
        let mut value = 0_u64;
        for group in 0..MAX_LEB128_BYTES {
            let byte = rest.u8()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth group has room for one bit.
            if group == MAX_LEB128_BYTES - 1 && bits > 1 {
                return None;
            }
            value |= bits << (7 * group);
            if byte & 0x80 == 0 {
                *self = rest;
                return Some(value);
            }
        }
        None
    }
}
