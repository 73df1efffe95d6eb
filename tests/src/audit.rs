use {
    crate::{World, world::Snapshot},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        addresses,
        events::{CreditRecord, verify_log},
        program::state::{Credit, Provider},
    },
    solana_sdk::account::Account,
};

/// What must hold after every transaction, whatever it did.
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
        for (address, old) in before {
            if let Some(credit) = decode::<Credit>(&self.svm.get_account(address)) {
                self.audit_credit(address, &credit);
                if let Some(old) = decode::<Credit>(old) {
                    audit_counters(&old, &credit);
                }
            }
            if let Some(provider) = decode::<Provider>(&self.svm.get_account(address)) {
                assert!(provider.outstanding_units <= provider.capacity_units, "units are pledged twice");
            }
        }
    }

    #[track_caller]
    fn audit_credit(&self, address: &Pubkey, credit: &Credit) {
        let units = &credit.collateral;
        let spent = units.consumed + units.seized + units.expired;
        assert_eq!(units.granted, spent + units.remaining(), "units are lost: {units:?}");
        assert!(units.frozen <= units.lien() && units.lien() <= units.remaining(), "{units:?}");
        assert!(credit.meter.settlement_left <= units.frozen, "{:?}: {units:?}", credit.meter);

        let status = credit.status().expect("a known status");
        assert_eq!(credit.blockable, u8::from(status.is_secured()));
        assert_eq!(credit.debt.total() > 0, status.is_secured(), "{status:?}: {:?}", credit.debt);

        let vault = self.balance(&addresses::vault(address));
        assert!(vault >= credit.owed_from_vault().expect("claims add up"), "the vault is short");

        let log = self.log(address);
        assert_eq!(log.len() as u64, credit.event_seq);
        assert_eq!(verify_log(address, &log, &credit.event_hash), Ok(()));
        assert!(log.windows(2).all(|pair| pair[0].at <= pair[1].at), "the log runs backwards");
    }
}

#[track_caller]
fn audit_counters(old: &Credit, new: &Credit) {
    assert!(old.collateral.released <= new.collateral.released, "a release was taken back");
    assert!(old.collateral.consumed <= new.collateral.consumed, "consumption was taken back");
    assert!(old.meter.overrun <= new.meter.overrun, "overrun was taken back");
    assert!(old.principal_repaid <= new.principal_repaid, "a repayment was taken back");
}

fn decode<T: BlockableAccount>(account: &Option<Account>) -> Option<T> {
    let account = account.as_ref().filter(|account| account.owner == PROGRAM_ID)?;
    T::decode(&account.data).ok()
}
