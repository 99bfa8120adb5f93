# aiodal: extension/ is the server half, client/ the library and the program.
# Each builds alone; this file only delegates. "make help" lists what there is.

export PG_CONFIG ?= pg_config

HALVES = $(patsubst %/Makefile,%,$(wildcard extension/Makefile client/Makefile))
each = @set -e; for half in $(HALVES); do $(MAKE) -C $$half $(1); done

.PHONY: all install uninstall clean check installcheck lint demo demo-web bench dist deb help \
	check-valgrind check-asan check-tsan check-matrix fuzz deps

all:             ## build the extension, the library and the program
	$(call each,all)

install:         ## install all of it (DESTDIR, prefix, PG_CONFIG)
	$(call each,install)

uninstall:       ## remove what install put there
	$(call each,uninstall)

clean:           ## remove everything that was built
	$(call each,clean)
	@rm -rf build

deps:            ## install what building and testing need (as root, on Debian)
	@test/install_deps check demo demo-web lint

check: deps-check ## run every test against a private throwaway server (SUITES="pgtap unit")
	@$(MAKE) -s all
	@test/check $(SUITES)

installcheck:    ## run the tests against the server of PGHOST, PGPORT, ...
	@test/check --given $(SUITES)

lint: deps-lint  ## formatting, layers, banned calls, headers, exports, versions
	@test/check lint

check-valgrind:  deps-valgrind ## the C suites under valgrind
	@$(MAKE) -s all
	@test/check --valgrind unit integration web

check-asan: deps-check ## build with address and undefined behaviour sanitizers, run every test
	@test/check_asan $(SUITES)

check-tsan: deps-check ## build with the thread sanitizer, run the suites of the library and the web
	@test/check --threads unit integration threads web

fuzz: deps-check ## feed what reads bytes from outside with mutations, with sanitizers (FUZZ_SECONDS=60 each, FUZZ_SEED=)
	@$(MAKE) -s -C client fuzz
	@test/fuzz/run

check-matrix:    ## build and test on every PostgreSQL there is a Debian for (VERSIONS="17 18")
	@test/matrix $(VERSIONS)

demo: deps-demo  ## a guided tour on real data
	@$(MAKE) -s all
	@demo/run

demo-web: deps-demo-web ## the same of a service: tokens, lists, changes, its own description
	@$(MAKE) -s all
	@demo/run client/examples/books/tour

bench: deps-check ## measure against the alternatives (BENCH="reflect bulk jobs client testkit web", ROWS=, N=)
	@$(MAKE) -s all
	@test/bench/run

dist:            ## a release archive of HEAD in build/dist
	@test/dist

deb: deps-deb    ## Debian packages in build/deb
	@$(MAKE) -s all
	@test/deb

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 18

deps-%:
	@test/install_deps $*
