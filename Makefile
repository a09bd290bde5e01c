# SPDX-License-Identifier: Apache-2.0
# mcp-confine: one Makefile, no configure step.
#
#   make            build both programs into $(O)
#   make check      unit tests
#   make live       tests that need kernel features, as an ordinary user
#   make fuzz       the fuzz targets, FUZZ_SECONDS each (needs clang)
#   make analyze    gcc -fanalyzer, cppcheck, shellcheck
#   make install    DESTDIR, PREFIX, SYSCONFDIR
#
#   SAN=1           with ASan and UBSan, into build-san
#   WERROR=1        warnings are errors
#   LINK=dynamic    shared objects throughout: a start is half a millisecond slower, and a
#                   distribution mends its libraries in one place
#   O=DIR           build directory

SAN ?= 0
LINK ?= $(if $(filter 1,$(SAN)),dynamic,static)
O ?= $(if $(filter 1,$(SAN)),build-san,build)
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/mcp-confine
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/mcp-confine
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
VERSION := 0.1.0
FUZZ_SECONDS ?= 20

CC ?= gcc
PKG_CONFIG ?= pkg-config

WARNINGS := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Walloca -Wcast-qual \
	-Wswitch-enum -Wnull-dereference -Wlogical-op -Wimplicit-fallthrough=5
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
CPPFLAGS := -D_GNU_SOURCE -I. -I$(O)/gen -DVERSION='"$(VERSION)"' \
	-DSYSCONFDIR='"$(SYSCONFDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
