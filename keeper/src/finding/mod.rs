//! Facts that the parts of the keeper report to the alert rules.
//!
//! The part that notices something (watch, ingest, plan, land, history, the cycle) hands over a [`Finding`]: a rule, the subject, and
//! the [`Fact`] with its amounts and times. It decides neither severity nor audience and writes no text; all of that is in
//! [`crate::alerts`], in one table. This module knows none of its users.

mod details;
mod fact;
mod rule;

pub(crate) use {
    details::{
        AdverseAct, CovenantUse, FailingLane, HandOver, Loss, NextMark, OfferFault, PaymentAmounts,
        SettingsChange, Waiting,
    },
    fact::Fact,
    rule::Rule,
};

use {
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
};

/// A rule's fact on one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    rule: Rule,
    subject: Pubkey,
    parties: Option<Parties>,
    state: RuleState,
}

/// The state of a rule on a subject.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleState {
    /// The rule applies. A rule with thresholds compares the fact's value with them; another one raises its alert.
    Is(Fact),
    /// Nothing new can be said: an open alert stays, and none is raised.
    Unchanged,
    /// The rule does not apply: an open alert ends.
    Over,
}

/// The lender and the borrower of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The lender.
    pub lender: Pubkey,
    /// The borrower.
    pub borrower: Pubkey,
}

impl Finding {
    /// The state of a rule on a credit, provider, reporter, key or market.
    pub fn new(rule: Rule, subject: Pubkey, state: RuleState) -> Finding {
        Finding { rule, subject, parties: None, state }
    }

    /// A fact on a credit, provider, reporter, key or market.
    pub fn is(subject: Pubkey, fact: Fact) -> Finding {
        Finding::new(fact.rule(), subject, RuleState::Is(fact))
    }

    /// A rule that does not apply.
    pub fn over(rule: Rule, subject: Pubkey) -> Finding {
        Finding::new(rule, subject, RuleState::Over)
    }

    /// The same finding with the parties of the credit that it is on.
    pub fn between(self, parties: Parties) -> Finding {
        Finding { parties: Some(parties), ..self }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The credit, provider, reporter, key or market that it is on.
    pub fn subject(&self) -> Pubkey {
        self.subject
    }

    /// The parties of the credit; `None` where it concerns the operator alone.
    pub fn parties(&self) -> Option<Parties> {
        self.parties
    }

    /// The state of the rule on the subject.
    pub fn state(&self) -> &RuleState {
        &self.state
    }

    /// The fact, where the rule applies.
    pub fn fact(&self) -> Option<&Fact> {
        match &self.state {
            RuleState::Is(fact) => Some(fact),
            RuleState::Unchanged | RuleState::Over => None,
        }
    }
}
