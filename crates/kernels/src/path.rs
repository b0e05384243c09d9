//! Which of the processor's instructions the kernels use.

use std::env::{self, VarError};
use std::fmt;
use std::sync::OnceLock;

use pulp::{Arch, WithSimd};

use crate::tiles;

/// The variable that forces a path.
const VARIABLE: &str = "GANAINM_KERNELS";

/// A set of instructions that the kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Tiles of bf16 numbers (Intel's AMX); what is not in bf16 uses AVX-512.
    Amx,
    /// Vectors of 16 numbers, and of 32 in bf16 (AVX-512 BF16) in the place of tiles.
    Avx512Bf16,
    /// Vectors of 16 numbers.
    Avx512,
    /// Vectors of 8 numbers, and fused multiplication and addition.
    Avx2,
    /// What every processor of its kind has.
    Portable,
    /// What [`Amx`](Path::Amx) does, each tile instruction carried out by plain loops: slow, for tests alone.
    TwinOfAmx,
}

/// Paths and their names, best first; the twin is never chosen unasked.
const PATHS: [(Path, &str); 6] = [
    (Path::Amx, "amx"),
    (Path::Avx512Bf16, "avx512-bf16"),
    (Path::Avx512, "avx512"),
    (Path::Avx2, "avx2"),
    (Path::Portable, "portable"),
    (Path::TwinOfAmx, "twin-of-amx"),
];

/// Why a forced path cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// No path has this name.
    Unknown(String),
    /// The processor, or its operating system, has not the instructions.
    Lacking(Path),
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Unknown(name) => {
                let names = PATHS.map(|(_, name)| name).join(", ");
                write!(f, "{VARIABLE}: no kernels are called `{name}`, expected one of {names}")
            }
            PathError::Lacking(path) => {
                let name = path.name();
                write!(f, "{VARIABLE}: this machine cannot run `{name}`; leave the variable out")
            }
        }
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// The name that forces this path.
    pub fn name(self) -> &'static str {
        PATHS.iter().find(|(path, _)| *path == self).map_or("", |(_, name)| name)
    }

    /// Whether this machine has the instructions.
    pub fn is_present(self) -> bool {
        match self {
            Path::Amx => vectors(Path::Avx512).is_some() && tiles::are_present(),
            Path::Avx512Bf16 => vectors(Path::Avx512).is_some() && tiles::vectors_are_present(),
            Path::Avx512 | Path::Avx2 => vectors(self).is_some(),
            Path::Portable | Path::TwinOfAmx => true,
        }
    }

    /// Whether this machine has the instructions and gains by them.
    fn is_worthwhile(self) -> bool {
        self.is_present() && (self != Path::Avx512Bf16 || tiles::vectors_are_fast())
    }

    /// The path of this name, or the best one where none is given.
    fn choose(name: Option<&str>) -> Result<Self, PathError> {
        let fits =
            |(path, own): &&(Path, &str)| name.map_or(path.is_worthwhile(), |name| *own == name);
        let Some((path, _)) = PATHS.iter().find(fits) else {
            return Err(PathError::Unknown(name.unwrap_or_default().to_owned()));
        };
        if path.is_present() { Ok(*path) } else { Err(PathError::Lacking(*path)) }
    }
}

/// The path that this process takes: the best one, or the one that `GANAINM_KERNELS` names.
///
/// # Errors
/// When that name is unknown or this machine lacks the instructions; every kernel panics then.
pub fn path() -> Result<Path, PathError> {
    static CHOSEN: OnceLock<Result<Path, PathError>> = OnceLock::new();
    CHOSEN
        .get_or_init(|| match env::var(VARIABLE) {
            Ok(name) => Path::choose(Some(&name)),
            Err(VarError::NotPresent) => Path::choose(None),
            Err(VarError::NotUnicode(name)) => {
                Err(PathError::Unknown(name.to_string_lossy().into_owned()))
            }
        })
        .clone()
}

/// Runs loops on the vectors of the path that is taken.
#[inline(always)]
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    arch().dispatch(work)
}

fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(|| match taken() {
        Path::Amx | Path::Avx512Bf16 | Path::Avx512 => vectors(Path::Avx512).unwrap_or_default(),
        Path::Avx2 => vectors(Path::Avx2).unwrap_or_default(),
        Path::Portable => portable(),
        Path::TwinOfAmx => Arch::new(),
    })
}

/// The path that is taken.
///
/// # Panics
/// With [`PathError`]'s message.
pub(crate) fn taken() -> Path {
    path().unwrap_or_else(|error| panic!("{error}"))
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn vectors(path: Path) -> Option<Arch> {
    match path {
        Path::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
        Path::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
        _ => None,
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn vectors(_: Path) -> Option<Arch> {
    None
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn portable() -> Arch {
    Arch::Scalar
}

/// Other processors have one kind of vectors.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn portable() -> Arch {
    Arch::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_forces_its_path_where_the_machine_has_it_and_is_refused_where_not() {
        for (path, name) in PATHS {
            let expected = if path.is_present() { Ok(path) } else { Err(PathError::Lacking(path)) };
            assert_eq!(Path::choose(Some(name)), expected);
            assert_eq!(path.name(), name);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_and_the_known_ones_are_told() {
        let error = Path::choose(Some("sse")).unwrap_err();
        assert_eq!(error, PathError::Unknown("sse".to_owned()));
        assert!(
            error.to_string().contains("`sse`, expected one of amx, avx512-bf16, avx512, avx2")
        );
    }

    #[test]
    fn unasked_the_best_path_that_is_present_is_taken_and_never_the_twin() {
        let best = Path::choose(None).unwrap();
        assert!(best.is_present() && best != Path::TwinOfAmx);
    }
}