CFLAGS := -std=gnu17 -O2 -g -fPIE -fstack-protector-strong -fstack-clash-protection \
	-ftrivial-auto-var-init=zero -fno-strict-overflow -fno-delete-null-pointer-checks \
	$(WARNINGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
ifeq ($(shell uname -m),x86_64)
CFLAGS += -fcf-protection=full
endif
ifeq ($(SAN),1)
CPPFLAGS += -DSANITIZED=1
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
else
CPPFLAGS += -DSANITIZED=0
CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif

pkg = $(shell $(PKG_CONFIG) --cflags $(1)) 
libs = $(shell $(PKG_CONFIG) --libs $(1))
CPPFLAGS += $(call pkg,jansson libcap libnl-3.0 libnl-route-3.0 nettle)

# --- layers: one archive each, in the order of the include rule ------------------

COMMON_SRC := $(wildcard common/*.c)
SCAN_SRC := $(wildcard scan/*.c)
POLICIES_SRC := $(wildcard policies/*.c)
CONFIGS_SRC := $(wildcard configs/*.c)
LAUNCHER_SRC := $(filter-out launcher/main.c,$(wildcard launcher/*.c))
PEP_SRC := $(filter-out shims/pep/main.c,$(wildcard shims/pep/*.c))
BROKER_MAIN := shims/broker/main.c
BROKER_SRC := $(filter-out $(BROKER_MAIN),$(wildcard shims/broker/*.c))
REMOTE_MAIN := shims/remote/main.c
REMOTE_SRC := $(filter-out $(REMOTE_MAIN),$(wildcard shims/remote/*.c))
EGRESS_SRC := $(filter-out shims/egress/main.c,$(wildcard shims/egress/*.c))
PROFILES := $(sort $(wildcard policies/profiles/*.json))

obj = $(patsubst %.c,$(O)/%.o,$(1))
COMMON := $(O)/libcommon.a
SCAN := $(O)/libscan.a
POLICIES := $(O)/libpolicies.a
CONFIGS := $(O)/libconfigs.a
LAUNCHER := $(O)/liblauncher.a
PEP := $(O)/libpep.a
BROKER := $(O)/libbroker.a
REMOTE := $(O)/libremote.a
EGRESS := $(O)/libegress.a
FILTERS := $(O)/libfilters.a

PROGRAMS := $(O)/mcp-confine $(O)/mcp-confine-pep $(O)/mcp-confine-egress \
	$(O)/mcp-confine-broker $(O)/mcp-confine-broker-net

.PHONY: all archives units fuzz-targets check live fuzz analyze headers layers install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)
archives: $(COMMON) $(SCAN) $(POLICIES) $(CONFIGS) $(LAUNCHER) $(PEP) $(BROKER) $(REMOTE) $(EGRESS) $(FILTERS)

$(COMMON): $(call obj,$(COMMON_SRC))
$(SCAN): $(call obj,$(SCAN_SRC)) $(O)/gen/scan_tables.o
$(POLICIES): $(call obj,$(POLICIES_SRC)) $(O)/gen/profiles.o
$(CONFIGS): $(call obj,$(CONFIGS_SRC))
$(LAUNCHER): $(call obj,$(LAUNCHER_SRC))
$(PEP): $(call obj,$(PEP_SRC))
$(BROKER): $(call obj,$(BROKER_SRC))
$(REMOTE): $(call obj,$(REMOTE_SRC))
$(EGRESS): $(call obj,$(EGRESS_SRC))
$(FILTERS): $(O)/gen/filters.o

$(O)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	ar rcsD $@ $^

# What every start of a server runs is static: nothing is loaded or relocated anew, and
# nothing but the kernel is needed (the user database is read by launcher/account.c, and no
# name is looked up: the linker's warning of libnl's calls to getaddrinfo() does not concern
# us).  What speaks with the network stays with the machine's libraries.
comma := ,
ifeq ($(LINK),static)
LDFLAGS_START := $(patsubst -pie,-static-pie,$(LDFLAGS)) \
	$(if $(shell $(LD) --help | grep -e --no-warnings),-Wl$(comma)--no-warnings)
else
LDFLAGS_START := $(LDFLAGS)
endif

LIB_LAUNCHER := $(call libs,jansson libcap libnl-route-3.0 libnl-3.0 nettle)
LIB_PEP := $(call libs,jansson libcap nettle)
LIB_EGRESS := $(call libs,libcap libcares)

$(O)/mcp-confine: $(O)/launcher/main.o $(LAUNCHER) $(CONFIGS) $(POLICIES) $(SCAN) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS_START) -o $@ $^ $(LIB_LAUNCHER)

# The same launcher, but a layer of the sandbox can be left out (common/layer.h): what
# tests/live/layers takes apart. Never installed; the modules that know of layers are
# compiled a second time and stand before the archives that hold them too.
LAYERED := $(shell grep -l 'layer_is_out\|layer_announce' common/*.c launcher/*.c)
$(O)/layers/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DLAYERS_CAN_BE_LEFT_OUT $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/layers/mcp-confine: $(patsubst %.c,$(O)/layers/%.o,$(LAYERED) tests/layers/layer.c) \
		$(LAUNCHER) $(CONFIGS) $(POLICIES) $(SCAN) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS_START) -o $@ $^ $(LIB_LAUNCHER)

# Beside it, where the launcher looks for it first.
$(O)/layers/mcp-confine-pep: $(O)/mcp-confine-pep
	@mkdir -p $(@D)
	cp $< $@

$(O)/mcp-confine-pep: $(O)/shims/pep/main.o $(PEP) $(POLICIES) $(SCAN) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS_START) -o $@ $^ $(LIB_PEP)

$(O)/mcp-confine-broker: $(O)/shims/broker/main.o $(BROKER) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS_START) -o $@ $^ $(call libs,libcap nettle)

LIB_REMOTE := $(call libs,libcurl libcrypto jansson libcap nettle)
$(O)/mcp-confine-broker-net: $(O)/shims/remote/main.o $(REMOTE) $(BROKER) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_REMOTE)

$(O)/mcp-confine-egress: $(O)/shims/egress/main.o $(EGRESS) $(FILTERS) $(COMMON)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_EGRESS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/gen/%.o: $(O)/gen/%.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- generated: seccomp programs, tables of the scanner, embedded profiles ---------

$(O)/filters/gen: $(O)/filters/gen.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,libseccomp)

$(O)/gen/filters.c: $(O)/filters/gen
	@mkdir -p $(@D)
	$(O)/filters/gen $(if $(filter 1,$(SAN)),--sanitized) > $@

# The same programs for every architecture, never the sanitizers', under names of their
# own: what the simulator of the unit tests runs.
$(O)/gen/filters_x86_64.c $(O)/gen/filters_aarch64.c: $(O)/gen/filters_%.c: $(O)/filters/gen
	@mkdir -p $(@D)
	(echo '#include "common/lock.h"'; \
	 for f in server_calls server_arguments server_arguments_net server_no_sockets \
	 init launcher pep egress cgroup keeper watch; do \
		echo "extern const struct lock_filter $*_$$f;"; done; \
	 $(O)/filters/gen --arch $* --prefix $*) > $@

# Of the rows of these alone; what looks things up in the tables is not in it.
SCAN_ROWS := $(patsubst %,scan/%.c,charset checks context_names formats formats_match \
	personal_classes personal_layout) $(wildcard scan/tables/*.c)
$(O)/scan/tables/make: $(call obj,$(SCAN_ROWS))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(O)/gen/scan_tables.c: $(O)/scan/tables/make
	@mkdir -p $(@D)
	$(O)/scan/tables/make > $@

$(O)/gen/profiles.c: scripts/embed-profiles $(PROFILES)
	@mkdir -p $(@D)
	scripts/embed-profiles $(PROFILES) > $@

# --- tests -----------------------------------------------------------------------

UNIT := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
LIVE := $(patsubst tests/live/%.c,$(O)/live/%,$(wildcard tests/live/*.c))
FAKES := $(patsubst tests/fakes/%.c,$(O)/fakes/%,$(wildcard tests/fakes/*.c))
BENCH := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,$(O)/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
ALL_ARCHIVES := $(LAUNCHER) $(CONFIGS) $(PEP) $(REMOTE) $(BROKER) $(EGRESS) $(POLICIES) $(SCAN) $(FILTERS) $(COMMON)
ALL_LIBS := $(LIB_LAUNCHER) $(LIB_EGRESS) $(LIB_REMOTE) $(call libs,cmocka libseccomp)

$(O)/unit/%: $(O)/tests/unit/%.o $(ALL_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(O)/unit/test_filters: $(O)/gen/filters_x86_64.o $(O)/gen/filters_aarch64.o

$(O)/differential/core: $(O)/tests/differential/core.o $(ALL_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# A probe runs inside the sandbox, where no library of ours exists: static.
PROBE_SRC := tests/live/probe.c $(wildcard tests/live/probes/*.c)
$(O)/live/probe: $(PROBE_SRC) tests/live/probe_table.h $(wildcard tests/live/probes/*.h)
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu17 -O1 -g $(WARNINGS) -Itests/live -static -o $@ $(PROBE_SRC)

$(O)/live/%: $(O)/tests/live/%.o $(ALL_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# The fakes are servers and clients of the tests: static, for the same reason.
$(O)/fakes/%: tests/fakes/%.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu17 -O1 -g $(WARNINGS) -static -o $@ $<

$(O)/bench/%: $(O)/tests/bench/%.o $(ALL_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

units: $(UNIT)
check: $(UNIT) $(PROGRAMS)
	@for t in $(UNIT); do $$t || exit 1; done

live: $(LIVE) $(FAKES) $(PROGRAMS) $(O)/layers/mcp-confine $(O)/layers/mcp-confine-pep
bench: $(BENCH) $(FAKES) $(PROGRAMS)

# libFuzzer needs clang; the sources of the layers are compiled again, with coverage.
FUZZ_CFLAGS := -std=gnu17 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
FUZZED := $(COMMON_SRC) $(SCAN_SRC) $(POLICIES_SRC) $(CONFIGS_SRC) $(PEP_SRC) $(EGRESS_SRC) \
	$(BROKER_SRC) $(REMOTE_SRC) $(wildcard launcher/runtime*.c launcher/plan*.c) \
	$(patsubst %,launcher/%.c,account dbus env fstree grants offlimits path protect store spec \
		survey trust user values walk)
FUZZ_ARCHIVE := $(O)/fuzz/libfuzzed.a

$(O)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(filter-out -DSANITIZED=%,$(CPPFLAGS)) -DSANITIZED=1 $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/fuzz/gen/%.o: $(O)/gen/%.c
	@mkdir -p $(@D)
	clang $(filter-out -DSANITIZED=%,$(CPPFLAGS)) -DSANITIZED=1 $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

# Its list of members is above: an archive that is older than that is not whole.
$(FUZZ_ARCHIVE): $(patsubst %.c,$(O)/fuzz/%.o,$(FUZZED)) $(O)/fuzz/gen/profiles.o $(O)/fuzz/gen/filters.o \
		$(O)/fuzz/gen/scan_tables.o \
		Makefile
	@rm -f $@
	ar rcsD $@ $(filter %.o,$^)

$(O)/fuzz/fuzz_%: $(O)/fuzz/tests/fuzz/fuzz_%.o $(FUZZ_ARCHIVE)
	clang -g -fsanitize=fuzzer,address,undefined -o $@ $^ $(call libs,jansson libcap libcares nettle libcurl libcrypto)

# The corpus in the tree is read, what a run finds goes to the build directory.  Two at a
# time.
fuzz-targets: $(FUZZ)
fuzz: $(FUZZ)
	@printf '%s\n' $(FUZZ) | xargs -P 2 -n 1 scripts/fuzz-one $(O)/fuzz $(FUZZ_SECONDS)

headers:
	scripts/check-headers "$(CC)" "$(CPPFLAGS)"

layers: archives
	scripts/check-layers $(O)

ANALYZED := $(COMMON_SRC) $(SCAN_SRC) $(POLICIES_SRC) $(CONFIGS_SRC) $(LAUNCHER_SRC) $(PEP_SRC) \
	$(EGRESS_SRC) $(BROKER_SRC) $(BROKER_MAIN) $(REMOTE_SRC) $(REMOTE_MAIN)
analyze: $(O)/gen/filters.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -fanalyzer -Wno-analyzer-malloc-leak -fsyntax-only $(ANALYZED)
	cppcheck --quiet --std=c11 --error-exitcode=1 --enable=warning,portability \
		--inline-suppr --suppress=missingIncludeSystem -I. $(ANALYZED)
	shellcheck -x $$(grep -rlE '^#!.*(ba)?sh' scripts .ci tests --include='*' --exclude-dir=node_modules --exclude-dir=.venv)

# --- installation ----------------------------------------------------------------

MAN1 := $(wildcard launcher/*.1 shims/*/*.1)
MAN5 := $(wildcard policies/*.5)
MAN8 := $(wildcard shims/*/*.8)

install: all
	install -D -m 0755 $(O)/mcp-confine $(DESTDIR)$(BINDIR)/mcp-confine
	install -D -m 0755 $(O)/mcp-confine-pep $(DESTDIR)$(LIBEXECDIR)/mcp-confine-pep
	install -D -m 0755 $(O)/mcp-confine-broker $(DESTDIR)$(LIBEXECDIR)/mcp-confine-broker
	install -D -m 0755 $(O)/mcp-confine-broker-net $(DESTDIR)$(LIBEXECDIR)/mcp-confine-broker-net
	install -D -m 0755 $(O)/mcp-confine-egress $(DESTDIR)$(LIBEXECDIR)/mcp-confine-egress
	install -d -m 0755 $(DESTDIR)$(DATADIR)/profiles
	install -m 0644 policies/schema.json $(DESTDIR)$(DATADIR)/schema.json
	install -m 0644 $(PROFILES) $(DESTDIR)$(DATADIR)/profiles
	for m in $(MAN1); do install -D -m 0644 $$m $(DESTDIR)$(MANDIR)/man1/$${m##*/} || exit 1; done
	for m in $(MAN8); do install -D -m 0644 $$m $(DESTDIR)$(MANDIR)/man8/$${m##*/} || exit 1; done
	for m in $(MAN5); do install -D -m 0644 $$m $(DESTDIR)$(MANDIR)/man5/$${m##*/} || exit 1; done
	install -D -m 0644 completions/mcp-confine.bash $(DESTDIR)$(BASHDIR)/mcp-confine
	install -D -m 0644 completions/_mcp-confine $(DESTDIR)$(ZSHDIR)/_mcp-confine
	install -D -m 0644 completions/mcp-confine.fish $(DESTDIR)$(FISHDIR)/mcp-confine.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/mcp-confine $(DESTDIR)$(LIBEXECDIR)/mcp-confine-pep \
		$(DESTDIR)$(LIBEXECDIR)/mcp-confine-egress $(DESTDIR)$(LIBEXECDIR)/mcp-confine-broker \
		$(DESTDIR)$(LIBEXECDIR)/mcp-confine-broker-net
	rm -rf $(DESTDIR)$(DATADIR)
	-rmdir $(DESTDIR)$(LIBEXECDIR)
	for m in $(MAN1); do rm -f $(DESTDIR)$(MANDIR)/man1/$${m##*/}; done
	for m in $(MAN8); do rm -f $(DESTDIR)$(MANDIR)/man8/$${m##*/}; done
	for m in $(MAN5); do rm -f $(DESTDIR)$(MANDIR)/man5/$${m##*/}; done
	rm -f $(DESTDIR)$(BASHDIR)/mcp-confine $(DESTDIR)$(ZSHDIR)/_mcp-confine \
		$(DESTDIR)$(FISHDIR)/mcp-confine.fish

clean:
	rm -rf $(O)

-include $(shell find $(O) '(' -path $(O)/deb -o -path $(O)/kernels ')' -prune -o -type f -name '*.d' -print 2>/dev/null)
