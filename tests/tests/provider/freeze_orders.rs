//! Signed freezes at a provider's desk, on a cluster inside this process.

use {
    crate::{admits, cluster, eventually, freeze, gate, thaw},
    blockable_gate::{
        FollowConfig, Follower, FreezeDesk, FreezeDeskConfig, Gate, NoticeKind, OrderRefused, OrderState,
        Refusal,
    },
    blockable_sdk::{
        Instruction, Pubkey, amounts::Units, program::instructions::FreezeAmount, transactions::encode,
    },
    blockable_testkit::{Cluster, Parties},
    solana_sdk::{signature::Keypair, signer::Signer},
    std::{path::Path, time::Instant},
};

/// A gate that follows the cluster and has seen the credit, with a desk.
struct GateOnCluster {
    gate: Gate,
    follower: Follower,
    desk: FreezeDesk,
}

impl GateOnCluster {
    async fn start(cluster: &Cluster, credit: &Pubkey, folder: &Path) -> GateOnCluster {
        let gate = gate(cluster, folder);
        let desk = FreezeDesk::start(gate.clone(), FreezeDeskConfig::new(cluster.rpc_url())).await.unwrap();
        let config = FollowConfig::new(cluster.rpc_url(), cluster.ws_url());
        let follower = Follower::start(gate.clone(), config);
        eventually("the gate follows", async || follower.status().caught_up && gate.credit(credit).is_some())
            .await;
        GateOnCluster { gate, follower, desk }
    }

    async fn stop(self) {
        self.desk.stop().await;
        self.follower.stop().await;
        self.gate.close().await;
    }

    async fn closes(&self, signature: &blockable_sdk::Signature) -> OrderState {
        let state = || self.desk.state(signature).unwrap();
        eventually("the order closes", async || state() != OrderState::Open).await;
        state()
    }

    async fn notices(&self) -> Vec<NoticeKind> {
        self.gate.notices_after(0, 100).await.unwrap().into_iter().map(|notice| notice.kind).collect()
    }
}

async fn signed(cluster: &Cluster, freeze: Instruction, payer: &Keypair, by: &Keypair) -> Vec<u8> {
    let signers: &[&dyn Signer] = if payer.pubkey() == by.pubkey() { &[] } else { &[by] };
    encode(cluster.chain.client.sign(&[freeze], payer, signers).await.unwrap().transaction())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_freeze_is_obeyed_before_it_lands_and_a_replay_after_a_thaw_is_not() {
    let (mut cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let provider = GateOnCluster::start(&cluster, &credit, folder.path()).await;
    let lender = Parties::key("lender");
    assert_eq!(admits(&provider.gate, &credit).await, Ok(()));
    let order = freeze(&cluster, "lender", &credit, FreezeAmount::All);
    let bytes = signed(&cluster, order, &lender, &lender).await;
    let began = Instant::now();
    let obeyed = provider.desk.obey(&bytes).await.unwrap();
    let took = began.elapsed();
    let refused = admits(&provider.gate, &credit).await;
    assert!(matches!(refused, Err(Refusal::Frozen { .. })), "{refused:?} after {took:?}");
    assert_eq!(provider.closes(&obeyed.signature).await, OrderState::Landed);
    let seen = cluster.chain.credit(&credit).await;
    assert_eq!((seen.collateral.frozen(), obeyed.frozen), (1_000_000_000, Units(1_000_000_000)));
    assert_eq!(provider.gate.room(&credit).unwrap().available, Units(0), "the chain has it now");
    let notices = provider.notices().await;
    assert!(
        matches!(&notices[..], [NoticeKind::FreezeObeyed { .. }, NoticeKind::FreezeLanded { .. }]),
        "{notices:?}"
    );

    let order = thaw(&cluster, &credit);
    cluster.chain.send(&[order], &["lender"]).await;
    eventually("the thaw is seen", async || admits(&provider.gate, &credit).await.is_ok()).await;
    let replayed = Err(OrderRefused::Replayed(OrderState::Landed));
    assert_eq!(provider.desk.obey(&bytes).await, replayed);
    provider.stop().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let provider = GateOnCluster::start(&cluster, &credit, elsewhere.path()).await;
    let again = provider.desk.obey(&bytes).await;
    let expired = [OrderRefused::BlockhashExpired, OrderRefused::BlockhashUnknown].map(Err);
    assert!(again == replayed || expired.contains(&again), "a desk that never saw it: {again:?}");
    assert_eq!(admits(&provider.gate, &credit).await, Ok(()));
    assert!(provider.notices().await.is_empty());
    provider.stop().await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_cannot_land_is_lifted_also_when_the_provider_restarts_meanwhile() {
    let (cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let provider = GateOnCluster::start(&cluster, &credit, folder.path()).await;
    // Nobody has given the payer anything to pay with.
    let (payer, freezer) = (Keypair::new(), Parties::key("freezer"));
    let order = freeze(&cluster, "freezer", &credit, FreezeAmount::Bps(5_000));
    let bytes = signed(&cluster, order, &payer, &freezer).await;
    let obeyed = provider.desk.obey(&bytes).await.unwrap();
    assert_eq!((obeyed.frozen, obeyed.by), (Units(500_000_000), freezer.pubkey()));
    assert_eq!(provider.gate.room(&credit).unwrap().available, Units(500_000_000));
    provider.stop().await;

    let provider = GateOnCluster::start(&cluster, &credit, folder.path()).await;
    assert_eq!(provider.gate.room(&credit).unwrap().available, Units(500_000_000), "still obeyed");
    assert_eq!(provider.desk.obey(&bytes).await, Ok(obeyed));
    assert_eq!(provider.closes(&obeyed.signature).await, OrderState::Expired);
    assert_eq!(provider.gate.room(&credit).unwrap().available, Units(1_000_000_000));
    assert_eq!(cluster.chain.credit(&credit).await.collateral.frozen(), 0);
    let notices = provider.notices().await;
    assert!(
        matches!(&notices[..], [NoticeKind::FreezeObeyed { .. }, NoticeKind::FreezeLifted { .. }]),
        "{notices:?}"
    );
    assert_eq!(provider.desk.obey(&bytes).await, Err(OrderRefused::Replayed(OrderState::Expired)));
    provider.stop().await;
    cluster.stop();
}
