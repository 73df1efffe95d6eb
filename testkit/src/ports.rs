//! Ports for servers that need several in a row.

use std::{
    net::{TcpListener, UdpSocket},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// The ports that are searched: below those that Linux gives to outgoing connections, which begin at 32,768.
const FIRST: u16 = 20_000;
const END: u16 = 32_768;
/// Ports between the beginnings of two processes' searches.
const APART: u16 = 64;

/// Ports that earlier calls of this process have gone past.
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// Finds the first of `count` free ports in a row on 127.0.0.1, for TCP and UDP. No two calls of a process return the same ones, and the searches
/// of different processes begin apart. Panics where there are none.
pub fn free_ports(count: u16) -> u16 {
    let is_free = |port: u16| {
        TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok()
    };
    let places = (END - FIRST) / APART;
    let own = u16::try_from(process::id() % u32::from(places)).expect("below the number of places");
    loop {
        let taken = TAKEN.fetch_add(count, Ordering::Relaxed);
        assert!(taken < END - FIRST, "no {count} free ports in a row below {END}");
        let first = FIRST + (own * APART + taken) % (END - FIRST - count);
        if (first..first + count).all(is_free) {
            return first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_in_a_row_and_no_two_calls_get_the_same() {
        let firsts: Vec<u16> = (0..20).map(|_| free_ports(5)).collect();
        for (place, first) in firsts.iter().enumerate() {
            assert!((FIRST..END - 5).contains(first), "{first}");
            let _held: Vec<TcpListener> = (*first..first + 5)
                .map(|port| TcpListener::bind(("127.0.0.1", port)).expect("free"))
                .collect();
            assert!(firsts[..place].iter().all(|other| first.abs_diff(*other) >= 5), "{firsts:?}");
        }
    }
}
