use blockable_credits::{
    actions::LotTerms,
    auction,
    state::{Credit, TermBounds},
};

/// The way a lender sells seized units: from which share of the current market price to which, over how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LotPlan {
    /// Days over which the price falls.
    pub window_days: u32,
    /// Start price, as a share of the market price on the day of the seizure.
    pub start: f64,
    /// Floor price, as a share of it.
    pub floor: f64,
}

impl LotPlan {
    /// The lots of the standard preset.
    pub const SLOW: LotPlan = LotPlan { window_days: 45, start: 1.0, floor: 0.7 };

    /// The terms of a lot opened at a market time, at a market price per million units in micro-USDC, moved into the market's
    /// bounds where they lie outside. The window ends before the units expire, where the shortest one does. `None` where the
    /// loan has no price.
    pub fn terms(
        &self,
        market_price: f64,
        credit: &Credit,
        bounds: &TermBounds,
        market_time: i64,
    ) -> Option<LotTerms> {
        let paid = credit.price_paid().ok()?;
        let least_start = auction::least_price(paid, bounds.min_start_price_bps).ok()?;
        let least_floor = auction::least_price(paid, bounds.min_floor_price_bps).ok()?.max(1);
        let highest = auction::highest_price(paid, bounds.max_start_price_bps);
        // A cast of a float saturates.
        let start_price = ((market_price * self.start) as u64).clamp(least_start, highest.max(least_start));
        let floor_price = ((market_price * self.floor) as u64).clamp(least_floor, start_price);
        let lasts = match credit.units_expire_at {
            0 => u32::MAX,
            expire_at => u32::try_from(expire_at.saturating_sub(market_time)).unwrap_or(0),
        };
        let window = (self.window_days * crate::DAY as u32)
            .min(lasts)
            .clamp(bounds.min_lot_window, bounds.max_lot_window);
        Some(LotTerms { start_price, floor_price, window })
    }
}
