//! Files for TensorBoard's projector (projector.tensorflow.org): vectors and metadata as tab-separated text.

use std::fmt::Write as _;

use super::Picture;
use crate::error::Result;
use crate::vectors::Vectors;

/// The vectors as `tensors.tsv`: a line each, values apart by tabs.
pub fn tensors(vectors: Vectors<'_>) -> String {
    let mut text = String::with_capacity(vectors.values().len() * 12);
    for row in vectors.rows() {
        for (column, value) in row.iter().enumerate() {
            let tab = if column == 0 { "" } else { "\t" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{tab}{value}");
        }
        text.push('\n');
    }
    text
}

/// What is known of the points as `metadata.tsv`: a header, then title, id and the class of every aspect of each.
///
/// # Errors
/// Lists of different lengths.
pub fn metadata(picture: &Picture) -> Result<String> {
    picture.check()?;
    let mut text = String::from("title\tid");
    for aspect in &picture.aspects {
        text.push('\t');
        text += &cell(&aspect.name);
    }
    text.push('\n');
    for (n, point) in picture.points.iter().enumerate() {
        let _ = write!(text, "{}\t{}", cell(&point.title), cell(&point.id));
        for aspect in &picture.aspects {
            let class = aspect.of[n].map(|class| cell(&aspect.classes[class as usize]));
            let _ = write!(text, "\t{}", class.unwrap_or_default());
        }
        text.push('\n');
    }
    Ok(text)
}

/// One set of vectors for the projector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensors<'a> {
    /// Its name.
    pub name: &'a str,
    /// The file of its vectors, as [`tensors`] writes it.
    pub path: &'a str,
    /// The file of what is known of its points, as [`metadata`] writes it.
    pub metadata: &'a str,
}

/// The `projector_config.pbtxt` that ties files together, all in its own folder.
pub fn projector_config(sets: &[Tensors<'_>]) -> String {
    let set = |set: &Tensors<'_>| {
        format!(
            "embeddings {{\n  tensor_name: {:?}\n  tensor_path: {:?}\n  metadata_path: {:?}\n}}\n",
            set.name, set.path, set.metadata
        )
    };
    sets.iter().map(set).collect()
}

/// A text without what parts cells and lines.
fn cell(text: &str) -> String {
    text.split(['\t', '\n', '\r']).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Aspect, Point};

    #[test]
    fn one_line_a_vector_and_a_header_above_the_metadata() {
        let text = tensors(Vectors::new(2, &[0.5, -1.0, 2.0, 3.25]).unwrap());
        assert_eq!(text, "0.5\t-1\n2\t3.25\n");
        let point = |title: &str| Point { id: "a:1".into(), title: title.into() };
        let picture = Picture {
            name: String::new(),
            points: vec![point("The\tKesh"), point("The Butterfly")],
            aspects: vec![Aspect::new("type", &[Some("jig".into()), None])],
            views: Vec::new(),
        };
        let text = metadata(&picture).unwrap();
        assert_eq!(text, "title\tid\ttype\nThe Kesh\ta:1\tjig\nThe Butterfly\ta:1\t\n");
    }

    #[test]
    fn the_config_names_all_sets() {
        let sets = [Tensors { name: "melody", path: "melody.tsv", metadata: "metadata.tsv" }];
        let text = projector_config(&sets);
        assert!(text.contains("tensor_name: \"melody\"") && text.contains("metadata_path"));
    }
}
