//! Events. Every change of a credit is a [`CreditRecord`]: numbered, folded into the credit's hash chain, and emitted
//! by a self-invocation, so that a replay of the transactions proves the log complete and in order.

mod change;

pub use change::Change;
use {
    crate::{
        errors::BlockableError,
        hash::sha256,
        metering::Skip,
        state::{Credit, MarketSettings, Provider, ProviderSettings},
        units::add,
    },
    anchor_lang::{
        Event,
        event::EVENT_IX_TAG_LE,
        prelude::*,
        solana_program::{instruction::Instruction, program::invoke_signed},
    },
};

/// A market was created.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketCreated {
    /// The market's account.
    pub market: Pubkey,
    /// The key that may change it.
    pub admin: Pubkey,
    /// Its payment mint.
    pub payment_mint: Pubkey,
    /// 1 for a test market.
    pub is_test: u8,
}

/// A market was changed.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketChanged {
    /// The market's account.
    pub market: Pubkey,
    /// The chain's Unix time.
    pub at: i64,
    /// The change.
    pub change: MarketChange,
}

/// A change of a market.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub enum MarketChange {
    /// A change was proposed.
    Proposed {
        /// The proposed settings.
        settings: MarketSettings,
        /// Market time from which they may be applied.
        ready_at: i64,
    },
    /// Settings came into force.
    Applied {
        /// The settings.
        settings: MarketSettings,
    },
    /// The proposed change was dropped.
    Cancelled,
    /// The admin role was offered; to the zero key: the offer was withdrawn.
    AdminOffered {
        /// The key it was offered to.
        to: Pubkey,
        /// Market time from which it may be taken; 0 for a withdrawal.
        ready_at: i64,
    },
    /// Another admin took over; a change that waited is dropped.
    AdminChanged {
        /// The new admin.
        to: Pubkey,
    },
    /// The market was paused.
    Paused {
        /// Unix time at which the pause ends by itself.
        until: i64,
    },
    /// A pause ended.
    Unpaused {
        /// Seconds spent paused in all pauses so far.
        paused_seconds: u64,
    },
    /// New business was stopped, without an end.
    Halted {
        /// The guardian or the admin.
        by: Pubkey,
        /// Market time of the halt; the admin names the halt by it to lift it.
        halted_at: i64,
    },
    /// The admin set an end for the halt; another halt before that end takes it back.
    HaltLifted {
        /// Market time at which new business is open again.
        ends_at: i64,
    },
}

/// A provider was registered or changed, or proposed a change; the account holds the new values.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderChanged {
    /// The provider's account.
    pub provider: Pubkey,
    /// The chain's Unix time.
    pub at: i64,
    /// Its reporters' epoch after the change.
    pub epoch: u32,
    /// Units it has committed.
    pub capacity_units: u64,
    /// The key that signs for it.
    pub authority: Pubkey,
    /// The key that the authority role is offered to; zero for none.
    pub pending_authority: Pubkey,
    /// Market time from which that key may take the role; 0 for none.
    pub pending_authority_ready_at: i64,
    /// The flags of its suspension; 0 while it takes new credits.
    pub suspended: u8,
    /// The settings in force.
    pub settings: ProviderSettings,
    /// Market time from which the proposed settings may be applied; 0 when none are proposed.
    pub change_ready_at: i64,
    /// The proposed settings; zero when none are proposed.
    pub proposed: ProviderSettings,
}

impl ProviderChanged {
    /// The event for a provider as it is now.
    #[inline(never)]
    pub fn new(key: Pubkey, provider: &Provider, at: i64) -> ProviderChanged {
        ProviderChanged {
            provider: key,
            at,
            epoch: provider.epoch,
            capacity_units: provider.capacity_units,
            authority: provider.authority,
            pending_authority: provider.pending_authority,
            pending_authority_ready_at: provider.pending_authority_ready_at,
            suspended: provider.suspended,
            settings: provider.settings,
            change_ready_at: provider.change_ready_at,
            proposed: provider.proposed,
        }
    }
}

/// One change of one credit.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditChanged {
    /// The record that is folded into the hash chain.
    pub record: CreditRecord,
}

/// The changes that one metering transaction made.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMetered {
    /// The provider whose reporters signed.
    pub provider: Pubkey,
    /// Epoch of the reporters.
    pub epoch: u32,
    /// The chunk reported on.
    pub chunk: u32,
    /// One record per credit that was metered.
    pub records: Vec<CreditRecord>,
    /// The credits left out, with the reasons.
    pub skipped: Vec<SkippedCredit>,
}

/// A credit that a metering transaction left out.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct SkippedCredit {
    /// The account given.
    pub credit: Pubkey,
    /// The reason for which it was left out.
    pub reason: Skip,
}

