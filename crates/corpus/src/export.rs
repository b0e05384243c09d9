//! A corpus as CSV, JSON lines, ABC or Parquet.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::corpus::{Corpus, Setting, Work};
use crate::{Error, atomic_write};

/// Rows in a row group of a Parquet file.
const ROW_GROUP: usize = 16_384;

/// A format for the whole corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One row a setting, columns as in [`ExportFormat::Parquet`].
    Csv,
    /// One JSON object a work, as [`Work`] is.
    JsonLines,
    /// The settings' ABC as it was read, an empty line between them.
    Abc,
    /// One row a setting: work, setting, source, family, title, aliases (parted by ` | `),
    /// dance_type, metre, key, key_as_played, popularity, abc.
    Parquet,
}

impl ExportFormat {
    /// The format that a file's ending asks for.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "abc" => Some(Self::Abc),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl Corpus {
    /// Writes the corpus to a file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Export`]; a file that was there before is then still there.
    pub fn export_to(&self, path: &Path, format: ExportFormat) -> Result<(), Error> {
        atomic_write(path, |out| self.export(out, format))
    }

    /// Writes the corpus.
    ///
    /// # Errors
    /// [`Error::Export`] when `out` fails.
    pub fn export(&self, out: impl Write, format: ExportFormat) -> Result<(), Error> {
        match format {
            ExportFormat::Csv => self.write_csv(out),
            ExportFormat::JsonLines => self.write_json_lines(out),
            ExportFormat::Abc => self.write_abc(out),
            ExportFormat::Parquet => self.write_parquet(out),
        }
    }

