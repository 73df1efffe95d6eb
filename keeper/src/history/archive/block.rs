//! A run of records as bytes: slot, signature, length and Borsh bytes of each, compressed together.

use {
    super::rows::Run,
    crate::store::StoreError,
    blockable_sdk::{
        Signature,
        audit::{Found, Link},
        events::{decode_record, encode_record},
    },
};

/// Level of compression: beyond it files hardly shrink.
const LEVEL: i32 = 9;
/// Most bytes of a block before compression; a damaged one must not unfold without end.
const MOST: usize = 4 << 20;
/// Bytes of a slot, a signature and a length.
const HEAD: usize = 8 + 64 + 4;

/// Encodes records. Errors: [`StoreError::Content`].
pub(super) fn encode(links: &[Link]) -> Result<Vec<u8>, StoreError> {
    let mut plain = Vec::new();
    for link in links {
        let record = &link.found.record;
        let cannot = || StoreError::Content(format!("record {} of {}", record.seq, record.credit));
        let bytes = encode_record(record).ok_or_else(cannot)?;
        plain.extend(link.found.slot.to_le_bytes());
        plain.extend(link.found.signature.as_array());
        plain.extend(u32::try_from(bytes.len()).map_err(|_| cannot())?.to_le_bytes());
        plain.extend(bytes);
    }
    zstd::bulk::compress(&plain, LEVEL).map_err(|error| StoreError::Content(format!("a block: {error}")))
}

/// Decodes the records of a run, and proves that they are the ones between its two hashes. Errors: what is wrong with the bytes.
pub(super) fn decode(bytes: &[u8], run: &Run) -> Result<Vec<Link>, &'static str> {
    let plain = zstd::bulk::decompress(bytes, MOST).map_err(|_| "a block cannot be decompressed")?;
    let mut rest = plain.as_slice();
    let (mut links, mut hash) = (Vec::new(), run.start_hash);
    while !rest.is_empty() {
        let found = take_record(&mut rest).ok_or("a block has a record that cannot be read")?;
        let expected = run.first.checked_add(links.len() as u64);
        if Some(found.record.seq) != expected {
            return Err("a block has records out of order");
        }
        hash = found.record.fold(&hash).map_err(|_| "a block has a record that cannot be hashed")?;
        links.push(Link { found, hash });
    }
    let is_whole = run.first.checked_add(links.len() as u64) == Some(run.next) && hash == run.end_hash;
    if is_whole { Ok(links) } else { Err("a block does not hash to the log") }
}

fn take_record(rest: &mut &[u8]) -> Option<Found> {
    let (head, after) = rest.split_at_checked(HEAD)?;
    let (slot, head) = head.split_first_chunk::<8>()?;
    let (signature, length) = head.split_first_chunk::<64>()?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    let (record, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Found {
        record: decode_record(record)?,
        signature: Signature::from(*signature),
        slot: u64::from_le_bytes(*slot),
    })
}
