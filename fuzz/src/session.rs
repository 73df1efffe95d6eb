use {
    super::{
        action::{Attempt, Step},
        book::CreditBook,
        build::{Args, Call, build},
        checks::{check_rent, is_known, never_falls},
        coverage::Coverage,
        lab::{Lab, actor, cast},
        model::{Model, balance},
        ops::{Op, Role},
        verify::{Case, Snapshot},
    },
    anchor_lang::__private::bytemuck::Zeroable,
    anchor_spl::token_2022::spl_token_2022::instruction::transfer_checked,
    blockable_sdk::{
        Pubkey, addresses,
        events::Event,
        instructions::Payment,
        program::{errors::BlockableError, state::Credit, transitions::Status},
    },
    solana_sdk::{instruction::InstructionError, transaction::TransactionError},
};

/// A lab with the model of its accounts and a count of the cases reached in it.
pub struct Session {
    /// The lab.
    pub lab: Lab,
    /// The fuzzer's own state of every account.
    pub model: Model,
    /// The cases that were reached.
    pub coverage: Coverage,
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

/// The status of a credit's account; [`Status::Closed`] where there is none.
fn status_of(account: Option<&Credit>) -> Status {
    account.and_then(|credit| Status::from_byte(credit.status)).unwrap_or(Status::Closed)
}

impl Session {
    /// Starts in a fresh lab.
    pub fn new() -> Session {
        let lab = Lab::new();
        let model = Model::new(&lab);
        Session { lab, model, coverage: Coverage::default() }
    }

    /// Takes one step and checks everything it touched. Errors: the rule that was broken.
    pub fn take(&mut self, step: &Step) -> Result<(), String> {
        self.coverage.steps += 1;
        match step {
            Step::Wait(jump) => self.lab.jump(*jump),
            Step::Call(attempt) => self.attempt(attempt)?,
            Step::Donate(on, amount) => self.donate(*on, *amount)?,
            Step::FreezeVault(on) => self.freeze_vault(*on),
            Step::Probe(on, extra) => self.probe(*on, *extra)?,
        }
        Ok(())
    }

    fn attempt(&mut self, attempt: &Attempt) -> Result<(), String> {
        let Some(call) = build(&self.lab, attempt) else { return Ok(()) };
        let accepted = self.send(&call)?;
        if accepted {
            self.lab.keep(&call, attempt.on);
        }
        if accepted && attempt.twice && call.op.is_permissionless() {
            let before = self.snapshot(&call);
            // Later reports of a transaction may be a quorum of their own, once the reading of an earlier one has been applied.
            let is_open = matches!(&call.args, Args::Meter(meters) if !meters.are_of_one_time());
            if self.send(&call)? && self.snapshot(&call) != before && !is_open {
                return Err(format!("rule 6: {:?} did something the second time", call.op));
            }
        }
        Ok(())
    }

    fn snapshot(&self, call: &Call) -> Snapshot {
        let keys = call.ix.accounts.iter().map(|meta| meta.pubkey);
        let keys = keys.filter(|key| *key != cast().payer && *key != blockable_sdk::PROGRAM_ID);
        keys.map(|key| (key, self.lab.svm.get_account(&key))).collect()
    }

    /// Sends a transaction and verifies its effect. Returns true if the program accepted it. Errors: the rule that was broken.
    pub fn send(&mut self, call: &Call) -> Result<bool, String> {
        let before = self.snapshot(call);
        let read = |snapshot: &Snapshot, key: &Pubkey| {
            super::model::decode::<Credit>(snapshot.get(key).and_then(Option::as_ref))
        };
        let credits: Vec<(Pubkey, Option<Credit>)> =
            call.credits().into_iter().map(|key| (key, read(&before, &key))).collect();
        for (_, credit) in &credits {
            self.coverage.reached(call.op, status_of(credit.as_ref()));
        }
        match self.lab.send(std::slice::from_ref(&call.ix)) {
            Ok(meta) => {
                let inner = meta.inner_instructions.iter().flatten();
                let events: Vec<Event> =
                    inner.filter_map(|inner| Event::decode(&inner.instruction.data)).collect();
                self.coverage.compute = self.coverage.compute.max(meta.compute_units_consumed);
                self.coverage.accepted(call.op);
                let mut recorded = Vec::new();
                for record in events.iter().flat_map(|event| event.records()) {
                    self.model.record(record)?;
                    recorded.push(record.credit);
                }
                let after = self.snapshot(call);
                for (key, credit) in &credits {
                    let (from, to) = (status_of(credit.as_ref()), status_of(read(&after, key).as_ref()));
                    if call.op != Op::UsageMeter || recorded.contains(key) {
                        self.coverage.went_through(call.op, from);
                        let made = call.op == Op::CreditOffer && to == Status::Offered;
                        if !made && !call.op.may_lead(from, to) {
                            return Err(format!("rule 6: {:?} led from {from:?} to {to:?}", call.op));
                        }
                    }
                    never_falls(credit.as_ref(), read(&after, key).as_ref())?;
                }
                self.verify(call, &before, &after)?;
                self.track_accounts(call);
                Ok(true)
            }
            Err(failed) => {
                self.coverage.refused(call.op, &failed.err);
                let after = self.snapshot(call);
                if before != after {
                    return Err(format!("rule 8: a refused {:?} changed an account", call.op));
                }
                if !is_known(&failed.err) {
                    return Err(format!("rule 8: {:?} was refused with {:?}", call.op, failed.err));
                }
                self.must_be_refused(call, &failed.err)?;
                if call.honest {
                    let mut case = self.case(call, &after);
                    case.must_be_refused().map_err(|error| format!("{:?}: {error}", call.op))?;
                }
                Ok(false)
            }
        }
    }

