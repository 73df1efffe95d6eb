//! Many credits in one transaction: as many as version 0 takes, and a whole chunk of 32 in one of version 1.

use {
    crate::terms,
    blockable_sdk::{
        Instruction, Pubkey,
        client::Landed,
        events::Event,
        program::{
            instructions::OfferRead,
            state::{LoanParties, terms_hash},
        },
        transactions::{BuildError, V0_MAX_BYTES, V1_MAX_BYTES, budget, sign_v0, sign_v1, size},
    },
    blockable_testkit::{Chain, Parties, USDC},
    futures_util::future::join_all,
    solana_sdk::hash::Hash,
};

const CHUNK: u64 = 32;
/// The slot of an offer that is accepted and issued in the transaction that makes it.
const SAME_SLOT: u64 = 0;

/// Runs the test.
pub async fn run(mut chain: Chain) {
    let credits = open_credits(&mut chain).await;
    let mut used = 0;
    for (count, reporters) in [(10, 2), (8, 3)] {
        used += 1_000;
        let meter = metering(&chain, &credits[..count], reporters, used).await;
        let bytes = size(
            &sign_v0(std::slice::from_ref(&meter), &Parties::key("payer"), &[], Hash::default()).unwrap(),
        );
        let landed = chain.send(&[meter], &[]).await;
        check_and_print(&landed, count, reporters, (0, bytes, V0_MAX_BYTES));
    }
    used += 1_000;
    let meter = metering(&chain, &credits, 3, used).await;
    let payer = Parties::key("payer");
    let refused = sign_v0(std::slice::from_ref(&meter), &payer, &[], Hash::default());
    assert!(matches!(refused, Err(BuildError::TooLarge { .. })));
    let signed = sign_v1(std::slice::from_ref(&meter), &payer, &[], Hash::default(), budget(0));
    let bytes = size(&signed.unwrap());
    let landed = chain.send_v1(&[meter], &[]).await;
    check_and_print(&landed, credits.len(), 3, (1, bytes, V1_MAX_BYTES));
    for credit in &credits {
        assert_eq!(chain.credit(credit).await.collateral.consumed, used);
        chain.prove_log(credit).await;
    }
}

/// Opens the credits at the same time, each by one transaction that offers, accepts and issues.
async fn open_credits(chain: &mut Chain) -> Vec<Pubkey> {
    let loans = (1..=CHUNK).map(|nonce| {
        terms::loan(nonce, &[3_600], |terms| {
            terms.principal = 1_000 * USDC;
            terms.late_fee = 0;
        })
    });
    let (credits, opening): (Vec<Pubkey>, Vec<[Instruction; 3]>) = loans
        .map(|args| {
            let credit = chain.credit_of(&args);
            let parties = LoanParties {
                market: chain.keys.market,
                lender: Parties::address("lender"),
                borrower: Parties::address("borrower"),
                provider: chain.provider,
                nonce: args.nonce,
            };
            let schedule = args.schedule.expand().unwrap();
            let hash = terms_hash(&parties, &args.terms, &args.rider, &schedule).unwrap();
            let read = OfferRead { terms_hash: hash, slot: SAME_SLOT };
            (credit, [chain.offer(args), chain.accept(&credit, read), chain.issue(&credit, read)])
        })
        .unzip();
    let signers = ["lender", "borrower", "provider"];
    let landed = join_all(opening.iter().map(|instructions| chain.land_v1(instructions, &signers))).await;
    landed.iter().for_each(|landed| chain.keep(landed));
    credits
}

async fn metering(chain: &Chain, credits: &[Pubkey], reporters: u8, used: u64) -> Instruction {
    let readings: Vec<_> = credits.iter().map(|credit| (*credit, used, 0)).collect();
    chain.metering(reporters, &readings).await
}

/// Checks that every credit was metered and prints what it took; `format` is the version, its bytes and its limit.
fn check_and_print(landed: &Landed, count: usize, reporters: u8, format: (u8, usize, usize)) {
    let [Event::ChunkMetered(event)] = landed.events.as_slice() else {
        panic!("one metered chunk, not {:?}", landed.events);
    };
    assert_eq!((event.records.len(), event.skipped.len()), (count, 0));
    let (version, bytes, limit) = format;
    println!(
        "metered: {count} credits by {reporters} reporters in version {version}: {bytes} of {limit} bytes, {} CU",
        landed.compute_units.unwrap_or_default()
    );
}
