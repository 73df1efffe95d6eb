//! The weight of a failure against the health of its upstream.

use super::{FaultClass, UpstreamFault};

/// The weight of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// It says nothing about the upstream's health: the request itself is the cause.
    None,
    /// The upstream, or a filter before it, has refused a request.
    Refusal,
    /// The upstream has failed once.
    Failure,
    /// The upstream cannot serve anybody.
    Certain,
}

impl UpstreamFault {
    /// All names of classes in metrics and logs.
    pub(crate) const CLASS_NAMES: [&'static str; 10] = [
        "request",
        "busy",
        "refused",
        "blocked",
        "failed",
        "unreachable",
        "broken",
        "timed_out",
        "took_too_long",
        "too_large",
    ];

    /// The weight against the upstream's health. Only the status and the connection count: a message may quote the request, and
    /// no customer may talk an upstream down. A filter before the upstream may refuse content with any status but those that
    /// name the provider's key and bill, and a long answer is the customer's wish.
    pub(crate) fn evidence(&self) -> Evidence {
        match (self.class, self.status) {
            (FaultClass::Unreachable, _) => Evidence::Certain,
            (FaultClass::Refused, Some(401 | 402 | 407)) => Evidence::Certain,
            (FaultClass::Refused, Some(400 | 413 | 422 | 429) | None) => Evidence::None,
            (FaultClass::Refused, _) => Evidence::Refusal,
            (FaultClass::Failed | FaultClass::Broken | FaultClass::TimedOut, _) => Evidence::Failure,
            (FaultClass::Request | FaultClass::Busy | FaultClass::TookTooLong | FaultClass::TooLarge, _) => {
                Evidence::None
            }
        }
    }

    /// The name of its class in metrics and logs. A status by which filters refuse content has one of its own: one customer's
    /// requests shall not raise the alert that asks for the provider's key.
    pub(crate) fn class_name(&self) -> &'static str {
        match (self.class, self.status) {
            (FaultClass::Refused, Some(403 | 451)) => "blocked",
            (class, _) => class.name(),
        }
    }

    /// The weight of a probe that failed. No customer's content is in it, so that its upstream refuses the provider.
    pub(crate) fn evidence_of_probe(&self) -> Evidence {
        match self.class {
            FaultClass::Refused | FaultClass::Unreachable => Evidence::Certain,
            _ => Evidence::Failure,
        }
    }
}