    /// Rule 3: an honest repayment is never refused, and nothing honest for want of digits.
    fn must_be_refused(&self, call: &Call, error: &TransactionError) -> Result<(), String> {
        let overflow = InstructionError::Custom(BlockableError::ArithmeticOverflow.code());
        if call.honest && *error == TransactionError::InstructionError(0, overflow) {
            let state = self.model.credits.get(&call.account(Role::Credit)).map(CreditBook::describe);
            return Err(format!("rule 3: {:?} cannot be worked out: {}", call.op, state.unwrap_or_default()));
        }
        let Args::Pay(Payment { amount, read, must_cure }) = call.args else { return Ok(()) };
        let book = self.model.credits.get(&call.account(Role::Credit));
        let met = book.is_some_and(|book| book.meets(&read)) && !must_cure;
        let owed = self.model.credits.get(&call.account(Role::Credit)).is_some_and(CreditBook::is_secured);
        let funds = self.model.tokens.get(&call.account(Role::Wallet)).copied().unwrap_or(0);
        // Nothing can be paid into a vault that the mint's issuer has frozen.
        let is_open = !self.model.frozen_vaults.contains(&call.account(Role::Vault));
        if call.honest && met && owed && is_open && amount > 0 && funds > 0 {
            let mut book = self.model.credits[&call.account(Role::Credit)].clone();
            let market = &self.model.markets[&call.account(Role::Market)];
            book.accrue(market.time(self.lab.now.into()));
            if funds >= book.debt().min(amount.into()) {
                return Err(format!("rule 3: a repayment was refused: {}", book.describe()));
            }
        }
        Ok(())
    }

    /// The case of a transaction, with the accounts after it.
    fn case<'a>(&'a mut self, call: &'a Call, after: &'a Snapshot) -> Case<'a> {
        let now = i128::from(self.lab.now);
        let empty = || super::book::MarketBook::read(&Zeroable::zeroed());
        let market = self.model.markets.get(&call.account(Role::Market)).cloned().unwrap_or_else(empty);
        Case {
            slot: self.lab.slot(),
            time: market.time(now),
            model: &mut self.model,
            call,
            after,
            now,
            market,
            created: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn verify(&mut self, call: &Call, before: &Snapshot, after: &Snapshot) -> Result<(), String> {
        let mut case = self.case(call, after);
        case.verify().map_err(|error| format!("{:?}: {error}", call.op))?;
        let (created, removed) = (case.created, case.removed);
        let wrong = |error: String| format!("{:?}: {error}", call.op);
        check_rent(before, after, &created, &removed).map_err(wrong)?;
        for (key, account) in after {
            self.model.compare(key, account.as_ref()).map_err(wrong)?;
        }
        if let Some(credit) = call.credits().first() {
            self.model.check_vault(credit).map_err(wrong)?;
        }
        let tokens = |snapshot: &Snapshot| -> i128 {
            snapshot.values().filter_map(|account| balance(account.as_ref())).sum()
        };
        if tokens(before) != tokens(after) {
            return Err(format!("rule 7: {:?} made or lost tokens", call.op));
        }
        Ok(())
    }

    /// Takes note of the accounts that a transaction made or removed.
    fn track_accounts(&mut self, call: &Call) {
        self.lab.track(call);
        let closed = call.account(Role::Credit);
        if matches!(call.op, Op::CreditClose | Op::CreditCancelOffer)
            && !self.model.credits.contains_key(&closed)
        {
            self.model.logs.remove(&closed);
        }
    }

    fn donate(&mut self, on: u8, amount: u64) -> Result<(), String> {
        let (market, credit) = self.lab.address(on);
        let (keys, vault) = (self.lab.markets[market], addresses::vault(&credit));
        let from = keys.token_account(&actor(12));
        let is_open = self.model.tokens.contains_key(&vault) && !self.model.frozen_vaults.contains(&vault);
        if !is_open || self.model.tokens[&from] < i128::from(amount) {
            return Ok(());
        }
        let (program, mint, owner) = (&keys.token_program, &keys.mint, actor(12));
        let ix = transfer_checked(program, &from, mint, &vault, &owner, &[], amount, 6);
        self.lab
            .send(&[ix.map_err(|error| error.to_string())?])
            .map_err(|failed| format!("{:?}", failed.err))?;
        *self.model.tokens.entry(from).or_default() -= i128::from(amount);
        *self.model.tokens.entry(vault).or_default() += i128::from(amount);
        Ok(())
    }
}
