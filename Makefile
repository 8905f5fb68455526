# The front door: GNU make in front of CMake presets. `make help` lists the targets.
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
RELEASE := build/release

.PHONY: all help setup configure build demo test asan test-soak test-vm bench bench-accuracy bench-accuracy-quick bench-server bench-server-quick fuzz format reference install clean accuracy_bench server_bench tsan

all: build

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make            set up what is missing, build build/release/bin/{noonmarkd,noonmark,noonmark-sim}
## make demo       half a minute: a server, a client with a wrong clock, the procedure typed into the shell
## make test       everything: unit tests (g++ release, clang with ASan and UBSan), namespaces, peers; one ctest summary
## make test-soak  200 times kill -9 in the middle of commits, 1000 commits in a row; mixed load for NOONMARK_SOAK_SECONDS=600
## make test-vm    virtual machines with Debian kernels: VRFs, step and slew of a real kernel clock (about 10 minutes)
## make bench      the figures of docs/performance.md
## make bench-accuracy        how accurate the clock is, beside chronyd: docs/accuracy.md (a minute or two)
## make bench-accuracy-quick  the same with two seeds of each world
## make bench-server          what a reply costs, beside chronyd and NTPsec: docs/performance.md (five minutes, root)
## make bench-server-quick    the same with few short rounds
## make tsan       the tests of the server's threads under the thread sanitizer
## make fuzz       every fuzz target for a minute each (clang, libFuzzer)
## make reference  docs/commands.md, the tables of docs/simulator.md and the man pages anew, from the programs
## make format     clang-format over our sources
## make install    into $(DESTDIR)$(PREFIX), with a systemd unit

# Packages are looked for on each run (a fraction of a second) and installed only when one is missing.
setup:
	@mkdir -p build
	@tools/setup

configure: setup
	@cmake --preset release >$(RELEASE).log 2>&1 || { cat $(RELEASE).log; exit 1; }

build: configure
	@cmake --build $(RELEASE) -j $(JOBS) --target noonmarkd noonmark noonmark-sim

demo: build
	@tools/demo

asan: setup
	@cmake --preset asan >build/asan.log 2>&1 || { cat build/asan.log; exit 1; }
	@cmake --build build/asan -j $(JOBS)

test: configure asan
	@cmake -DNOONMARK_VARIANTS=asan $(RELEASE) >>$(RELEASE).log 2>&1 || { cat $(RELEASE).log; exit 1; }
	@cmake --build $(RELEASE) -j $(JOBS)
	@tools/fetch-peers build/peers
	@ctest --test-dir $(RELEASE) -j $(JOBS) --output-on-failure

test-soak: server_bench
	@NOONMARK_BIN=$(CURDIR)/$(RELEASE)/bin tests/e2e/soak

test-vm: build
	@tests/vm/run

bench: build
	@bench/run

accuracy_bench: configure
	@cmake --build $(RELEASE) -j $(JOBS) --target accuracy_bench

bench-accuracy: accuracy_bench
	@$(RELEASE)/bin/accuracy_bench bench/accuracy --seeds 10 --threads $(JOBS)

bench-accuracy-quick: accuracy_bench
	@$(RELEASE)/bin/accuracy_bench bench/accuracy --seeds 2 --threads $(JOBS)

server_bench: configure
	@cmake --build $(RELEASE) -j $(JOBS) --target noonmarkd noonmark ntp_load ntp_echo

bench-server: server_bench
	@NOONMARK_BIN=$(CURDIR)/$(RELEASE)/bin bench/server/run

bench-server-quick: server_bench
	@NOONMARK_BIN=$(CURDIR)/$(RELEASE)/bin bench/server/run --rounds 3 --seconds 0.3

tsan: setup
	@cmake --preset tsan >build/tsan.log 2>&1 || { cat build/tsan.log; exit 1; }
	@cmake --build build/tsan -j $(JOBS) --target io_test noonmarkd noonmark ntp_load
	@TSAN_OPTIONS=halt_on_error=1 build/tsan/bin/io_test --gtest_brief=1 --gtest_filter='*ServerWorkers*:*RequestServer*'
	@NOONMARK_BIN=$(CURDIR)/build/tsan/bin TSAN_OPTIONS=halt_on_error=1 tests/e2e/workers.py
	@NOONMARK_BIN=$(CURDIR)/build/tsan/bin TSAN_OPTIONS=halt_on_error=1 python3 tests/e2e/endurance.py --sanitized --seconds 60

fuzz: setup
	@cmake --preset fuzz >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
	@cmake --build build/fuzz -j $(JOBS) --target packet_fuzz responder_fuzz command_fuzz config_fuzz session_fuzz terminal_fuzz estimator_fuzz scenario_fuzz
	@fuzz/run build/fuzz $${FUZZ_SECONDS:-60}

format:
	@git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc' 'tests/*.cc' | xargs clang-format-19 -i

reference: build
	@cmake --build $(RELEASE) -j $(JOBS) --target command_reference
	@tools/reference/generate $(RELEASE)/bin

install: build
	@cmake -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(RELEASE) >>$(RELEASE).log
	@DESTDIR=$(DESTDIR) cmake --install $(RELEASE)

clean:
	@rm -rf build
