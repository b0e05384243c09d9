//! Works that sound like a work that was learned from, though no family holds both.

use model::Reading;
use rayon::prelude::*;
use tokens::Tokens;

use crate::data::Example;

/// Buckets of the grams that melodies are compared by.
const BUCKETS: usize = 1 << 16;

/// Leaves out works whose setting has a cosine of `from` or more with that of any setting of a work that was learned from,
/// by their grams (`model::melody_grams`), each weighed by how few of these settings have it.
pub(crate) fn leave_out<'a>(
    works: &mut Vec<Example>,
    learned: impl Iterator<Item = &'a Example>,
    from: f32,
) {
    let reading = Reading { grams: BUCKETS, ..Reading::default() };
    let settings: Vec<&Tokens> = learned.flat_map(|work| &work.settings).collect();
    let mut known = reading.grams(&settings);
    let rarity = known.rarities(BUCKETS);
    known.weigh(&rarity);
    let having = known.turned(BUCKETS);
    let queries: Vec<&Tokens> = works.iter().map(Example::query).collect();
    let mut rows = reading.grams(&queries);
    rows.weigh(&rarity);
    let nearest = |row: usize| {
        let mut cosines = vec![0.0_f32; known.len()];
        for (bucket, value) in rows.row(row) {
            for (setting, other) in having.row(bucket as usize) {
                cosines[setting as usize] += value * other;
            }
        }
        cosines.into_iter().fold(0.0, f32::max)
    };
    let near: Vec<f32> = (0..rows.len()).into_par_iter().map(nearest).collect();
    let mut near = near.into_iter();
    works.retain(|_| near.next().is_some_and(|near| near < from));
}

#[cfg(test)]
mod tests {
    use tokens::Facts;

    use super::*;

    fn work(id: &str, music: &str) -> Example {
        let tune = abc::read_tune(&format!("L:1/8\nM:4/4\n{music}"));
        Example {
            id: id.to_owned(),
            family: 0,
            dance_type: None,
            popularity: None,
            settings: vec![Tokens::new(&tune, &Facts::default()).unwrap()],
            title: id.to_owned(),
            aliases: Vec::new(),
        }
    }

    #[test]
    fn a_training_tune_in_another_key_is_left_out_and_another_tune_stays() {
        let train = [
            work("maggie", "K:Edor\nE2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD|"),
            work("scales", "K:G\nGABc defg|gfed cBAG|GABc defg|gfed cBAG|"),
        ];
        let same = work("higher", "K:Ador\nA2eA gAeA|A2eA dBGB|A2eA gAeA|edef gdBG|");
        let other = work("other", "K:D\nd2fd c2ec|BdfB A2FA|GBdG FADF|EGce d4|");
        let mut works = vec![same, other];
        leave_out(&mut works, train.iter(), 0.9);
        let left: Vec<&str> = works.iter().map(|work| work.id.as_str()).collect();
        assert_eq!(left, ["other"]);
    }
}
