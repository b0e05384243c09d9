//! What vectors are of, so that those of another corpus or of other making never answer.

/// What vectors are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The hash of the corpus; ids are the places of its settings.
    pub corpus: String,
    /// How they were made: vectors of equal making can be compared.
    pub making: String,
}

impl Origin {
    /// What is wrong with these vectors where ours are wanted; `None` when they are ours.
    pub(super) fn complaint(&self, ours: &Self) -> Option<String> {
        let send = "send them anew with `ganainm index --to`";
        if self.corpus != ours.corpus {
            let (theirs, ours) = (short(&self.corpus), short(&ours.corpus));
            return Some(format!(
                "its vectors are of corpus {theirs}, the store here is corpus {ours}: {send}, or give the store \
                 that they are of with --db"
            ));
        }
        (self.making != ours.making).then(|| {
            format!("its vectors were made by another version of this program: {send} of this one")
        })
    }
}

/// As much of a hash as people compare.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
