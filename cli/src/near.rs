//! Near matches for what is not there.

/// Characters by which two addresses may differ to be near.
const NEAR: usize = 6;

/// The nearest of some texts, where one is near enough to be meant.
pub(crate) fn nearest<T: AsRef<str>>(wanted: &str, known: impl Iterator<Item = T>) -> Option<String> {
    let distance = |known: &T| strsim::damerau_levenshtein(wanted, known.as_ref());
    let least = known.map(|known| (distance(&known), known)).min_by_key(|(distance, _)| *distance)?;
    let limit = NEAR.min(wanted.chars().count().div_ceil(3));
    (least.0 <= limit).then(|| least.1.as_ref().to_string())
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::Pubkey};

    #[test]
    fn a_near_match_is_offered_and_a_far_one_is_not() {
        let known = ["keypair", "market", "url"];
        assert_eq!(nearest("keypiar", known.iter()).as_deref(), Some("keypair"));
        assert_eq!(nearest("markets", known.iter()).as_deref(), Some("market"));
        assert_eq!(nearest("wallet-address", known.iter()), None);
        let (first, second) = (Pubkey::new_unique().to_string(), Pubkey::new_unique().to_string());
        let mut typed = first.clone();
        typed.pop();
        assert_eq!(nearest(&typed, [&first, &second].into_iter()), Some(first));
    }
}
