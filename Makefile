# The whole build: two programs, the command for people, the simulator, every test, every sanitizer variant. `make help` lists the targets.
MODE   ?= release
ifeq ($(origin CC),default)
CC     := $(if $(filter fuzz,$(MODE)),clang,gcc)
endif
B      := build/$(MODE)
prefix ?= /usr/local
# V=1 shows the commands
Q      := $(if $(V),,@)

WARN := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
        -Wconversion -Wsign-conversion -Wwrite-strings -Wcast-qual
FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_debug   := -O0 -g
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined
LINK_release  := -pie -Wl,-z,relro,-z,now
# The programs are optimized as a whole, which takes 7 % of the collector's CPU time off (docs/performance.md); tests are linked
# from the same objects as they are.
LTO_release   := $(if $(findstring clang,$(CC)),,-flto=auto -ffat-lto-objects)
LTO           := $(LTO_$(MODE))
FLAGS := $(FLAGS_$(MODE))
ifeq ($(FLAGS),)
$(error MODE=$(MODE) is not one of release, debug, asan, tsan, fuzz)
endif
CFLAGS_ALL  := -std=gnu11 -D_GNU_SOURCE -pthread $(WARN) $(FLAGS) $(LTO) -I. -I$(B) -isystem /usr/include/libxml2 $(CFLAGS)
LDFLAGS_ALL := -pthread $(filter -fsanitize%,$(FLAGS)) $(LINK_$(MODE)) $(LDFLAGS)
LDFLAGS_TEST := $(LDFLAGS_ALL) $(if $(LTO),-fno-lto)

