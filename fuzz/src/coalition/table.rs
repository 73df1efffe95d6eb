use {
    super::{
        bounds::{Frozen, SignedTerms},
        party::{Honest, Move},
        policy::{Pending, Purpose, sign},
        worth::{Position, is_own},
    },
    crate::{
        action::Attempt,
        build::{Args, Call, build},
        checks::is_known,
        lab::Lab,
        ops::{Op, Role},
    },
    blockable_sdk::{
        Pubkey,
        program::{instructions::FreezeAmount, state::Credit},
    },
    solana_sdk::instruction::Instruction,
    std::collections::BTreeMap,
};

/// Signed transactions that wait to land.
const PENDING: usize = 6;

/// A game of one honest party against everyone else.
///
/// It owns the lab, the transactions that wait to land, and the terms that bind the honest party. Terms are added as a
/// signature lands: a signature that never lands binds nobody. One thread plays a game.
pub(super) struct Table {
    pub(super) lab: Lab,
    pub(super) honest: Honest,
    /// Signed transactions, oldest first.
    pub(super) pending: Vec<Pending>,
    /// The terms that the honest party has signed, by credit and the slot of its offer.
    pub(super) signed: BTreeMap<(Pubkey, u64), SignedTerms>,
    /// The freezes of an honest lender that have landed.
    pub(super) freezes: BTreeMap<Pubkey, Frozen>,
    /// Lots by credit.
    pub(super) lots: BTreeMap<Pubkey, Vec<Pubkey>>,
    /// Transactions that landed: of the honest party, and of the others.
    pub(super) landed: [u64; 2],
    /// Transactions that landed on loans of the honest party, by the loan's status before.
    pub(super) by_status: [u64; 8],
}

/// A transaction that landed, with the positions around it.
pub(super) struct Landed<'a> {
    pub(super) call: &'a Call,
    /// The purpose of the honest party's signature; `None` for a transaction of the others.
    pub(super) purpose: Option<&'a Purpose>,
    pub(super) before: Position,
    pub(super) after: Position,
}

impl Table {
    pub(super) fn new(honest: Honest) -> Table {
        Table {
            lab: Lab::new(),
            honest,
            pending: Vec::new(),
            signed: BTreeMap::new(),
            freezes: BTreeMap::new(),
            lots: BTreeMap::new(),
            landed: [0; 2],
            by_status: [0; 8],
        }
    }

    /// Plays one move. Errors: the loss of the honest party, as text.
    pub(super) fn play(&mut self, step: &Move) -> Result<(), String> {
        match step {
            Move::Wait(jump) => self.lab.jump(*jump),
            Move::Act(attempt) => self.act(attempt)?,
            Move::Sign(on, seed) => {
                if let Some(pending) = sign(&self.lab, self.honest, *on, *seed) {
                    self.pending.push(pending);
                    let surplus = self.pending.len().saturating_sub(PENDING);
                    self.pending.drain(..surplus);
                }
            }
            Move::Land(place) => {
                if !self.pending.is_empty() {
                    let pending = self.pending.remove(usize::from(*place) % self.pending.len());
                    self.land(&pending)?;
                }
            }
        }
        Ok(())
    }

    /// The others send a transaction that no key of the honest party has to sign.
    fn act(&mut self, attempt: &Attempt) -> Result<(), String> {
        let Some(call) = build(&self.lab, attempt) else { return Ok(()) };
        let key = self.honest.key();
        if call.ix.accounts.iter().any(|meta| meta.is_signer && meta.pubkey == key) {
            return Ok(());
        }
        // An honest provider's reporters are honest as well.
        let reports = self.honest == Honest::Provider && call.op == Op::UsageMeter;
        if reports && is_own(&self.lab, &call.account(Role::Provider)) {
            return Ok(());
        }
        self.send(&call, &[], attempt.on, None)
    }

    fn land(&mut self, pending: &Pending) -> Result<(), String> {
        self.send(&pending.call, &pending.before, pending.on, Some(&pending.purpose))
    }

