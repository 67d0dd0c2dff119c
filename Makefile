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
FLAGS := $(FLAGS_$(MODE))
ifeq ($(FLAGS),)
$(error MODE=$(MODE) is not one of release, debug, asan, tsan, fuzz)
endif
CFLAGS_ALL  := -std=gnu11 -D_GNU_SOURCE -pthread $(WARN) $(FLAGS) -I. -I$(B) -isystem /usr/include/libxml2 $(CFLAGS)
LDFLAGS_ALL := -pthread $(filter -fsanitize%,$(FLAGS)) $(LINK_$(MODE)) $(LDFLAGS)

# All sources of a folder and of the rooms in it.
objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c $(1)/*/*.c))
COMMON    := $(call objects,common) $(B)/sql.o $(B)/page_text.o
COLLECTOR := $(filter-out %/main.o,$(call objects,collector))
UPLOADER  := $(filter-out %/main.o,$(call objects,uploader))
EVENTSPOOL := $(filter-out %/main.o,$(call objects,tools/eventspool))
# The status page, in the order that its embed.awk needs.
PAGE      := common/status/page/page.css common/status/page/page.js common/status/page/page.html
SQL       := $(sort $(wildcard sql/schema/*.sql)) $(sort $(wildcard sql/collector/*.sql sql/uploader/*.sql sql/shared/*.sql))
LIBS_common    := -lsqlite3 -lcjson -lcrypto -levent
LIBS_collector := -lxml2 -lsqlite3 -levent -lcjson -lcrypto
LIBS_uploader  := -lxml2 -lsqlite3 -lcurl -lcrypto -lz -lcjson -levent
AXE        := build/axe/node_modules/axe-core/axe.min.js
FAULTS     := $(patsubst tests/fault/%.c,$(B)/fault/%.so,$(wildcard tests/fault/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
# Streams of every kind against the contract: tests/model/test_x.c is build/$(MODE)/model/x, and takes a number of streams
# and a seed for a long run by hand.
MODEL_TESTS := $(patsubst tests/model/test_%.c,$(B)/model/%,$(wildcard tests/model/test_*.c))
FUZZERS     := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/%,$(filter-out %_support.c,$(wildcard tests/fuzz/fuzz_*.c)))
MODEL       := $(patsubst %.c,$(B)/%.o,$(filter-out tests/model/test_%,$(wildcard tests/model/*.c)))

.PHONY: all run send tests test test-swift test-containers unit fuzz-replay bench bench-page-size deps test-deps install settings lint clean help
all: $(B)/bin/collector $(B)/bin/uploader $(B)/bin/eventspool $(B)/bin/acmsim $(if $(filter fuzz,$(MODE)),$(FUZZERS))

help:
	@echo 'make              build/$(MODE)/bin/{eventspool,collector,uploader,acmsim}; MODE=asan|tsan|debug|fuzz builds beside it'
	@echo 'make run          install what is needed, build, run both programs in the foreground'
	@echo 'make send         send a handful of events to the running collector'
	@echo 'make test         install what the tests need, build, run every test; TESTS=e2e/test_disk some, JOBS=4 at once'
	@echo 'make unit         the unit tests alone'
	@echo 'make fuzz-replay  the fuzz targets over their samples, and a short way on from there'
	@echo 'make test-swift   signatures against a second S3 server, OpenStack Swift'
	@echo 'make test-containers   the services in containers, with a real engine'
	@echo 'make bench        the benchmark: a table, never a verdict'
	@echo 'make lint         the arrows between rooms, what prints, clang-format, clang-tidy, cppcheck, gcc and clang'
	@echo 'make settings     writes what is generated from the tables of settings: documents, .env.example, compose'
	@echo 'make deps, make test-deps, make install prefix= DESTDIR=, make clean'

$(B)/bin/collector: $(B)/collector/main.o $(COLLECTOR) $(COMMON)
$(B)/bin/uploader: $(B)/uploader/main.o $(UPLOADER) $(COMMON)
$(B)/bin/eventspool: $(B)/tools/eventspool/main.o $(EVENTSPOOL) $(B)/common.a
$(B)/bin/acmsim: $(call objects,tools/acmsim)
$(B)/bin/collector: LIBS = $(LIBS_collector)
$(B)/bin/uploader: LIBS = $(LIBS_uploader)
$(B)/bin/%:
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

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

# Of this only what is needed is linked: the command for people needs neither SQLite nor OpenSSL.
$(B)/common.a: $(COMMON)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/support.a: $(call objects,tests/support)
	@rm -f $@
	$(Q)ar rcs $@ $^
# A unit test links the part of the product that its folder names, and common/: never both sides, which share no other code.
$(filter $(B)/unit/collector/%,$(UNIT_TESTS)): $(COLLECTOR)
$(filter $(B)/unit/uploader/%,$(UNIT_TESTS)): $(UPLOADER)
$(filter $(B)/unit/eventspool/%,$(UNIT_TESTS)): $(EVENTSPOOL)
$(B)/unit/common/%: LIBS = $(LIBS_common)
$(B)/unit/eventspool/%: LIBS = $(LIBS_common)
$(B)/unit/common/test_log_json: LIBS = $(LIBS_common) -lcjson
$(B)/unit/collector/%: LIBS = $(LIBS_collector)
$(B)/unit/uploader/%: LIBS = $(LIBS_uploader)
$(B)/unit/%: $(B)/tests/unit/%.o $(COMMON) $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -lcmocka $(LIBS) -o $@
$(B)/model/%: $(B)/tests/model/test_%.o $(MODEL) $(COLLECTOR) $(COMMON) $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -lcmocka $(LIBS_collector) -o $@
# This one counts what the product allocates.
$(B)/model/memory: LDFLAGS_ALL += $(foreach f,malloc calloc realloc free,-Wl,--wrap=$(f))
$(B)/bench/baseline $(B)/bench/sax: $(B)/tests/bench/rows.o
# tests/fuzz/fuzz_x.c is build/fuzz/fuzz/x: the framer is the collector's, the others are parsers of the uploader's side.
$(B)/fuzz/framer: $(COLLECTOR)
$(B)/fuzz/framer: LIBS = $(LIBS_collector)
$(filter-out %/framer,$(FUZZERS)): $(UPLOADER) $(B)/tests/fuzz/fuzz_support.o
$(B)/fuzz/%: LIBS = $(LIBS_uploader)
$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(COMMON) $(B)/support.a
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(LIBS) -o $@
$(B)/bench/%: $(B)/tests/bench/%.o $(COLLECTOR) $(COMMON)
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS_collector) -o $@

# Libraries that a test puts between a program and another library (LD_PRELOAD). Without sanitizers: those are the program's.
$(B)/fault/%.so: tests/fault/%.c Makefile
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC -shared -I. $< -o $@ -ldl
$(B)/fault/bare_file_system.so: tests/support/bare_file_system.h

# What finds barriers in a page, for the tests in a browser: the version and the hash that the lock file names.
$(AXE): tests/support/axe/package-lock.json
	@mkdir -p build/axe
	@echo '  NPM $@'
	$(Q)cp tests/support/axe/package.json tests/support/axe/package-lock.json build/axe/
	$(Q)npm ci --prefix build/axe --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

deps:
	@sh tools/deps.sh build
test-deps:
	@sh tools/deps.sh test

run: deps
	@$(MAKE) --no-print-directory all
	@sh tools/run.sh $(B)/bin
send:
	@$(MAKE) --no-print-directory $(B)/bin/acmsim
	@sh tools/send.sh $(B)/bin

tests: $(UNIT_TESTS) $(MODEL_TESTS) $(FAULTS)
unit: deps
	@sh tools/deps.sh unit
	@$(MAKE) --no-print-directory all $(UNIT_TESTS) $(B)/model/conservation
	@sh tests/run.sh $(B) $(or $(TESTS),unit model/test_conservation)
test: test-deps
	@$(MAKE) --no-print-directory all tests $(AXE)
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
# Builds the image and runs the services with a real engine, its own where none answers (as root); about 4 minutes.
test-containers:
	@sh tools/deps.sh containers
	@bash tests/containers/run.sh
# About 8 minutes; docs/performance.md tells its settings.
bench:
	@sh tools/deps.sh bench
	@$(MAKE) --no-print-directory all $(B)/bench/baseline $(B)/bench/sax $(B)/bench/sink
	@BUILD=$(B) PYTHONPATH=tests python3 -B tests/bench/bench.py
bench-page-size: deps
	@$(MAKE) --no-print-directory $(B)/bench/page_size
	@mkdir -p $(B)/bench/data && $(B)/bench/page_size $(B)/bench/data 5

install: all
	install -d $(DESTDIR)$(prefix)/libexec/eventspool $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/share/eventspool/sql \
	    $(DESTDIR)$(prefix)/share/eventspool/monitoring $(DESTDIR)$(prefix)/share/doc/eventspool/docs \
	    $(DESTDIR)$(prefix)/share/bash-completion/completions
	install -m 755 $(B)/bin/collector $(B)/bin/uploader $(B)/bin/acmsim $(DESTDIR)$(prefix)/libexec/eventspool/
	install -m 755 $(B)/bin/eventspool $(DESTDIR)$(prefix)/bin/
	install -m 644 deploy/completion/eventspool.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/eventspool
	cp -R sql/. $(DESTDIR)$(prefix)/share/eventspool/sql/
	install -m 644 deploy/monitoring/* $(DESTDIR)$(prefix)/share/eventspool/monitoring/
	install -m 644 README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE $(DESTDIR)$(prefix)/share/doc/eventspool/
	install -m 644 docs/*.md docs/fleet.html $(DESTDIR)$(prefix)/share/doc/eventspool/docs/

# Writes docs/settings.md, .env.example and the environment in docker-compose.yml from the two tables of settings.
settings: $(B)/bin/collector $(B)/bin/uploader
	@sh tools/settings.sh $(B)/bin

lint:
	@sh tools/deps.sh lint
	@sh tools/lint.sh

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
