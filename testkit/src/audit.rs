use {
    crate::{World, world::Snapshot},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        addresses,
        audit::{Origin, Pauses, Replay},
        events::{Change, CreditRecord, Event, verify_log},
        program::{
            state::{Credit, Lot, Market, Provider},
            transitions::Status,
        },
    },
    solana_sdk::account::Account,
};

/// Checks of what must hold after every transaction.
impl World {
    /// A credit's events so far, from its latest offer on: a cancelled offer's address can be used again.
    pub fn log(&self, credit: &Pubkey) -> Vec<CreditRecord> {
        let records = self.events.iter().flat_map(|event| event.records());
        let log: Vec<_> = records.filter(|record| record.credit == *credit).cloned().collect();
        let start = log.iter().rposition(|record| record.seq == 0).unwrap_or(0);
        log[start..].to_vec()
    }

    /// Checks every account of the program that a transaction named, against what it was before.
    #[track_caller]
    pub(crate) fn audit(&self, before: &Snapshot) {
        let now: Snapshot = before.keys().map(|key| (*key, self.svm.get_account(key))).collect();
        assert_eq!(units_not_owed_for(before), units_not_owed_for(&now), "a provider owes more or less");
        for (address, account) in &now {
            let old = decode::<Credit>(&before[address]);
            match (decode::<Credit>(account), old) {
                (Some(credit), old) => self.audit_credit(address, &credit, old.as_ref()),
                (None, Some(old)) => self.audit_removal(address, &old),
                (None, None) => {}
            }
            if let Some(provider) = decode::<Provider>(account) {
                assert!(provider.outstanding_units <= provider.capacity_units, "units are pledged twice");
                let old = decode::<Provider>(&before[address]).map_or(0, |old| old.closed_overrun);
                assert!(old <= provider.closed_overrun, "overrun was taken back");
            }
        }
    }

    #[track_caller]
    fn audit_credit(&self, address: &Pubkey, credit: &Credit, old: Option<&Credit>) {
        let units = &credit.collateral;
        let spent = units.consumed + units.seized + units.expired + units.cancelled;
        assert_eq!(units.granted, spent + units.remaining(), "units are lost: {units:?}");
        assert!(units.held() <= units.lien() && units.lien() <= units.remaining(), "{units:?}");
        let ahead = units.granted - units.locked_at_issue;
        assert!(
            units.consumed + credit.meter.in_flight <= units.released + ahead,
            "used beyond the lock: {units:?}"
        );
        let meter = &credit.meter;
        assert!(meter.promised + meter.lapsed <= meter.in_flight, "{meter:?}: {units:?}");
        assert!(meter.in_flight <= units.remaining(), "{meter:?}: {units:?}");

        let status = credit.status().expect("a known status");
        assert_eq!(credit.blockable, u8::from(status.is_secured()));
        assert_eq!(credit.debt.total() > 0, status.is_secured(), "{status:?}: {:?}", credit.debt);
        if status.is_secured() {
            let due = credit.principal_due.iter().sum::<u64>() + credit.capitalised;
            assert_eq!(
                due,
                credit.debt.principal + credit.debt.schedule_paid,
                "the schedule leaves some out"
            );
        }
        self.audit_vault(address, credit, status);
        audit_holdback(credit, status);
        self.audit_log(address, credit, old);
        if let Some(old) = old {
            audit_counters(old, credit);
            self.audit_opening(address, old, credit);
        }
    }

    /// While something is owed, nothing opens units but a payment and what is listed here: no cancel, seizure, sale or closed lot.
    #[track_caller]
    fn audit_opening(&self, address: &Pubkey, old: &Credit, new: &Credit) {
        if new.debt.total() == 0 || new.collateral.available() <= old.collateral.available() {
            return;
        }
        let log = self.log(address);
        let mut changes =
            log.iter().filter(|record| record.seq >= old.event_seq).map(|record| &record.change);
        let opens = |change: &Change| {
            matches!(
                change,
                Change::Issued { .. }
                    | Change::Paid { .. }
                    | Change::Thawed { .. }
                    | Change::ReserveFunded { .. }
                    | Change::Restructured { .. }
                    | Change::NoticeWithdrawn
            )
        };
        assert!(changes.any(opens), "units were opened without a payment: {:?}", new.collateral);
    }

