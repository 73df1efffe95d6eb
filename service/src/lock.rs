//! Locks that outlive a panic.
//!
//! A mutex is poisoned when a thread panics while it holds it. Here that thread is gone and reported, and what the others
//! do with the value is more useful than their end: every value behind these locks is whole between two statements.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks a mutex, also after a panic of another holder.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for reading, also after a panic of a writer.
pub fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for writing, also after a panic of another writer.
pub fn write<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use {super::*, std::thread};

    #[test]
    fn a_panic_of_one_holder_leaves_the_lock_to_the_others() {
        let (mutex, shared) = (Mutex::new(1), RwLock::new(1));
        thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _held = (lock(&mutex), write(&shared));
                panic!("with both locks held");
            });
            assert!(panics.join().is_err());
        });
        *lock(&mutex) += 1;
        *write(&shared) += 1;
        assert_eq!((*lock(&mutex), *read(&shared)), (2, 2));
    }
}
