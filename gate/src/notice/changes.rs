//! Finds the notices that a change of a credit calls for. No I/O.

use {
    super::{NoticeKind, view::NoticedCredit},
    blockable_sdk::{amounts::Units, program::transitions::Status},
};

/// The notices that lead from one view of a credit to the next, which may lie many events later. `ordered` are the units of freeze
/// orders that are obeyed: the parties have notice of those.
///
/// `before` is `None` for a credit that has not been noticed, `after` where its account is gone.
pub(super) fn changes(
    before: Option<&NoticedCredit>,
    after: Option<&NoticedCredit>,
    ordered: Units,
) -> Vec<NoticeKind> {
    let Some(after) = after else {
        let was_open = before.is_some_and(|before| before.status() != Some(Status::Closed));
        return if was_open { vec![NoticeKind::Closed] } else { Vec::new() };
    };
    // An address can be used again, by a loan with another index.
    let same = |before: &&NoticedCredit| before.index.is_none() || before.index == after.index;
    let Some(before) = before.filter(same) else { return begin(after) };
    if !before.is_live() && after.is_live() {
        return begin(after);
    }
    let mut kinds = parties(before, after);
    kinds.extend(status(before, after));
    kinds.extend(units(before, after, ordered));
    kinds
}

/// The notice of a credit that is seen live for the first time. Its standing says what is locked or frozen.
fn begin(after: &NoticedCredit) -> Vec<NoticeKind> {
    if after.is_live() { vec![NoticeKind::Issued { units: after.granted }] } else { Vec::new() }
}

fn parties(before: &NoticedCredit, after: &NoticedCredit) -> Vec<NoticeKind> {
    let assigned =
        (before.lender != after.lender).then(|| NoticeKind::Assigned { from: before.lender.clone() });
    let handed_over =
        (before.borrower != after.borrower).then(|| NoticeKind::HandedOver { from: before.borrower.clone() });
    assigned.into_iter().chain(handed_over).collect()
}

fn status(before: &NoticedCredit, after: &NoticedCredit) -> Option<NoticeKind> {
    let (from, to) = (before.status()?, after.status()?);
    let was_late = matches!(from, Status::Delinquent | Status::Defaulted);
    match to {
        _ if from == to => None,
        Status::Delinquent => Some(NoticeKind::Delinquent),
        Status::Defaulted => Some(NoticeKind::Defaulted),
        // A seizure follows a default, which a view that skips a state does not show.
        Status::Seizing => (from < Status::Defaulted).then_some(NoticeKind::Defaulted),
        Status::Active => was_late.then_some(NoticeKind::Cured),
        Status::Repaid => Some(NoticeKind::PaidOff),
        Status::Closed => Some(NoticeKind::Closed),
        Status::Offered | Status::Accepted => None,
    }
}

fn units(before: &NoticedCredit, after: &NoticedCredit, ordered: Units) -> Vec<NoticeKind> {
    let rise = |part: fn(&NoticedCredit) -> Units| part(after).saturating_sub(part(before));
    let [granted, consumed, seized, expired, cancelled, released] = [
        rise(|credit| credit.granted),
        rise(|credit| credit.consumed),
        rise(|credit| credit.seized),
        rise(|credit| credit.expired),
        rise(|credit| credit.cancelled),
        rise(|credit| credit.released),
    ];
    let returned = before.seized.saturating_sub(after.seized);
    let noticed = before.frozen.max(ordered);
    let frozen = after.frozen.saturating_sub(noticed);
    let taken = seized.saturating_add(expired).saturating_add(cancelled);
    let thawed = thawed(before, after, consumed, taken);
    // Locked units also leave by a cancel or with the lien: a payment opens no more than it has released.
    let unlocked = before.locked.saturating_sub(after.locked).saturating_sub(cancelled).min(released);
    let lifetime_over = after.lifetime_over && !before.lifetime_over;
    let kinds = [
        (granted, NoticeKind::Granted { units: granted }),
        (seized, NoticeKind::Seized { units: seized }),
        (returned, NoticeKind::Returned { units: returned }),
        (cancelled, NoticeKind::Cancelled { units: cancelled }),
        (Units(u64::from(lifetime_over)), NoticeKind::LifetimeOver),
        (expired, NoticeKind::Expired { units: expired }),
        (frozen, NoticeKind::Frozen { units: frozen }),
        (thawed, NoticeKind::Thawed { units: thawed }),
        (unlocked, NoticeKind::Unlocked { units: unlocked }),
    ];
    kinds.into_iter().filter(|(count, _)| !count.is_zero()).map(|(_, kind)| kind).collect()
}

