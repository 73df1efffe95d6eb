use {
    super::figures::Figures,
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        program::state::{Credit, FreezePolicy, Instalment, Rider},
        tokens,
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
    solana_sdk::signer::Signer,
};

/// Balance of every funded party, in micro-USDC.
const FUNDS: u64 = 500_000_000_000 * USDC;

/// The dates at which the principal of a loan falls due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// In equal parts: the first one that is missed is in arrears, and from there on the debt grows in a straight line.
    Level,
    /// All with the last instalment. Where all coupons are added to the principal, nothing is in arrears before, and
    /// every due date that has passed is worked out on its own; so much is lent that its interest takes the longest
    /// divisions.
    Bullet,
}

impl Shape {
    pub const ALL: [Shape; 2] = [Shape::Level, Shape::Bullet];
}

/// A world to measure in: rich parties, a provider with room for every loan.
pub struct Lab<'a> {
    pub world: World,
    pub figures: &'a mut Figures,
    nonce: u64,
}

impl<'a> Lab<'a> {
    pub fn new(token_program: Pubkey, figures: &'a mut Figures) -> Lab<'a> {
        let mut lab = Lab { world: World::with_token(token_program), figures, nonce: 0 };
        lab.world.sent(&[lab.world.set_capacity(u64::MAX)], &["provider"]);
        for name in ["lender", "borrower", "buyer", "stranger"] {
            lab.fund(name);
        }
        lab
    }

    /// Sends an instruction and adds what it took to a row. Returns it, in compute units.
    #[track_caller]
    pub fn measure(&mut self, row: &'static str, instruction: Instruction, signers: &[&str]) -> u64 {
        let units = self.world.sent(&[instruction], signers).compute_units;
        self.figures.add(row, units);
        units
    }

    /// Gives a party SOL and tokens, and a token account where it has none; any name will do.
    pub fn fund(&mut self, name: &str) {
        let (owner, payer, keys) =
            (Parties::key(name).pubkey(), self.world.parties.payer.pubkey(), self.world.keys);
        self.world.svm.airdrop(&owner, 10_000_000_000).expect("an airdrop lands");
        let create = tokens::create_associated(&payer, &owner, &keys.mint, &keys.token_program);
        let mint =
            tokens::mint_to(&keys.mint, &keys.token_account(&owner), &payer, FUNDS, &keys.token_program);
        self.world.sent(&[create, mint.expect("a token program")], &[]);
    }

    /// A loan with a nonce of its own, due in equal instalments every 30 days; freezable at will, so that the policy
    /// never stands in the way of a measurement.
    pub fn loan(&mut self, instalments: u32) -> Loan {
        self.nonce += 1;
        let part = 2_777 * USDC + self.nonce;
        let line = |month: u32| Instalment { due_after: month * 30 * DAY, principal: part };
        let schedule: Vec<Instalment> = (1..=instalments).map(line).collect();
        Loan::new(self.nonce).with_schedule(&schedule).with(|terms| {
            terms.principal = part * u64::from(instalments);
            terms.units = terms.principal / 100;
            terms.late_fee = 100 * USDC;
            terms.offer_expires_at = 0;
            terms.freeze_policy = FreezePolicy::AtWill as u8;
        })
    }

    /// A [`Lab::loan`] with every rider, and units that expire after eleven years
    /// and as many seconds as its nonce.
    pub fn agreed(&mut self, instalments: u32, shape: Shape) -> Loan {
        let nonce = (self.nonce + 1) as u32;
        let scale = if shape == Shape::Bullet { 100 } else { 1 };
        let mut loan = self.loan(instalments).with(|terms| {
            terms.principal *= scale;
            terms.units *= scale;
            terms.unit_lifetime = 4_000 * DAY + nonce;
        });
        let terms = loan.args.terms;
        if shape == Shape::Bullet {
            loan = repaid_at_the_end(loan);
        }
        loan.with_rider(Rider {
            planned_units: terms.units / 36,
            reserve: terms.principal / 20,
            covenant_window: 20 * DAY,
            high_bps: 8_000,
            low_bps: 5_000,
            apr_step_bps: 50,
            apr_floor_bps: 800,
            apr_ceiling_bps: 1_600,
            top_up_bps: 500,
            pay_in_kind_bps: 10_000,
            breach_notice: 1,
            cross_default: 0,
            reserved: [0; 4],
        })
    }

    /// Passes the due dates of a number of instalments, and the grace period of the last of them.
    pub fn miss(&mut self, loan: &Loan, instalments: u32) {
        self.world.pass(instalments * 30 * DAY + loan.args.terms.delinquency_grace);
    }

    /// A credit as an instruction that brings its debt up to now is going to find it.
    pub fn accrued(&self, credit: &Pubkey) -> Credit {
        let mut credit = self.world.credit(credit);
        credit.accrue(self.world.now()).expect("the debt fits 64 bits");
        credit
    }

    /// Puts tokens into a credit's vault that nobody is owed.
    pub fn donate(&mut self, credit: &Pubkey, amount: u64) {
        let (payer, keys) = (self.world.parties.payer.pubkey(), self.world.keys);
        let vault = addresses::vault(credit);
        let mint = tokens::mint_to(&keys.mint, &vault, &payer, amount, &keys.token_program);
        self.world.sent(&[mint.expect("a token program")], &[]);
    }

    /// The lender's key.
    pub fn lender(&self) -> Pubkey {
        self.world.parties.lender.pubkey()
    }

    /// The key of a party by its name.
    pub fn key(&self, name: &str) -> Pubkey {
        Parties::key(name).pubkey()
    }
}

/// The same loan, all of whose principal falls due on its last date.
pub fn repaid_at_the_end(loan: Loan) -> Loan {
    let mut schedule = loan.schedule();
    schedule.iter_mut().for_each(|instalment| instalment.principal = 0);
    if let Some(last) = schedule.last_mut() {
        last.principal = loan.args.terms.principal;
    }
    loan.with_schedule(&schedule)
}
