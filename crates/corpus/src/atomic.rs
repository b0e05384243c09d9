//! Files that are there whole or not at all.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Error;

/// Writes a file so that its name never holds half of it: `fill` writes beside it, the data goes
/// to disk, then the name is moved over.
///
/// # Errors
/// What `fill` returns, or [`Error::Io`]; the old file, if there was one, is then still in place.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tune.abc");
/// corpus::atomic_write(&path, |out| {
///     writeln!(out, "X:1").map_err(|source| corpus::Error::Io { path: path.clone(), source })
/// })?;
/// assert_eq!(std::fs::read_to_string(&path)?, "X:1\n");
/// # Ok(())
/// # }
/// ```
pub fn atomic_write<F, E>(path: &Path, fill: F) -> Result<(), E>
where
    F: FnOnce(&mut dyn Write) -> Result<(), E>,
    E: From<Error>,
{
    let failed = |source| E::from(Error::io(path, source));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ganainm-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(file.as_file_mut());
    fill(&mut out)?;
    out.flush().map_err(failed)?;
    drop(out);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/report.csv");
        let good = |out: &mut dyn Write| out.write_all(b"whole").map_err(|e| Error::io(&path, e));
        atomic_write(&path, good).unwrap();
        let outcome = atomic_write(&path, |out| {
            out.write_all(b"half").map_err(|e| Error::io(&path, e))?;
            Err(Error::NoDataFolder)
        });
        assert!(matches!(outcome, Err(Error::NoDataFolder)));
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let outcome = atomic_write(&file.join("below"), |_| Ok::<_, Error>(()));
        assert!(outcome.unwrap_err().to_string().contains("below"));
    }
}
