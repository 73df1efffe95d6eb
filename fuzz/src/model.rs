use {
    super::{
        book::{CreditBook, LotBook, MarketBook, ProviderBook},
        lab::{Lab, cast},
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        addresses,
        events::{CreditRecord, verify_log},
        program::{
            state::{Credit, Lot, Market, Provider},
            transitions::Status,
        },
        tokens,
    },
    solana_sdk::account::Account,
    std::collections::{BTreeMap, BTreeSet},
};

/// The fuzzer's own state of every account, advanced by its own arithmetic alone.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Markets by address.
    pub markets: BTreeMap<Pubkey, MarketBook>,
    /// Providers by address.
    pub providers: BTreeMap<Pubkey, ProviderBook>,
    /// Credits by address.
    pub credits: BTreeMap<Pubkey, CreditBook>,
    /// Open lots by address.
    pub lots: BTreeMap<Pubkey, LotBook>,
    /// Balances of token accounts by address.
    pub tokens: BTreeMap<Pubkey, i128>,
    /// Vaults that the mint's issuer has frozen.
    pub frozen_vaults: BTreeSet<Pubkey>,
    /// Every record of the credits that live, and the hash they lead to.
    pub logs: BTreeMap<Pubkey, ([u8; 32], Vec<CreditRecord>)>,
}

/// Reads an account of the program; `None` where it is none of that type.
pub fn decode<T: BlockableAccount>(account: Option<&Account>) -> Option<T> {
    let account = account.filter(|account| account.owner == PROGRAM_ID)?;
    T::decode(&account.data).ok()
}

impl Model {
    /// The model of a fresh lab.
    pub fn new(lab: &Lab) -> Model {
        let mut model = Model::default();
        for keys in &lab.markets {
            let market: Market = lab.read(&keys.market).expect("markets stay");
            model.markets.insert(keys.market, MarketBook::read(&market));
            for actor in &cast().actors {
                let wallet = keys.token_account(actor);
                model.tokens.insert(wallet, balance(lab.svm.get_account(&wallet).as_ref()).unwrap_or(0));
            }
        }
        for (_, key) in &lab.providers {
            let provider: Provider = lab.read(key).expect("providers stay");
            model.providers.insert(*key, ProviderBook::read(&provider));
        }
        model
    }

    /// Compares an account with the model's copy of it. Errors: the first difference.
    pub fn compare(&self, key: &Pubkey, account: Option<&Account>) -> Result<(), String> {
        self.compare_one(key, account).map_err(|error| format!("{key}: {error}"))
    }

    fn compare_one(&self, key: &Pubkey, account: Option<&Account>) -> Result<(), String> {
        let same = |difference: Option<String>| difference.map_or(Ok(()), Err);
        if let Some(book) = self.credits.get(key) {
            let credit = decode::<Credit>(account).ok_or("the credit is gone")?;
            same(book.difference(&CreditBook::read(&credit)))?;
            self.check_credit(key, &credit)
        } else if let Some(book) = self.lots.get(key) {
            let lot = decode::<Lot>(account).ok_or("the lot is gone")?;
            same(book.difference(&LotBook::read(&lot)))
        } else if let Some(book) = self.providers.get(key) {
            let provider = decode::<Provider>(account).ok_or("the provider is gone")?;
            same(book.difference(&ProviderBook::read(&provider)))?;
            self.check_provider(key, &provider)
        } else if let Some(book) = self.markets.get(key) {
            let market = decode::<Market>(account).ok_or("the market is gone")?;
            same(book.difference(&MarketBook::read(&market)))
        } else if let Some(expected) = self.tokens.get(key) {
            match balance(account) {
                Some(found) if found == *expected => Ok(()),
                found => Err(format!("the balance should be {expected}, is {found:?}")),
            }
        } else if account.is_some_and(|account| account.owner == PROGRAM_ID && !account.executable) {
            Err("an account of the program that nothing has created".into())
        } else {
            Ok(())
        }
    }

