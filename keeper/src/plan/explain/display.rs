//! A credit's plan as text for people.

use {
    super::{ActionState, ActionView, CauseView, CreditPlan, ReportView, UsageView},
    crate::values::Time,
    blockable_sdk::amounts::ChainTime,
    blockable_service::text::{self, units},
    std::fmt,
};

impl fmt::Display for CreditPlan {
    /// Lists actions, causes, rights, reports and the next action, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "actions")?;
        self.actions.iter().try_for_each(|action| writeln!(f, "  {action}"))?;
        if !self.causes.is_empty() {
            writeln!(f, "causes")?;
        }
        self.causes.iter().try_for_each(|cause| writeln!(f, "  {cause}"))?;
        if !self.rights.is_empty() {
            writeln!(f, "rights")?;
        }
        self.rights.iter().try_for_each(|right| writeln!(f, "  {right}"))?;
        if let Some(usage) = &self.usage {
            write!(f, "{usage}")?;
        }
        write!(f, "next        {}", self.next)
    }
}

impl fmt::Display for ActionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_ref().map(time).unwrap_or_default();
        let why = self.why.as_deref().unwrap_or_default();
        write!(f, "{:<16}", self.kind.name())?;
        match self.state {
            ActionState::Due => write!(f, "due since {at}: {why}"),
            ActionState::LeftToOthers => write!(f, "due, and left to other keepers until {at}"),
            ActionState::NotBefore => write!(f, "not before {at}"),
            ActionState::DoesNotApply => write!(f, "no: {why}"),
        }
    }
}

impl fmt::Display for CauseView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.rule, self.happened, self.meaning)
    }
}

impl fmt::Display for UsageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "reports     quorum of {}: {}", self.quorum, self.agreement)?;
        self.reports.iter().try_for_each(|report| writeln!(f, "  {report}"))
    }
}

impl fmt::Display for ReportView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: ", self.reporter.0, time(&self.reported_at))?;
        match (self.cumulative, self.in_flight) {
            (Some(used), Some(held)) => {
                write!(f, "{} used, {} in flight", units(used.0), units(held.0))?;
            }
            _ => f.write_str("no reading of the credit")?,
        }
        if self.agrees == Some(false) {
            f.write_str(", not within tolerance")?;
        }
        match &self.problem {
            Some(problem) => write!(f, "; does not count: {problem}"),
            None if self.is_used => Ok(()),
            None => f.write_str("; not used, others are fresher or agree better"),
        }
    }
}

fn time(time: &Time) -> String {
    text::time(ChainTime(time.unix))
}
