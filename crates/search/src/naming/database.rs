//! Vectors in PostgreSQL with pgvector, for a site of more than one machine.
//!
//! A table holds ids and vectors at unit length, so that an inner product is a cosine, and 0 for a vector of length zero.

mod copy;
mod demand;
mod server;
mod session;
#[cfg_attr(not(feature = "tls"), path = "database/no_tls.rs")]
mod tls;

use std::sync::{Mutex, PoisonError};

use postgres::Client;

use super::vectors::{ExactVectors, VectorIndex, unit};
use super::{NameError, Origin};
use server::Failure;
pub use server::Server;
use session::Session;

const STRANGE: &str =
    "ganainm_vectors has ids that no index gave: make it anew with `ganainm index --to`";

const REPLACED: &str = "its vectors were replaced by others meanwhile: start this program again";

/// How a database finds the nearest vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// It compares every vector: the answers are those of [`ExactVectors`].
    #[default]
    Exact,
    /// It walks a graph of neighbours (HNSW, Malkov and Yashunin 2018): quicker among millions, and some are missed.
    Neighbours,
}

/// An index of vectors in a database.
#[derive(Debug)]
pub struct PostgresVectors {
    server: Server,
    dimensions: usize,
    origin: Origin,
    /// Connections that nobody asks by at the moment: as many as ever asked at a time.
    idle: Mutex<Vec<Session>>,
}

impl PostgresVectors {
    /// Opens the vectors that a database has; a replica that is only read will do.
    ///
    /// # Errors
    /// [`NameError::Backend`] when the database cannot be reached or has no vectors.
    pub fn open(server: Server) -> Result<Self, NameError> {
        let session = Session::new(&server)?;
        let (dimensions, origin) = (session.dimensions, session.origin.clone());
        Ok(Self { server, dimensions, origin, idle: Mutex::new(vec![session]) })
    }

    /// Puts vectors into a database, in place of those that are there. All happens in one transaction: whoever searches finds the
    /// old ones until the new ones are all there.
    ///
    /// # Errors
    /// [`NameError::Backend`].
    pub fn build(
        server: Server,
        (vectors, origin): (&ExactVectors, &Origin),
        search: Search,
    ) -> Result<Self, NameError> {
        let mut client = server.connect()?;
        let done = replace(&mut client, (vectors, origin), search);
        done.map_err(|error| server.failure(&*error))?;
        drop(client);
        Self::open(server)
    }

    /// What the vectors are of.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// These vectors, if they are of what is wanted.
    pub(super) fn wanted(self, ours: &Origin) -> Result<Self, NameError> {
        match self.origin.complaint(ours) {
            None => Ok(self),
            Some(complaint) => Err(self.server.told(&complaint)),
        }
    }

    /// How many bytes the vectors and what finds them take on the server.
    ///
    /// # Errors
    /// [`NameError::Backend`].
    pub fn bytes(&self) -> Result<u64, NameError> {
        let question = "SELECT pg_total_relation_size('ganainm_vectors')";
        let bytes: i64 = self.ask(|session| Ok(session.client.query_one(question, &[])?.get(0)))?;
        Ok(bytes.unsigned_abs())
    }

    /// Asks by a connection of its own, a new one where none is idle. One that fails is not used again.
    fn ask<T>(&self, ask: impl FnOnce(&mut Session) -> Result<T, Failure>) -> Result<T, NameError> {
        let kept = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = kept().pop().filter(|session| !session.client.is_closed());
        let mut session = match idle {
            Some(session) => session,
            None => self.connect()?,
        };
        let answer = ask(&mut session).map_err(|error| self.server.failure(&*error))?;
        kept().push(session);
        Ok(answer)
    }

    /// A new connection to the same vectors.
    fn connect(&self) -> Result<Session, NameError> {
        let session = Session::new(&self.server)?;
        same(self.dimensions, session.dimensions)?;
        if session.origin == self.origin { Ok(session) } else { Err(self.server.told(REPLACED)) }
    }

    /// Cosines by the ids that they are of.
    fn placed(&self, (ids, cosines): (Vec<i64>, Vec<f32>)) -> Result<Vec<f32>, NameError> {
        let mut all: Vec<(i64, f32)> = ids.into_iter().zip(cosines).collect();
        all.sort_unstable_by_key(|one| one.0);
        if (0..).zip(&all).all(|(at, one)| at == one.0) {
            return Ok(all.into_iter().map(|one| one.1).collect());
        }
        Err(self.server.told(STRANGE))
    }
}