    /// The vault covers the claims and the reserve, for as long as there is one.
    #[track_caller]
    fn audit_vault(&self, address: &Pubkey, credit: &Credit, status: Status) {
        let vault = addresses::vault(address);
        let owed = credit.owed_from_vault().expect("claims add up");
        assert!(self.balance(&vault) >= owed, "the vault is short");
        let has_vault = !credit.is_unrestricted() && credit.vault_closed == 0;
        assert_eq!(self.lamports(&vault) > 0, has_vault, "{status:?}");
        assert!(credit.reserve_held <= credit.rider.reserve, "the reserve holds more than was agreed");
        assert!(credit.reserve_held == 0 || status.is_secured() || status == Status::Accepted, "{status:?}");
    }

    /// The log hashes to the account's event hash. Of an account from elsewhere the world knows only the end of the log: that
    /// continues the hash it came with.
    #[track_caller]
    fn audit_log(&self, address: &Pubkey, credit: &Credit, old: Option<&Credit>) {
        let log = self.log(address);
        assert!(log.windows(2).all(|pair| pair[0].at <= pair[1].at), "the log runs backwards");
        if log.first().is_some_and(|record| record.seq == 0) {
            assert_eq!(log.len() as u64, credit.event_seq);
            assert_eq!(verify_log(address, &log, &credit.event_hash), Ok(()));
            self.audit_replay(address, credit, old, &log);
        } else {
            let old = old.expect("a credit begins with its first event");
            assert_eq!(continued(old, &log), (credit.event_seq, credit.event_hash));
        }
    }

    /// The events alone lead to the account: each is done again by the program's own action. Of a long log that is checked now
    /// and then, since each check begins anew.
    #[track_caller]
    fn audit_replay(&self, address: &Pubkey, credit: &Credit, old: Option<&Credit>, log: &[CreditRecord]) {
        let is_unchanged = old.is_some_and(|old| old.event_seq == credit.event_seq);
        let is_written = [address, &credit.market].into_iter().any(|account| self.written.contains(account));
        if is_written || is_unchanged || (log.len() > 64 && !log.len().is_multiple_of(16)) {
            return;
        }
        let market: Market = decode(&self.svm.get_account(&credit.market)).expect("a market");
        let clock = market.clock_at(self.now()).expect("a market's clock");
        let origin = Origin::from_account(credit, log[0].at);
        let seconds = clock.seconds_paused().expect("a pause that has passed");
        let changes = self.events.iter().filter_map(|event| match event {
            Event::MarketChanged(event) if event.market == credit.market => Some(event),
            _ => None,
        });
        let pauses = Pauses::from_events(changes, clock.chain, seconds).expect("events of every pause");
        let mut replay = Replay::new(*address, origin, pauses).expect("parties of the address");
        for record in log {
            if let Err(error) = replay.apply(record) {
                panic!("{error}: {log:#?}");
            }
        }
        let differences = replay.differences(credit);
        assert!(differences.is_empty(), "{differences:#?}: {log:#?}");
    }

    /// A credit is removed by nothing but a cancelled offer and its closing, which its log ends with.
    #[track_caller]
    fn audit_removal(&self, address: &Pubkey, old: &Credit) {
        let log = self.log(address);
        let last = log.last().map(|record| &record.change);
        assert!(matches!(last, Some(Change::Cancelled { .. } | Change::Closed { .. })), "{last:?}");
        assert_eq!(self.lamports(&addresses::vault(address)), 0, "the vault was left behind");
        assert!(continued(old, &log).0 > old.event_seq, "the removal was not recorded");
    }
}

