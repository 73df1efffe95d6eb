//! An explanation as text for people.

use {
    super::{Explanation, ReportView, StandingView, UsageView, money, time},
    blockable_sdk::amounts::{ChainTime, MicroUsd},
    std::fmt,
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paused = if self.is_paused { ", the market is paused" } else { "" };
        writeln!(f, "credit      {}", self.credit)?;
        writeln!(
            f,
            "status      {}, as of {} (slot {}){paused}",
            self.status,
            time(ChainTime(self.clock)),
            self.slot
        )?;
        writeln!(f, "lender      {}", self.lender)?;
        writeln!(f, "borrower    {}", self.borrower)?;
        writeln!(f, "provider    {}", self.provider)?;
        writeln!(f, "debt        {}", money(MicroUsd(self.debt)))?;
        match self.arrears_since {
            Some(since) => writeln!(
                f,
                "arrears     {} since {}; graces are {} s longer here",
                money(MicroUsd(self.arrears)),
                time(ChainTime(since)),
                self.extra_grace_seconds
            )?,
            None => writeln!(f, "arrears     {}", money(MicroUsd(self.arrears)))?,
        }
        match &self.next_due {
            Some(next) => {
                writeln!(
                    f,
                    "next due    {} of principal at {}",
                    money(MicroUsd(next.principal)),
                    time(ChainTime(next.at))
                )?;
            }
            None => writeln!(f, "next due    nothing")?,
        }
        writeln!(f, "reserve     {}", money(MicroUsd(self.reserve)))?;
        writeln!(
            f,
            "units       {} available, {} under lien, {} of it frozen",
            self.available, self.lien, self.frozen
        )?;
        writeln!(f, "actions")?;
        for action in &self.actions {
            writeln!(f, "  {:<16}{}", action.kind.name(), action.standing)?;
        }
        if let Some(usage) = &self.usage {
            usage.fmt(f)?;
        }
        write!(f, "next        {}", self.next)
    }
}

impl fmt::Display for StandingView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StandingView::Due { since, because } => {
                write!(f, "due since {}: {because}", time(ChainTime(*since)))
            }
            StandingView::LeftToOthers { until } => {
                write!(f, "due, and left to other keepers until {}", time(ChainTime(*until)))
            }
            StandingView::NotBefore { at } => write!(f, "not before {}", time(ChainTime(*at))),
            StandingView::DoesNotApply { why } => write!(f, "no: {why}"),
        }
    }
}

impl fmt::Display for UsageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "usage       {} units on the chain as of {}",
            self.counted,
            time(ChainTime(self.counted_at))
        )?;
        writeln!(f, "  chunk {}, bit {}, quorum {}: {}", self.chunk, self.bit, self.quorum, self.agreement)?;
        self.reports.iter().try_for_each(|report| writeln!(f, "  {report}"))
    }
}

impl fmt::Display for ReportView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: ", self.reporter, time(ChainTime(self.reported_at)))?;
        match (&self.cumulative, &self.in_flight) {
            (Some(used), Some(held)) => write!(f, "{used} used, {held} in flight")?,
            _ => write!(f, "does not speak of it")?,
        }
        if self.agrees == Some(false) {
            write!(f, ", not within tolerance")?;
        }
        match &self.problem {
            Some(problem) => write!(f, "; does not count: {problem}"),
            None if self.is_used => Ok(()),
            None => write!(f, "; not used, others are fresher or agree better"),
        }
    }
}