/// A numbered link in a credit's hash chain: `event_hash = sha256(event_hash | record)`, the record in Borsh.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct CreditRecord {
    /// The credit.
    pub credit: Pubkey,
    /// Number of the record, from 0.
    pub seq: u64,
    /// The chain's Unix time.
    pub at: i64,
    /// The change.
    pub change: Change,
}

impl CreditRecord {
    /// The hash chain after this record. Errors: none in practice; Borsh's own.
    pub fn fold(&self, previous: &[u8; 32]) -> Result<[u8; 32]> {
        let mut bytes = Vec::with_capacity(192);
        self.serialize(&mut bytes)?;
        Ok(sha256(&[previous, &bytes]))
    }
}

impl Credit {
    /// Numbers a change, folds it into the hash chain and makes it ready to be emitted. Errors: more than 2^64 events.
    pub fn record(&mut self, credit: Pubkey, at: i64, change: Change) -> Result<Recorded> {
        let mut data = begin_event::<CreditChanged>(256);
        self.record_to(&mut data, credit, at, change)?;
        Ok(Recorded(data))
    }

    /// As [`Credit::record`], at the end of an event that is being written. The record is serialised once, for the chain
    /// and for the event.
    fn record_to(&mut self, event: &mut Vec<u8>, credit: Pubkey, at: i64, change: Change) -> Result<()> {
        let record = CreditRecord { credit, seq: self.event_seq, at, change };
        self.event_seq = add(self.event_seq, 1)?;
        let start = event.len();
        record.serialize(event)?;
        self.event_hash = sha256(&[&self.event_hash, event.get(start..).unwrap_or_default()]);
        Ok(())
    }
}

/// A change that is recorded in a credit and still to be emitted: a [`CreditChanged`] as bytes.
#[must_use = "every record must be emitted, or the log has a gap"]
pub struct Recorded(Vec<u8>);

impl Recorded {
    /// Emits the change.
    pub fn emit(self, event_authority: &AccountInfo) -> Result<()> {
        invoke_self(event_authority, self.0)
    }
}

/// Writes a [`ChunkMetered`] credit by credit.
pub struct ChunkLog {
    event: Vec<u8>,
    count_at: usize,
    count: u32,
    skipped: Vec<SkippedCredit>,
}

impl ChunkLog {
    /// Begins the log of a chunk, with room for about `credits` records. Errors: none in practice; Borsh's own.
    pub fn new(provider: Pubkey, epoch: u32, chunk: u32, credits: usize) -> Result<ChunkLog> {
        let mut event = begin_event::<ChunkMetered>(credits.saturating_mul(136).saturating_add(128));
        (provider, epoch, chunk).serialize(&mut event)?;
        let count_at = event.len();
        0u32.serialize(&mut event)?;
        Ok(ChunkLog { event, count_at, count: 0, skipped: Vec::new() })
    }

    /// Records a change of one credit. Errors: more than 2^64 events.
    pub fn record(&mut self, credit: &mut Credit, key: Pubkey, at: i64, change: Change) -> Result<()> {
        self.count = self.count.saturating_add(1);
        credit.record_to(&mut self.event, key, at, change)
    }

    /// Notes a credit that was left out.
    pub fn skip(&mut self, credit: Pubkey, reason: Skip) {
        self.skipped.push(SkippedCredit { credit, reason });
    }

    /// Emits the event. Errors: none in practice; Borsh's own.
    pub fn emit(mut self, event_authority: &AccountInfo) -> Result<()> {
        let count = self.event.get_mut(self.count_at..).and_then(|rest| rest.first_chunk_mut::<4>());
        *count.ok_or(BlockableError::ArithmeticOverflow)? = self.count.to_le_bytes();
        self.skipped.serialize(&mut self.event)?;
        invoke_self(event_authority, self.event)
    }
}

/// Emits an event as `emit_cpi!` does, byte for byte.
#[inline(never)]
pub fn emit<E: Event + AnchorSerialize + Discriminator>(
    event_authority: &AccountInfo,
    event: E,
) -> Result<()> {
    let mut data = begin_event::<E>(384);
    event.serialize(&mut data)?;
    invoke_self(event_authority, data)
}

/// Begins the data of an event: the tag of all events and the discriminator of this one, with room for `capacity` bytes.
fn begin_event<E: Discriminator>(capacity: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(capacity);
    data.extend_from_slice(EVENT_IX_TAG_LE);
    data.extend_from_slice(E::DISCRIMINATOR);
    data
}

#[inline(never)]
fn invoke_self(event_authority: &AccountInfo, data: Vec<u8>) -> Result<()> {
    let instruction = Instruction {
        program_id: crate::ID,
        accounts: vec![AccountMeta::new_readonly(*event_authority.key, true)],
        data,
    };
    let bump = [crate::EVENT_AUTHORITY_AND_BUMP.1];
    invoke_signed(&instruction, core::slice::from_ref(event_authority), &[&[b"__event_authority", &bump]])?;
    Ok(())
}
