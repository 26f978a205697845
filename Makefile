# Everything one does here, by name; `make` alone lists it. CI runs the same targets (.ci/run).

# Assigned with `=`: a stray LISTEN or DATA in the environment must not decide what clean-data
# removes. Set them on the command line: make demo LISTEN=0.0.0.0:8080
LISTEN = 127.0.0.1:8080
DATA = data

# Expanded when a recipe is about to run, hence after `setup` has settled it: no prebuilt DuckDB
# means compiling it.
FEATURES = $(shell test ! -e .duckdb/bundled && test -e .duckdb/lib/libduckdb.so || echo --features bundled)

.PHONY: help setup demo build test test-navigateur test-documents test-spark editeur editeur-check check fmt-check clippy doc deny bless bench bench-lookups bench-national bench-mirror bench-recherche bench-sql bench-enrich release clean-data
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## fetch the prebuilt DuckDB library (seconds, once)
	@sh scripts/setup-duckdb.sh

demo: setup ## build, load the sample data and serve it (LISTEN=127.0.0.1:8080, DATA=data)
	@echo 'Building; the first time, every dependency is compiled too, which takes a while.'
	@cargo build $(FEATURES)
	@echo
	@echo 'Loading the sample. When it is served, open:  http://$(LISTEN)/'
	@echo 'Ctrl-C stops it.'
	@echo
	@cargo run --quiet $(FEATURES) -- up --source sample --listen $(LISTEN) --data $(DATA)

build: setup ## build the everyday binary, target/debug/registre (its dependencies optimised)
	cargo build $(FEATURES)

test: setup ## run every test
	cargo test --workspace $(FEATURES)

# The binary that the tests have: `cargo build` chooses other features, and compiles for two minutes.
test-navigateur: setup ## the pages and the component in Chromium; screenshots in target/captures/
	cargo test --workspace --test integration --no-run $(FEATURES)
	@sh scripts/test-navigateur.sh

test-documents: setup ## the notebook and the R script of docs/, the examples of the pages, on the sample
	cargo test --workspace --test integration --no-run $(FEATURES)
	@sh scripts/test-documents.sh

test-spark: setup ## Spark, on several worker processes, answers as DuckDB does (DATA_SPARK=a data folder)
	cargo build $(FEATURES) --workspace
	@DATA='$(DATA_SPARK)' sh scripts/test-spark.sh

editeur: ## make again the editor of the SQL page, query-api/ui/sql/codemirror.js (needs npm)
	@sh scripts/editeur.sh

editeur-check: ## check that the editor which is committed is what its lock file gives (needs npm)
	@sh scripts/editeur.sh --check

check: fmt-check clippy doc ## check the format, clippy and the documentation

fmt-check:
	cargo fmt --all --check

clippy: setup
	cargo clippy --workspace --all-targets $(FEATURES) -- -D warnings

doc: setup
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items $(FEATURES)

# Called by its own name: `cargo deny` may find another version than the one first on PATH.
deny: ## check the dependencies' licences, bans and sources (needs cargo-deny 0.20)
	cargo-deny --locked check licenses bans sources

bless: setup ## run the tests and accept what they answer as the new golden files
	INSTA_UPDATE=always cargo test --workspace $(FEATURES)

# In the everyday profile, whose dependencies are already compiled and optimised.
bench: setup ## run the benches
	cargo bench --workspace --bench '*' --profile dev $(FEATURES)

# Takes some 60 GB of disk under target/tmp and, the first time, three quarters of an hour.
bench-national: setup ## the whole country, beside DuckDB and PostgreSQL; writes benches/README.md
	cargo bench --workspace --bench national --profile dev $(FEATURES) -- --scale 1 --write
	REGISTRE_BENCH_DATA="$${CARGO_TARGET_DIR:-target}/tmp/national-1/data" \
		cargo bench --workspace --bench queries --profile dev $(FEATURES)

# Asks what bench-national left; needs wrk and, for what it is compared with, PostgreSQL 15. Our own
# crates are compiled as in the binary that is handed out, but for an hour of linking.
bench-lookups: setup ## lookups over HTTP, beside bare axum and PostgreSQL; writes benches/README.md
	CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
		cargo bench --workspace --bench lookups --profile dev $(FEATURES) -- \
		--scale 1 --seconds 12 --postgresql-rows 1000000 --write

# Asks what bench-national left; needs, for what it is compared with, PostgreSQL 15. Compiled as for
# bench-lookups.
bench-recherche: setup ## the search by name, beside PostgreSQL with pg_trgm; writes benches/README.md
	REGISTRE_BENCH_DATA="$${CARGO_TARGET_DIR:-target}/tmp/national-1/data" \
	CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
		cargo bench --workspace --bench recherche --profile dev $(FEATURES) -- \
		--postgresql-rows 3000000 --write

# Asks what bench-national left; needs wrk. Compiled as for bench-lookups.
bench-sql: setup ## public SQL beside DuckDB, and lookups beside SQL; writes benches/README.md
	REGISTRE_BENCH_DATA="$${CARGO_TARGET_DIR:-target}/tmp/national-1/data" \
	CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
		cargo bench --workspace --bench sql --profile dev $(FEATURES) -- --write

# Asks what bench-national left. Compiled as for bench-lookups.
bench-enrich: setup ## a million numbers enriched, beside the same join by DuckDB
	REGISTRE_BENCH_DATA="$${CARGO_TARGET_DIR:-target}/tmp/national-1/data" \
	CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
		cargo bench --workspace --bench enrich --profile dev $(FEATURES)

# Asks what bench-national left; needs wrk and nginx.
bench-mirror: setup ## row groups by range, beside nginx; writes benches/README.md
	CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
		cargo bench --workspace --bench mirror --profile dev $(FEATURES) -- \
		--scale 1 --seconds 5 --write

# DuckDB is compiled in, so the file needs nothing beside it; about 50 minutes on two cores.
release: ## build the binary to hand out, target/release/registre, DuckDB inside (an hour)
	cargo build --release --features bundled

# Only what the program made: the folder also holds committed files.
clean-data: ## remove downloads and snapshots from DATA
	rm -rf -- '$(DATA)/raw' '$(DATA)/staging' '$(DATA)/snapshots' '$(DATA)/cache'
	rm -f -- '$(DATA)/current.json' '$(DATA)'/*.lock '$(DATA)'/*.tmp
