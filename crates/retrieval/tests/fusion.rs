//! Fused scores equal ranx, on the fixture that reference/fusion_fixtures.py writes, and chosen weights keep what they
//! promise.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use std::slice::from_ref;

use proptest::prelude::*;
use retrieval::fusion::{
    CORMACK, Objective, Spreads, choose_weights, reciprocal_rank, reciprocal_rank_both_ways,
    weighted_sum, z_norm,
};
use retrieval::{Scores, Truth};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    members: Vec<Vec<Vec<f32>>>,
    weights: Vec<f64>,
    z_norm: Vec<Vec<f64>>,
    reciprocal_rank: Vec<Vec<f64>>,
    reciprocal_rank_both_ways: Vec<Vec<f64>>,
}

const OBJECTIVES: [Objective; 3] = [Objective::Dcg, Objective::Mrr, Objective::LogRank];

fn scores(rows: &[Vec<f32>]) -> Scores {
    let ids = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    Scores::new(ids("q", rows.len()), ids("c", rows[0].len()), rows.concat()).unwrap()
}

fn same(what: &str, got: &Scores, expected: &[Vec<f64>]) {
    for (got, expected) in got.values().iter().zip(expected.concat()) {
        let off = (f64::from(*got) - expected).abs();
        assert!(off <= 2e-6 * expected.abs().max(0.1), "{what}: {got} is not {expected}");
    }
}

#[test]
fn fused_scores_equal_ranx() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/fusion.json")).unwrap();
    let members: Vec<Scores> = fixture.members.iter().map(|rows| scores(rows)).collect();
    let fuse = |weights: &[f64], comparable: &dyn Fn(&Scores) -> Scores| {
        let members: Vec<Scores> = members.iter().map(comparable).collect();
        weighted_sum(&members, weights).unwrap()
    };
    let z = fuse(&fixture.weights, &|member| z_norm(member, &Spreads::of_queries(member)).unwrap());
    same("z-norm", &z, &fixture.z_norm);
    let one_way = fuse(&[1.0; 3], &|member| reciprocal_rank(member, CORMACK).unwrap());
    same("reciprocal rank", &one_way, &fixture.reciprocal_rank);
    let both = fuse(&[1.0; 3], &|member| reciprocal_rank_both_ways(member, CORMACK).unwrap());
    same("reciprocal rank, both ways", &both, &fixture.reciprocal_rank_both_ways);
}

/// Members of the same 5 queries and 7 candidates with few distinct scores, so that there are ties.
fn members() -> impl Strategy<Value = Vec<Vec<Vec<f32>>>> {
    let score = (-3i8..=3).prop_map(f32::from);
    let rows = prop::collection::vec(prop::collection::vec(score, 7), 5);
    prop::collection::vec(rows, 1..4)
}

/// The objective by its definition: the mean over both directions and their queries.
fn measured(scores: &Scores, truth: &Truth, objective: Objective) -> f64 {
    let ways = [(scores.clone(), truth.clone()), (scores.transposed(), truth.transposed())];
    let means = ways.map(|(scores, truth)| {
        let outcomes = scores.rank(&truth, 0).unwrap().outcomes();
        let values = outcomes.values().iter().map(|outcome| match objective {
            Objective::Dcg => outcome.dcg,
            Objective::Mrr => outcome.reciprocal_rank,
            Objective::LogRank => -outcome.rank.log2(),
        });
        values.sum::<f64>() / outcomes.values().len() as f64
    });
    (means[0] + means[1]) / 2.0
}

fn comparable(rows: &[Vec<f32>]) -> Scores {
    let scores = scores(rows);
    z_norm(&scores, &Spreads::of_both(&scores)).unwrap()
}

proptest! {
    #[test]
    fn chosen_weights_are_no_worse_than_any_member_or_equal_weights(rows in members()) {
        let members: Vec<Scores> = rows.iter().map(|rows| comparable(rows)).collect();
        let truth = Truth::new((0..5).map(|i| vec![i, 6]).collect(), 7).unwrap();
        for objective in OBJECTIVES {
            let chosen = choose_weights(&members, &truth, objective).unwrap();
            prop_assert!((chosen.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(chosen.weights.iter().all(|&weight| weight >= 0.0));
            let value = |members: &[Scores], weights: &[f64]| {
                measured(&weighted_sum(members, weights).unwrap(), &truth, objective)
            };
            prop_assert!((value(&members, &chosen.weights) - chosen.value).abs() < 1e-9);
            let equal = vec![1.0 / members.len() as f64; members.len()];
            prop_assert!(chosen.value >= value(&members, &equal) - 1e-8);
            for member in &members {
                prop_assert!(chosen.value >= value(from_ref(member), &[1.0]) - 1e-8);
            }
            prop_assert_eq!(choose_weights(&members, &truth, objective).unwrap(), chosen);
        }
    }

    #[test]
    fn standard_scores_do_not_depend_on_scale_or_level(
        rows in members(), scale in 0.5f32..2.0, level in -5.0f32..5.0,
    ) {
        let moved: Vec<Vec<f32>> =
            rows[0].iter().map(|row| row.iter().map(|s| s * scale + level).collect()).collect();
        for spreads in [Spreads::of_all, Spreads::of_queries, Spreads::of_both] {
            let norm = |rows: &[Vec<f32>]| {
                let scores = scores(rows);
                z_norm(&scores, &spreads(&scores)).unwrap()
            };
            // A row of equal scores is level before and may vary by rounding after: no claim there.
            let varied = |row: &Vec<f32>| row.iter().any(|s| *s != row[0]);
            let column = |c: usize| rows[0].iter().map(|row| row[c]).collect::<Vec<f32>>();
            prop_assume!(rows[0].iter().all(varied) && (0..7).all(|c| varied(&column(c))));
            for (a, b) in norm(&rows[0]).values().iter().zip(norm(&moved).values()) {
                prop_assert!((a - b).abs() < 1e-4, "{} and {}", a, b);
            }
        }
    }

    #[test]
    fn reciprocal_ranks_depend_on_the_order_alone_and_add_up(rows in members()) {
        let plain = scores(&rows[0]);
        let bent: Vec<Vec<f32>> =
            rows[0].iter().map(|row| row.iter().map(|s| s.exp()).collect()).collect();
        let got = reciprocal_rank_both_ways(&plain, CORMACK).unwrap();
        prop_assert_eq!(&reciprocal_rank_both_ways(&scores(&bent), CORMACK).unwrap(), &got);
        prop_assert_eq!(
            reciprocal_rank_both_ways(&plain.transposed(), CORMACK).unwrap().transposed(), got
        );
        let one_way = reciprocal_rank(&plain, CORMACK).unwrap();
        let whole: f32 = (1..=7).map(|rank| 1.0 / (60.0 + rank as f32)).sum();
        for query in 0..5 {
            prop_assert!((one_way.row(query).iter().sum::<f32>() - whole).abs() < 1e-6);
        }
    }
}
