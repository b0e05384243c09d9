//! Copies of a store, so that later imports do not change what was made from it.

use std::path::Path;

use crate::Error;
use crate::store::Store;

impl Store {
    /// Writes the store as it is now to a new file, compacted.
    ///
    /// # Errors
    /// When `path` exists, the disk is full or the folder cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        let name = path.to_string_lossy();
        let done = self.connection.execute("VACUUM INTO ?1", [name]);
        done.map(drop).map_err(|error| Error::database(path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImportOptions;

    #[test]
    fn a_copy_holds_what_the_store_held() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).unwrap();
        let book = b"X:1\nT:The Kesh\nK:G\nGAG GAB|\n".to_vec();
        store.import_bytes(("book.abc", book), &ImportOptions::default(), &mut |_| ()).unwrap();
        let path = folder.path().join("b.db");
        store.copy_to(&path).unwrap();
        let copy = Store::open_existing(&path).unwrap();
        assert_eq!(copy.load().unwrap(), store.load().unwrap());
        assert!(store.copy_to(&path).is_err());
    }
}
