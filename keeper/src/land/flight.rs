//! The transactions whose end is not known, in memory; the journal has the same on the disk.

use {
    crate::plan::{IntentId, Kind, Role},
    blockable_sdk::{Pubkey, Signature, VersionedTransaction},
    std::{
        collections::{HashMap, HashSet},
        time::Instant,
    },
};

/// An intent that a transaction carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The intent.
    pub id: IntentId,
    /// Its kind.
    pub kind: Kind,
    /// The credit or provider it concerns.
    pub subject: Pubkey,
    /// Its lane.
    pub lane: String,
}

/// A transaction that was written down, and may have been sent.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Its signature.
    pub signature: Signature,
    /// The transaction.
    pub transaction: VersionedTransaction,
    /// Who pays.
    pub role: Role,
    /// The last block it can land in.
    pub last_valid_height: u64,
    /// What it costs where it lands, in lamports.
    pub lamports: u64,
    /// Compute units that it took in the simulation.
    pub compute_units: u64,
    /// The accounts that it locks for writing, but for the payer.
    pub writes: Vec<Pubkey>,
    /// What it carries.
    pub carried: Vec<Carried>,
    /// When it was written down, in Unix seconds.
    pub written_at: i64,
    /// The slot that was known then.
    pub from_slot: u64,
    /// When it was signed, `None` where another process has.
    pub signed: Option<Instant>,
    /// When it was last sent, `None` where this process has not.
    pub sent: Option<Instant>,
    /// Since when its last valid block has passed, as far as this process has seen.
    pub expired_since: Option<Instant>,
}

/// All of them, and where those of late have landed.
#[derive(Default)]
pub struct Flights {
    open: HashMap<Signature, Flight>,
    /// The slot in which an account was last changed by one of them.
    landed: HashMap<Pubkey, u64>,
}

impl Flights {
    /// Adds one.
    pub fn add(&mut self, flight: Flight) {
        self.open.insert(flight.signature, flight);
    }

    /// Takes one out that has ended; `slot` is that of its block, where it is in one.
    pub fn end(&mut self, signature: &Signature, slot: Option<u64>) {
        let Some(flight) = self.open.remove(signature) else { return };
        let Some(slot) = slot else { return };
        for account in flight.writes {
            let last = self.landed.entry(account).or_default();
            *last = slot.max(*last);
        }
    }

    /// One of them.
    pub fn get_mut(&mut self, signature: &Signature) -> Option<&mut Flight> {
        self.open.get_mut(signature)
    }

    /// A copy of all, oldest first.
    pub fn all(&self) -> Vec<Flight> {
        let mut all: Vec<Flight> = self.open.values().cloned().collect();
        all.sort_by_key(|flight| (flight.written_at, flight.signature));
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// How many one key pays for.
    pub fn paid_by(&self, role: Role) -> usize {
        self.open.values().filter(|flight| flight.role == role).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The credits that what is planned on the state of a slot must not touch: those that transactions in flight may change,
    /// and those that have been changed since, for which the same would be planned once more.
    pub fn busy(&mut self, slot: u64) -> HashSet<Pubkey> {
        self.landed.retain(|_, landed| *landed > slot);
        let open = self.open.values().flat_map(|flight| flight.writes.iter());
        open.chain(self.landed.keys()).copied().collect()
    }
}

/// The accounts that a transaction locks for writing, but for the payer.
pub fn writes(transaction: &VersionedTransaction) -> Vec<Pubkey> {
    let keys = transaction.message.static_account_keys();
    let writable = keys.iter().enumerate().skip(1).filter(|(place, _)| {
        transaction.message.is_maybe_writable_with_reserved_addresses(*place, None::<&HashSet<Pubkey>>)
    });
    writable.map(|(_, key)| *key).collect()
}

#[cfg(test)]
mod tests {
    use {super::*, crate::land::tests::flight};

    #[test]
    fn a_credit_is_busy_until_the_state_is_read_that_its_transaction_has_left() {
        let mut flights = Flights::default();
        let (first, second) = (flight(1), flight(2));
        let credit = |flight: &Flight| flight.writes[0];
        flights.add(first.clone());
        flights.add(second.clone());
        assert_eq!(flights.busy(100), HashSet::from([credit(&first), credit(&second)]));
        flights.end(&first.signature, Some(105));
        flights.end(&second.signature, None);
        assert_eq!(flights.busy(100), HashSet::from([credit(&first)]), "the state is from before it landed");
        assert_eq!(flights.busy(104), HashSet::from([credit(&first)]));
        assert!(flights.busy(105).is_empty(), "the state has what it has done");
        assert!(flights.is_empty());
    }
}
