//! What was measured as tables, for terminals and the page.

use std::fmt;

use retrieval::clusters::{Guesses, Share};
use retrieval::report::Grid;

use super::Atlas;
use super::genre::{AspectGenre, SpaceGenre};

impl Atlas {
    /// One table an aspect, and one of the maps.
    pub fn tables(&self) -> Vec<Grid> {
        let aspects = self.genre.aspects.iter().map(aspect);
        aspects.chain(std::iter::once(self.maps())).collect()
    }

    fn maps(&self) -> Grid {
        let k = self.kept.first().map_or(0, |kept| kept.k);
        let row = |kept: &super::Kept| {
            let numbers =
                [kept.neighbours, kept.trustworthiness].map(|share| format!("{share:.3}"));
            let name = format!("{} vectors, {}", kept.vectors, kept.method);
            std::iter::once(name).chain(numbers).collect()
        };
        Grid {
            words: 1,
            caption: format!("Maps of {} works, {k} neighbours", self.picture.points.len()),
            header: ["map", "neighbours kept", "trustworthiness"].map(str::to_owned).to_vec(),
            rows: self.kept.iter().map(row).collect(),
        }
    }

    /// What the reader must know to read the tables.
    pub fn remarks(&self) -> String {
        let told = if self.told.is_empty() {
            "The melody tower reads no header.".to_owned()
        } else {
            format!(
                "The melody tower is told {} in the header: that its vectors tell the same is no discovery.",
                self.told.join(", ")
            )
        };
        format!(
            "{told} Classifiers learn from the training works and are judged on the test works; 10-NN in test looks at \
             the other test works instead. [low, high] are 95 % bootstrap intervals over the test works, F1 is the mean \
             over the classes. Silhouette (by cosine), NMI and ARI (of as many k-means clusters as \
             classes) are of the test works."
        )
    }
}

impl fmt::Display for Atlas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.picture.name)?;
        self.tables().iter().try_for_each(|table| write!(f, "\n{table}"))?;
        writeln!(f, "\n{}", self.remarks())
    }
}

fn aspect(aspect: &AspectGenre) -> Grid {
    let mut rows = vec![baseline("majority class", &aspect.majority)];
    rows.extend(
        aspect.cue.iter().map(|cue| baseline(&format!("{} alone", cue.name), &cue.guesses)),
    );
    rows.extend(aspect.spaces.iter().map(space));
    let header = [
        "vectors",
        "silhouette",
        "NMI",
        "ARI",
        "10-NN in test",
        "F1",
        "10-NN in training",
        "F1",
        "linear probe",
        "F1",
    ];
    let left_out = match aspect.left_out {
        0 => String::new(),
        n => format!(", {n} more have none of them"),
    };
    Grid {
        words: 1,
        caption: format!(
            "{}: {} test works of {} classes{left_out}",
            aspect.aspect,
            aspect.majority.n,
            aspect.classes.len()
        ),
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

/// A guesser without vectors stands where the probe does.
fn baseline(name: &str, guesses: &Guesses) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(std::iter::repeat_n(String::new(), 7));
    row.extend([share(&guesses.accuracy), short(guesses.macro_f1.value)]);
    row
}

fn space(space: &SpaceGenre) -> Vec<String> {
    let of = |guesses: &Guesses| [share(&guesses.accuracy), short(guesses.macro_f1.value)];
    let mut row = vec![space.space.clone(), space.silhouette.map(short).unwrap_or_default()];
    row.extend([short(space.clusters.nmi), short(space.clusters.ari)]);
    row.extend(of(&space.among_test));
    row.extend(of(&space.neighbours));
    row.extend(of(&space.probe));
    row
}

fn share(share: &Share) -> String {
    format!("{:.3} [{:.3}, {:.3}]", share.value, share.low, share.high)
}

fn short(value: f64) -> String {
    format!("{value:.3}")
}
