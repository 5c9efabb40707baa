# The front door. The work is done by CMake, Ninja, ctest and script/; each target first installs what is missing.
#   make test T=journal     only the tests whose name contains "journal"
#   make bench N="dns arf"  only the benches of these names
#   make bench-detect D=--ablations  what is caught when less is seen, or more
#   make demo DEMO_EXIT=1   stops the daemon at the end
.PHONY: help demo test build bench bench-detect fuzz tidy tsan format reference install clean distclean
.SILENT:
.NOTPARALLEL:

PREFIX = /usr/local
FUZZ_SECONDS = 10
T =
N =
D =
CCACHE = $$(command -v ccache >/dev/null && echo -DCMAKE_C_COMPILER_LAUNCHER=ccache)
JOBS = $$(nproc 2>/dev/null || echo 2)
COLOUR = $$([ -t 1 ] || echo NO_COLOR=1)
# A build folder is configured once; Ninja sees new files and changed CMake files by itself.
CONFIGURE = configure() { \
	[ -e build/$$1/build.ninja ] || cmake --preset $$1 $(CCACHE) >build/$$1.log 2>&1 || { cat build/$$1.log; return 1; }; \
	}; mkdir -p build; configure
BUILD = env $(COLOUR) cmake --build --preset

help:		## this list
	sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name what; do printf '  make %-13s %s\n' "$$name" "$$what"; done

demo:		## four weeks and two takeovers through the real doors in a minute or two; DEMO_EXIT=1 stops the daemon
	script/bootstrap build demo
	$(CONFIGURE) release
	$(BUILD) release
	demo/run

# One test more than cores: stories, crashes and real servers wait most of their time.
test:		## build with sanitizers and run the tests; the interop tests too when script/peers was run, or with CI=true
	script/bootstrap build test
	$(if $(filter true 1,$(CI)),script/peers)
	$(CONFIGURE) debug
	$(BUILD) debug
	env $(COLOUR) ctest --preset debug -j $$(($(JOBS) + 1)) $(if $(T),-R "$(T)")

build:		## release build in build/release
	script/bootstrap build
	$(CONFIGURE) release
	$(BUILD) release

bench:		## each measured figure beside its peer; N="dns arf" runs only these
	script/bootstrap build test
	script/peers
	$(CONFIGURE) release
	$(BUILD) release
	bench/run $(N)

bench-detect:	## takeovers and honest fleets, ours beside detectors in use; D="--systems 200 --seeds 4" runs 2,400 source-years
	script/bootstrap build
	$(CONFIGURE) release
	$(BUILD) release
	build/release/bench_detect $(D) >build/bench-detect.jsonl

fuzz:		## run each fuzz target for FUZZ_SECONDS (10)
	script/bootstrap build test fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) script/fuzz

tidy:		## layers, sizes, banned calls, undocumented rows, layout of the code
	script/bootstrap tidy
	script/tidy

tsan:		## unit and contract tests under ThreadSanitizer
	script/bootstrap build test fuzz
	$(CONFIGURE) tsan
	$(BUILD) tsan
	ctest --preset tsan -j $(JOBS) -L unit $(if $(T),-R "$(T)")

format: reference	## put the layout of the code right
	script/bootstrap tidy
	find src tests bench -name '*.[ch]' -exec clang-format-14 -i {} +

reference:	## write doc/reference.md from the tables
	script/reference

install: build	## install below PREFIX (/usr/local); DESTDIR is honoured
	script/bootstrap build doc
	cmake --build build/release --target man
	cmake --install build/release --prefix "$(PREFIX)"

clean:		## remove what was built
	rm -rf build/release build/debug build/tsan build/fuzz build/clang build/*.log

distclean:	## remove all of build/, also the fetched servers
	rm -rf build
