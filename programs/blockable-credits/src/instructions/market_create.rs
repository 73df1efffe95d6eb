use {
    crate::{
        errors::{BlockableError, ensure},
        events::{MarketCreated, emit},
        state::{
            MAX_CHANGE_DELAY, MAX_REDISTRIBUTION_FEE_BPS, Market, MarketSettings, TermBounds, seeds,
            shortest_delay,
        },
    },
    anchor_lang::prelude::*,
    anchor_spl::{
        token_2022::spl_token_2022::{
            extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions},
            state::Mint as MintState,
        },
        token_interface::{Mint, TokenAccount, TokenInterface},
    },
};

/// What a new market is made of.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketArgs {
    /// The number in the market's address.
    pub id: u64,
    /// Whether bounds looser than [`TermBounds::PRODUCTION`] are allowed. Cannot be changed later.
    pub is_test: bool,
    /// May only pause.
    pub guardian: Pubkey,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Seconds of market time that a loosening change waits.
    pub change_delay: u32,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

/// CAN create a market: anyone, with the admin's signature. The mint must not be able to take fees from, hook into,
/// freeze, pause or empty the vaults.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: MarketArgs)]
pub struct MarketCreate<'info> {
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Will be able to change the market; signs, so that it is a key someone holds.
    pub admin: Signer<'info>,
    #[account(
        init,
        payer = payer,
        space = Market::SPACE,
        seeds = [seeds::MARKET, &args.id.to_le_bytes()],
        bump,
    )]
    pub market: AccountLoader<'info, Market>,
    #[account(constraint = mint.to_account_info().owner == token_program.key @ BlockableError::TokenProgramMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(constraint = treasury.mint == mint.key() @ BlockableError::TokenAccountMint)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl MarketCreate<'_> {
    fn settings(&self, args: &MarketArgs) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: args.redistribution_fee_bps,
            change_delay: args.change_delay,
            treasury: self.treasury.key(),
            bounds: args.bounds,
        }
    }

    /// Creates the market.
    pub fn handle(ctx: Context<MarketCreate>, args: MarketArgs) -> Result<()> {
        let settings = ctx.accounts.settings(&args);
        check_settings(&settings, args.is_test)?;
        check_mint(&ctx.accounts.mint.to_account_info())?;
        let accounts = ctx.accounts;
        {
            let mut market = accounts.market.load_init()?;
            market.version = Market::VERSION;
            market.bump = ctx.bumps.market;
            market.is_test = u8::from(args.is_test);
            market.decimals = accounts.mint.decimals;
            market.id = args.id;
            market.admin = accounts.admin.key();
            market.guardian = args.guardian;
            market.payment_mint = accounts.mint.key();
            market.token_program = accounts.token_program.key();
            market.apply(&settings);
        }
        emit(
            &accounts.event_authority,
            MarketCreated {
                market: accounts.market.key(),
                admin: accounts.admin.key(),
                payment_mint: accounts.mint.key(),
                is_test: u8::from(args.is_test),
            },
        )
    }
}

/// Checks settings against what any market may have. Errors: the first rule that is broken.
pub(super) fn check_settings(settings: &MarketSettings, is_test: bool) -> Result<()> {
    ensure(settings.redistribution_fee_bps <= MAX_REDISTRIBUTION_FEE_BPS, BlockableError::FeeTooHigh)?;
    ensure(
        (shortest_delay(is_test)..=MAX_CHANGE_DELAY).contains(&settings.change_delay),
        BlockableError::ChangeDelayOutOfRange,
    )?;
    ensure(settings.bounds.is_consistent(), BlockableError::BoundsInconsistent)?;
    ensure(is_test || settings.bounds.is_within(&TermBounds::PRODUCTION), BlockableError::BoundsTooLoose)
}

/// Refuses a mint whose extensions could take from vaults or block repayment; metadata and groups are harmless.
fn check_mint(mint: &AccountInfo) -> Result<()> {
    if *mint.owner == anchor_spl::token::ID {
        return Ok(());
    }
    let data = mint.try_borrow_data()?;
    let state = StateWithExtensions::<MintState>::unpack(&data)?;
    for extension in state.get_extension_types()? {
        match extension {
            ExtensionType::TransferFeeConfig => return Err(BlockableError::MintHasTransferFee.into()),
            ExtensionType::TransferHook => return Err(BlockableError::MintHasTransferHook.into()),
            ExtensionType::PermanentDelegate => return Err(BlockableError::MintHasPermanentDelegate.into()),
            ExtensionType::DefaultAccountState => return Err(BlockableError::MintDefaultFrozen.into()),
            ExtensionType::Pausable => return Err(BlockableError::MintPausable.into()),
            ExtensionType::MetadataPointer
            | ExtensionType::TokenMetadata
            | ExtensionType::GroupPointer
            | ExtensionType::TokenGroup
            | ExtensionType::GroupMemberPointer
            | ExtensionType::TokenGroupMember => {}
            _ => return Err(BlockableError::MintUnsupportedExtension.into()),
        }
    }
    Ok(())
}
