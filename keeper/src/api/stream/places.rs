//! The places of streams, bounded in all and for each network.

use {
    blockable_service::{http::ClientNetwork, lock::lock},
    std::{
        collections::HashMap,
        sync::{Arc, Mutex},
    },
};

/// The places of streams. Clones share them.
#[derive(Clone)]
pub(in crate::api) struct Places {
    open: Arc<Mutex<HashMap<ClientNetwork, usize>>>,
    most: usize,
    most_per_network: usize,
}

/// The place of one stream, until it is dropped.
pub(super) struct Place {
    places: Places,
    network: ClientNetwork,
}

impl Places {
    /// Makes room for so many streams, of which one network may take a quarter, and four in any case.
    pub(in crate::api) fn new(most: usize) -> Places {
        Places { open: Arc::default(), most, most_per_network: most.div_ceil(4).max(4) }
    }

    /// Takes a place. `None` where there is none.
    pub(super) fn take(&self, network: ClientNetwork) -> Option<Place> {
        let mut open = lock(&self.open);
        let of_network = open.get(&network).copied().unwrap_or(0);
        if of_network >= self.most_per_network || open.values().sum::<usize>() >= self.most {
            return None;
        }
        open.insert(network, of_network.saturating_add(1));
        Some(Place { places: self.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.places.open);
        match open.get(&self.network).copied() {
            Some(count) if count > 1 => drop(open.insert(self.network, count.saturating_sub(1))),
            _ => drop(open.remove(&self.network)),
        }
    }
}
