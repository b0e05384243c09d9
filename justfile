# Short names for what is done often; `just` lists them.

_list:
    @just --list

# All tests.
test:
    cargo test --workspace

# Format, lints and docs, as the gate checks them.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The whole story on public-domain books.
demo:
    cargo run --release -- demo

# Everything that the gate does.
ci:
    .ci/run

# Fixtures again from their independent references (needs reference/requirements.txt installed).
fixtures:
    python3 reference/model_fixtures.py
    python3 reference/encoder_fixtures.py
    python3 reference/kernel_fixtures.py
    python3 reference/loss_fixtures.py
    python3 reference/language_fixtures.py
    python3 reference/transfer_fixtures.py
    python3 reference/title_fixtures.py
    python3 reference/retrieval_fixtures.py
    python3 reference/map_fixtures.py
    python3 reference/fusion_fixtures.py
    python3 reference/study_fixtures.py
    python3 reference/tokens_beat_strength.py

# Fuzz the reader: just fuzz 1000000
fuzz iterations="200000":
    GANAINM_FUZZ_ITERATIONS={{iterations}} cargo test --release -p abc --test fuzz -- --nocapture