/// The holdback pays for the covered units, is worth no more than the units that payments have still to unlock, and is gone once
/// nothing is owed. A holdback of the whole lock bounds what the lender has lent beyond it, until the first seizure.
#[track_caller]
fn audit_holdback(credit: &Credit, status: Status) {
    let (units, terms, holdback) = (&credit.collateral, &credit.terms, credit.holdback());
    assert!(credit.holdback_left <= terms.holdback, "more is held back than was agreed");
    assert!(credit.holdback_left == 0 || status.is_secured(), "{status:?}: {}", credit.holdback_left);
    if credit.holdback_left == 0 {
        return;
    }
    let covered = credit.covered().expect("covered units are fewer than all");
    assert!(covered <= units.locked(), "covered units are not locked: {units:?}");
    assert!(holdback.price_floor(covered).is_ok_and(|price| price <= credit.holdback_left));
    let most = holdback.price_ceil(units.left_to_unlock());
    assert!(most.is_ok_and(|most| credit.holdback_left <= most), "what was earned is held back: {units:?}");
    let full = holdback.price_floor(units.locked_at_issue).expect("a part of the principal");
    if terms.holdback == full && status < Status::Seizing {
        let ahead = holdback.price_ceil(terms.unlocked_ahead + 1).expect("about the principal at most");
        assert!(credit.debt.principal <= credit.holdback_left + ahead, "more is lent than what is ahead");
    }
}

/// Number and hash of the log after the records that an account has not seen.
#[track_caller]
fn continued(old: &Credit, log: &[CreditRecord]) -> (u64, [u8; 32]) {
    let new = log.iter().filter(|record| record.seq >= old.event_seq);
    new.fold((old.event_seq, old.event_hash), |(seq, hash), record| {
        assert_eq!(record.seq, seq, "the log has a gap");
        (seq + 1, record.fold(&hash).expect("a record serialises"))
    })
}

/// Units in credits and lots less what their provider owes: the same before and after, since a transaction names every
/// account that it changes.
fn units_not_owed_for(accounts: &Snapshot) -> i128 {
    let units = |account| {
        let credit = decode::<Credit>(account).map(|credit| credit.collateral);
        let held = credit.map_or(0, |units| {
            i128::from(units.granted) - i128::from(units.seized) - i128::from(units.cancelled)
        });
        let lot = decode::<Lot>(account).map_or(0, |lot| i128::from(lot.units_left));
        let owed = decode::<Provider>(account).map_or(0, |provider| i128::from(provider.outstanding_units));
        held + lot - owed
    };
    accounts.values().map(units).sum()
}

#[track_caller]
fn audit_counters(old: &Credit, new: &Credit) {
    assert!(old.collateral.released <= new.collateral.released, "a release was taken back");
    assert!(old.collateral.consumed <= new.collateral.consumed, "consumption was taken back");
    assert!(old.collateral.expired <= new.collateral.expired, "expired units came back");
    assert!(old.meter.overrun <= new.meter.overrun, "overrun was taken back");
    assert!(old.principal_repaid <= new.principal_repaid, "a repayment was taken back");
    assert!(old.recovered <= new.recovered, "a recovery was taken back");
    assert_eq!((old.terms.principal, old.terms.units), (new.terms.principal, new.terms.units));
    assert_eq!((old.address_borrower(), old.provider), (new.address_borrower(), new.provider));
    let is_same =
        anchor_lang::__private::bytemuck::bytes_of(old) == anchor_lang::__private::bytemuck::bytes_of(new);
    assert_eq!(is_same, old.event_seq == new.event_seq, "a change was not recorded");
}

fn decode<T: BlockableAccount>(account: &Option<Account>) -> Option<T> {
    let account = account.as_ref().filter(|account| account.owner == PROGRAM_ID)?;
    T::decode(&account.data).ok()
}
