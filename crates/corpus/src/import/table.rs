//! Tables: CSV and JSON, recognised by what is in them.

use serde_json::{Map, Value};

use super::book::is_binary;
use crate::Error;

/// Columns that only tables of The Session's dump have.
const TELLING: [&str; 4] = ["tune_id", "setting_id", "tunebooks", "alias"];

/// A table as text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) records: Vec<Record>,
}

/// A row of a table.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    /// Where it is, for people: `line 3`, `record 2`.
    pub(super) place: String,
    /// Line in the file, from 1; the number of the record for JSON.
    pub(super) line: u32,
    /// One value a column.
    pub(super) values: Vec<String>,
}

/// The table in a file; `None` when the file has neither the name nor the look of one.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Option<Table>, Error> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let json = ending == "json" || (ending != "abc" && looks_like_json(bytes));
    let csv = ending == "csv" || (ending != "abc" && looks_like_csv(bytes));
    if (json || csv) && is_binary(bytes) {
        return Err(Error::Binary { name: name.to_owned() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let broken = |reason| Error::Table { name: name.to_owned(), reason };
    match (json, csv) {
        (true, _) => from_json(bytes)
            .map_err(broken)?
            .map(Some)
            .ok_or_else(|| Error::UnknownTable { name: name.to_owned() }),
        (_, true) => from_csv(bytes).map_err(broken).map(Some),
        _ => Ok(None),
    }
}

fn looks_like_json(bytes: &[u8]) -> bool {
    let mut solid = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    (solid.next(), solid.next(), solid.next()) == (Some(&b'['), Some(&b'{'), Some(&b'"'))
}

fn looks_like_csv(bytes: &[u8]) -> bool {
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(&first[..first.len().min(1000)]);
    let telling = |column: &str| TELLING.contains(&column.trim().trim_matches('"'));
    header.contains(',') && header.trim_start_matches('\u{feff}').split(',').any(telling)
}

fn from_csv(bytes: &[u8]) -> Result<Table, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let headers = reader.byte_headers().map_err(|error| error.to_string())?;
    let columns = headers.iter().map(|column| abc::decode(column).trim().to_owned()).collect();
    let mut records = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line) as u32;
        let values = record.iter().map(|value| abc::decode(value).into_owned()).collect();
        records.push(Record { place: format!("line {line}"), line, values });
    }
    Ok(Table { columns, records })
}

/// The table in JSON text: a list of objects. `None` when it is something else.
fn from_json(bytes: &[u8]) -> Result<Option<Table>, String> {
    let text = abc::decode(bytes);
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let Value::Array(items) = value else {
        return Ok(None);
    };
    let Some(columns) = items.first().and_then(Value::as_object).map(columns) else {
        return Ok(None);
    };
    let mut records = Vec::new();
    for (line, item) in (1..).zip(items) {
        let Value::Object(mut fields) = item else {
            return Err(format!("record {line} is not an object with the columns' names"));
        };
        let values = columns.iter().map(|column| plain(fields.remove(column))).collect();
        records.push(Record { place: format!("record {line}"), line, values });
    }
    Ok(Some(Table { columns, records }))
}

fn columns(first: &Map<String, Value>) -> Vec<String> {
    first.keys().cloned().collect()
}

fn plain(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_name_or_look() {
        let csv = b"tune_id,alias,name\n1,\"two\nlines, one field\",x\n";
        for name in ["aliases.csv", "-"] {
            let table = read(name, csv).unwrap().unwrap();
            assert_eq!(table.columns, ["tune_id", "alias", "name"]);
            assert_eq!(table.records[0].values, ["1", "two\nlines, one field", "x"]);
            assert_eq!(table.records[0].place, "line 2");
        }
        let json = br#"[{"tune_id": 1, "alias": "b", "name": null}, {"alias": "c"}]"#;
        for name in ["x.json", "-"] {
            let table = read(name, json).unwrap().unwrap();
            let alias = table.columns.iter().position(|column| column == "alias").unwrap();
            assert_eq!(table.records[1].values[alias], "c");
        }
        assert_eq!(read("-", b"X:1\nK:C\nC|").unwrap(), None);
        assert_eq!(read("x.abc", b"[{\"a\": 1}]").unwrap(), None);
    }

    #[test]
    fn a_broken_table_is_named_with_the_place() {
        let uneven = read("a.csv", b"tune_id,alias\n1,a\n2\n").unwrap_err().to_string();
        assert!(uneven.starts_with("a.csv: ") && uneven.contains("line: 3"), "{uneven}");
        let cut = read("a.json", b"[{\"tune_id\": 1},").unwrap_err().to_string();
        assert!(cut.contains("line 1"), "{cut}");
        assert!(matches!(read("a.json", b"{}"), Err(Error::UnknownTable { .. })));
        assert!(matches!(read("a.csv", b"a\0b"), Err(Error::Binary { .. })));
    }
}
