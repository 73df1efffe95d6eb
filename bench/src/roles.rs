use {
    super::lab::Lab,
    blockable_sdk::{
        Pubkey, instructions,
        program::state::{MarketSettings, ProviderSettings, TermBounds},
    },
    blockable_testkit::DAY,
};

/// Changes of a market's settings, pauses, halts, and the passing on of its roles and its providers'.
pub fn measure(lab: &mut Lab) {
    tightening(lab);
    loosening(lab);
    admins(lab);
    pauses(lab);
    halts(lab);
    authorities(lab);
    suspensions(lab);
    payouts(lab);
}

/// Changes that are in force at once.
fn tightening(lab: &mut Lab) {
    for step in 1..=3 {
        let now = lab.world.market().settings();
        let bounds = TermBounds { max_apr_bps: 5_000 - 100 * step, ..now.bounds };
        propose(lab, MarketSettings { bounds, ..now });
        propose(lab, MarketSettings { bounds, redistribution_fee_bps: 200 - step, ..now });
    }
}

/// Changes that wait: dropped, replaced and applied.
fn loosening(lab: &mut Lab) {
    let bounds = TermBounds::PRODUCTION;
    for (fee, treasury) in [(300, "treasury"), (400, "stranger"), (1_000, "treasury")] {
        let now = lab.world.market().settings();
        let treasury = lab.world.token_account(treasury);
        let loose = MarketSettings { redistribution_fee_bps: fee, treasury, bounds, ..now };
        propose(lab, loose);
        cancel(lab);
        propose(lab, loose);
        propose(lab, MarketSettings { change_delay: now.change_delay + DAY, ..loose });
        lab.world.pass(now.change_delay);
        let apply = lab.world.apply_change_by("admin");
        lab.measure("market_apply_change", apply, &["admin"]);
    }
}

fn propose(lab: &mut Lab, settings: MarketSettings) {
    let propose = lab.world.propose("admin", settings);
    lab.measure("market_propose_change", propose, &["admin"]);
}

fn cancel(lab: &mut Lab) {
    let cancel = lab.world.cancel_change_by("admin");
    lab.measure("market_cancel_change", cancel, &["admin"]);
}

/// The admin's place goes round and comes back.
fn admins(lab: &mut Lab) {
    let market = lab.world.keys.market;
    for (from, to) in [("admin", "stranger"), ("stranger", "treasury"), ("treasury", "admin")] {
        for offered in [Pubkey::default(), lab.key(to)] {
            let offer = instructions::market_offer_admin(&market, &lab.key(from), offered);
            lab.measure("market_offer_admin", offer, &[from]);
        }
        lab.world.pass(lab.world.market().change_delay);
        let accept = instructions::market_accept_admin(&market, &lab.key(to));
        lab.measure("market_accept_admin", accept, &[to]);
    }
}

/// Pauses that are cut short, that expire, and that follow one that nobody has ended.
fn pauses(lab: &mut Lab) {
    for _ in 0..3 {
        pause(lab, "guardian", 3_600);
        lab.world.pass(600);
        unpause(lab, "admin");
        pause(lab, "admin", 7_200);
        lab.world.pass(7_200);
        pause(lab, "guardian", 60);
        lab.world.pass(DAY);
        unpause(lab, "stranger");
    }
}

fn pause(lab: &mut Lab, by: &str, seconds: u32) {
    let pause = lab.world.pause_by(by, seconds);
    lab.measure("market_pause", pause, &[by]);
}

fn unpause(lab: &mut Lab, by: &str) {
    let unpause = lab.world.unpause_by(by);
    lab.measure("market_unpause", unpause, &[by]);
}

/// Halts of the guardian and the admin, whose end is set, and taken back by another halt.
fn halts(lab: &mut Lab) {
    for by in ["guardian", "admin"] {
        for _ in 0..2 {
            let halt = lab.world.halt_by(by);
            lab.measure("market_halt", halt, &[by]);
            let lift = lab.world.lift_halt_by("admin");
            lab.measure("market_lift_halt", lift, &["admin"]);
        }
        lab.world.pass(lab.world.market().change_delay);
    }
}

/// The authority's place goes round and comes back.
fn authorities(lab: &mut Lab) {
    let (market, provider) = (lab.world.keys.market, lab.world.provider);
    for (from, to) in [("provider", "stranger"), ("stranger", "admin"), ("admin", "provider")] {
        for offered in [Pubkey::default(), lab.key(to)] {
            let offer = instructions::provider_offer_authority(&market, &lab.key(from), &provider, offered);
            lab.measure("provider_offer_authority", offer, &[from]);
        }
        lab.world.pass(lab.world.market().provider_delay);
        let accept = instructions::provider_accept_authority(&market, &lab.key(to), &provider, 0);
        lab.measure("provider_accept_authority", accept, &[to]);
    }
}

/// By the provider, by the admin and by both.
fn suspensions(lab: &mut Lab) {
    let (market, provider) = (lab.world.keys.market, lab.world.provider);
    let sets: [&[&str]; 3] = [&["provider"], &["admin"], &["provider", "admin"]];
    for signers in sets {
        for by in signers {
            let suspend = instructions::provider_suspend(&market, &lab.key(by), &provider);
            lab.measure("provider_suspend", suspend, &[by]);
        }
        for by in signers {
            let resume = instructions::provider_resume(&market, &lab.key(by), &provider);
            lab.measure("provider_resume", resume, &[by]);
        }
    }
}

/// Other payout accounts, each of which waits for the market's delay.
fn payouts(lab: &mut Lab) {
    let (market, provider) = (lab.world.keys.market, lab.world.provider);
    let authority = lab.key("provider");
    let second = lab.world.second_account("provider");
    for payout in [second, lab.world.token_account("stranger"), lab.world.token_account("provider")] {
        let settings = ProviderSettings { payout, ..lab.world.provider().settings };
        let propose = instructions::provider_propose_change(&market, &authority, &provider, settings);
        lab.measure("provider_propose_change", propose, &["provider"]);
        lab.world.pass(lab.world.market().provider_delay);
        let apply = lab.world.apply_provider("provider");
        lab.measure("provider_apply_change", apply, &["provider"]);
    }
}
