# Everything one does with Lull. Each target installs what a fresh Debian or Ubuntu with a Rust toolchain lacks.

BINARIES := $(or $(CARGO_TARGET_DIR),target)/quick

.PHONY: help run test test-browser test-machines pictures soak proxies clients n8n check fuzz bench

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build, then start Redis, api and monitor in one process, without any configuration
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && \
	cargo build --locked --profile quick --bin lull && \
	REDIS_SERVER=$$redis exec $(BINARIES)/lull up

# Most of the time a test waits. Measured on two cores (2026-11-27), 1,074 tests: six at a time 255 s.
test: ## Run the whole suite against a real Redis
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && \
	REDIS_SERVER=$$redis RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$$(($$(nproc) * 3))} cargo test --locked

test-browser: ## Use the console in a real Chromium, and look at each of its pages with axe-core (npm)
	@scripts/need-cc
	@scripts/need-chromium
	@redis=$$(scripts/need-redis) && axe=$$(scripts/need-axe) && \
	AXE=$$axe REDIS_SERVER=$$redis cargo test --locked --test browser -- --skip pictures::

test-machines: ## Kill masters of a real Redis Cluster and behind real Sentinels, and a real RabbitMQ, while people talk
	@scripts/need-cc
	@scripts/need-rabbitmq
	@redis=$$(scripts/need-redis) && \
	REDIS_SERVER=$$redis RUST_TEST_THREADS=1 cargo test --locked --test machines

pictures: ## Take the pictures of the console that the docs show, in a real Chromium
	@scripts/need-cc
	@scripts/need-chromium
	@redis=$$(scripts/need-redis) && \
	REDIS_SERVER=$$redis cargo test --locked --test browser -- pictures::

soak: ## Kill, freeze and stop everything while it works, and look for what was lost; then long random histories (SOAK_SECONDS=300, SOAK_SEED=…)
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && \
	SOAK_SECONDS=$${SOAK_SECONDS:-300} REDIS_SERVER=$$redis cargo test --locked --test soak -- --nocapture && \
	PROPTEST_CASES=$${PROPTEST_CASES:-200} REDIS_SERVER=$$redis cargo test --locked --test it -- property::

proxies: ## Try the recipes of docs/proxies.md with the real nginx and Caddy
	@scripts/need-cc
	@scripts/need-proxies
	@redis=$$(scripts/need-redis) && \
	PATH=$$PATH:/usr/sbin REDIS_SERVER=$$redis cargo test --locked --test proxies

clients: ## Sign and verify with the packages that programs use: twilio and standardwebhooks
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && python=$$(scripts/need-clients) && \
	CLIENTS_PYTHON=$$python REDIS_SERVER=$$redis cargo test --locked --test clients -- packages::

n8n: ## Answer and load media with a real n8n, as the pages say (npm; some minutes and 2 GB at the first time)
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && n8n=$$(scripts/need-n8n) && \
	N8N=$$n8n REDIS_SERVER=$$redis cargo test --locked --test clients -- n8n::

check: ## Formatting, lints, documentation, licences, Dockerfiles, compose.yaml, alerts, metrics and scripts
	@scripts/need-cc
	@scripts/need-lint-tools
	cargo fmt --all --check
	cargo clippy --locked --all-targets --test soak --test proxies --test clients --test browser --test machines -- -D warnings
	# Without the feature amqp, which nobody else asks of it here.
	cargo clippy --locked -p lull-engine -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps --document-private-items
	cargo fetch --locked
	target/tools/lint/bin/cargo-deny --offline --locked check licenses bans sources
	scripts/check-deploy
	@redis=$$(scripts/need-redis) && \
	cargo build --locked --bin api --bin monitor && \
	REDIS_SERVER=$$redis scripts/check-metrics

fuzz: ## Send what the OpenAPI document allows and forbids, and hold the answers against it
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && \
	cargo build --locked --bin api --bin monitor && \
	REDIS_SERVER=$$redis scripts/fuzz

bench: ## Measure throughput, lateness, memory and what watching costs (PARTS="people watching" measures only these)
	@scripts/need-cc
	@redis=$$(scripts/need-redis) && \
	REDIS_SERVER=$$redis cargo bench --locked --bench lull -- $(PARTS)
