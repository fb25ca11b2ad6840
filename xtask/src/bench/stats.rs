//! The little arithmetic a bench needs: medians over rounds, percentiles over answers.

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    Some((sorted.get(middle - 1)? + upper) / 2.0)
}

/// The median of the ratios of each round, so that both sides of a ratio are of the same minute.
pub(crate) fn median_ratio(ours: &[f64], reference: &[f64]) -> Option<f64> {
    let rounds = ours
        .iter()
        .zip(reference)
        .filter(|(_, reference)| **reference > 0.0);
    median(
        &rounds
            .map(|(ours, reference)| ours / reference)
            .collect::<Vec<_>>(),
    )
}

/// The value below which `percent` of the sorted values lie.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }

    #[test]
    fn ratios_pair_the_rounds() {
        assert_eq!(
            median_ratio(&[10.0, 1.0, 30.0], &[5.0, 1.0, 10.0]),
            Some(2.0)
        );
        assert_eq!(median_ratio(&[10.0, 1.0], &[0.0, 1.0]), Some(1.0));
        assert_eq!(median_ratio(&[1.0], &[]), None);
    }

    #[test]
    fn percentiles() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 99), Some(99));
        assert_eq!(percentile(&hundred, 50), Some(50));
        assert_eq!(percentile(&[7], 99), Some(7));
        assert_eq!(percentile(&[], 99), None);
    }
}
