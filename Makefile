# Thin: each target calls one script that works by itself as well.
.DEFAULT_GOAL := help
.PHONY: help run test bench lint format clean

help:    ## Shows this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: +## /: /' | awk -F': ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run:     ## Sets up, builds and starts the gateway; ARGS="--port 9000" goes to `aragora serve`
	@scripts/run $(ARGS)

test:    ## Sets up, builds and tests everything; ARGS="--filter NAME" goes to `swift test`
	@scripts/test $(ARGS)

bench:   ## Measures ingest, engine and acknowledgements beside their peers
	@scripts/bench $(ARGS)

lint:    ## Checks format and house rules
	@scripts/lint

format:  ## Formats all Swift code
	@swift format --in-place --parallel --recursive Package.swift Sources Tests integrations Migrations Benchmarks

clean:   ## Removes what was built and installed inside this directory
	@rm -rf .build .venv
