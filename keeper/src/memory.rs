//! What the allocator keeps of the memory that the process has had.

/// Arenas that all threads share.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;
/// A variable of the C library's: who sets it has chosen.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const CHOSEN: &str = "MALLOC_ARENA_MAX";

/// Has threads share two arenas of the C library's allocator; nothing where it has none. To be called before the first
/// thread is started.
///
/// By itself glibc gives threads arenas of their own, eight for each core, and each keeps the most that it has ever held: over
/// hundreds of rounds on 10,000 credits that came to three times the memory, and more cores would have made it more.
pub fn share_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os(CHOSEN).is_none() {
        // SAFETY: `mallopt` takes two numbers and sets one of the allocator's. It must not race with other threads' first
        // use of the allocator, and there are none yet.
        let is_set = unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) } == 1;
        debug_assert!(is_set, "every glibc knows this number");
    }
}
