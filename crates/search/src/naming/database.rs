//! Vectors in PostgreSQL with pgvector, for a site of more than one machine.
//!
//! A table holds ids and vectors at unit length, so that an inner product is a cosine, and 0 for a vector of length zero.

mod copy;
mod server;

use std::sync::{Mutex, MutexGuard, PoisonError};

use postgres::{Client, Statement};

use super::NameError;
use super::vectors::{ExactVectors, VectorIndex, unit};
use server::Failure;
pub use server::Server;

/// Equal products come by id, as in memory. The query is an array that is turned into a vector once, not row by row.
const COMPARE_ALL: &str = "SELECT id, -(melody <#> (SELECT $1::real[]::vector)) FROM ganainm_vectors \
                           ORDER BY melody <#> (SELECT $1::real[]::vector), id LIMIT $2";

/// The graph gives its order alone, so equal products are put in order after.
const WALK: &str = "SELECT id, -distance FROM \
                        (SELECT id, melody <#> (SELECT $1::real[]::vector) AS distance \
                         FROM ganainm_vectors ORDER BY distance LIMIT $2) AS found \
                    ORDER BY distance, id";

/// The graph is walked whatever the planner thinks of it, until it has found as many as are asked for; what it finds first is
/// better the more it looks at.
const WALKING: &str = "SET enable_seqscan = off; SET hnsw.iterative_scan = strict_order; \
                       SET hnsw.ef_search = 200";

/// The numbers of a vector, and whether there is an approximate index; no row where there is no table.
const SHAPE: &str = "SELECT atttypmod, EXISTS (SELECT FROM pg_index \
                         JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam \
                         WHERE indrelid = attrelid AND amname = 'hnsw') \
                     FROM pg_attribute \
                     WHERE attrelid = to_regclass('ganainm_vectors') AND attname = 'melody'";

const STRANGE: &str =
    "ganainm_vectors has ids that no index gave: make it anew with `ganainm index --to`";

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
pub struct PostgresVectors {
    server: Server,
    dimensions: usize,
    /// The connection, and the question for the nearest.
    session: Mutex<(Client, Statement)>,
}

impl PostgresVectors {
    /// Opens the vectors that a database has; a replica that is only read will do.
    ///
    /// # Errors
    /// [`NameError::Backend`] when the database cannot be reached or has no vectors.
    pub fn open(server: Server) -> Result<Self, NameError> {
        let (client, nearest, dimensions) = session(&server)?;
        Ok(Self { server, dimensions, session: Mutex::new((client, nearest)) })
    }

    /// Puts vectors into a database, in place of those that are there. All happens in one transaction: whoever searches finds the
    /// old ones until the new ones are all there.
    ///
    /// # Errors
    /// [`NameError::Backend`].
    pub fn build(
        server: Server,
        vectors: &ExactVectors,
        search: Search,
    ) -> Result<Self, NameError> {
        let mut client = server.connect()?;
        replace(&mut client, vectors, search).map_err(|error| server.failure(&*error))?;
        drop(client);
        Self::open(server)
    }

    /// How many bytes the vectors and what finds them take on the server.
    ///
    /// # Errors
    /// [`NameError::Backend`].
    pub fn bytes(&self) -> Result<u64, NameError> {
        let question = "SELECT pg_total_relation_size('ganainm_vectors')";
        let row = self.session()?.0.query_one(question, &[]);
        let bytes: i64 = row.map_err(|error| self.server.failure(&error))?.get(0);
        Ok(bytes.unsigned_abs())
    }

    /// The connection; a new one where the last was lost.
    fn session(&self) -> Result<MutexGuard<'_, (Client, Statement)>, NameError> {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0.is_closed() {
            let (client, nearest, found) = session(&self.server)?;
            same(self.dimensions, found)?;
            *kept = (client, nearest);
        }
        Ok(kept)
    }
}

impl VectorIndex for PostgresVectors {
    fn add(&mut self, ids: &[u32], vectors: &[f32]) -> Result<(), NameError> {
        // The index in memory refuses what does not fit, and of equal ids keeps the last.
        let mut added = ExactVectors::new(self.dimensions);
        added.add(ids, vectors)?;
        let done = merge(&mut self.session()?.0, &added);
        done.map_err(|error| self.server.failure(&*error))
    }

    fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(u32, f32)>, NameError> {
        same(self.dimensions, query.len())?;
        let (query, k) = (unit(query), i64::try_from(k).unwrap_or(i64::MAX));
        let mut session = self.session()?;
        let (client, nearest) = &mut *session;
        let rows = client.query(&*nearest, &[&query, &k]);
        let rows = rows.map_err(|error| self.server.failure(&error))?;
        let found = rows.iter().map(|row| {
            let (id, cosine): (i64, f64) = (row.get(0), row.get(1));
            u32::try_from(id).map(|id| (id, cosine as f32))
        });
        found.collect::<Result<_, _>>().map_err(|_| self.server.told(STRANGE))
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }
}

fn same(expected: usize, found: usize) -> Result<(), NameError> {
    if found == expected { Ok(()) } else { Err(NameError::Dimensions { expected, found }) }
}

/// A connection, the prepared question for the nearest, and the numbers of a vector.
fn session(server: &Server) -> Result<(Client, Statement, usize), NameError> {
    let mut client = server.connect()?;
    let failed = |error: postgres::Error| server.failure(&error);
    let Some(shape) = client.query_opt(SHAPE, &[]).map_err(failed)? else {
        return Err(server.told("no vectors there yet: put them there with `ganainm index --to`"));
    };
    let (dimensions, approximate): (i32, bool) = (shape.get(0), shape.get(1));
    if approximate {
        client.batch_execute(WALKING).map_err(failed)?;
    }
    let question = if approximate { WALK } else { COMPARE_ALL };
    let nearest = client.prepare(question).map_err(failed)?;
    Ok((client, nearest, dimensions.unsigned_abs() as usize))
}

/// The new table stands beside the old one until it is whole, so that readers wait for a renaming only.
fn replace(client: &mut Client, vectors: &ExactVectors, search: Search) -> Result<(), Failure> {
    let (dimensions, ..) = vectors.parts();
    let mut work = client.transaction()?;
    work.batch_execute(&format!(
        "CREATE EXTENSION IF NOT EXISTS vector;
         CREATE TABLE ganainm_vectors_new (id bigint NOT NULL, melody vector({dimensions}) NOT NULL)"
    ))?;
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
