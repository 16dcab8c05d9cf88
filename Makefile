# Thin: each target installs what it needs, then calls cargo.
CARGO ?= cargo
BIN = target/release/ginnel
# Tests run as root: they make network namespaces.

.PHONY: demo build test lint deny bench bench-api packages clean

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

bench: build
	scripts/packages.sh bench
	$(CARGO) build --release --locked -p ginnel-testbed --bin bench
	target/release/bench run --check --json target/bench.json
	target/release/bench provision --check --json target/provision.json

# Ginnel's API against moto_server, in the same run.
bench-api: build
	scripts/packages.sh bench-api
	$(CARGO) build --release --locked -p ginnel-testbed --bin bench-api
	target/release/bench-api --check --json target/bench-api.json

clean:
	$(CARGO) clean
