//! What holds for every ranking: bounds, indifference to order, and exactness against brute force.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use std::slice::from_ref;

use proptest::prelude::*;
use retrieval::{Bootstrap, CUTOFFS, Outcome, Outcomes, Rankings, Scores, Truth};

fn ids(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}{i}")).collect()
}

fn rank(rows: &[Vec<f32>], relevant: &[Vec<u32>]) -> Rankings {
    let columns = rows[0].len();
    let truth = Truth::new(relevant.to_vec(), columns).unwrap();
    let scores = Scores::new(ids("q", rows.len()), ids("c", columns), rows.concat()).unwrap();
    scores.rank(&truth, columns).unwrap()
}

fn outcome(row: &[f32], relevant: &[u32]) -> Outcome {
    rank(&[row.to_vec()], &[relevant.to_vec()]).outcomes().values()[0]
}

fn numbers(outcome: &Outcome) -> [f64; 8] {
    let Outcome { rank, reciprocal_rank, dcg, ndcg, recall: [a, b, c, d] } = *outcome;
    [rank, reciprocal_rank, dcg, ndcg, a, b, c, d]
}

fn close(a: &Outcome, b: &Outcome) -> bool {
    numbers(a).iter().zip(numbers(b)).all(|(a, b)| (a - b).abs() < 1e-10)
}

/// The mean of outcomes with weight one each.
fn mean(outcomes: &[Outcome]) -> Outcome {
    let mut sums = [0.0; 8];
    for outcome in outcomes {
        for (sum, number) in sums.iter_mut().zip(numbers(outcome)) {
            *sum += number / outcomes.len() as f64;
        }
    }
    let [rank, reciprocal_rank, dcg, ndcg, a, b, c, d] = sums;
    Outcome { rank, reciprocal_rank, dcg, ndcg, recall: [a, b, c, d] }
}

/// The measures of an order without ties, straight from their definitions.
fn by_definition(order: &[u32], relevant: &[u32]) -> Outcome {
    let ranks: Vec<f64> =
        (1..).zip(order).filter(|(_, c)| relevant.contains(c)).map(|(r, _)| f64::from(r)).collect();
    let gain = |rank: &f64| 1.0 / (rank + 1.0).log2();
    let dcg: f64 = ranks.iter().map(gain).sum();
    let ideal: f64 = (1..=relevant.len()).map(|r| gain(&(r as f64))).sum();
    let found = |k: u32| ranks.iter().filter(|&&r| r <= f64::from(k)).count() as f64;
    Outcome {
        rank: ranks[0],
        reciprocal_rank: 1.0 / ranks[0],
        dcg,
        ndcg: dcg / ideal,
        recall: CUTOFFS.map(|k| found(k) / relevant.len() as f64),
    }
}

fn permutations(items: &[u32]) -> Vec<Vec<u32>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (i, &first) in items.iter().enumerate() {
        let rest: Vec<u32> = items[..i].iter().chain(&items[i + 1..]).copied().collect();
        for mut order in permutations(&rest) {
            order.insert(0, first);
            all.push(order);
        }
    }
    all
}

/// Every order of the candidates that respects the scores, once for each way to break the ties.
fn orders(row: &[f32]) -> Vec<Vec<u32>> {
    let candidates: Vec<u32> = (0..row.len() as u32).collect();
    let falls = |order: &Vec<u32>| {
        order.windows(2).all(|pair| row[pair[0] as usize] >= row[pair[1] as usize])
    };
    permutations(&candidates).into_iter().filter(falls).collect()
}

/// Six scores with many ties, and one to four relevant candidates.
fn small() -> impl Strategy<Value = (Vec<f32>, Vec<u32>)> {
    let row = prop::collection::vec((0..3).prop_map(|v| v as f32), 6);
    (row, prop::sample::subsequence((0..6).collect::<Vec<u32>>(), 1..=4))
}

/// A few queries with scores on a coarse grid, and their relevant candidates.
fn several() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<Vec<u32>>)> {
    let row = prop::collection::vec((-9..9).prop_map(|v| v as f32 / 4.0), 23);
    let relevant = prop::sample::subsequence((0..23).collect::<Vec<u32>>(), 0..=5);
    prop::collection::vec((row, relevant), 1..8).prop_map(|pairs| pairs.into_iter().unzip())
}

