//! Nodes of several clusters, slow ones, and ones that stand still.

use {
    super::*,
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::sleep,
    },
};

/// A node that is at a slot.
async fn node_at(slot: u64) -> String {
    node(Hash::default(), slot, Duration::ZERO).await
}

/// A node of a cluster with this first block that is at a slot, and answers each request after some time.
async fn node(genesis: Hash, slot: u64, after: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                sleep(after).await;
                let is_slot = String::from_utf8_lossy(&request).contains("getSlot");
                let result = if is_slot { json!(slot) } else { json!(genesis.to_string()) };
                let body = json!({"jsonrpc": "2.0", "id": 0, "result": result}).to_string();
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length";
                let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
                // A client that has given up has closed it.
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}

/// Its accounts are old, and a transaction that is signed with its blockhash cannot land.
#[tokio::test]
async fn a_node_that_stands_still_is_not_read() {
    for (slots, read) in [([1_000, 1_031], 1), ([1_000, 1_030], 0), ([1_031, 1_000], 0), ([0, 7], 0)] {
        let urls = [node_at(slots[0]).await, node_at(slots[1]).await];
        let nodes = Nodes::open(&urls, CommitmentConfig::confirmed()).await.unwrap();
        assert_eq!(nodes.client.rpc().url(), urls[read], "{slots:?}");
        assert_eq!(nodes.clients().count(), 2, "it gets transactions all the same");
    }
}

/// Else one node of three could keep a lender from a freeze by naming another cluster.
#[tokio::test]
async fn a_node_of_another_cluster_than_most_is_left_out() {
    let (own, other) = (Hash::default(), Hash::new_from_array([7; 32]));
    for (clusters, left) in [(vec![other, own, own], vec![1, 2]), (vec![own, own, other], vec![0, 1])] {
        let mut urls = Vec::new();
        for genesis in clusters {
            urls.push(node(genesis, 1_000, Duration::ZERO).await);
        }
        let nodes = Nodes::open(&urls, CommitmentConfig::confirmed()).await.unwrap();
        let kept: Vec<String> = nodes.clients().map(|client| client.rpc().url()).collect();
        assert_eq!(nodes.genesis, own);
        assert_eq!(kept, left.iter().map(|place: &usize| urls[*place].clone()).collect::<Vec<_>>());
    }
    for clusters in [vec![own, other], vec![own, other, Hash::new_from_array([8; 32])]] {
        let mut urls = Vec::new();
        for genesis in &clusters {
            urls.push(node(*genesis, 1_000, Duration::ZERO).await);
        }
        let refused = Nodes::open(&urls, CommitmentConfig::confirmed()).await.err();
        let named =
            |(place, genesis): (usize, &Hash)| format!("node {} is of {}", place + 1, cluster_name(genesis));
        assert_eq!(refused, Some(NodesError::NoMajority(clusters.iter().enumerate().map(named).collect())));
    }
}

/// Else one node of three that claims a slot far ahead would be the one that is read.
#[tokio::test]
async fn a_node_that_claims_to_be_ahead_makes_no_other_seem_old() {
    let mut urls = Vec::new();
    for slot in [1_000, 1_010, 1 << 60] {
        urls.push(node_at(slot).await);
    }
    let nodes = Nodes::open(&urls, CommitmentConfig::confirmed()).await.unwrap();
    assert_eq!(nodes.client.rpc().url(), urls[0]);
}

/// The first answer is that of a node of another cluster; the others are slower than the half second that they would have after it.
#[tokio::test]
async fn half_of_the_nodes_are_heard_before_one_decides_on_the_cluster() {
    let mut urls = vec![node(Hash::new_from_array([7; 32]), 1_000, Duration::ZERO).await];
    for delay in [700, 900] {
        urls.push(node(Hash::default(), 0, Duration::from_millis(delay)).await);
    }
    let nodes = Nodes::open(&urls, CommitmentConfig::confirmed()).await.unwrap();
    assert_eq!(nodes.genesis, Hash::default());
}

#[tokio::test]
async fn all_other_nodes_share_one_time_once_the_first_has_answered() {
    let mut urls = Vec::new();
    for delay in [0, 400, 800, 1_200, 1_600, 2_000] {
        urls.push(node(Hash::default(), 0, Duration::from_millis(delay)).await);
    }
    let answers = Answers::ask(&urls, CommitmentConfig::confirmed()).await;
    assert!(answers.answered.contains_key(&0), "{}", answers.failure);
    assert!(!answers.answered.contains_key(&5), "each answer gave the next node its own time");
    assert_eq!(answers.answered.len() + answers.silent.len(), 6);
}
