//! Heavy work: as many pieces at a time as there are cores, a bounded queue before them, a limit of time for each.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::TIME_LIMIT;
use super::problem::Problem;

/// Lets work through to the blocking threads.
#[derive(Debug)]
pub(super) struct Gate {
    /// Places for what runs and what waits.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    width: usize,
    size: usize,
}

impl Gate {
    /// A gate before as many threads as the machine has cores, with room for `queue` waiting requests.
    pub(super) fn new(queue: usize) -> Self {
        let width = std::thread::available_parallelism().map_or(2, usize::from);
        let size = width + queue;
        let (places, threads) = (Semaphore::new(size), Semaphore::new(width));
        Self { places: Arc::new(places), threads: Arc::new(threads), width, size }
    }

    /// How many pieces of work run at a time.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// How many requests run or wait.
    pub(super) fn taken(&self) -> usize {
        self.size - self.places.available_permits()
    }

    /// Does a piece of work on a blocking thread.
    ///
    /// # Errors
    /// 503 when the queue is full or time is up, 500 when the work panics; what the work returns.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Problem::busy())?;
        let threads = Arc::clone(&self.threads);
        let done = async move {
            let thread = threads.acquire_owned().await.map_err(|_| Problem::busy())?;
            let work = move || {
                let done = work();
                // Both are kept to the work's own end, so that work nobody waits for any more still counts.
                drop((place, thread));
                done
            };
            tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())?
        };
        tokio::time::timeout(TIME_LIMIT, done).await.map_err(|_| Problem::slow())?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_finds_no_place_in_the_queue_is_turned_away_and_the_rest_is_done() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let gate = Arc::new(Gate::new(3));
        let all = gate.width() + 3;
        let (hold, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let waiting: Vec<_> = (0..all)
            .map(|_| {
                let (gate, held) = (Arc::clone(&gate), Arc::clone(&held));
                let work = move || Ok(held.lock().unwrap().recv().is_ok());
                runtime.spawn(async move { gate.run(work).await.unwrap() })
            })
            .collect();
        while gate.taken() < all {
            std::thread::yield_now();
        }
        let refused = runtime.block_on(gate.run(|| Ok(())));
        assert_eq!(refused.unwrap_err().status(), 503);
        (0..all).for_each(|_| hold.send(()).unwrap());
        for task in waiting {
            assert!(runtime.block_on(task).unwrap());
        }
        assert_eq!(gate.taken(), 0);
    }

    #[test]
    fn work_that_panics_is_an_error_and_gives_its_place_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let gate = Gate::new(1);
        let failed = runtime.block_on(gate.run(|| -> Result<(), Problem> { panic!("as tested") }));
        assert_eq!(failed.unwrap_err().status(), 500);
        assert_eq!(gate.taken(), 0);
    }
}