proptest! {
    #[test]
    fn ties_count_at_their_mean_over_every_order((row, relevant) in small()) {
        let every: Vec<Outcome> =
            orders(&row).iter().map(|order| by_definition(order, &relevant)).collect();
        prop_assert!(close(&outcome(&row, &relevant), &mean(&every)));
    }

    #[test]
    fn pools_are_measured_at_their_mean_over_every_draw(
        (row, relevant) in small(), extra in 0usize..=5
    ) {
        let size = (relevant.len() + extra).min(row.len());
        let mut every = Vec::new();
        for drawn in 0u32..1 << row.len() {
            let in_pool = |c: u32| drawn >> c & 1 == 1;
            if drawn.count_ones() as usize != size || !relevant.iter().all(|&c| in_pool(c)) {
                continue;
            }
            for order in orders(&row) {
                let order: Vec<u32> = order.into_iter().filter(|&c| in_pool(c)).collect();
                every.push(by_definition(&order, &relevant));
            }
        }
        let pooled = rank(from_ref(&row), from_ref(&relevant)).pooled(size).unwrap();
        prop_assert!(close(&pooled.values()[0], &mean(&every)));
    }

    #[test]
    fn chance_is_the_mean_over_all_orders(relevant in 1u32..=6) {
        let right: Vec<u32> = (0..relevant).collect();
        let candidates: Vec<u32> = (0..6).collect();
        let every: Vec<Outcome> =
            permutations(&candidates).iter().map(|o| by_definition(o, &right)).collect();
        let outcomes = rank(&[vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], from_ref(&right)).outcomes();
        prop_assert!(close(&outcomes.chance()[0], &mean(&every)));
        let mut ranks: Vec<f64> = every.iter().map(|outcome| outcome.rank).collect();
        ranks.sort_by(f64::total_cmp);
        let middle = (ranks[ranks.len() / 2 - 1] + ranks[ranks.len() / 2]) / 2.0;
        let metrics = outcomes.metrics(&Bootstrap::default()).unwrap();
        prop_assert_eq!(metrics.median_rank.chance, middle);
    }

    #[test]
    fn measures_stay_within_their_bounds((rows, relevant) in several()) {
        let rankings = rank(&rows, &relevant);
        let outcomes = rankings.outcomes();
        for (outcome, &r) in outcomes.values().iter().zip(outcomes.relevant()) {
            let ideal: f64 = (1..=r).map(|i| 1.0 / f64::from(i + 1).log2()).sum();
            prop_assert!(outcome.rank >= 1.0 && outcome.rank <= f64::from(23 - r + 1));
            prop_assert!(outcome.reciprocal_rank >= 1.0 / 23.0 && outcome.reciprocal_rank <= 1.0);
            prop_assert!(outcome.reciprocal_rank >= 1.0 / outcome.rank - 1e-12);
            prop_assert!(outcome.dcg > 0.0 && outcome.dcg <= ideal + 1e-12);
            prop_assert!(outcome.ndcg > 0.0 && outcome.ndcg <= 1.0 + 1e-12);
            prop_assert!(outcome.recall.is_sorted() && outcome.recall[3] == 1.0);
        }
        if let Some(metrics) = outcomes.metrics(&Bootstrap::new(50, 3, 0.9).unwrap()) {
            for (name, m) in metrics.named() {
                prop_assert!(m.low <= m.high && m.value.is_finite() && m.n > 0, "{name}");
            }
        }
    }

    #[test]
    fn the_order_of_the_candidates_changes_nothing(
        (rows, relevant) in several(),
        order in Just((0..23).collect::<Vec<u32>>()).prop_shuffle()
    ) {
        let moved: Vec<Vec<f32>> =
            rows.iter().map(|row| order.iter().map(|&c| row[c as usize]).collect()).collect();
        let place = |c: u32| order.iter().position(|&o| o == c).unwrap() as u32;
        let moved_truth: Vec<Vec<u32>> =
            relevant.iter().map(|list| list.iter().map(|&c| place(c)).collect()).collect();
        let (a, b) = (rank(&rows, &relevant), rank(&moved, &moved_truth));
        let bootstrap = Bootstrap::default();
        prop_assert_eq!(a.outcomes().metrics(&bootstrap), b.outcomes().metrics(&bootstrap));
        prop_assert_eq!(a.pooled(11).unwrap(), b.pooled(11).unwrap());
    }

    #[test]
    fn any_rising_change_of_the_scores_changes_nothing((rows, relevant) in several()) {
        let bent: Vec<Vec<f32>> =
            rows.iter().map(|row| row.iter().map(|v| v.powi(3) + 7.0).collect()).collect();
        prop_assert_eq!(rank(&rows, &relevant).outcomes(), rank(&bent, &relevant).outcomes());
    }

    #[test]
    fn the_full_order_lists_every_candidate_once((rows, relevant) in several()) {
        for (ranking, row) in rank(&rows, &relevant).list().iter().zip(&rows) {
            let hits = ranking.hits();
            let mut listed: Vec<u32> = hits.iter().map(|hit| hit.candidate).collect();
            prop_assert!(hits.iter().all(|hit| hit.score == row[hit.candidate as usize]));
            let key = |hit: &retrieval::Hit| (-hit.score, hit.candidate);
            prop_assert!(hits.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
            listed.sort_unstable();
            prop_assert_eq!(listed, (0..23).collect::<Vec<u32>>());
        }
    }
}

#[test]
fn a_pool_of_all_candidates_is_the_full_set() {
    let value = |q: usize, c: usize| ((q * 31 + c * 17) % 13) as f32;
    let rows: Vec<Vec<f32>> = (0..11).map(|q| (0..41).map(|c| value(q, c)).collect()).collect();
    let relevant: Vec<Vec<u32>> =
        (0..11).map(|q| (0..q % 4).map(|i| (q * 3 + i * 7) % 41).collect()).collect();
    let rankings = rank(&rows, &relevant);
    let (full, pool): (Outcomes, Outcomes) = (rankings.outcomes(), rankings.pooled(41).unwrap());
    assert_eq!(full.queries(), [1, 2, 3, 5, 6, 7, 9, 10]);
    for (a, b) in full.values().iter().zip(pool.values()) {
        assert!(close(a, b), "{a:?} {b:?}");
    }
    assert!(rankings.pooled(42).is_err());
    assert!(rankings.pooled(2).is_err());
}

#[test]
fn the_same_seed_gives_the_same_intervals_on_any_number_of_threads() {
    let value = |q: usize, c: usize| ((q * 131 + c * 37) % 101) as f32;
    let rows: Vec<Vec<f32>> = (0..53).map(|q| (0..59).map(|c| value(q, c)).collect()).collect();
    let outcomes = rank(&rows, &(0..53).map(|q| vec![q]).collect::<Vec<_>>()).outcomes();
    let metrics = || outcomes.metrics(&Bootstrap::new(200, 11, 0.95).unwrap());
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(metrics), metrics());
    assert_ne!(metrics(), outcomes.metrics(&Bootstrap::new(200, 12, 0.95).unwrap()));
}
