//! One table of TOML laid over another.

use toml::{Table, Value};

use crate::Error;

/// Lays `over` on `base`: a key with dots, `"melody.hidden"`, goes to its place; a section with keys in it has each of
/// them put; whatever was there before is replaced whole.
///
/// # Errors
/// When a key leads through something that is not a section.
pub(super) fn lay(base: &mut Table, over: &Table) -> Result<(), Error> {
    for (key, value) in over {
        match value {
            Value::Table(keys) if !key.contains('.') => {
                for (inner, value) in keys {
                    put(base, &format!("{key}.{inner}"), value)?;
                }
            }
            _ => put(base, key, value)?,
        }
    }
    Ok(())
}

/// Puts a value where the key's dots lead, making the sections on the way.
fn put(base: &mut Table, key: &str, value: &Value) -> Result<(), Error> {
    let mut table = base;
    let mut way = key;
    while let Some((section, rest)) = way.split_once('.') {
        let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = inner else {
            return Err(Error::value(key, &format!("leads through `{section}`, which is a value")));
        };
        (table, way) = (inner, rest);
    }
    table.insert(way.to_owned(), value.clone());
    Ok(())
}

/// The first value in which two tables differ, as (key, one, other); `none` where there is none.
pub(super) fn difference(one: &Table, other: &Table) -> Option<(String, String, String)> {
    let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
    for key in keys {
        match (one.get(key), other.get(key)) {
            (Some(Value::Table(one)), Some(Value::Table(other))) => {
                if let Some((inner, one, other)) = difference(one, other) {
                    return Some((format!("{key}.{inner}"), one, other));
                }
            }
            (one, other) if one != other => {
                let shown = |value: Option<&Value>| {
                    value.map_or("none".to_owned(), |value| value.to_string())
                };
                return Some((key.clone(), shown(one), shown(other)));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn sections_are_joined_and_values_replaced_whole() {
        let mut base = table("seed = 1\n[melody]\nhidden = 7\nencoder = { gru = { layers = 2 } }");
        let over =
            "seed = 2\n\"melody.encoder\" = \"cnn\"\ntraining.epochs = 3\n[melody]\nlayers = 5";
        lay(&mut base, &table(over)).unwrap();
        let expected =
            "seed = 2\n[melody]\nhidden = 7\nlayers = 5\nencoder = \"cnn\"\n[training]\nepochs = 3";
        assert_eq!(base, table(expected));
        lay(&mut base, &table("melody.encoder = { cnn = { width = 3 } }")).unwrap();
        assert_eq!(base["melody"]["encoder"], Value::Table(table("cnn = { width = 3 }")));
    }

    #[test]
    fn a_key_through_a_value_is_an_error() {
        let error = lay(&mut table("seed = 1"), &table("\"seed.low\" = 2")).unwrap_err();
        assert!(error.to_string().contains("seed.low"), "{error}");
    }

    #[test]
    fn the_first_difference_is_found_by_its_key() {
        let one = table("seed = 1\n[melody]\nhidden = 7");
        assert_eq!(difference(&one, &one), None);
        let other = table("seed = 1\n[melody]\nhidden = 9");
        let found = Some(("melody.hidden".to_owned(), "7".to_owned(), "9".to_owned()));
        assert_eq!(difference(&one, &other), found);
        let less = difference(&one, &table("seed = 1\n[melody]")).unwrap();
        assert_eq!(less.2, "none");
    }
}