# All sources of a folder and of the rooms in it.
objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c $(1)/*/*.c))
COMMON    := $(call objects,common) $(B)/sql.o $(B)/page_text.o
COLLECTOR := $(filter-out %/main.o,$(call objects,collector))
UPLOADER  := $(filter-out %/main.o,$(call objects,uploader))
EVENTSPOOL := $(filter-out %/main.o,$(call objects,tools/eventspool))
# The status page, in the order that its embed.awk needs.
PAGE      := common/status/page/page.css common/status/page/page.js common/status/page/page.html
SQL       := $(sort $(wildcard sql/schema/*.sql)) $(sort $(wildcard sql/collector/*.sql sql/uploader/*.sql sql/shared/*.sql sql/tools/*.sql))
LIBS_eventspool := -lsqlite3 -lcjson -lcrypto -lz
LIBS_common    := -lsqlite3 -lcjson -lcrypto -levent
LIBS_collector := -lxml2 -lsqlite3 -levent -lcjson -lcrypto
LIBS_uploader  := -lxml2 -lsqlite3 -lcurl -lcrypto -lz -lcjson -levent
PACKAGES   := $(patsubst %,build/%/node_modules/.package-lock.json,axe engines kubernetes)
FAULTS     := $(patsubst tests/fault/%.c,$(B)/fault/%.so,$(wildcard tests/fault/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
# Streams of every kind against the contract: tests/model/test_x.c is build/$(MODE)/model/x, and takes a number of streams
# and a seed for a long run by hand.
MODEL_TESTS := $(patsubst tests/model/test_%.c,$(B)/model/%,$(wildcard tests/model/test_*.c))
FUZZERS     := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/%,$(filter-out %_support.c,$(wildcard tests/fuzz/fuzz_*.c)))
MODEL       := $(patsubst %.c,$(B)/%.o,$(filter-out tests/model/test_%,$(wildcard tests/model/*.c)))

.PHONY: all run send demo tests test test-swift test-containers test-system image unit fuzz-replay bench bench-peers bench-page-size deps test-deps install uninstall deb settings worksheet flags lint clean help
all: $(B)/bin/collector $(B)/bin/uploader $(B)/bin/eventspool $(B)/bin/acmsim $(if $(filter fuzz,$(MODE)),$(FUZZERS))

help:
	@echo 'make              build/$(MODE)/bin/{eventspool,collector,uploader,acmsim}; MODE=asan|tsan|debug|fuzz builds beside it'
	@echo 'make run          install what is needed, build, run both programs in the foreground'
	@echo 'make send         send a handful of events to the running collector'
	@echo 'make demo         two minutes unattended: 100,000 events while all that can fail does, and the ledger of them at the end'
	@echo 'make test         install what the tests need, build, run every test; TESTS=e2e/test_disk some, JOBS=4 at once'
	@echo 'make unit         the unit tests alone'
	@echo 'make fuzz-replay  the fuzz targets over their samples, and a short way on from there'
	@echo 'make test-swift   signatures against a second S3 server, OpenStack Swift'
	@echo 'make test-containers   the services in containers, with a real engine'
	@echo 'make test-system  the package in a fresh Debian 12 under a real systemd'
	@echo 'make image        the image of the containers as a file, for a machine without a registry, and its list of packages'
	@echo 'make bench        the benchmark: a table, never a verdict'
	@echo 'make bench-peers  speed beside syslog-ng, rsyslog and, where FLUENT_BIT= is its path, Fluent Bit: likewise'
	@echo 'make lint         the arrows between rooms, what prints, clang-format, clang-tidy, cppcheck, gcc and clang'
	@echo 'make settings     writes what is generated from the tables of settings: documents, .env.example, compose, deploy/etc'
	@echo 'make worksheet    writes sql/snowflake/worksheet.sql from the numbered files'
	@echo 'make install      installs below prefix= (DESTDIR= before it) with units for systemd; make uninstall takes it away'
	@echo 'make deb          build/deb/eventspool_VERSION_ARCH.deb, the package for Debian'
	@echo 'make deps, make test-deps, make clean'

$(B)/bin/collector: $(B)/collector/main.o $(COLLECTOR) $(COMMON)
$(B)/bin/uploader: $(B)/uploader/main.o $(UPLOADER) $(COMMON)
$(B)/bin/eventspool: $(B)/tools/eventspool/main.o $(EVENTSPOOL) $(B)/common.a
$(B)/bin/acmsim: $(call objects,tools/acmsim)
$(B)/bin/collector: LIBS = $(LIBS_collector)
$(B)/bin/uploader: LIBS = $(LIBS_uploader)
$(B)/bin/eventspool: LIBS = $(LIBS_eventspool)
$(B)/bin/%:
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/%.o: %.c $(B)/sql_names.h Makefile
	@mkdir -p $(@D)
	@echo '  CC $<'
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
# ISO C guarantees 4,095 characters of a string literal; the compilers of this project take the schema's and the page's.
$(B)/sql.o $(B)/page_text.o: $(B)/%.o: $(B)/%.c
	@echo '  CC $<'
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -MMD -MP -c $< -o $@
$(B)/sql.c: sql/embed.awk $(SQL)
	@mkdir -p $(@D)
	$(Q)awk -f $^ > $@.tmp && mv $@.tmp $@
$(B)/page_text.c: common/status/page/embed.awk $(PAGE)
	@mkdir -p $(@D)
	$(Q)awk -f $^ > $@.tmp && mv $@.tmp $@
$(B)/sql_names.h: sql/embed.awk $(SQL)
	@mkdir -p $(@D)
	$(Q)awk -v header=1 -f $^ > $@.tmp && mv $@.tmp $@
# The names of all settings, which each program knows although it is linked with the table of its own side alone.
$(B)/common/names.o: $(B)/setting_names.h
$(B)/setting_names.h: tools/setting_names.awk collector/settings.c uploader/settings.c
	@mkdir -p $(@D)
	$(Q)awk -f $^ > $@.tmp && mv $@.tmp $@

# Of an archive only what is needed is linked: the command for people needs no event loop, and of the many programs of tests
# each takes a fraction of the time and of the disk.
$(B)/common.a: $(COMMON)
$(B)/collector.a: $(COLLECTOR)
$(B)/uploader.a: $(UPLOADER)
$(B)/eventspool.a: $(EVENTSPOOL)
$(B)/support.a: $(call objects,tests/support)
$(B)/%.a:
	@rm -f $@
	$(Q)ar rcs $@ $^
# Archives that need each other, in whatever order.
ALL = -Wl,--start-group $^ -Wl,--end-group
# A unit test links the part of the product that its folder names, and common/: never both sides, which share no other code.
$(filter $(B)/unit/collector/%,$(UNIT_TESTS)): $(B)/collector.a
$(filter $(B)/unit/uploader/%,$(UNIT_TESTS)): $(B)/uploader.a
$(filter $(B)/unit/eventspool/%,$(UNIT_TESTS)): $(B)/eventspool.a
$(B)/unit/common/%: LIBS = $(LIBS_common)
$(B)/unit/eventspool/%: LIBS = $(LIBS_common) -lz
$(B)/unit/common/test_log_json: LIBS = $(LIBS_common) -lcjson
$(B)/unit/collector/%: LIBS = $(LIBS_collector)
$(B)/unit/uploader/%: LIBS = $(LIBS_uploader)
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/common.a $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_TEST) $(ALL) -lcmocka $(LIBS) -o $@
$(B)/model/%: $(B)/tests/model/test_%.o $(MODEL) $(B)/collector.a $(B)/common.a $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_TEST) $(ALL) -lcmocka $(LIBS_collector) -o $@
# This one counts what the product allocates.
$(B)/model/memory: LDFLAGS_TEST += $(foreach f,malloc aligned_alloc calloc realloc free,-Wl,--wrap=$(f))
$(B)/bench/append $(B)/bench/baseline $(B)/bench/sax: $(B)/tests/bench/rows.o
# tests/fuzz/fuzz_x.c is build/fuzz/fuzz/x: the framer is the collector's, the others are parsers of the uploader's side.
$(B)/fuzz/framer: $(B)/collector.a
$(B)/fuzz/framer: LIBS = $(LIBS_collector)
$(filter-out %/framer,$(FUZZERS)): $(B)/uploader.a $(B)/tests/fuzz/fuzz_support.o
$(B)/fuzz/%: LIBS = $(LIBS_uploader)
$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(B)/common.a $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_TEST) -fsanitize=fuzzer $(ALL) $(LIBS) -o $@
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/collector.a $(B)/common.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_TEST) $(ALL) $(LIBS_collector) -o $@

# Libraries that a test puts between a program and another library (LD_PRELOAD). Without sanitizers: those are the program's.
$(B)/fault/%.so: tests/fault/%.c Makefile
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC -shared -I. $< -o $@ -ldl
$(B)/fault/bare_file_system.so: tests/support/bare_file_system.h

# Packages of npm for the tests, in the versions and with the hashes that a lock file names: axe finds barriers in a page in a
# browser, engines read SQL and Terraform, kubernetes reads manifests.
build/%/node_modules/.package-lock.json: tests/support/%/package-lock.json
	@mkdir -p build/$*
	@echo '  NPM $@'
	$(Q)cp tests/support/$*/package.json tests/support/$*/package-lock.json build/$*/
	$(Q)npm ci --prefix build/$* --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

