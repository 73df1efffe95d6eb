//! What the keeper plans on a credit, and what reporters say of it.

use {
    crate::{
        api::values::{Address, Time},
        plan::{self, Explanation, StandingView},
    },
    serde::Serialize,
    utoipa::ToSchema,
};

/// What the keeper plans.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// What it will do next, in words.
    pub next: String,
    /// Seconds that graces are longer by where something is in arrears: the keeper's own, and those that the cluster stood
    /// still.
    pub extra_grace_seconds: i64,
    /// Every action, in the order in which they are taken.
    pub actions: Vec<ActionView>,
    /// What reporters say; none for a credit that cannot be metered.
    pub usage: Option<UsageView>,
}

/// An action, and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActionView {
    /// The action.
    #[schema(value_type = String, example = "mark_delinquent")]
    pub kind: &'static str,
    /// Where it stands: due; left_to_others, due and left to other keepers at first; not_before; does_not_apply.
    #[schema(value_type = String, example = "not_before")]
    pub standing: &'static str,
    /// Since when it is due, until when it is left to others, or before when it is not due.
    pub at: Option<Time>,
    /// Why it is due, or does not apply.
    pub why: Option<String>,
}

/// What reporters say of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// Reporters that must agree.
    pub quorum: u8,
    /// How they agree, in words.
    pub agreement: String,
    /// The latest report of every reporter.
    pub reports: Vec<ReportView>,
}

/// A reporter's latest report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// The reporter.
    pub reporter: Address,
    /// Time of the reading.
    pub reported_at: Time,
    /// Units used; none where the report does not speak of the credit.
    pub cumulative: Option<String>,
    /// Units that running jobs hold.
    pub in_flight: Option<String>,
    /// Whether the chunk is metered by this report.
    pub is_used: bool,
    /// Whether the reading is within tolerance of the median, where there is one.
    pub agrees: Option<bool>,
    /// Why the report does not count, where it does not.
    pub problem: Option<String>,
}

impl PlanView {
    pub(super) fn of(explained: Explanation) -> PlanView {
        PlanView {
            next: explained.next,
            extra_grace_seconds: explained.extra_grace_seconds,
            actions: explained.actions.into_iter().map(ActionView::of).collect(),
            usage: explained.usage.map(UsageView::of),
        }
    }
}

impl ActionView {
    fn of(action: plan::ActionView) -> ActionView {
        let (standing, at, why) = match action.standing {
            StandingView::Due { since, because } => ("due", Some(since), Some(because)),
            StandingView::LeftToOthers { until } => ("left_to_others", Some(until), None),
            StandingView::NotBefore { at } => ("not_before", Some(at), None),
            StandingView::DoesNotApply { why } => ("does_not_apply", None, Some(why)),
        };
        ActionView { kind: action.kind.name(), standing, at: Time::maybe(at), why }
    }
}

impl UsageView {
    fn of(usage: plan::UsageView) -> UsageView {
        UsageView {
            quorum: usage.quorum,
            agreement: usage.agreement,
            reports: usage.reports.into_iter().map(ReportView::of).collect(),
        }
    }
}

impl ReportView {
    fn of(report: plan::ReportView) -> ReportView {
        ReportView {
            reporter: Address(report.reporter),
            reported_at: Time::of(report.reported_at),
            cumulative: report.cumulative,
            in_flight: report.in_flight,
            is_used: report.is_used,
            agrees: report.agrees,
            problem: report.problem,
        }
    }
}