impl VectorIndex for PostgresVectors {
    fn add(&mut self, ids: &[u32], vectors: &[f32]) -> Result<(), NameError> {
        // The index in memory refuses what does not fit, and of equal ids keeps the last.
        let mut added = ExactVectors::new(self.dimensions);
        added.add(ids, vectors)?;
        self.ask(|session| merge(&mut session.client, &added))
    }

    fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(u32, f32)>, NameError> {
        same(self.dimensions, query.len())?;
        let (query, k) = (unit(query), i64::try_from(k).unwrap_or(i64::MAX));
        let rows = self.ask(|session| session.nearest(&query, k))?;
        let found = rows.iter().map(|row| {
            let (id, cosine): (i64, f64) = (row.get(0), row.get(1));
            u32::try_from(id).map(|id| (id, cosine as f32))
        });
        found.collect::<Result<_, _>>().map_err(|_| self.server.told(STRANGE))
    }

    fn all_cosines(&self, queries: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, NameError> {
        let of = |query: &Vec<f32>| {
            same(self.dimensions, query.len())?;
            let (corpus, making, found) = self.ask(|session| session.all_cosines(&unit(query)))?;
            if (Origin { corpus, making }) != self.origin {
                return Err(self.server.told(REPLACED));
            }
            self.placed(found)
        };
        queries.iter().map(of).collect()
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }
}

fn same(expected: usize, found: usize) -> Result<(), NameError> {
    if found == expected { Ok(()) } else { Err(NameError::Dimensions { expected, found }) }
}

/// The new table stands beside the old one until it is whole, so that readers wait for a renaming only.
fn replace(
    client: &mut Client,
    (vectors, origin): (&ExactVectors, &Origin),
    search: Search,
) -> Result<(), Failure> {
    let (dimensions, ..) = vectors.parts();
    let mut work = client.transaction()?;
    work.batch_execute(&format!(
        "CREATE EXTENSION IF NOT EXISTS vector;
         CREATE TABLE ganainm_vectors_new (id bigint NOT NULL, melody vector({dimensions}) NOT NULL);
         DROP TABLE IF EXISTS ganainm_vectors_origin;
         CREATE TABLE ganainm_vectors_origin (corpus text NOT NULL, making text NOT NULL)"
    ))?;
    let told = "INSERT INTO ganainm_vectors_origin VALUES ($1, $2)";
    work.execute(told, &[&origin.corpus, &origin.making])?;
    copy::copy(&mut work, "ganainm_vectors_new", vectors)?;
    work.batch_execute("ALTER TABLE ganainm_vectors_new ADD PRIMARY KEY (id)")?;
    if search == Search::Neighbours {
        work.batch_execute(
            "CREATE INDEX ganainm_vectors_new_hnsw ON ganainm_vectors_new \
             USING hnsw (melody vector_ip_ops)",
        )?;
    }
    work.batch_execute(
        "ANALYZE ganainm_vectors_new;
         DROP TABLE IF EXISTS ganainm_vectors;
         ALTER TABLE ganainm_vectors_new RENAME TO ganainm_vectors;
         ALTER INDEX ganainm_vectors_new_pkey RENAME TO ganainm_vectors_pkey;
         ALTER INDEX IF EXISTS ganainm_vectors_new_hnsw RENAME TO ganainm_vectors_hnsw",
    )?;
    Ok(work.commit()?)
}

/// Adds vectors to those that are there.
fn merge(client: &mut Client, added: &ExactVectors) -> Result<(), Failure> {
    let mut work = client.transaction()?;
    work.batch_execute(
        "CREATE TEMPORARY TABLE ganainm_vectors_added (LIKE ganainm_vectors) ON COMMIT DROP",
    )?;
    copy::copy(&mut work, "ganainm_vectors_added", added)?;
    work.batch_execute(
        "INSERT INTO ganainm_vectors SELECT * FROM ganainm_vectors_added \
         ON CONFLICT (id) DO UPDATE SET melody = EXCLUDED.melody",
    )?;
    Ok(work.commit()?)
}
