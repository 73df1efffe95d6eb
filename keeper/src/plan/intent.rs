//! Intents: actions that are due, with names that do not change while nothing on the chain does.

use {
    crate::plan::reason::Reason,
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::ChainTime,
        instructions,
        program::{
            actions::{LoanRead, UnitBounds},
            transitions::Status,
        },
        reports::ReportRecord,
    },
    blockable_service::hex,
    serde::{Deserialize, Serialize},
    sha2::{Digest, Sha256},
    std::{fmt, sync::Arc},
};

/// The name of an intent: the hash of what it does and of the state that it does it to. The same inputs give the same id,
/// so nothing is done twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub [u8; 32]);

impl IntentId {
    /// Hashes an action on a subject in a state.
    pub fn from_parts(kind: Kind, subject: &Pubkey, state: &[&[u8]]) -> IntentId {
        let mut hash = Sha256::new();
        hash.update(b"blockable/intent/v1");
        hash.update(kind.name().as_bytes());
        hash.update(subject.as_ref());
        for part in state {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        IntentId(hash.finalize().into())
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.16}", hex::encode(self.0))
    }
}

impl fmt::Debug for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntentId({self})")
    }
}

/// Kinds of intents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Apply a quorum of reports to the credits of a chunk.
    Meter,
    /// Pay arrears from the borrower's reserve.
    DrawReserve,
    /// Record that the delinquency grace has passed.
    MarkDelinquent,
    /// Record that the default grace has passed.
    MarkDefaulted,
    /// Freeze in full from the mark that the terms name.
    AutoFreeze,
    /// Cancel the units under the holdback once anybody may.
    CancelLocked,
    /// Thaw what is frozen for the default of another credit, once that is over.
    ThawCross,
    /// Expire units past their lifetime.
    ExpireUnits,
    /// Apply the covenant at the end of its window.
    ApplyCovenant,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Meter,
        Kind::DrawReserve,
        Kind::MarkDelinquent,
        Kind::MarkDefaulted,
        Kind::AutoFreeze,
        Kind::CancelLocked,
        Kind::ThawCross,
        Kind::ExpireUnits,
        Kind::ApplyCovenant,
    ];

    /// The kind's name in tables, metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Meter => "meter",
            Kind::DrawReserve => "draw_reserve",
            Kind::MarkDelinquent => "mark_delinquent",
            Kind::MarkDefaulted => "mark_defaulted",
            Kind::AutoFreeze => "auto_freeze",
            Kind::CancelLocked => "cancel_locked",
            Kind::ThawCross => "thaw_cross",
            Kind::ExpireUnits => "expire_units",
            Kind::ApplyCovenant => "apply_covenant",
        }
    }

    /// The role whose key pays for it.
    pub fn role(self) -> Role {
        match self {
            Kind::Meter | Kind::ThawCross | Kind::ExpireUnits | Kind::ApplyCovenant => Role::Metering,
            Kind::DrawReserve
            | Kind::MarkDelinquent
            | Kind::MarkDefaulted
            | Kind::AutoFreeze
            | Kind::CancelLocked => Role::Enforcement,
        }
    }

    /// Returns whether it is held against the borrower, so that finalized state of two nodes must call for it.
    pub fn is_enforcement(self) -> bool {
        self.role() == Role::Enforcement
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kinds of intents that one key of the keeper pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Metering and housekeeping.
    Metering,
    /// Actions that are held against a borrower.
    Enforcement,
}

impl Role {
    /// Both, the more urgent first.
    pub const ALL: [Role; 2] = [Role::Enforcement, Role::Metering];

    /// The role's name in tables, metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Role::Metering => "metering",
            Role::Enforcement => "enforcement",
        }
    }
}

/// An action, with everything its instruction needs.
#[derive(Clone, Debug)]
pub enum IntentAction {
    /// Applies reports to credits of a chunk.
    Meter {
        /// The provider.
        provider: Pubkey,
        /// The chunk.
        chunk: u32,
        /// A quorum of verified reports, each of another reporter.
        reports: Vec<Arc<ReportRecord>>,
        /// The credits to apply them to.
        credits: Vec<Pubkey>,
    },
    /// Does one thing to one credit that needs nothing but its address.
    Credit {
        /// The kind; none of those that have an action of their own.
        kind: Kind,
        /// The credit.
        credit: Pubkey,
    },
    /// Cancels all units under the holdback that the debt pays for. The key that pays the fee signs; anybody may.
    CancelLocked {
        /// The credit.
        credit: Pubkey,
        /// Its provider, whose capacity the units give back.
        provider: Pubkey,
        /// The slot of the offer, which names the loan.
        offer_slot: u64,
    },
    /// Thaws what is frozen for the default of another credit.
    ThawCross {
        /// The credit.
        credit: Pubkey,
        /// The other credit.
        other: Pubkey,
    },
}

/// An action that is due.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The name.
    pub id: IntentId,
    /// The action.
    pub action: IntentAction,
    /// Time since which it has been due.
    pub due_at: ChainTime,
    /// The reason for which it is due.
    pub reason: Reason,
}