    fn send(
        &mut self,
        call: &Call,
        before_it: &[Instruction],
        on: u8,
        purpose: Option<&Purpose>,
    ) -> Result<(), String> {
        let (lab, honest, credits) = (&mut self.lab, self.honest, call.credits());
        let before = Position::read(lab, honest, &credits, &self.lots);
        let mut instructions = before_it.to_vec();
        instructions.push(call.ix.clone());
        match lab.send(&instructions) {
            Err(failed) if is_known(&failed.err) => return Ok(()),
            Err(failed) => return Err(format!("{:?} was refused with {:?}", call.op, failed.err)),
            Ok(_) => {}
        }
        lab.keep(call, on);
        lab.track(call);
        if call.op == Op::CreditSeizeToPool {
            self.lots.entry(call.account(Role::Credit)).or_default().push(call.account(Role::Lot));
        }
        let after = Position::read(lab, honest, &credits, &self.lots);
        self.landed[usize::from(purpose.is_none())] += 1;
        for loan in before.loans.values().filter(|loan| loan.is_of(lab, honest)) {
            self.by_status[usize::from(loan.credit.status % 8)] += 1;
        }
        let landed = Landed { call, purpose, before, after };
        self.note(&landed);
        self.check(&landed).map_err(|error| {
            let by = if landed.purpose.is_some() { "its own signature" } else { "the others" };
            format!("{honest:?}: {:?} of {by}: {error}", call.op)
        })?;
        self.note_freeze(&landed);
        Ok(())
    }

    /// Notes the terms that a signature binds its signer to, once it has landed.
    fn note(&mut self, landed: &Landed) {
        let Some(Purpose::Offer(signed) | Purpose::Accept(signed) | Purpose::Buy(signed)) = landed.purpose
        else {
            return;
        };
        let key = landed.call.account(Role::Credit);
        if let Some(credit) = self.lab.read::<Credit>(&key) {
            self.signed.insert((key, credit.offer_slot), *signed);
            self.freezes.remove(&key);
        }
    }

    /// The terms that the honest party has signed on a loan, as they stand in the account.
    pub(super) fn signed_on(&self, key: &Pubkey, credit: &Credit) -> Option<&SignedTerms> {
        self.signed.get(&(*key, credit.offer_slot))
    }

    /// Notes the effect of a freeze of the honest lender, or of a transaction after it, on the units that may be used.
    fn note_freeze(&mut self, landed: &Landed) {
        if self.honest != Honest::Lender {
            return;
        }
        for (key, after) in &landed.after.loans {
            let Some(before) = landed.before.loans.get(key) else { continue };
            let (old, new) = (&before.credit, &after.credit);
            let Some(signed) = self.signed.get(&(*key, new.offer_slot)) else { continue };
            let earlier = self.freezes.get(key).copied();
            let held =
                |freeze: Frozen| Frozen { held: freeze.held.min(new.collateral.frozen().into()), ..freeze };
            match (landed.purpose, earlier) {
                (Some(Purpose::Freeze), earlier) => {
                    self.freezes.insert(
                        *key,
                        Frozen::new(signed, frozen_by(landed.call), old, new, self.lab.now, earlier),
                    );
                }
                (Some(Purpose::FreezeForAnother), earlier) => {
                    let freeze = Frozen::new(signed, 0, old, new, self.lab.now, earlier);
                    self.freezes.insert(*key, freeze);
                }
                // The lender's own signatures also change what is frozen: units come back from a lot frozen, and seized ones leave.
                (Some(_), Some(freeze)) => {
                    self.freezes.insert(*key, opened(held(freeze), old, new));
                }
                (None, Some(freeze)) if landed.call.op == Op::UsageMeter => {
                    let used = i128::from(new.collateral.consumed - old.collateral.consumed);
                    let finished = (used - i128::from(old.collateral.available())).max(0);
                    self.freezes.insert(*key, Frozen { held: freeze.held - finished, ..freeze });
                }
                // Units that expire leave the freeze; those of jobs on open units stay, and are not frozen by it.
                (None, Some(freeze)) if landed.call.op == Op::CreditExpireUnits => {
                    self.freezes.insert(*key, opened(held(freeze), old, new));
                }
                (None, Some(freeze)) => {
                    self.freezes.insert(*key, opened(freeze, old, new));
                }
                _ => {}
            }
        }
    }
}

/// The units that a freeze holds.
fn frozen_by(call: &Call) -> i128 {
    match call.args {
        Args::Freeze(FreezeAmount::Units(units), _) => units.into(),
        _ => u64::MAX.into(),
    }
}

/// The freeze after a payment, or the lender's own signature, has opened units: these may be used from now on.
fn opened(freeze: Frozen, old: &Credit, new: &Credit) -> Frozen {
    let opened = i128::from(new.collateral.available()) - i128::from(old.collateral.available());
    Frozen { most_consumed: freeze.most_consumed + opened.max(0), ..freeze }
}

/// Plays moves in a fresh game. Returns the honest party's loss as text, with the number of moves that led to it.
pub fn play_moves(honest: Honest, moves: &[Move]) -> Option<(String, usize)> {
    let mut table = Table::new(honest);
    for (index, step) in moves.iter().enumerate() {
        if let Err(rule) = table.play(step) {
            return Some((rule, index + 1));
        }
    }
    None
}
