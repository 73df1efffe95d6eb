use {
    super::lab::{Lab, Shape},
    blockable_sdk::Pubkey,
    blockable_testkit::Loan,
};

/// Loans of one to 36 instalments, plain and with every rider, from the offer to live units
/// or back to the lender.
pub fn measure(lab: &mut Lab) {
    for instalments in [1, 2, 5, 12, 24, 36] {
        for _ in 0..3 {
            let loan = lab.loan(instalments);
            originate(lab, &loan);
        }
        let mut loan = lab.agreed(instalments, Shape::Level);
        loan.args.rider.reserve = 0; // Issue would wait for it.
        originate(lab, &loan);
        for (accepted, party, donation) in
            [(false, "lender", 0), (true, "lender", 1_000), (true, "borrower", 0)]
        {
            let loan = lab.loan(instalments);
            let credit = if accepted { lab.world.accepted(&loan) } else { lab.world.offered(&loan) };
            lab.donate(&credit, donation);
            cancel(lab, &credit, party);
        }
    }
}

/// Offers, accepts and issues a loan without a reserve. Returns its credit.
pub fn originate(lab: &mut Lab, loan: &Loan) -> Pubkey {
    let credit = lab.world.credit_address(loan.args.nonce);
    let offer = lab.world.offer(loan);
    let mut sum = lab.measure("credit_offer", offer, &["lender"]);
    let accept = lab.world.accept(&credit);
    sum += lab.measure("credit_accept", accept, &["borrower"]);
    let issue = lab.world.issue(&credit);
    sum += lab.measure("credit_issue", issue, &["provider"]);
    lab.figures.add("offer + accept + issue", sum);
    credit
}

fn cancel(lab: &mut Lab, credit: &Pubkey, party: &str) {
    let cancel = lab.world.cancel(party, credit);
    lab.measure("credit_cancel_offer", cancel, &[party]);
}