    /// Requires what must hold of every credit in any state.
    fn check_credit(&self, key: &Pubkey, credit: &Credit) -> Result<(), String> {
        let book = CreditBook::read(credit);
        let holds = |holds: bool, rule: &str| if holds { Ok(()) } else { Err(format!("{rule}: {book:?}")) };
        let spent = book.consumed + book.seized + book.expired + book.cancelled;
        holds(spent <= book.granted, "rule 1: more units are gone than were granted")?;
        holds(
            book.held() <= book.lien() && book.lien() <= book.remaining(),
            "rule 2: locked + frozen <= lien <= remaining",
        )?;
        let ahead = book.granted - book.locked_at_issue;
        holds(book.consumed + book.in_flight <= book.released + ahead, "rule 14: use is beyond the lock")?;
        holds(book.promised + book.lapsed <= book.in_flight, "more is promised than jobs hold")?;
        holds(book.in_flight <= book.remaining(), "jobs hold more than there is")?;
        let secured = book.status().is_some_and(|status| status.is_secured());
        holds(book.blockable == i128::from(secured), "the flag of a lien contradicts the status")?;
        holds((book.debt() > 0) == secured, "a debt stands where none can, or none where one must")?;
        check_holdback(&book, secured)?;
        let log = self.logs.get(key).ok_or("no events of the credit were seen")?;
        holds(log.0 == credit.event_hash, "the events do not hash to the account's")?;
        holds(log.1.len() as u64 == credit.event_seq, "an event is missing")
    }

    fn check_provider(&self, key: &Pubkey, provider: &Provider) -> Result<(), String> {
        let credits = self.credits.values().filter(|credit| credit.provider == *key);
        let lots = self.lots.values().filter(|lot| lot.provider == *key);
        let units: i128 = credits.map(|credit| credit.granted - credit.seized - credit.cancelled).sum();
        let unsold: i128 = lots.map(|lot| lot.units_left).sum();
        let outstanding = i128::from(provider.outstanding_units);
        if units + unsold != outstanding {
            return Err(format!("rule 1: outstanding is {outstanding}, but {units} + {unsold} are"));
        }
        if provider.outstanding_units > provider.capacity_units {
            return Err(format!("rule 1: {outstanding} are outstanding beyond the capacity"));
        }
        Ok(())
    }

    /// Requires each vault to cover what is owed from it.
    pub fn check_vault(&self, credit: &Pubkey) -> Result<(), String> {
        let Some(book) = self.credits.get(credit) else { return Ok(()) };
        let held = self.tokens.get(&addresses::vault(credit)).copied().unwrap_or(0);
        if held >= book.owed_from_vault() {
            return Ok(());
        }
        Err(format!("rule 7: the vault of {credit} holds {held} and owes {}", book.owed_from_vault()))
    }

    /// Compares everything with the chain, and replays every log. Errors: what is different.
    pub fn sweep(&self, lab: &Lab) -> Result<(), String> {
        let keys = self.credits.keys().chain(self.lots.keys()).chain(self.providers.keys());
        for key in keys.chain(self.markets.keys()).chain(self.tokens.keys()) {
            self.compare(key, lab.svm.get_account(key).as_ref())?;
        }
        for (key, (hash, log)) in self.logs.iter().filter(|(key, _)| self.credits.contains_key(key)) {
            verify_log(key, log, hash).map_err(|error| format!("{key}: {error}"))?;
            self.check_vault(key)?;
        }
        Ok(())
    }

    /// Takes a credit's event into its log. Errors: it does not follow the one before.
    pub fn record(&mut self, record: &CreditRecord) -> Result<(), String> {
        let log = self.logs.entry(record.credit).or_default();
        if record.seq == 0 {
            *log = Default::default();
        }
        if record.seq != log.1.len() as u64 {
            return Err(format!("event {} of {} comes after {}", record.seq, record.credit, log.1.len()));
        }
        log.0 = record.fold(&log.0).map_err(|error| error.to_string())?;
        log.1.push(record.clone());
        Ok(())
    }
}

/// Requires what must hold of every holdback.
fn check_holdback(book: &CreditBook, secured: bool) -> Result<(), String> {
    let holds = |holds: bool, rule: &str| if holds { Ok(()) } else { Err(format!("{rule}: {book:?}")) };
    holds(secured || book.holdback == 0, "money is held back where nothing is owed")?;
    holds(book.covered() <= book.locked(), "more is covered than is locked")?;
    if !secured {
        return Ok(());
    }
    let scheduled: i128 = book.principal_due.iter().map(|due| i128::from(*due)).sum();
    let left = scheduled + book.capitalised - book.schedule_paid;
    holds(left == book.principal, "the instalments left are not the principal")?;
    let before_seizure = book.status() != Some(Status::Seizing) && book.expired == 0;
    let most = book.holdback + book.price_ahead();
    holds(
        !before_seizure || !book.is_sealed() || book.principal <= most,
        "rule 15: more is owed than is held back and ahead",
    )
}

/// The balance of a token account.
pub fn balance(account: Option<&Account>) -> Option<i128> {
    let programs = [tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM];
    let account = account.filter(|account| programs.contains(&account.owner))?;
    tokens::balance(&account.data).map(i128::from)
}
