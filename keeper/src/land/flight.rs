//! Transactions whose end is not known, in memory; the journal has the same on the disk.

use {
    crate::plan::{Intent, IntentId, Kind, Role},
    blockable_sdk::{
        Pubkey, Signature, VersionedTransaction,
        amounts::{ChainTime, Lamports},
    },
    std::{
        collections::{HashMap, HashSet},
        time::Instant,
    },
};

/// An intent that a transaction carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The intent.
    pub id: IntentId,
    /// The kind of the intent.
    pub kind: Kind,
    /// The credit or provider that it concerns.
    pub subject: Pubkey,
    /// The lane that its failures count against.
    pub lane: String,
}

impl Carried {
    /// The record of an intent in its transaction.
    pub(crate) fn from_intent(intent: &Intent) -> Carried {
        Carried { id: intent.id, kind: intent.kind(), subject: intent.subject(), lane: intent.lane() }
    }
}

/// A transaction that was written down, and may have been sent.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// The signature of the payer, which names the transaction.
    pub signature: Signature,
    /// The transaction.
    pub transaction: VersionedTransaction,
    /// The role whose key pays.
    pub role: Role,
    /// The last block it can land in.
    pub last_valid_height: u64,
    /// Cost where it reaches a block.
    pub lamports: Lamports,
    /// Compute units that it took in its simulation.
    pub compute_units: u64,
    /// The accounts that it locks for writing, without the payer.
    pub writes: Vec<Pubkey>,
    /// The intents that it carries, in order.
    pub carried: Vec<Carried>,
    /// Time at which it was written down.
    pub written_at: ChainTime,
    /// The slot on whose state its intents were planned.
    pub from_slot: u64,
    /// The moment of its signing, `None` where an earlier process signed it.
    pub signed: Option<Instant>,
    /// The moment of its last sending, `None` where this process has not sent it.
    pub sent: Option<Instant>,
    /// The moment at which this process first saw that its last valid block has passed.
    pub expired_since: Option<Instant>,
}

/// A signed transaction on its way into the store, with the intents it carries.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The transaction.
    pub flight: Flight,
    /// Its intents, in order.
    pub intents: Vec<Intent>,
}

/// The transactions in flight, and the slots in which recent ones landed. Holds nothing that the store does not have, but for
/// those slots: after a restart an intent may be planned once more on a state from before its transaction landed, and its
/// simulation finds that nothing is left to do.
#[derive(Default)]
pub(crate) struct Flights {
    open: HashMap<Signature, Flight>,
    /// The slot in which one of them last changed an account.
    landed: HashMap<Pubkey, u64>,
}

impl Flights {
    /// Adds a transaction that is written down.
    pub(crate) fn add(&mut self, flight: Flight) {
        self.open.insert(flight.signature, flight);
    }

    /// Removes a transaction whose end is recorded; `slot` is that of its block, where it is in one.
    pub(crate) fn remove(&mut self, signature: &Signature, slot: Option<u64>) {
        let Some(flight) = self.open.remove(signature) else { return };
        let Some(slot) = slot else { return };
        for account in flight.writes {
            let last = self.landed.entry(account).or_default();
            *last = slot.max(*last);
        }
    }

    /// Notes that a transaction was sent now.
    pub(crate) fn note_sent(&mut self, signature: &Signature) {
        if let Some(flight) = self.open.get_mut(signature) {
            flight.sent = Some(Instant::now());
        }
    }

    /// Notes that a transaction's last valid block has passed. Returns the moment at which that was first noted.
    pub(crate) fn note_expired(&mut self, signature: &Signature) -> Instant {
        let now = Instant::now();
        match self.open.get_mut(signature) {
            Some(flight) => *flight.expired_since.get_or_insert(now),
            None => now,
        }
    }

    /// Copies all of them, oldest first.
    pub(crate) fn to_vec(&self) -> Vec<Flight> {
        let mut all: Vec<Flight> = self.open.values().cloned().collect();
        all.sort_by_key(|flight| (flight.written_at, flight.signature));
        all
    }

    /// Counts them.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Counts those that one key pays for.
    pub(crate) fn paid_by(&self, role: Role) -> usize {
        self.open.values().filter(|flight| flight.role == role).count()
    }

    /// Collects the accounts that intents planned on the state of a slot must not touch: those that transactions in flight may
    /// change, and those that were changed after that slot, on which the same would be done twice. Forgets the landings that the
    /// state has.
    pub(crate) fn busy(&mut self, slot: u64) -> HashSet<Pubkey> {
        self.landed.retain(|_, landed| *landed > slot);
        let open = self.open.values().flat_map(|flight| flight.writes.iter());
        open.chain(self.landed.keys()).copied().collect()
    }
}

/// Collects the accounts that a transaction locks for writing, without the payer.
pub(crate) fn writes(transaction: &VersionedTransaction) -> Vec<Pubkey> {
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
        flights.remove(&first.signature, Some(105));
        flights.remove(&second.signature, None);
        assert_eq!(flights.busy(100), HashSet::from([credit(&first)]), "the state is from before it landed");
        assert_eq!(flights.busy(104), HashSet::from([credit(&first)]));
        assert!(flights.busy(105).is_empty(), "the state has what it has done");
        assert_eq!(flights.len(), 0);
    }
}
