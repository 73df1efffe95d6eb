//! Work on large answers, which takes too long for the threads that serve everybody.

use {
    std::{num::NonZero, sync::LazyLock, thread::available_parallelism},
    tokio::{
        runtime::{Handle, RuntimeFlavor},
        sync::Semaphore,
        task::block_in_place,
    },
};

/// Bytes from which an answer is large.
const LARGE: usize = 256 << 10;

/// Large answers that are worked on at once: by half of the processors, so that the others serve meanwhile.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.div_ceil(2))
});

/// Does work on an answer of so many bytes. For a large one it waits for a place, and other tasks run on other threads meanwhile;
/// so it must be called from a task that does nothing else at the same time.
pub(super) async fn work<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < LARGE || Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return work();
    }
    // It is never closed; without a place the work is done all the same.
    let _place = PLACES.acquire().await.ok();
    block_in_place(work)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        std::{
            sync::atomic::{AtomicUsize, Ordering},
            thread,
            time::{Duration, Instant},
        },
        tokio::time::sleep,
    };

    /// Every thread of the runtime has a large answer to work on, and others are served all the same.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn other_tasks_run_while_large_answers_are_worked_on() {
        static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
        let large = || {
            let now = AT_ONCE.fetch_add(1, Ordering::SeqCst) + 1;
            thread::sleep(Duration::from_millis(400));
            AT_ONCE.fetch_sub(1, Ordering::SeqCst);
            now
        };
        let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(work(LARGE, large))).collect();
        let small = tokio::spawn(async {
            let mut longest = Duration::ZERO;
            for _ in 0..30 {
                let began = Instant::now();
                sleep(Duration::from_millis(5)).await;
                longest = longest.max(began.elapsed());
            }
            longest
        });
        let longest = small.await.unwrap();
        assert!(longest < Duration::from_millis(250), "another task waited for {longest:?}");
        for task in tasks {
            assert!(task.await.unwrap() <= available_parallelism().unwrap().get().div_ceil(2));
        }
    }
}
