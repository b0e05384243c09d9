//! What the towers predicted at each look at the validation works, as a Parquet file.

use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::{Field, Row};
use parquet::schema::parser::parse_message_type;

use retrieval::{Rankings, Scores, Truth};

use crate::run::files;
use crate::{Error, RunDir};

/// Candidates that are kept of each query.
const KEPT: usize = 10;

const SCHEMA: &str = "message predictions {
    required int64 step;
    required binary direction (UTF8);
    required binary query (UTF8);
    required double rank;
    required group top (LIST) { repeated group list { required binary element (UTF8); } }
    required group scores (LIST) { repeated group list { required float element; } }
}";

/// One query's answer at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Training steps done.
    pub step: u64,
    /// `melody_to_title` or `title_to_melody`.
    pub direction: String,
    /// Id of the work that was asked for.
    pub query: String,
    /// Expected rank of the truth, from 1.
    pub rank: f64,
    /// Ids of the best candidates, best first, with their cosines.
    pub top: Vec<(String, f32)>,
}

/// The rankings of one look, both ways.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) melody_to_title: Rankings,
    pub(crate) title_to_melody: Rankings,
}

impl Look {
    /// Ranks titles for melodies by `scores` and the reverse.
    pub(crate) fn new(scores: &Scores) -> Result<Self, Error> {
        let truth = Truth::diagonal(scores.queries().len());
        Ok(Self {
            melody_to_title: scores.rank(&truth, KEPT)?,
            title_to_melody: scores.transposed().rank(&truth, KEPT)?,
        })
    }

    fn predictions(&self, step: u64) -> impl Iterator<Item = Prediction> {
        let directions = [
            ("melody_to_title", &self.melody_to_title),
            ("title_to_melody", &self.title_to_melody),
        ];
        directions.into_iter().flat_map(move |(direction, rankings)| {
            let queries = rankings.queries().iter().zip(rankings.list());
            queries.map(move |(query, ranking)| Prediction {
                step,
                direction: direction.to_owned(),
                query: query.clone(),
                rank: ranking.rank().unwrap_or(f64::NAN),
                top: ranking
                    .hits()
                    .iter()
                    .map(|&hit| (rankings.id(hit).to_owned(), hit.score))
                    .collect(),
            })
        })
    }
}

/// All predictions of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Predictions {
    rows: Vec<Prediction>,
}

impl Predictions {
    /// Those of a run up to `step`; later ones will be made again.
    pub(crate) fn open(run: &RunDir, step: u64) -> Result<Self, Error> {
        let path = run.file(files::PREDICTIONS);
        let mut rows = if path.exists() { read_predictions(&path)? } else { Vec::new() };
        rows.retain(|row| row.step <= step);
        Ok(Self { rows })
    }

    /// Adds those of a look, and writes the file anew.
    pub(crate) fn add(&mut self, run: &RunDir, (step, look): (u64, &Look)) -> Result<(), Error> {
        self.rows.extend(look.predictions(step));
        let path = run.file(files::PREDICTIONS);
        let bytes = to_parquet(&self.rows);
        run.write(files::PREDICTIONS, &bytes.map_err(|e| Error::damaged(&path, e.to_string()))?)
    }
}

/// The predictions as a Parquet file's bytes.
///
/// # Errors
/// Only when the Parquet writer fails.
fn to_parquet(rows: &[Prediction]) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default())?;
    let mut group = file.next_row_group()?;
    let steps: Vec<i64> = rows.iter().map(|row| row.step as i64).collect();
    column::<Int64Type>(&mut group, &steps, None)?;
    let texts = |text: fn(&Prediction) -> &str| -> Vec<ByteArray> {
        rows.iter().map(|row| ByteArray::from(text(row))).collect()
    };
    column::<ByteArrayType>(&mut group, &texts(|row| &row.direction), None)?;
    column::<ByteArrayType>(&mut group, &texts(|row| &row.query), None)?;
    let ranks: Vec<f64> = rows.iter().map(|row| row.rank).collect();
    column::<DoubleType>(&mut group, &ranks, None)?;
    let levels = Levels::of(rows);
    let tops = || rows.iter().flat_map(|row| &row.top);
    let ids: Vec<ByteArray> = tops().map(|(id, _)| ByteArray::from(id.as_str())).collect();
    column::<ByteArrayType>(&mut group, &ids, Some(&levels))?;
    let scores: Vec<f32> = tops().map(|&(_, score)| score).collect();
    column::<FloatType>(&mut group, &scores, Some(&levels))?;
    group.close()?;
    file.close()?;
    Ok(bytes)
}

/// Where lists start and whether they are empty, as Parquet encodes nesting.
struct Levels {
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

impl Levels {
    fn of(rows: &[Prediction]) -> Self {
        let mut levels = Self { definition: Vec::new(), repetition: Vec::new() };
        for row in rows {
            for place in 0..row.top.len().max(1) {
                levels.definition.push(i16::from(!row.top.is_empty()));
                levels.repetition.push(i16::from(place > 0));
            }
        }
        levels
    }
}

fn column<T: parquet::data_type::DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    levels: Option<&Levels>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns than are written".into()));
    };
    let (definition, repetition) = match levels {
        Some(levels) => (Some(&levels.definition[..]), Some(&levels.repetition[..])),
        None => (None, None),
    };
    column.typed::<T>().write_batch(values, definition, repetition)?;
    column.close()
}

/// Reads the `predictions.parquet` of a run.
///
/// # Errors
/// When the file cannot be read or is not of this form.
pub fn read_predictions(path: &Path) -> Result<Vec<Prediction>, Error> {
    let file = std::fs::File::open(path).map_err(|source| Error::io(path, source))?;
    let damaged = |error: ParquetError| Error::damaged(path, error.to_string());
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let rows = reader.get_row_iter(None).map_err(damaged)?;
    rows.map(|row| {
        let row = row.map_err(damaged)?;
        prediction(&row).ok_or_else(|| Error::damaged(path, "is not a table of predictions"))
    })
    .collect()
}

fn prediction(row: &Row) -> Option<Prediction> {
    let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
    let [
        Field::Long(step),
        Field::Str(direction),
        Field::Str(query),
        Field::Double(rank),
        ids,
        scores,
    ] = fields[..]
    else {
        return None;
    };
    let (Field::ListInternal(ids), Field::ListInternal(scores)) = (ids, scores) else {
        return None;
    };
    let pairs = ids.elements().iter().zip(scores.elements());
    let top = pairs
        .map(|pair| match pair {
            (Field::Str(id), Field::Float(score)) => Some((id.clone(), *score)),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Prediction {
        step: u64::try_from(*step).ok()?,
        direction: direction.clone(),
        query: query.clone(),
        rank: *rank,
        top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_read_back_as_written() {
        let row = |step, top: &[(&str, f32)]| Prediction {
            step,
            direction: "melody_to_title".into(),
            query: "thesession:27".into(),
            rank: 2.5,
            top: top.iter().map(|&(id, score)| (id.to_owned(), score)).collect(),
        };
        let rows =
            vec![row(3, &[("a:1", 0.5), ("b:2", -0.25)]), row(5, &[]), row(7, &[("c:3", 1.0)])];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("predictions.parquet");
        std::fs::write(&path, to_parquet(&rows).unwrap()).unwrap();
        assert_eq!(read_predictions(&path).unwrap(), rows);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("predictions.parquet");
        std::fs::write(&path, b"PAR1 no").unwrap();
        assert!(read_predictions(&path).unwrap_err().to_string().contains("predictions.parquet"));
    }
}