    fn write_csv(&self, out: impl Write) -> Result<(), Error> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS.iter().map(|column| column.name)).map_err(failed)?;
        for row in self.rows() {
            let fields = COLUMNS.iter().map(|column| match column.cell {
                Cell::Text(cell) => cell(&row).unwrap_or_default(),
                Cell::Number(cell) => cell(&row).map(|n| n.to_string()).unwrap_or_default(),
            });
            writer.write_record(fields).map_err(failed)?;
        }
        writer.flush().map_err(failed)
    }

    fn write_json_lines(&self, mut out: impl Write) -> Result<(), Error> {
        for work in &self.works {
            serde_json::to_writer(&mut out, work).map_err(failed)?;
            writeln!(out).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    fn write_abc(&self, mut out: impl Write) -> Result<(), Error> {
        for row in self.rows() {
            writeln!(out, "{}\n", row.setting.abc.trim_end()).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    fn write_parquet(&self, mut out: impl Write) -> Result<(), Error> {
        let mut bytes = Vec::new();
        self.fill_parquet(&mut bytes).map_err(failed)?;
        out.write_all(&bytes).and_then(|()| out.flush()).map_err(failed)
    }

    fn fill_parquet(&self, bytes: &mut Vec<u8>) -> Result<(), ParquetError> {
        let fields: String = COLUMNS.iter().map(Column::declaration).collect();
        let schema = parse_message_type(&format!("message corpus {{ {fields} }}"))?;
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(bytes, Arc::new(schema), properties)?;
        let rows: Vec<Row<'_>> = self.rows().collect();
        for rows in rows.chunks(ROW_GROUP) {
            let mut group = writer.next_row_group()?;
            for column in COLUMNS {
                if let Some(mut open) = group.next_column()? {
                    column.write(open.untyped(), rows)?;
                    open.close()?;
                }
            }
            group.close()?;
        }
        writer.close().map(|_| ())
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let settings = self.works.iter().flat_map(|work| {
            let in_work = std::iter::repeat(work);
            in_work.zip(&work.settings)
        });
        settings.map(|(work, setting)| Row { work, setting })
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Export { reason: error.to_string() }
}

/// A setting within its work.
#[derive(Clone, Copy)]
struct Row<'c> {
    work: &'c Work,
    setting: &'c Setting,
}

/// A column of the tables.
struct Column {
    name: &'static str,
    cell: Cell,
}

/// How a column gets its values.
enum Cell {
    Text(fn(&Row<'_>) -> Option<String>),
    Number(fn(&Row<'_>) -> Option<i64>),
}

const COLUMNS: &[Column] = &[
    Column { name: "work", cell: Cell::Text(|row| Some(row.work.id.clone())) },
    Column { name: "setting", cell: Cell::Text(|row| Some(row.setting.id.clone())) },
    Column { name: "source", cell: Cell::Text(|row| Some(row.work.source().to_owned())) },
    Column { name: "family", cell: Cell::Number(|row| Some(i64::from(row.work.family))) },
    Column { name: "title", cell: Cell::Text(|row| row.work.name().map(|t| t.text.clone())) },
    Column { name: "aliases", cell: Cell::Text(aliases) },
    Column { name: "dance_type", cell: Cell::Text(|row| row.work.dance_type.clone()) },
    Column { name: "metre", cell: Cell::Text(|row| row.setting.metre.clone()) },
    Column { name: "key", cell: Cell::Text(|row| row.setting.key.clone()) },
    Column { name: "key_as_played", cell: Cell::Text(|row| row.setting.key_as_played.clone()) },
    Column { name: "popularity", cell: Cell::Number(|row| row.work.popularity.map(i64::from)) },
    Column { name: "abc", cell: Cell::Text(|row| Some(row.setting.abc.clone())) },
];

fn aliases(row: &Row<'_>) -> Option<String> {
    let aliases: Vec<&str> = row.work.titles.iter().skip(1).map(|t| t.text.as_str()).collect();
    (!aliases.is_empty()).then(|| aliases.join(" | "))
}

impl Column {
    fn declaration(&self) -> String {
        match self.cell {
            Cell::Text(_) => format!("optional binary {} (UTF8); ", self.name),
            Cell::Number(_) => format!("optional int64 {}; ", self.name),
        }
    }

    fn write(&self, writer: &mut ColumnWriter<'_>, rows: &[Row<'_>]) -> Result<(), ParquetError> {
        match (&self.cell, writer) {
            (Cell::Text(cell), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let cells: Vec<Option<String>> = rows.iter().map(cell).collect();
                let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                let values: Vec<ByteArray> =
                    cells.iter().flatten().map(|text| text.as_str().into()).collect();
                writer.write_batch(&values, Some(&levels), None)?;
                Ok(())
            }
            (Cell::Number(cell), ColumnWriter::Int64ColumnWriter(writer)) => {
                let cells: Vec<Option<i64>> = rows.iter().map(cell).collect();
                let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                let values: Vec<i64> = cells.into_iter().flatten().collect();
                writer.write_batch(&values, Some(&levels), None)?;
                Ok(())
            }
            _ => Err(ParquetError::General(format!("column {} has another type", self.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::titles::{Title, TitleKind};

    fn corpus() -> Corpus {
        let setting = |id: &str, abc: &str| Setting {
            id: id.to_owned(),
            abc: abc.to_owned(),
            metre: Some("4/4".to_owned()),
            ..Setting::default()
        };
        let titles = vec![
            Title::new("Drowsy, \"Maggie\"", TitleKind::Name),
            Title::new("Sleepy", TitleKind::Alias),
            Title::new("Mairéad", TitleKind::Alias),
        ];
        Corpus::new(vec![
            Work {
                id: "a:1".to_owned(),
                family: 7,
                titles,
                settings: vec![setting("a:1#1", "X:1\nK:C\nC|"), setting("a:1#2", "X:2\nK:C\nD|")],
                popularity: Some(3),
                ..Work::default()
            },
            Work {
                id: "a:2".to_owned(),
                settings: vec![setting("a:2#1", "X:3\nK:C\nE|")],
                ..Work::default()
            },
        ])
    }

    fn exported(format: ExportFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        corpus().export(&mut bytes, format).unwrap();
        bytes
    }

    #[test]
    fn csv_has_a_row_a_setting() {
        let bytes = exported(ExportFormat::Csv);
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap().len(), COLUMNS.len());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(&rows[1][1], "a:1#2");
        assert_eq!(&rows[0][4], "Drowsy, \"Maggie\"");
        assert_eq!(&rows[0][5], "Sleepy | Mairéad");
        assert_eq!(&rows[2][10], "");
    }

    #[test]
    fn json_lines_hold_the_works_as_they_are() {
        let text = String::from_utf8(exported(ExportFormat::JsonLines)).unwrap();
        let works: Vec<Work> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(works, corpus().works);
    }

    #[test]
    fn abc_can_be_read_again() {
        let text = String::from_utf8(exported(ExportFormat::Abc)).unwrap();
        assert_eq!(abc::split(&text).count(), 3);
    }

    #[test]
    fn parquet_holds_every_cell() {
        use parquet::file::reader::{FileReader, SerializedFileReader};
        use parquet::record::RowAccessor;
        let bytes = bytes::Bytes::from(exported(ExportFormat::Parquet));
        let reader = SerializedFileReader::new(bytes).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1].get_string(1).unwrap(), "a:1#2");
        assert_eq!(rows[0].get_long(3).unwrap(), 7);
        assert_eq!(rows[0].get_long(10).unwrap(), 3);
        assert!(rows[2].get_long(10).is_err());
    }

    #[test]
    fn an_ending_names_its_format() {
        assert_eq!(ExportFormat::of_path(Path::new("a/b.PARQUET")), Some(ExportFormat::Parquet));
        assert_eq!(ExportFormat::of_path(Path::new("a.txt")), None);
    }
}