impl Intent {
    /// The kind of the action.
    pub fn kind(&self) -> Kind {
        match &self.action {
            IntentAction::Meter { .. } => Kind::Meter,
            IntentAction::Credit { kind, .. } => *kind,
            IntentAction::CancelLocked { .. } => Kind::CancelLocked,
            IntentAction::ThawCross { .. } => Kind::ThawCross,
        }
    }

    /// The credit or, for metering, the provider that it concerns.
    pub fn subject(&self) -> Pubkey {
        match &self.action {
            IntentAction::Meter { provider, .. } => *provider,
            IntentAction::Credit { credit, .. }
            | IntentAction::CancelLocked { credit, .. }
            | IntentAction::ThawCross { credit, .. } => *credit,
        }
    }

    /// The credits that it may change.
    pub fn credits(&self) -> &[Pubkey] {
        match &self.action {
            IntentAction::Meter { credits, .. } => credits,
            IntentAction::Credit { credit, .. }
            | IntentAction::CancelLocked { credit, .. }
            | IntentAction::ThawCross { credit, .. } => std::slice::from_ref(credit),
        }
    }

    /// Names the recurring work that it is part of: failures are counted by lane, since ids change with the chain.
    pub fn lane(&self) -> String {
        match &self.action {
            IntentAction::Meter { provider, chunk, .. } => format!("meter/{provider}/{chunk}"),
            _ => format!("{}/{}", self.kind(), self.subject()),
        }
    }

    /// Names the lane of one credit's part in it.
    pub fn lane_of(&self, credit: &Pubkey) -> String {
        match &self.action {
            IntentAction::Meter { .. } => format!("{}/{credit}", self.lane()),
            _ => self.lane(),
        }
    }

    /// Names all lanes that it is part of: its own, and those of its credits within it.
    pub fn lanes(&self) -> impl Iterator<Item = String> {
        let own = self.lane();
        std::iter::once(own).chain(self.credits().iter().map(|credit| self.lane_of(credit)))
    }

    /// Takes some of the credits out; `None` where none is left.
    pub fn without(&self, is_out: impl Fn(&Pubkey) -> bool) -> Option<Intent> {
        let kept: Vec<Pubkey> = self.credits().iter().filter(|credit| !is_out(credit)).copied().collect();
        if kept.len() == self.credits().len() {
            return Some(self.clone());
        }
        let state: Vec<&[u8]> = kept.iter().map(AsRef::as_ref).collect();
        self.part(&state, &kept)
    }

    /// The part of metering that is on these credits; `state` makes its id differ from those of other parts. `None` without
    /// credits, and for other kinds.
    fn part(&self, state: &[&[u8]], credits: &[Pubkey]) -> Option<Intent> {
        let IntentAction::Meter { provider, chunk, reports, .. } = &self.action else { return None };
        let state: Vec<&[u8]> = std::iter::once(self.id.0.as_slice()).chain(state.iter().copied()).collect();
        (!credits.is_empty()).then(|| Intent {
            id: IntentId::from_parts(Kind::Meter, provider, &state),
            action: IntentAction::Meter {
                provider: *provider,
                chunk: *chunk,
                reports: reports.clone(),
                credits: credits.to_vec(),
            },
            due_at: self.due_at,
            reason: self.reason,
        })
    }

    /// Parts metering into two halves of its credits, so that one that fails does not hold up the others. `None` for a single
    /// credit.
    pub fn halves(&self) -> Option<[Intent; 2]> {
        let credits = self.credits();
        let (first, second) = credits.split_at(credits.len() / 2);
        Some([self.part(&[&[0]], first)?, self.part(&[&[1]], second)?])
    }

    /// Builds the instruction that does it; `payer` pays the transaction's fee.
    pub fn instruction(&self, market: &Pubkey, payer: &Pubkey) -> Instruction {
        match &self.action {
            IntentAction::Meter { provider, chunk, reports, credits } => {
                let reports = reports.iter().map(|report| report.report()).collect();
                instructions::usage_meter(market, provider, *chunk, reports, credits)
            }
            IntentAction::CancelLocked { credit, provider, offer_slot } => {
                // All that can be cancelled, as the program asks of anybody.
                let amount = UnitBounds::ALL;
                let read = LoanRead { offer_slot: *offer_slot, worst_status: Status::Seizing };
                instructions::credit_cancel_locked(market, payer, None, credit, provider, amount, read)
            }
            IntentAction::ThawCross { credit, other } => {
                instructions::credit_thaw_cross(market, credit, other)
            }
            IntentAction::Credit { kind, credit } => match kind {
                Kind::DrawReserve => instructions::reserve_draw(market, credit),
                Kind::MarkDelinquent => instructions::credit_mark_delinquent(market, credit),
                Kind::MarkDefaulted => instructions::credit_mark_defaulted(market, credit),
                Kind::AutoFreeze => instructions::credit_auto_freeze(market, credit),
                Kind::ExpireUnits => instructions::credit_expire_units(market, credit),
                // The others have an action of their own.
                Kind::ApplyCovenant | Kind::Meter | Kind::CancelLocked | Kind::ThawCross => {
                    instructions::covenant_apply(market, credit)
                }
            },
        }
    }
}
