//! The folder of a fusion's member: all that it needs of the run that it was.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use retrieval::Classifier;
use tokens::Feature;

use crate::baselines::Evidence;
use crate::fusion::{Part, Recipe, Rule};
use crate::run::files;
use crate::scorer::{Header, Member};
use crate::sentence::SentenceEncoders;
use crate::{Error, RunDir, RunKind, setup};

/// What a member needs of its run, where the run has it: files, and a folder with a sentence encoder.
pub(super) const NEEDED: [&str; 6] = [
    files::CONFIG,
    files::VOCABULARY,
    files::MANIFEST,
    files::MELODY,
    files::TITLE,
    files::SENTENCE,
];

/// Larger files are linked where the disk allows it; smaller ones, which someone may want to edit, are copied.
const LINKED_FROM: u64 = 1 << 20;

/// Writes all that a member needs into its folder; towers come from the run that trained them.
pub(super) fn write_member(
    folder: &RunDir,
    part: &Part,
    source: Option<&RunDir>,
) -> Result<(), Error> {
    fs::create_dir_all(folder.path()).map_err(|error| Error::io(folder.path(), error))?;
    if let Rule::Both(cohort) = &part.rule {
        folder.write_json(files::COHORT, cohort)?;
    }
    match (&part.member, source) {
        (Member::Header(header), _) => {
            folder.write(files::VOCABULARY, header.vocabulary.to_json()?.as_bytes())?;
            for Evidence { feature, classifier } in &header.evidence {
                folder.write(&weights_of(*feature), &classifier.to_safetensors()?)?;
            }
            Ok(())
        }
        (Member::Towers(_), Some(run)) => carry(run, folder, &NEEDED),
        (Member::Towers(_), None) => Ok(()),
    }
}

fn weights_of(feature: Feature) -> String {
    format!("{feature}.safetensors")
}

/// Brings those of the named files and folders over that there are.
pub(super) fn carry(from: &RunDir, to: &RunDir, names: &[&str]) -> Result<(), Error> {
    for name in names {
        carry_path(&from.file(name), &to.file(name))?;
    }
    Ok(())
}

pub(super) fn carry_path(from: &Path, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::io(from, source);
    if from.is_dir() {
        fs::create_dir_all(to).map_err(|source| Error::io(to, source))?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            carry_path(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.is_file() {
        let large = from.metadata().map_err(failed)?.len() >= LINKED_FROM;
        // Weights and stores are replaced, never changed in place, so a link keeps what it was made to.
        if !(large && fs::hard_link(from, to).is_ok()) {
            fs::copy(from, to).map_err(failed)?;
        }
    }
    Ok(())
}

/// Completes the folder of a fusion whose members are there, of the works of a run or another fusion.
pub(super) fn complete(
    new: &RunDir,
    works_of: &RunDir,
    (recipe, began): (&Recipe, Instant),
) -> Result<(), Error> {
    carry(works_of, new, &[files::CORPUS, files::SPLIT, files::VOCABULARY])?;
    let mut manifest = setup::manifest(RunKind::Fusion, recipe.seed, works_of.manifest()?.corpus);
    (manifest.seconds, manifest.finished) = (began.elapsed().as_secs_f64(), true);
    new.write_json(files::MANIFEST, &manifest)?;
    new.write(files::FUSION, recipe.to_toml()?.as_bytes())
}

/// The member in a folder: classifiers of these features, or towers if there are none.
pub(super) fn open_member(
    folder: &RunDir,
    classifiers: &[Feature],
    encoders: &mut SentenceEncoders,
) -> Result<Member, Error> {
    if classifiers.is_empty() {
        return Ok(Member::Towers(Arc::new(folder.embedder_among(encoders)?)));
    }
    let vocabulary = folder.vocabulary()?;
    let evidence = |&feature: &Feature| {
        let name = weights_of(feature);
        let damaged = |problem: String| Error::damaged(&folder.file(&name), problem);
        let classifier = Classifier::from_safetensors(&folder.read(&name)?)
            .map_err(|error| damaged(error.to_string()))?;
        if classifier.classes() != vocabulary.size(feature) {
            return Err(damaged("has other classes than vocab.json has values".to_owned()));
        }
        Ok(Evidence { feature, classifier })
    };
    let evidence = classifiers.iter().map(evidence).collect::<Result<_, Error>>()?;
    Ok(Member::Header(Header { vocabulary, evidence }))
}
