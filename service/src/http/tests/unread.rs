//! Clients that take no answers, or take them by the byte.

use {super::*, tokio::net::TcpSocket};

/// Asks for a large answer, several times at once, with little room to receive it.
async fn ask_unread(addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut client = socket.connect(addr).await.unwrap();
    client.write_all(&request("/large", "").repeat(8)).await.unwrap();
    client
}

#[tokio::test]
async fn clients_that_take_no_answers_shut_nobody_out() {
    // Connections of a proxy have no share.
    let case = start(4, 4, patient(), &["127.0.0.1"]).await;
    let mut deaf = Vec::new();
    for _ in 0..16 {
        deaf.push(ask_unread(case.addr).await);
    }
    let asked = timeout(PATIENCE, ask(case.addr, REQUEST)).await.expect("an answer").1;
    assert_eq!(asked, "HTTP/1.1 200");
    // Of one network the same.
    let case = start(64, 4, patient(), &[]).await;
    let _deaf = [ask_unread(case.addr).await, ask_unread(case.addr).await];
    let _also = [ask_unread(case.addr).await, ask_unread(case.addr).await];
    let answered = async {
        // Refused until an answer has waited for long enough.
        loop {
            let answer = ask(case.addr, REQUEST).await.1;
            if answer == "HTTP/1.1 200" {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, answered).await.expect("one that waits gives way");
}

#[tokio::test]
async fn answers_wait_for_their_clients_for_a_time() {
    for limit in [Limit::Idle, Limit::Turn] {
        let reading = Reading { patience: Duration::from_millis(300), bytes_per_second: 1 << 30 };
        let deadlines = Deadlines { reading, serving: limit(6 * PATIENCE), ..patient() };
        let case = start(8, 8, deadlines, &[]).await;
        let silent = ask_unread(case.addr).await;
        let mut dripping = ask_unread(case.addr).await;
        let closed = async {
            let mut byte = [0; 64];
            while case.connections.open() > 0 {
                let _ = timeout(Duration::from_millis(1), dripping.read(&mut byte)).await;
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, closed).await.expect("an answer may not wait for ever");
        drop(silent);
    }
    let reading = Reading { patience: Duration::from_millis(300), bytes_per_second: 1_000 };
    let case = start(8, 8, Deadlines { reading, ..patient() }, &[]).await;
    let answer = whole(case.addr, &request("/large", "connection: close\r\n")).await;
    assert!(answer.len() > LARGE, "{} bytes to one that takes them", answer.len());
}

#[tokio::test]
async fn a_connection_that_others_wait_for_ends_with_its_answer() {
    let case = start(1, 1, patient(), &["127.0.0.1"]).await;
    let busy = tokio::spawn(async move { whole(case.addr, &request("/slow", "").repeat(50)).await });
    while case.connections.open() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(timeout(PATIENCE, ask(case.addr, REQUEST)).await.expect("an answer").1, "HTTP/1.1 200");
    let answers = busy.await.unwrap();
    assert!(answers.ends_with("slow") && answers.contains("connection: close"), "{answers}");
    assert!(answers.matches("slow").count() < 5, "{answers}");
}
