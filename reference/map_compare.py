"""Lays this program's maps beside those of scikit-learn, openTSNE and umap-learn on the same vectors.

Run from the repository root: python reference/map_compare.py [vectors.tsv]

Without a file the vectors are made: 3,000 x 64, in clusters of different width and size. With one they are its rows, as in
the tensors.tsv that `ganainm map` writes. Printed for each map: the share of the 15 nearest neighbours that it keeps,
trustworthiness for 15, and the seconds it took.
"""

import subprocess
import sys
import time

import numpy as np
import openTSNE
import umap
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

K = 15


def made(rng, points=3000, dim=64, clusters=12):
    """Clusters on a sphere, as towers make them: unit vectors around unit vectors."""
    centres = rng.normal(size=(clusters, dim))
    widths = rng.uniform(0.3, 1.2, clusters)
    of = rng.choice(clusters, points, p=rng.dirichlet(np.full(clusters, 3.0)))
    vectors = centres[of] / np.linalg.norm(centres[of], axis=1, keepdims=True)
    vectors = vectors + rng.normal(size=(points, dim)) / np.sqrt(dim) * widths[of, None]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def kept(vectors, places):
    """The mean share of the K nearest neighbours that are neighbours on the map too."""
    of = lambda x: NearestNeighbors(n_neighbors=K).fit(x).kneighbors(return_distance=False)
    return np.mean([len(set(a) & set(b)) / K for a, b in zip(of(vectors), of(places))])


def ours(vectors, method):
    command = ["cargo", "run", "--release", "--quiet", "-p", "retrieval", "--example", "map", "--"]
    out = subprocess.run(
        command + [method, str(vectors.shape[1])],
        input=vectors.astype("<f4").tobytes(), stdout=subprocess.PIPE, check=True,
    )
    return np.frombuffer(out.stdout, dtype="<f4").reshape(-1, 2)


def main():
    if len(sys.argv) > 1:
        vectors = np.loadtxt(sys.argv[1], delimiter="\t", dtype=np.float32, ndmin=2)
    else:
        vectors = made(np.random.default_rng(20777))
    umap_learn = lambda **settings: umap.UMAP(random_state=1, n_jobs=1, **settings).fit_transform(vectors)
    makers = {
        "PCA, scikit-learn": lambda: PCA(2).fit_transform(vectors),
        "PCA, ours": lambda: ours(vectors, "pca"),
        "t-SNE, openTSNE": lambda: np.asarray(
            openTSNE.TSNE(random_state=1, neighbors="exact", negative_gradient_method="bh").fit(vectors)
        ),
        "t-SNE, ours": lambda: ours(vectors, "tsne"),
        "UMAP, umap-learn": lambda: umap_learn(),
        "UMAP, umap-learn, PCA start": lambda: umap_learn(init="pca"),
        "UMAP, ours": lambda: ours(vectors, "umap"),
    }
    ours(vectors[:100], "pca")  # built before the clock runs
    print(f"{len(vectors):,} vectors of length {vectors.shape[1]}, {K} neighbours")
    print(f"{'map':30} {'kept':>7} {'trust':>7} {'s':>7}")
    for name, make in makers.items():
        start = time.perf_counter()
        places = make()
        seconds = time.perf_counter() - start
        trust = trustworthiness(vectors, places, n_neighbors=K)
        print(f"{name:30} {kept(vectors, places):7.4f} {trust:7.4f} {seconds:7.1f}", flush=True)


if __name__ == "__main__":
    main()
