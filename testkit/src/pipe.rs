//! A connection that can be cut: passes bytes on to another port of this machine.

use std::{
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Ends when dropped.
pub struct Pipe {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    target: String,
    is_cut: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Pipe {
    /// A pipe to the host and port of a URL.
    pub fn to(url: &str) -> Pipe {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the pipe");
        let inner = Arc::new(Inner {
            target: url.split("://").nth(1).expect("the pipe").trim_end_matches('/').to_string(),
            is_cut: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let pipe = Pipe { address: listener.local_addr().expect("the pipe"), inner: inner.clone() };
        thread::spawn(move || {
            for near in listener.incoming() {
                if inner.ended.load(Ordering::Relaxed) {
                    return;
                }
                // Connections are closed at once while the pipe is cut.
                if !inner.is_cut.load(Ordering::Relaxed) {
                    connect(&inner, near.expect("the pipe"));
                }
            }
        });
        pipe
    }

    /// The pipe's near end, with a scheme.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// Cuts every connection, and lets no new one through.
    pub fn cut(&self) {
        self.inner.is_cut.store(true, Ordering::Relaxed);
        for connection in self.inner.open.lock().expect("the pipe").drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.inner.is_cut.store(false, Ordering::Relaxed);
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.cut();
        self.inner.ended.store(true, Ordering::Relaxed);
        // The listener sees that it has ended when the next connection comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn connect(inner: &Inner, near: TcpStream) {
    let far = TcpStream::connect(&inner.target).expect("the pipe");
    let mut open = inner.open.lock().expect("the pipe");
    for (from, to) in [(&near, &far), (&far, &near)] {
        let (mut from, mut to) = (from.try_clone().expect("the pipe"), to.try_clone().expect("the pipe"));
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    open.extend([near, far]);
}
