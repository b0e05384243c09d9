//! A connection that asks for vectors, and its questions.

use postgres::{Client, Row, Statement};

use super::Failure;
use super::server::Server;
use crate::naming::{NameError, Origin};

/// Equal products come by id, as in memory. The query is an array that is turned into a vector once, not row by row.
const COMPARE_ALL: &str = "SELECT id, -(melody <#> (SELECT $1::real[]::vector)) FROM ganainm_vectors \
                           ORDER BY melody <#> (SELECT $1::real[]::vector), id LIMIT $2";

/// The graph gives its order alone, so equal products are put in order after.
const WALK: &str = "SELECT id, -distance FROM \
                        (SELECT id, melody <#> (SELECT $1::real[]::vector) AS distance \
                         FROM ganainm_vectors ORDER BY distance LIMIT $2) AS found \
                    ORDER BY distance, id";

/// The graph is walked whatever the planner thinks of it, in the one transaction, until it has found as many as are asked for; what it finds first is
/// better the more it looks at.
const WALKING: &str = "SET LOCAL enable_seqscan = off; SET LOCAL hnsw.iterative_scan = strict_order; \
                       SET LOCAL hnsw.ef_search = 200";

/// The numbers of a vector, whether there is an approximate index, and whether it is told what the vectors are of; no row
/// where there is no table.
const SHAPE: &str = "SELECT atttypmod, EXISTS (SELECT FROM pg_index \
                         JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam \
                         WHERE indrelid = attrelid AND amname = 'hnsw'), \
                         to_regclass('ganainm_vectors_origin') IS NOT NULL \
                     FROM pg_attribute \
                     WHERE attrelid = to_regclass('ganainm_vectors') AND attname = 'melody'";

const ORIGIN: &str = "SELECT corpus, making FROM ganainm_vectors_origin";

/// What the vectors are of, and the cosines with all of them, in one row: both are of one moment.
const ALL: &str = "SELECT corpus, making, ids, cosines FROM ganainm_vectors_origin AS origin, \
                       (SELECT array_agg(id) AS ids, array_agg(cosine) AS cosines FROM \
                           (SELECT id, -(melody <#> (SELECT $1::real[]::vector))::real AS cosine \
                            FROM ganainm_vectors) AS compared) AS found";

const NOTHING: &str = "no vectors there yet: put them there with `ganainm index --to`";

const UNTOLD: &str =
    "its vectors do not tell which corpus they are of: make them anew with `ganainm index --to`";

/// A connection with the questions that are asked by it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) dimensions: usize,
    pub(super) origin: Origin,
    /// Whether the nearest are found by a graph.
    walks: bool,
    nearest: Statement,
    all: Statement,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Session {
    /// A new connection to the vectors of a database.
    pub(super) fn new(server: &Server) -> Result<Self, NameError> {
        let mut client = server.connect()?;
        let failed = |error: postgres::Error| server.failure(&error);
        let Some(shape) = client.query_opt(SHAPE, &[]).map_err(failed)? else {
            return Err(server.told(NOTHING));
        };
        let (dimensions, walks, told): (i32, bool, bool) =
            (shape.get(0), shape.get(1), shape.get(2));
        let origin = if told { client.query_opt(ORIGIN, &[]).map_err(failed)? } else { None };
        let origin = origin.ok_or_else(|| server.told(UNTOLD))?;
        let origin = Origin { corpus: origin.get(0), making: origin.get(1) };
        let nearest = client.prepare(if walks { WALK } else { COMPARE_ALL }).map_err(failed)?;
        let all = client.prepare(ALL).map_err(failed)?;
        let dimensions = dimensions.unsigned_abs() as usize;
        Ok(Self { client, dimensions, origin, walks, nearest, all })
    }

    /// The ids of the `k` vectors nearest to one of unit length, with their cosines.
    pub(super) fn nearest(&mut self, query: &[f32], k: i64) -> Result<Vec<Row>, Failure> {
        if !self.walks {
            return Ok(self.client.query(&self.nearest, &[&query, &k])?);
        }
        let mut work = self.client.transaction()?;
        work.batch_execute(WALKING)?;
        let rows = work.query(&self.nearest, &[&query, &k])?;
        work.commit()?;
        Ok(rows)
    }

    /// The corpus and the making of the vectors, then ids and the cosines of their vectors with one of unit length.
    pub(super) fn all_cosines(&mut self, query: &[f32]) -> Result<Told, Failure> {
        let row = self.client.query_one(&self.all, &[&query])?;
        let (ids, cosines): (Option<Vec<i64>>, Option<Vec<f32>>) = (row.get(2), row.get(3));
        Ok((row.get(0), row.get(1), (ids.unwrap_or_default(), cosines.unwrap_or_default())))
    }
}

/// A corpus, a making, and ids with their cosines.
type Told = (String, String, (Vec<i64>, Vec<f32>));
