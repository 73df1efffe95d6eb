//! Sign-in of a borrower for the first API key of a credit. The signed text names the credit, its borrower, the provider and the
//! market, so a signature for one of them is worth nothing elsewhere.

use {blockable_sdk::Pubkey, blockable_service::sign_in, jiff::Timestamp};

/// The thing that a sign-in is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInScope {
    /// The market.
    pub market: Pubkey,
    /// The provider.
    pub provider: Pubkey,
    /// The credit whose first key is asked for.
    pub credit: Pubkey,
    /// Its borrower of today, who signs.
    pub borrower: Pubkey,
    /// True where all earlier keys are to be void.
    pub replace: bool,
}

impl sign_in::SignInScope for SignInScope {
    fn signer(&self) -> Pubkey {
        self.borrower
    }

    fn message(&self, challenge: &str, ends: Timestamp) -> String {
        let SignInScope { market, provider, credit, borrower, replace } = self;
        let effect = match replace {
            false => "This gives whoever sends it the API key of the credit, which uses its units.",
            true => {
                "This gives whoever sends it a new API key of the credit, which uses its units. All earlier keys are void."
            }
        };
        format!(
            "Blockable: sign in for an API key\n\n{effect} It moves no money and is not sent to the chain.\n\n\
             Credit: {credit}\nBorrower: {borrower}\nProvider: {provider}\nMarket: {market}\nGood until: {ends}\nChallenge: {challenge}"
        )
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_service::sign_in::SignInScope as _};

    #[test]
    fn the_text_names_all_that_the_signature_is_good_for() {
        let [market, provider, credit, borrower, other] =
            [1, 2, 3, 4, 9].map(|byte| Pubkey::new_from_array([byte; 32]));
        let ours = SignInScope { market, provider, credit, borrower, replace: false };
        let text = |scope: &SignInScope| scope.message("abc", Timestamp::UNIX_EPOCH);
        for theirs in [
            SignInScope { market: other, ..ours.clone() },
            SignInScope { provider: other, ..ours.clone() },
            SignInScope { credit: other, ..ours.clone() },
            SignInScope { borrower: other, ..ours.clone() },
            SignInScope { replace: true, ..ours.clone() },
        ] {
            assert_ne!(text(&theirs), text(&ours), "{theirs:?}");
        }
        assert!(text(&ours).ends_with("Good until: 1970-01-01T00:00:00Z\nChallenge: abc"), "{}", text(&ours));
        assert_eq!(ours.signer(), borrower);
    }
}
