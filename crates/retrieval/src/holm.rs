//! Many tests at once.

/// The p-values of several tests, each raised so that, whatever is true of the others, the chance of a single one below
/// `a` where there is no difference at all is at most `a` (Holm 1979); in the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut raised = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (passed, &test) in order.iter().enumerate() {
        least = least.max(p[test] * (p.len() - passed) as f64).min(1.0);
        raised[test] = least;
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_value_is_never_below_that_of_a_smaller_one() {
        assert_eq!(holm(&[0.5, 0.01, 0.02]), [0.5, 0.03, 0.04]);
        assert_eq!(holm(&[0.04, 0.03]), [0.06, 0.06]);
        assert_eq!(holm(&[0.7, 0.7]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