/// The units that are no longer frozen by a thaw. Frozen units also leave by use of jobs that ran at the freeze, and with
/// units that are `taken`.
fn thawed(before: &NoticedCredit, after: &NoticedCredit, consumed: Units, taken: Units) -> Units {
    let fewer = before.frozen.saturating_sub(after.frozen);
    let by_thaw = fewer.saturating_sub(consumed.saturating_add(taken));
    match (after.frozen.is_zero() && taken.is_zero(), by_thaw.is_zero()) {
        (true, _) => fewer,
        (false, false) => by_thaw,
        (false, true) => Units::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use blockable_sdk::program::state::Credit;
    use {
        super::*,
        blockable_sdk::amounts::MarketTime,
        blockable_testkit::fixtures::{active_credit, address, locked_credit},
    };

    const NOW: MarketTime = MarketTime(1_000);

    fn view(credit: &Credit) -> NoticedCredit {
        NoticedCredit::new(credit, Some(NOW))
    }

    /// The notices of a change to a credit.
    fn of(credit: &Credit, change: impl FnOnce(&mut Credit)) -> Vec<NoticeKind> {
        let mut next = *credit;
        change(&mut next);
        changes(Some(&view(credit)), Some(&view(&next)), Units::ZERO)
    }

    fn credit() -> Credit {
        active_credit(3, Units(1_000))
    }

    #[test]
    fn a_freeze_is_noticed_once_by_whichever_way_it_came() {
        let frozen = |credit: &mut Credit| credit.collateral.frozen_for_other = 400;
        assert_eq!(of(&credit(), frozen), [NoticeKind::Frozen { units: Units(400) }]);
        let (mut half, mut all) = (credit(), credit());
        (half.collateral.frozen_for_payment, all.collateral.frozen_for_payment) = (400, 1_000);
        let with_order = |ordered| changes(Some(&view(&credit())), Some(&view(&half)), Units(ordered));
        assert_eq!(with_order(400), [], "its order was noticed");
        assert_eq!(with_order(300), [NoticeKind::Frozen { units: Units(100) }], "beyond the order");
        assert_eq!(
            changes(Some(&view(&half)), Some(&view(&all)), Units::ZERO),
            [NoticeKind::Frozen { units: Units(600) }]
        );
        assert_eq!(changes(Some(&view(&all)), Some(&view(&all)), Units::ZERO), []);
    }

    #[test]
    fn a_thaw_is_no_use_and_no_seizure_of_frozen_units() {
        let mut frozen = credit();
        frozen.collateral.frozen_for_payment = 700;
        let thaw = |left| move |credit: &mut Credit| credit.collateral.frozen_for_payment = left;
        assert_eq!(of(&frozen, thaw(0)), [NoticeKind::Thawed { units: Units(700) }]);
        assert_eq!(of(&frozen, thaw(200)), [NoticeKind::Thawed { units: Units(500) }]);
        let finished = |credit: &mut Credit| {
            (credit.collateral.frozen_for_payment, credit.collateral.consumed) = (650, 50);
        };
        assert_eq!(of(&frozen, finished), [], "jobs that ran have ended");
        let seized =
            |credit: &mut Credit| (credit.collateral.frozen_for_payment, credit.collateral.seized) = (0, 700);
        assert_eq!(of(&frozen, seized), [NoticeKind::Seized { units: Units(700) }]);
    }

    #[test]
    fn a_payment_opens_the_lock_and_a_cancel_does_not() {
        let locked = locked_credit(3, Units(1_000), Units(100), NOW);
        let pay = |credit: &mut Credit| credit.collateral.released = 250;
        assert_eq!(of(&locked, pay), [NoticeKind::Unlocked { units: Units(250) }]);
        let cancel = |credit: &mut Credit| credit.collateral.cancel(300).unwrap();
        assert_eq!(of(&locked, cancel), [NoticeKind::Cancelled { units: Units(300) }]);
        let pay_off = |credit: &mut Credit| {
            credit.status = Status::Repaid.byte();
            credit.collateral.release_all().unwrap();
        };
        assert_eq!(of(&locked, pay_off), [NoticeKind::PaidOff, NoticeKind::Unlocked { units: Units(900) }]);
    }

    #[test]
    fn each_status_has_its_notice_also_where_views_skip_one() {
        let moved = |from: Status, to: Status| {
            let mut credit = credit();
            credit.status = from.byte();
            of(&credit, |credit| credit.status = to.byte())
        };
        assert_eq!(moved(Status::Active, Status::Delinquent), [NoticeKind::Delinquent]);
        assert_eq!(moved(Status::Active, Status::Defaulted), [NoticeKind::Defaulted]);
        assert_eq!(moved(Status::Delinquent, Status::Seizing), [NoticeKind::Defaulted]);
        assert_eq!(moved(Status::Defaulted, Status::Seizing), []);
        assert_eq!(moved(Status::Defaulted, Status::Active), [NoticeKind::Cured]);
        assert_eq!(moved(Status::Seizing, Status::Repaid), [NoticeKind::PaidOff]);
        assert_eq!(moved(Status::Repaid, Status::Closed), [NoticeKind::Closed]);
    }

    #[test]
    fn a_credit_begins_and_ends_once() {
        let live = view(&credit());
        let mut offered = credit();
        (offered.status, offered.has_index) = (Status::Offered.byte(), 0);
        let offered = view(&offered);
        let issued = [NoticeKind::Issued { units: Units(1_000) }];
        assert_eq!(changes(None, Some(&offered), Units::ZERO), []);
        assert_eq!(changes(Some(&offered), Some(&live), Units::ZERO), issued);
        assert_eq!(changes(None, Some(&live), Units::ZERO), issued);
        assert_eq!(changes(Some(&live), None, Units::ZERO), [NoticeKind::Closed]);
        let mut closed = live.clone();
        closed.status = Status::Closed.byte();
        assert_eq!(changes(Some(&closed), None, Units::ZERO), []);
        let next_loan = view(&active_credit(9, Units(50)));
        assert_eq!(
            changes(Some(&live), Some(&next_loan), Units::ZERO),
            [NoticeKind::Issued { units: Units(50) }],
            "another loan at the same address"
        );
    }

    #[test]
    fn expiry_returned_lots_and_new_parties_are_noticed() {
        let mut aged = credit();
        (aged.units_expire_at, aged.collateral.seized) = (NOW.get() + 1, 300);
        let returned = |credit: &mut Credit| credit.collateral.unseize_frozen(300).unwrap();
        assert_eq!(
            of(&aged, returned),
            [NoticeKind::Returned { units: Units(300) }, NoticeKind::Frozen { units: Units(300) }]
        );
        let over = |credit: &mut Credit| credit.units_expire_at = NOW.get();
        assert_eq!(of(&aged, over), [NoticeKind::LifetimeOver]);
        let expired = |credit: &mut Credit| credit.collateral.expired = 700;
        assert_eq!(of(&aged, expired), [NoticeKind::Expired { units: Units(700) }]);
        let moved = |credit: &mut Credit| (credit.lender, credit.borrower) = (address(8), address(9));
        let (lender, borrower) = (credit().lender.to_string(), credit().borrower.to_string());
        assert_eq!(
            of(&credit(), moved),
            [NoticeKind::Assigned { from: lender }, NoticeKind::HandedOver { from: borrower }]
        );
    }
}
