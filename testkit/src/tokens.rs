use {
    crate::{Parties, World},
    anchor_spl::token_2022::spl_token_2022::{
        extension::{
            ExtensionType, default_account_state, group_member_pointer, group_pointer, interest_bearing_mint,
            metadata_pointer, pausable, transfer_fee, transfer_hook,
        },
        instruction,
        state::{Account, AccountState, Mint},
    },
    blockable_sdk::{Pubkey, addresses, instructions::MarketKeys, tokens},
    solana_sdk::{instruction::Instruction, program_pack::Pack, signer::Signer},
};

/// Balances of the payment token, in micro-USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// The lender's.
    pub lender: u64,
    /// The borrower's.
    pub borrower: u64,
    /// The provider's payout account.
    pub provider: u64,
    /// The buyer's.
    pub buyer: u64,
    /// The stranger's.
    pub stranger: u64,
    /// The market's treasury.
    pub treasury: u64,
    /// A credit's vault.
    pub vault: u64,
}

/// Balances.
impl World {
    /// The balance of a token account, in micro-USDC; zero where there is none.
    pub fn balance(&self, account: &Pubkey) -> u64 {
        self.svm.get_account(account).and_then(|account| tokens::balance(&account.data)).unwrap_or(0)
    }

    /// A party's balance of the payment token, in micro-USDC.
    pub fn wallet(&self, name: &str) -> u64 {
        self.balance(&self.token_account(name))
    }

    /// Freezes or thaws a credit's vault, as the mint's issuer can.
    pub fn set_vault_frozen(&mut self, credit: &Pubkey, is_frozen: bool) {
        /// The byte of a token account that holds its state: 1 for an open one, 2 for a frozen one.
        const STATE: usize = 108;
        let vault = addresses::vault(credit);
        let mut account = self.svm.get_account(&vault).expect("the vault exists");
        account.data[STATE] = if is_frozen { 2 } else { 1 };
        self.svm.set_account(vault, account).expect("the account can be set");
    }

    /// Everyone's balances, and that of a credit's vault.
    pub fn money(&self, credit: &Pubkey) -> Money {
        Money {
            lender: self.wallet("lender"),
            borrower: self.wallet("borrower"),
            provider: self.wallet("provider"),
            buyer: self.wallet("buyer"),
            stranger: self.wallet("stranger"),
            treasury: self.wallet("treasury"),
            vault: self.balance(&addresses::vault(credit)),
        }
    }

    /// The lamports of an account; zero where there is none.
    pub fn lamports(&self, address: &Pubkey) -> u64 {
        self.svm.get_account(address).map_or(0, |account| account.lamports)
    }

    /// A party's associated account for the payment token.
    pub fn token_account(&self, name: &str) -> Pubkey {
        self.keys.token_account(&Parties::key(name).pubkey())
    }
}

/// Token accounts and mints beyond the plain ones that a world begins with.
impl World {
    /// Creates a mint with one extension, whose authority everywhere is the payer; `name` gives its key.
    pub fn create_mint_with(&mut self, name: &str, extension: ExtensionType) -> Pubkey {
        let (payer, mint) = (self.parties.payer.pubkey(), Parties::address(name));
        let space = ExtensionType::try_calculate_account_len::<Mint>(&[extension]).expect("a mint");
        let rent = self.svm.minimum_balance_for_rent_exemption(space);
        let program = tokens::TOKEN_2022_PROGRAM;
        let create =
            solana_system_interface::instruction::create_account(&payer, &mint, rent, space as u64, &program);
        let freezer = (extension == ExtensionType::DefaultAccountState).then_some(&payer);
        let mint_to = instruction::initialize_mint2(&program, &mint, &payer, freezer, 6).expect("Token-2022");
        self.sent(&[create, initialize(extension, &mint, &payer), mint_to], &[name]);
        mint
    }
}

impl World {
    /// Creates a second account of the payment token for a party, besides its associated one; returns it.
    pub fn second_account(&mut self, name: &str) -> Pubkey {
        let label = format!("{name} second account");
        let (payer, account) = (self.parties.payer.pubkey(), Parties::address(&label));
        let rent = self.svm.minimum_balance_for_rent_exemption(Account::LEN);
        let MarketKeys { mint, token_program, .. } = self.keys;
        let create = solana_system_interface::instruction::create_account(
            &payer,
            &account,
            rent,
            Account::LEN as u64,
            &token_program,
        );
        let owner = Parties::address(name);
        let initialize = instruction::initialize_account3(&token_program, &account, &mint, &owner);
        self.sent(&[create, initialize.expect("a token program")], &[&label]);
        account
    }

    /// Someone makes another the owner of their account of the payment token.
    pub fn give_away_account(&mut self, name: &'static str, to: &str) {
        let (account, owner, next) = (self.token_account(name), Parties::address(name), Parties::address(to));
        let (program, owner_authority) = (self.keys.token_program, instruction::AuthorityType::AccountOwner);
        let give = instruction::set_authority(&program, &account, Some(&next), owner_authority, &owner, &[]);
        self.sent(&[give.expect("a token program")], &[name]);
    }
}

/// The instruction that gives a mint an extension before the mint itself is initialised.
fn initialize(extension: ExtensionType, mint: &Pubkey, authority: &Pubkey) -> Instruction {
    let program = &tokens::TOKEN_2022_PROGRAM;
    let to = Some(*authority);
    let built = match extension {
        ExtensionType::TransferFeeConfig => transfer_fee::instruction::initialize_transfer_fee_config(
            program,
            mint,
            Some(authority),
            Some(authority),
            0,
            u64::MAX,
        ),
        ExtensionType::TransferHook => transfer_hook::instruction::initialize(program, mint, to, to),
        ExtensionType::PermanentDelegate => {
            instruction::initialize_permanent_delegate(program, mint, authority)
        }
        ExtensionType::DefaultAccountState => {
            let state = &AccountState::Frozen;
            default_account_state::instruction::initialize_default_account_state(program, mint, state)
        }
        ExtensionType::Pausable => pausable::instruction::initialize(program, mint, authority),
        ExtensionType::NonTransferable => instruction::initialize_non_transferable_mint(program, mint),
        ExtensionType::MintCloseAuthority => {
            instruction::initialize_mint_close_authority(program, mint, Some(authority))
        }
        ExtensionType::InterestBearingConfig => {
            interest_bearing_mint::instruction::initialize(program, mint, to, 100)
        }
        ExtensionType::MetadataPointer => metadata_pointer::instruction::initialize(program, mint, to, to),
        ExtensionType::GroupPointer => group_pointer::instruction::initialize(program, mint, to, to),
        ExtensionType::GroupMemberPointer => {
            group_member_pointer::instruction::initialize(program, mint, to, to)
        }
        other => panic!("{other:?} is no extension that a test asks for"),
    };
    built.expect("Token-2022")
}