deps:
	@sh tools/deps.sh build
test-deps:
	@sh tools/deps.sh test

run: deps
	@$(MAKE) --no-print-directory all
	@sh tools/run.sh $(B)/bin
send:
	@$(MAKE) --no-print-directory -s $(addprefix $(B)/bin/,acmsim collector eventspool)
	@sh tools/send.sh $(B)/bin
# Its own spool, store and disk, below build/demo; DEMO_EVENTS=, DEMO_SECONDS=, DEMO_STAY=yes|no and DEMO_DISK=floor change it.
demo:
	@sh tools/deps.sh demo
	@$(MAKE) --no-print-directory all
	@sh tools/demo/demo.sh $(B)

tests: $(UNIT_TESTS) $(MODEL_TESTS) $(FAULTS) $(B)/bench/sink
# The scripts of unit/tools are the same in every MODE: `make test` runs them.
unit: deps
	@sh tools/deps.sh unit
	@$(MAKE) --no-print-directory all $(UNIT_TESTS) $(B)/model/conservation $(B)/model/plain
	@sh tests/run.sh $(B) $(or $(TESTS),unit/collector unit/common unit/eventspool unit/uploader $(if $(filter release,$(MODE)),unit/tools) \
		model/test_conservation model/test_plain)
test: test-deps
	@$(MAKE) --no-print-directory all tests $(PACKAGES)
	@sh tests/run.sh $(B) $(TESTS)
