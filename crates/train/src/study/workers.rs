//! Work on several things at a time, each in threads of its own.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// Works on all `items`, `jobs` at a time (none: as many as cores), each on its share of the cores; the results are in
/// the order of the items.
///
/// # Errors
/// When threads cannot be started; what `work` returns is in the list.
pub(super) fn side_by_side<T: Sync, R: Send>(
    jobs: Option<usize>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Result<Vec<R>, Error> {
    let cores = rayon::current_num_threads();
    let jobs = jobs.unwrap_or(cores).clamp(1, items.len().max(1));
    let threads = (cores / jobs).max(1);
    let pools = (0..jobs)
        .map(|_| ThreadPoolBuilder::new().num_threads(threads).build())
        .collect::<Result<Vec<ThreadPool>, _>>()?;
    let next = AtomicUsize::new(0);
    let worker = |pool: &ThreadPool| {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, pool.install(|| work(item))));
        }
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let handles: Vec<_> = pools.iter().map(|pool| scope.spawn(|| worker(pool))).collect();
        let joined = handles.into_iter().map(|handle| handle.join());
        joined.flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_and_jobs_share_the_cores() {
        let cores = rayon::current_num_threads();
        for jobs in [None, Some(1), Some(3), Some(99)] {
            let items: Vec<usize> = (0..17).collect();
            let results =
                side_by_side(jobs, &items, |&n| (n * n, rayon::current_num_threads())).unwrap();
            assert_eq!(
                results.iter().map(|r| r.0).collect::<Vec<_>>(),
                [0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225, 256]
            );
            let expected = (cores / jobs.unwrap_or(cores).min(17)).max(1);
            assert!(results.iter().all(|r| r.1 == expected), "{jobs:?}: {results:?}");
        }
    }
}
