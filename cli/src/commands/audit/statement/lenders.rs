//! The lenders of a loan in a period: what was paid out by one is not the next one's.

use {
    super::{last, sheet::LoanSheet},
    crate::{
        commands::audit::cells::{dollars, timestamp},
        views::time_json,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
        audit::{Found, Statement, StatementLine},
        events::Change,
        program::state::Party,
    },
    serde_json::{Value, json},
};

/// A lender in a period, and the money of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LenderTime {
    /// The lender.
    pub lender: Pubkey,
    /// Its first second in the period.
    pub from: ChainTime,
    /// Principal that it lent in the period.
    pub disbursed: MicroUsd,
    /// Money that it collected in the period.
    pub collected: MicroUsd,
    /// Number of the event that made it the lender; `None` for the first one.
    pub by_event: Option<u64>,
}

/// The lenders of a period, in their order; none before the offer. `first` made the offer.
pub(super) fn lenders(statement: &Statement, log: &[Found], first: Pubkey) -> Vec<LenderTime> {
    let begin = |lender, from, by_event| LenderTime {
        lender,
        from,
        disbursed: MicroUsd::ZERO,
        collected: MicroUsd::ZERO,
        by_event,
    };
    let before = statement.before.as_ref().map(|credit| begin(credit.lender, statement.from, None));
    let mut all: Vec<LenderTime> = before.into_iter().collect();
    let in_period = |found: &&Found| (statement.from.get()..statement.to.get()).contains(&found.record.at);
    for Found { record, .. } in log.iter().filter(in_period) {
        let at = ChainTime(record.at);
        match &record.change {
            Change::Offered { .. } if all.is_empty() => all.push(begin(first, at, None)),
            Change::LenderChanged { to } => all.push(begin(*to, at, Some(record.seq))),
            Change::Issued { .. } => {
                if let Some(now) = all.last_mut() {
                    now.disbursed = statement.disbursed.total();
                }
            }
            Change::Collected { party: Party::Lender, amount, .. } => {
                if let Some(now) = all.last_mut() {
                    now.collected = now.collected.saturating_add(MicroUsd(*amount));
                }
            }
            _ => {}
        }
    }
    all
}

impl LoanSheet {
    /// The name of an event for people: a change of the lender has both.
    pub(super) fn event_name(&self, line: &StatementLine) -> String {
        let name = line.kind.replace('_', " ");
        match self.changed_by(line) {
            Some((from, to)) => format!("{name} from {from} to {to}"),
            None => name,
        }
    }

    /// The lenders before and after an event; `None` for one that changes none.
    pub(super) fn changed_by(&self, line: &StatementLine) -> Option<(Pubkey, Pubkey)> {
        self.lenders.windows(2).find_map(|pair| match pair {
            [from, to] if to.by_event == Some(line.seq) => Some((from.lender, to.lender)),
            _ => None,
        })
    }

    /// Lines that name the lender, or each of several with its time.
    pub(super) fn lender_lines(&self) -> Vec<(&'static str, String)> {
        let ends = self.lenders.iter().skip(1).map(|next| last(next.from)).map(Some).chain([None]);
        let several = self.lenders.len() > 1;
        let line = |(lender, end): (&LenderTime, Option<ChainTime>)| {
            let until = end.map(|end| format!(" until {}", timestamp(end))).unwrap_or_default();
            let lent = match several && !lender.disbursed.is_zero() {
                true => format!(", which disbursed {}", dollars(lender.disbursed)),
                false => String::new(),
            };
            ("lender", format!("{}{until}{lent}", lender.lender))
        };
        self.lenders.iter().zip(ends).map(line).collect()
    }

    /// Lines of what the lender collected, or each of several.
    pub(super) fn collected_lines(&self) -> Vec<(&'static str, String)> {
        if self.lenders.len() < 2 {
            return vec![("collected by the lender", dollars(self.statement.collected))];
        }
        let line = |lender: &LenderTime| {
            ("collected by a lender", format!("{} by {}", dollars(lender.collected), lender.lender))
        };
        self.lenders.iter().map(line).collect()
    }

    /// The lenders as data. Money in micro-USDC.
    pub(super) fn lenders_json(&self) -> Value {
        let lender = |lender: &LenderTime| {
            json!({
                "lender": lender.lender.to_string(),
                "from": time_json(lender.from),
                "disbursed": lender.disbursed,
                "collected": lender.collected,
            })
        };
        self.lenders.iter().map(lender).collect()
    }
}