# Every fuzz target over its samples, and the same short way on from them each time.
fuzz-replay:
	@sh tools/deps.sh fuzz
	@$(MAKE) --no-print-directory MODE=fuzz $(subst $(B)/,build/fuzz/,$(FUZZERS))
	@sh tests/fuzz/replay.sh $(sort $(subst $(B)/,build/fuzz/,$(FUZZERS)))
# A second opinion on signatures, and on what a server without conditional writes gets; about a minute.
test-swift:
	@sh tools/deps.sh swift
	@$(MAKE) --no-print-directory all
	@BUILD=$(B) PYTHONPATH=tests python3 -B -u tests/swift/test_swift.py
# Builds the image and runs the services with a real engine, its own where none answers (as root).
test-containers:
	@sh tools/deps.sh containers
	@bash tests/containers/run.sh
# Installs, upgrades and removes the package in a Debian 12 of its own, booted by systemd-nspawn (as root).
test-system:
	@sh tools/deps.sh system
	@bash tests/system/run.sh $(TESTS)
# build/image/eventspool-VERSION.tar.gz and, beside it, the packages in it; BUILD_NETWORK=host as for the tests of containers.
image:
	@sh tools/image.sh
# About 8 minutes; docs/performance.md tells its settings.
bench:
	@sh tools/deps.sh bench
	@$(MAKE) --no-print-directory all $(B)/bench/append $(B)/bench/baseline $(B)/bench/sax $(B)/bench/sink
	@BUILD=$(B) PYTHONPATH=tests python3 -B tests/bench/bench.py
# About five minutes; docs/performance.md tells its settings.
bench-peers:
	@sh tools/deps.sh peers
	@$(MAKE) --no-print-directory all $(B)/bench/sink
	@sh tests/comparison/packages.sh
	@BUILD=$(B) PYTHONPATH=tests python3 -B tests/bench/peers.py
bench-page-size: deps
	@$(MAKE) --no-print-directory $(B)/bench/page_size
	@mkdir -p $(B)/bench/data && $(B)/bench/page_size $(B)/bench/data 5

install: all
	@sh tools/install.sh $(B)/bin "$(DESTDIR)" "$(prefix)"
uninstall:
	@sh tools/uninstall.sh "$(DESTDIR)" "$(prefix)"

# build/deb/eventspool_VERSION_ARCH.deb; DEB_VERSION= makes a package of another version out of the same programs.
deb:
	@sh tools/deps.sh deb
	@DEB_VERSION="$(DEB_VERSION)" sh tools/deb.sh

# Writes docs/settings.md, .env.example, the environment in docker-compose.yml and the services' files in deploy/etc from the
# two tables of settings.
settings: $(B)/bin/collector $(B)/bin/uploader
	@sh tools/settings.sh $(B)/bin

# Writes sql/snowflake/worksheet.sql; `sh tools/worksheet_samples.sh $(B)/bin` makes its sample objects anew.
worksheet:
	@sh tools/worksheet.sh

flags: # what the compiler is told, for tools/lint.sh
	@echo '$(CFLAGS_ALL)'
lint:
	@sh tools/deps.sh lint
	@sh tools/lint.sh

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
