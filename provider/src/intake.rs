//! Bounds on signed freezes and sign-ins. They need no API key, so anyone may send one.

use {
    crate::config::FreezeSettings,
    blockable_sdk::{Pubkey, Signature},
    blockable_service::{buckets::Buckets, http::ClientNetwork},
    std::time::Instant,
    tokio::sync::{Semaphore, SemaphorePermit},
};

/// Part of all that may come from one network, or from one signer: one of them shuts out no other.
const SHARE: f64 = 0.25;
/// Times that a lender or borrower of a credit may come although all of the places are taken, together and per second: those of others
/// shut out nobody whom the chain names.
const RESERVE: (f64, f64) = (1.0, 0.1);
/// Times that one signature may come together, and per second: whoever has seen a signed freeze can send it again.
const SIGNATURE: (f64, f64) = (3.0, 0.1);

/// Bounds freezes, or sign-ins, in two steps: first by the network they come from, then, once their signature is verified, by the key
/// that signed. Only the second step leads to the node and the store, so that nobody without such a key takes their places.
pub(crate) struct Intake {
    networks: Buckets<ClientNetwork>,
    signatures: Buckets<Signature>,
    signers: Buckets<Pubkey>,
    all: Buckets<()>,
    at_once: Semaphore,
    /// The reserve of each whom the chain names as a party of a credit, and the places for those who use theirs.
    reserves: Buckets<Pubkey>,
    reserved_at_once: Semaphore,
}

impl Intake {
    /// Starts with full buckets.
    pub(crate) fn new(settings: &FreezeSettings) -> Intake {
        let (burst, per_second) = (f64::from(settings.burst), f64::from(settings.per_second));
        Intake {
            networks: Buckets::new(burst * SHARE, per_second * SHARE),
            signatures: Buckets::new(SIGNATURE.0, SIGNATURE.1),
            signers: Buckets::new(burst * SHARE, per_second * SHARE),
            all: Buckets::new(burst, per_second),
            at_once: Semaphore::new(settings.at_once),
            reserves: Buckets::new(RESERVE.0, RESERVE.1),
            reserved_at_once: Semaphore::new(settings.at_once),
        }
    }

    /// True where one more of a network may be read.
    pub(crate) fn admit(&self, network: ClientNetwork) -> bool {
        self.networks.take(network, Instant::now())
    }

    /// Begins the work on one whose signature and signer were verified; it lasts until the permit is dropped. A signer that the chain
    /// names as a party of the credit has a reserve. `None` where it must wait.
    pub(crate) fn enter(
        &self,
        signature: Signature,
        signer: Pubkey,
        is_party: bool,
    ) -> Option<SemaphorePermit<'_>> {
        self.enter_at((signature, signer, is_party), Instant::now())
    }

    /// Whoever is refused by one bound has used up nothing of the others. The locks are always taken in this order.
    fn enter_at(
        &self,
        (signature, signer, is_party): (Signature, Pubkey, bool),
        now: Instant,
    ) -> Option<SemaphorePermit<'_>> {
        let signature = self.signatures.find(signature, now)?;
        let share = self.signers.find(signer, now)?;
        let permit = self.enter_among_all(now).or_else(|| self.enter_by_reserve(signer, is_party, now))?;
        signature.take();
        share.take();
        Some(permit)
    }

    fn enter_among_all(&self, now: Instant) -> Option<SemaphorePermit<'_>> {
        let all = self.all.find((), now)?;
        let permit = self.at_once.try_acquire().ok()?;
        all.take();
        Some(permit)
    }

    fn enter_by_reserve(&self, signer: Pubkey, is_party: bool, now: Instant) -> Option<SemaphorePermit<'_>> {
        let reserve = self.reserves.find(signer, now).filter(|_| is_party)?;
        let permit = self.reserved_at_once.try_acquire().ok()?;
        reserve.take();
        Some(permit)
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::time::Duration};

    fn network(last: u8) -> ClientNetwork {
        ClientNetwork::new([10, 0, 0, last].into())
    }

    #[test]
    fn no_network_signer_or_signature_takes_the_places_of_others() {
        let intake = Intake::new(&FreezeSettings { at_once: 64, per_second: 1, burst: 40 });
        let admitted = |last| (0..100).filter(|_| intake.admit(network(last))).count();
        assert_eq!((admitted(1), admitted(2)), (10, 10));
        let (signer, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let entered = |signer, signature: &dyn Fn() -> Signature| {
            (0..100).filter(|_| intake.enter(signature(), signer, false).is_some()).count()
        };
        assert_eq!(entered(signer, &|| Signature::from([7; 64])), 3, "one that others have seen");
        assert_eq!(entered(signer, &Signature::new_unique), 7);
        assert_eq!(entered(other, &Signature::new_unique), 10);
        let rest: usize = (0..9).map(|_| entered(Pubkey::new_unique(), &Signature::new_unique)).sum();
        assert_eq!(rest, 20, "all of them together have a bound");
    }

    #[test]
    fn who_is_refused_by_one_bound_uses_up_no_other() {
        let now = Instant::now();
        let (lender, second) =
            ((Signature::from([7; 64]), Pubkey::new_unique(), false), Duration::from_secs(1));
        let another = || (Signature::new_unique(), Pubkey::new_unique(), false);
        let intake = Intake::new(&FreezeSettings { at_once: 64, per_second: 1, burst: 4 });
        assert!((0..4).all(|_| intake.enter_at(another(), now).is_some()));
        assert!((0..50).all(|_| intake.enter_at(lender, now).is_none()), "all are used up");
        assert!(intake.enter_at(lender, now + second).is_some(), "the next one that there is room for");

        let intake = Intake::new(&FreezeSettings { at_once: 1, per_second: 1, burst: 4 });
        let busy = intake.enter_at(another(), now);
        assert!(busy.is_some() && (0..50).all(|_| intake.enter_at(lender, now).is_none()));
        drop(busy);
        assert!(intake.enter_at(lender, now).is_some());
    }

    #[test]
    fn signers_who_take_all_places_shut_out_no_lender_of_a_credit() {
        let now = Instant::now();
        let order = |signer, is_party| (Signature::new_unique(), signer, is_party);
        let intake = Intake::new(&FreezeSettings { at_once: 4, per_second: 1, burst: 16 });
        let greedy: [Pubkey; 4] = std::array::from_fn(|_| Pubkey::new_unique());
        for signer in greedy {
            assert!((0..4).all(|_| intake.enter_at(order(signer, true), now).is_some()));
        }
        let (lender, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        assert!(intake.enter_at(order(other, false), now).is_none(), "all are used up");
        let permit = intake.enter_at(order(lender, true), now);
        assert!(permit.is_some() && intake.enter_at(order(lender, true), now).is_none(), "once in a while");

        let busy = Intake::new(&FreezeSettings { at_once: 1, per_second: 1, burst: 16 });
        let _first = busy.enter_at(order(other, false), now).unwrap();
        assert!(busy.enter_at(order(greedy[0], false), now).is_none(), "no place");
        assert!(busy.enter_at(order(lender, true), now).is_some());
    }
}
