use {
    blockable_sdk::{
        Instruction, Pubkey,
        accounts::BlockableAccount,
        addresses,
        instructions::{self, MarketKeys},
        program::{
            errors::BlockableError,
            hash::sha256,
            instructions::MarketArgs,
            state::{Credit, Market, ProviderSettings, Rider},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{DAY, Parties, USDC, World},
};

/// One refusal: which instruction, which error, and how to provoke it.
pub struct Case {
    /// The instruction's name in the program.
    pub instruction: &'static str,
    /// The error it must be refused with.
    pub error: BlockableError,
}

/// A world and the transactions that are tried in it, each on its own.
pub struct Attempt {
    /// The world.
    pub world: World,
    /// The credit at stake; the default key where there is none.
    pub credit: Pubkey,
    tries: Vec<Instruction>,
    signers: Vec<&'static str>,
}

impl Attempt {
    /// An attempt with one instruction.
    pub fn new(world: World, credit: Pubkey, instruction: Instruction, signers: &[&'static str]) -> Attempt {
        Attempt { world, credit, tries: vec![instruction], signers: signers.to_vec() }
    }

    /// The first of the instructions that are tried.
    pub fn instruction(&self) -> &Instruction {
        &self.tries[0]
    }

    /// The same with another instruction.
    pub fn with(self, build: impl FnOnce(&World, &Pubkey) -> Instruction) -> Attempt {
        self.with_each(|world, credit| vec![build(world, credit)])
    }

    /// The same with several instructions, one after the other.
    pub fn with_each(mut self, build: impl FnOnce(&World, &Pubkey) -> Vec<Instruction>) -> Attempt {
        self.tries = build(&self.world, &self.credit);
        self
    }

    /// The same after something else has happened.
    pub fn after(mut self, step: impl FnOnce(&mut World, &Pubkey)) -> Attempt {
        step(&mut self.world, &self.credit);
        self
    }

    /// The same with an account's bytes changed, for what honest transactions cannot reach.
    pub fn written<T: BlockableAccount>(mut self, address: Pubkey, change: impl FnOnce(&mut T)) -> Attempt {
        self.world.write(&address, change);
        self
    }

    /// The same with the credit's bytes changed.
    pub fn with_credit(self, change: impl FnOnce(&mut Credit)) -> Attempt {
        let credit = self.credit;
        self.written(credit, change)
    }

    /// The same with the market's bytes changed.
    pub fn with_market(self, change: impl FnOnce(&mut Market)) -> Attempt {
        let market = self.world.keys.market;
        self.written(market, change)
    }

    /// The same with another account in the place of one.
    pub fn swap(mut self, from: Pubkey, to: Pubkey) -> Attempt {
        for instruction in &mut self.tries {
            let places = instruction.accounts.iter_mut().filter(|meta| meta.pubkey == from);
            assert_eq!(places.map(|meta| meta.pubkey = to).count(), 1, "one account is to be replaced");
        }
        self
    }

    /// The same with another key that pays the rent: the last place of the first signer among the accounts is its own.
    pub fn rent_paid_by(mut self, name: &'static str) -> Attempt {
        let first = Parties::address(self.signers[0]);
        for instruction in &mut self.tries {
            let metas = instruction.accounts.iter_mut().rev();
            let payer = metas.into_iter().find(|meta| meta.is_signer && meta.pubkey == first);
            payer.expect("somebody pays the rent").pubkey = Parties::address(name);
        }
        self.signers.push(name);
        self
    }

    /// The same signed by someone else, who also takes the first signer's place among the accounts.
    pub fn signed_by(self, name: &'static str) -> Attempt {
        let first = self.signers[0];
        self.signed_by_instead_of(first, name)
    }

    /// The same with one signer replaced by another.
    pub fn signed_by_instead_of(mut self, signer: &'static str, name: &'static str) -> Attempt {
        let from = Parties::address(signer);
        for meta in self.tries.iter_mut().flat_map(|instruction| &mut instruction.accounts) {
            if meta.is_signer && meta.pubkey == from {
                meta.pubkey = Parties::address(name);
            }
        }
        for each in self.signers.iter_mut().filter(|each| **each == signer) {
            *each = name;
        }
        self
    }

    /// The same signed by someone else as well.
    pub fn signed_by_also(mut self, name: &'static str) -> Attempt {
        self.signers.push(name);
        self
    }

    /// The same signed by the fee payer alone.
    pub fn signed_by_nobody(mut self) -> Attempt {
        self.signers.clear();
        self
    }

    /// The same with another market of the same mint.
    pub fn in_foreign_market(mut self) -> Attempt {
        let foreign = foreign_market(&mut self.world);
        let market = self.world.keys.market;
        self.swap(market, foreign)
    }

    /// The same with another mint.
    pub fn with_foreign_mint(mut self) -> Attempt {
        let foreign = foreign_mint(&mut self.world);
        let mint = self.world.keys.mint;
        self.swap(mint, foreign.mint)
    }

    /// The same with the other token program.
    pub fn with_foreign_token_program(self) -> Attempt {
        self.swap(tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM)
    }

    /// The same with a party's token account replaced by its account for another mint.
    pub fn with_account_of_foreign_mint(mut self, name: &str) -> Attempt {
        let foreign = foreign_mint(&mut self.world);
        let account = self.world.token_account(name);
        self.swap(account, foreign.token_account(&Parties::address(name)))
    }

    /// The same with a party's token account replaced by another party's.
    pub fn with_account_of(self, other: &str, name: &str) -> Attempt {
        let (from, to) = (self.world.token_account(name), self.world.token_account(other));
        self.swap(from, to)
    }

    /// The same while the market is paused.
    pub fn while_paused(mut self) -> Attempt {
        self.world.pause(DAY);
        self
    }

    /// The same while the market is halted.
    pub fn while_halted(self) -> Attempt {
        self.with_market(|market| market.halted_at = 1)
    }

    /// The same while the mint's issuer has frozen the credit's vault.
    pub fn with_frozen_vault(mut self) -> Attempt {
        self.world.set_vault_frozen(&self.credit, true);
        self
    }

    /// The same with the lender's token account in the place of the credit's vault.
    pub fn with_another_vault(self) -> Attempt {
        let (vault, other) = (addresses::vault(&self.credit), self.world.token_account("lender"));
        self.swap(vault, other)
    }

    /// The same in a market whose clock cannot be computed.
    pub fn at_impossible_time(self) -> Attempt {
        self.with_market(|market| market.paused_seconds = u64::MAX)
    }

    /// The same in another status, written into the account.
    pub fn with_status(self, status: Status) -> Attempt {
        self.with_credit(|credit| credit.status = status.byte())
    }

    /// The same with a status that a later version of the program may write.
    pub fn with_unknown_status(self) -> Attempt {
        self.with_credit(|credit| credit.status = 99)
    }

    /// Requires every try to be refused with `error` by the instruction named.
    pub fn must_be_refused(mut self, name: &str, error: BlockableError) {
        assert!(!self.tries.is_empty());
        for instruction in &self.tries {
            let discriminator = sha256(&[format!("global:{name}").as_bytes()]);
            assert_eq!(instruction.data[..8], discriminator[..8], "another instruction than {name} is tried");
            self.world.refused(std::slice::from_ref(instruction), &self.signers, error);
        }
    }

    /// Requires every try to go through.
    pub fn must_be_accepted(mut self) {
        for instruction in &self.tries {
            self.world.sent(std::slice::from_ref(instruction), &self.signers);
        }
    }
}

/// Creates a second market with the same mint and settings; returns it.
pub fn foreign_market(world: &mut World) -> Pubkey {
    let args = MarketArgs { id: 2, ..World::market_args() };
    let (payer, admin) = (Parties::address("payer"), Parties::address("admin"));
    let (keys, treasury) = (world.keys, world.token_account("treasury"));
    let create =
        instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args);
    world.sent(&[create], &["admin"]);
    blockable_sdk::addresses::market(2)
}

/// Registers the stranger as a second provider of the market.
pub fn foreign_provider(world: &mut World) {
    let (authority, payout) = (Parties::address("stranger"), world.token_account("stranger"));
    let market = world.keys.market;
    let settings = ProviderSettings { payout, ..World::settings() };
    let register =
        instructions::provider_register(&market, &authority, &authority, World::capacity(), settings);
    world.sent(&[register], &["stranger"]);
}

/// Creates another mint, and accounts with a balance for everyone; returns the keys of the world's market with that mint.
pub fn foreign_mint(world: &mut World) -> MarketKeys {
    let (payer, mint) = (Parties::address("payer"), Parties::address("foreign mint"));
    let program = world.keys.token_program;
    let rent = world.svm.minimum_balance_for_rent_exemption(tokens::MINT_SPACE);
    let create = tokens::create_mint(&payer, &mint, &payer, 6, &program, rent).expect("a token program");
    world.sent(&create, &["foreign mint"]);
    let keys = MarketKeys { mint, ..world.keys };
    fund(world, &keys);
    keys
}

/// Gives everyone an account with $1,000,000 of a mint.
pub fn fund(world: &mut World, keys: &MarketKeys) {
    let payer = Parties::address("payer");
    for name in ["lender", "borrower", "provider", "buyer", "treasury", "stranger"] {
        let owner = Parties::address(name);
        let account = keys.token_account(&owner);
        let create = tokens::create_associated(&payer, &owner, &keys.mint, &keys.token_program);
        let mint = tokens::mint_to(&keys.mint, &account, &payer, 1_000_000 * USDC, &keys.token_program);
        world.sent(&[create, mint.expect("a token program")], &[]);
    }
}

/// A covenant that plans a tenth of the loan's units per month, with a reserve, coupons in kind and notices of default.
pub fn full_rider() -> Rider {
    Rider {
        planned_units: 100_000_000,
        reserve: 1_000 * USDC,
        covenant_window: 30 * DAY,
        high_bps: 8_000,
        low_bps: 3_000,
        apr_step_bps: 100,
        apr_floor_bps: 800,
        apr_ceiling_bps: 1_600,
        top_up_bps: 500,
        pay_in_kind_bps: 5_000,
        breach_notice: 1,
        cross_default: 0,
        reserved: [0; 4],
    }
}

/// Declares refusals: per instruction the attempt that goes through, then lines of `Error: test_name = change of it`.
///
/// Each line becomes a test and an entry of `CASES`; each instruction also gets a test that the unchanged attempt goes
/// through, so that a case fails for its own reason, and one that tries every account in every wrong way.
#[macro_export]
macro_rules! refusals {
    ($($instruction:ident by $good:ident { $($error:ident: $name:ident = $change:expr;)* })*) => {
        /// The refusals in this module.
        pub const CASES: &[$crate::attempt::Case] = &[
            $($($crate::attempt::Case {
                instruction: stringify!($instruction),
                error: blockable_sdk::program::errors::BlockableError::$error,
            },)*)*
        ];
        $(
            mod $instruction {
                use super::*;

                #[test]
                fn goes_through_otherwise() {
                    $good().must_be_accepted();
                }

                #[test]
                fn every_account_is_checked() {
                    $crate::matrix::check(stringify!($instruction), $good());
                }

                $(
                    #[test]
                    fn $name() {
                        let change: fn(Attempt) -> Attempt = $change;
                        let error = blockable_sdk::program::errors::BlockableError::$error;
                        change($good()).must_be_refused(stringify!($instruction), error);
                    }
                )*
            }
        )*
    };
}

/// Pays the whole debt by the borrower.
pub fn repay(world: &mut World, credit: &Pubkey) {
    let pay = world.repay("borrower", credit, u64::MAX);
    world.sent(&[pay], &["borrower"]);
}
