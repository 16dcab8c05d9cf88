# Thin: each target installs what it needs, then calls cargo.
CARGO ?= cargo
BIN = target/release/ginnel
# Tests run as root: they make network namespaces.

.PHONY: demo build test lint deny fuzz crash bench bench-api packages clean

demo: build
	$(BIN) demo

build:
	scripts/packages.sh run
	$(CARGO) build --release --locked -p ginnel

test:
	scripts/packages.sh run
	scripts/packages.sh test
	$(CARGO) fmt --all -- --check
	$(CARGO) run --locked -q -p xtask -- bpf --check
	$(CARGO) run --locked -q -p xtask -- codegen --check
	$(CARGO) run --locked -q -p xtask -- api-doc --check
	$(CARGO) run --locked -q -p xtask -- check-arch
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) build --locked -p ginnel
	$(CARGO) nextest run --workspace --locked --no-fail-fast
	$(CARGO) test --workspace --locked --doc -q

# Licences, sources and banned crates. Advisories need a database that only the network has:
# `cargo deny check advisories` where there is one.
deny:
	command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --offline check bans licenses sources

# The crash test in full: CRASHES times kill -9 under load. `make test` does 60.
CRASHES ?= 1000
crash: build
	GINNEL_BIN=$(CURDIR)/$(BIN) GINNEL_CRASHES=$(CRASHES) \
		$(CARGO) test --locked -p ginnel --test crash -- --nocapture

# Each target for FUZZ_SECONDS, or with FUZZ_RUNS for so many executions. cargo-fuzz wants flags
# that a stable compiler takes with RUSTC_BOOTSTRAP. What is found lands in fuzz/artifacts.
FUZZ_SECONDS ?= 60
fuzz:
	command -v cargo-fuzz >/dev/null || $(CARGO) install --locked --quiet cargo-fuzz
	for target in query sigv4 bodies; do \
		mkdir -p target/fuzz/$$target && \
		RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$(CURDIR)/target/fuzz/build $(CARGO) fuzz run --fuzz-dir fuzz -s none $$target \
			target/fuzz/$$target fuzz/corpus/$$target -- -dict=fuzz/dictionaries/$$target \
			-max_len=4096 -timeout=10 -print_final_stats=1 \
			$(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS),-max_total_time=$(FUZZ_SECONDS)) || exit 1; \
	done

bench: build
	scripts/packages.sh bench
	$(CARGO) build --release --locked -p ginnel-testbed --bin bench
	target/release/bench run --check --json target/bench.json
	target/release/bench policy --check --json target/policy.json
	target/release/bench provision --check --json target/provision.json

# Ginnel's API against moto_server, in the same run.
bench-api: build
	scripts/packages.sh bench-api
	$(CARGO) build --release --locked -p ginnel-testbed --bin bench-api
	target/release/bench-api --check --json target/bench-api.json

clean:
	$(CARGO) clean
