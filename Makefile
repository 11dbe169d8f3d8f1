# trackd: one Makefile, not recursive. `make demo` and `make check` are where to begin; `make help` lists the rest.
#
# Variables: V=1 shows commands. CC, CFLAGS, CPPFLAGS, LDFLAGS are the builder's own and are respected; what must be is
# added with override. PREFIX, DESTDIR place `make install`. SANITIZE=address|thread builds with sanitizers, in a folder of its own.
# Everything built lands in $(BUILD).

VERSION := 0.1.0
SOVERSION := 1

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
LIBDIR ?= $(PREFIX)/lib
BINDIR ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

comma := ,
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),/$(SANITIZE))
CC ?= gcc
OBJCOPY ?= objcopy
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
HARDENING := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fstack-clash-protection
override CFLAGS += -std=gnu11 $(WARNINGS) $(HARDENING) -fPIC -fvisibility=hidden -pthread $(if $(CI),-Werror)
override CPPFLAGS += -D_GNU_SOURCE -I.
override LDFLAGS += -pthread -Wl,-z,relro,-z,now
ifneq ($(SANITIZE),)
override CFLAGS += -fno-omit-frame-pointer -fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined) \
	$(if $(filter address,$(SANITIZE)),-fno-sanitize-recover=undefined)
override LDFLAGS += -fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined)
endif
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2)')

# ---- Dependencies: package lists, installed when missing ------------------------------------------------------

BUILD_PACKAGES := gcc libc6-dev pkg-config libsystemd-dev libsmartcols-dev libncurses-dev libjansson-dev libxxhash-dev
DOCPROC_PACKAGES := libpoppler-glib-dev libzip-dev libxml2-dev libicu-dev libsqlite3-dev libcurl4-gnutls-dev libseccomp-dev \
	libcmark-gfm-dev libcmark-gfm-extensions-dev
HTTP_PACKAGES := librhonabwy-dev libgnutls28-dev libmicrohttpd-dev libsqlite3-dev zlib1g-dev
CHECK_PACKAGES := libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev g++ systemd systemd-sysv tmux strace util-linux \
	procps man-db groff bash-completion python3 python3-jsonschema poppler-utils openssl libreoffice-writer-nogui \
	chromium fonts-liberation firefox-esr nginx haproxy prometheus curl iproute2 $(if $(shell command -v npm),,nodejs npm)
ARM64_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user clang
BENCH_PACKAGES := valgrind python3 poppler-utils
BENCH_HTTP_PACKAGES := python3 wrk util-linux python3-fastapi python3-jwt uvicorn python3-uvloop python3-httptools
# Servers among them are for tests, and are not started.
packages = $(Q)missing=; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q ' installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	policy=/usr/sbin/policy-rc.d; [ ! -e $$policy ] || policy=; \
	[ -z "$$policy" ] || { printf '\#!/bin/sh\nexit 101\n' | $$sudo tee $$policy >/dev/null && $$sudo chmod 755 $$policy; }; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	status=$$?; [ -z "$$policy" ] || $$sudo rm -f $$policy; exit $$status; fi

# ---- Sources --------------------------------------------------------------------------------------------------

# Every C file below a folder, at any depth.
sources = $(sort $(shell find $(1) -name '*.c'))

lib_src := $(call sources,libclient)
daemon_src := $(call sources,daemon)
common_src := $(call sources,tools/common tools/documents)
trackctl_src := $(call sources,tools/trackctl)
docproc_src := $(call sources,tools/docproc)
http_src := $(call sources,tools/trackd-http)
part_src := $(lib_src) $(daemon_src) $(common_src) $(trackctl_src) $(docproc_src) $(http_src)
test_src := $(call sources,$(wildcard tests))
headers := $(sort $(shell find libclient daemon tools $(wildcard tests) -name '*.h'))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
prog = $(patsubst tests/%.c,$(BUILD)/tests/%,$(1))

lib_so := $(BUILD)/libtrackd.so.$(VERSION)
# For programs outside: nothing but the public calls is visible. Programs here link the modules, library.a.
lib_static := $(BUILD)/libtrackd.a
lib_a := $(BUILD)/library.a
programs := $(BUILD)/trackd $(BUILD)/trackctl $(BUILD)/docproc $(BUILD)/trackd-http
# Test programs link the daemon's modules too, all but its main().
daemon_a := $(BUILD)/daemon.a
common_a := $(BUILD)/common.a
trackctl_a := $(BUILD)/trackctl.a
docproc_a := $(BUILD)/docproc.a
http_a := $(BUILD)/trackd-http.a

SYSTEMD_LIBS = $(shell pkg-config --libs libsystemd)
TOOL_LIBS = $(shell pkg-config --libs smartcols jansson ncursesw)
DOCPROC_MODULES := poppler-glib libzip libxml-2.0 icu-i18n icu-uc sqlite3 libcurl libseccomp libcmark-gfm
DOCPROC_LIBS = $(shell pkg-config --libs $(DOCPROC_MODULES)) -lm
# As system headers: their warnings are not ours.
DOCPROC_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(DOCPROC_MODULES) 2>/dev/null))
HTTP_MODULES := librhonabwy gnutls libmicrohttpd jansson sqlite3 zlib
HTTP_LIBS = $(shell pkg-config --libs $(HTTP_MODULES))
HTTP_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(HTTP_MODULES) 2>/dev/null))

# ---- Targets --------------------------------------------------------------------------------------------------

.PHONY: all build help check check-build check-asan check-tsan fuzz fuzz-build bench bench-http demo soak storm format tidy install uninstall clean deps tests archives check-arm64
.DEFAULT_GOAL := all
# Objects of test programs are what make calls intermediate: without this it removes them, and compiles all of them again.
.SECONDARY:

all: deps ## the daemon, the library and the tools
	$(Q)$(MAKE) --no-print-directory build

# The lines of this file and of tests/mk that have "##" behind a target.
help: ## this list
	@echo 'usage: make [TARGET...] [VARIABLE=VALUE...]'
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile $(wildcard tests/mk/*.mk) | \
		while IFS='|' read -r target text; do printf '  %-12s%s\n' "$$target" "$$text"; done
	@echo
	@echo 'BUILD=FOLDER is where all of it lands (build); V=1 shows commands; SANITIZE=address|thread'
	@echo 'builds with sanitizers; CC, CFLAGS, CPPFLAGS and LDFLAGS are yours. What is missing on'
	@echo 'Debian 12 is installed with apt-get, with sudo if you are not root.'

deps:
	$(call packages,$(BUILD_PACKAGES) $(DOCPROC_PACKAGES) $(HTTP_PACKAGES))

build: $(lib_so) $(lib_static) $(programs)
	@:

$(BUILD)/obj/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(lib_so): $(call obj,$(lib_src)) libclient/libtrackd.map
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libtrackd.so.$(SOVERSION) -Wl,--version-script=libclient/libtrackd.map \
		-Wl,-z,defs -o $@ $(call obj,$(lib_src))
	$(Q)ln -sf $(@F) $(BUILD)/libtrackd.so.$(SOVERSION)
	$(Q)ln -sf libtrackd.so.$(SOVERSION) $(BUILD)/libtrackd.so

$(lib_a): $(call obj,$(lib_src))

# All modules as one object, in which only the public names stay global: a program may have a lock_take() of its own.
$(lib_static): $(call obj,$(lib_src))
	$(call say,AR,$@)
	$(Q)$(CC) -r -nostdlib -o $(BUILD)/obj/libtrackd.o $^
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='trackd_*' $(BUILD)/obj/libtrackd.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(BUILD)/obj/libtrackd.o

$(daemon_a): $(call obj,$(filter-out daemon/main.c,$(daemon_src)))
$(common_a): $(call obj,$(common_src))
$(trackctl_a): $(call obj,$(filter-out tools/trackctl/main.c,$(trackctl_src)))
$(docproc_a): $(call obj,$(filter-out tools/docproc/main.c,$(docproc_src)))
$(http_a): $(call obj,$(filter-out tools/trackd-http/main.c,$(http_src)))
$(lib_a) $(daemon_a) $(common_a) $(trackctl_a) $(docproc_a) $(http_a):
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

archives := $(lib_a) $(daemon_a) $(common_a) $(trackctl_a) $(docproc_a) $(http_a)
archives: $(archives)

$(BUILD)/trackd: $(call obj,daemon/main.c) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SYSTEMD_LIBS)

$(BUILD)/trackctl: $(call obj,tools/trackctl/main.c) $(trackctl_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

# What else the headers of docproc's libraries need.
$(BUILD)/obj/tools/docproc/%.o: override CPPFLAGS += $(DOCPROC_CPPFLAGS)

$(BUILD)/docproc: $(call obj,tools/docproc/main.c) $(docproc_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(DOCPROC_LIBS) $(TOOL_LIBS) $(SYSTEMD_LIBS)

# The same for the gateway's.
$(BUILD)/obj/tools/trackd-http/%.o: override CPPFLAGS += $(HTTP_CPPFLAGS)

$(BUILD)/obj/tools/trackd-http/ops/description.o $(BUILD)/fuzz/obj/tools/trackd-http/ops/description.o: tools/trackd-http/openapi.json
$(BUILD)/obj/tools/trackd-http/ops/assets.o $(BUILD)/fuzz/obj/tools/trackd-http/ops/assets.o: $(wildcard tools/trackd-http/page/*)

$(BUILD)/trackd-http: $(call obj,tools/trackd-http/main.c) $(http_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(HTTP_LIBS) $(TOOL_LIBS) $(SYSTEMD_LIBS)

demo: deps ## documents become searchable, kills, nothing lost; on a terminal until Ctrl-C; DOCS=FOLDER for your own
	$(Q)$(MAKE) --no-print-directory $(if $(V),,-s) build
	$(Q)BUILD=$(BUILD) DOCS="$(DOCS)" tests/demo/demo.sh

# ---- Testing, random input, measuring: a tree without tests/ builds and installs -----------------------------------

include $(wildcard $(addprefix tests/mk/,test.mk fuzz.mk bench.mk arm64.mk))

tests: build $(test_programs) $(bench_programs) $(bench_http_programs)

# ---- Installing ------------------------------------------------------------------------------------------------

unitdir := $(PREFIX)/lib/systemd/system
docdir := $(PREFIX)/share/doc/trackd
confdir := $(SYSCONFDIR)/trackd
confs := trackd.conf docproc.conf http.conf

# Scripts for tests/run about what is installed, what systemd makes of it, and the demonstration.
system_tests := tests/systemd/install.sh tests/systemd/readme.sh tests/systemd/units.sh tests/systemd/docproc_unit.sh tests/systemd/http_unit.sh tests/demo/outcome.sh

# MODE:FILE:PLACE. `uninstall` reads the same list. What ends in .in is filled with the paths on its way.
installed := \
	755:$(BUILD)/trackd:$(BINDIR)/trackd \
	755:$(BUILD)/trackctl:$(BINDIR)/trackctl \
	644:$(lib_so):$(LIBDIR)/libtrackd.so.$(VERSION) \
	644:$(lib_static):$(LIBDIR)/libtrackd.a \
	644:libclient/trackd.h:$(INCLUDEDIR)/trackd.h \
	644:libclient/libtrackd.pc.in:$(LIBDIR)/pkgconfig/libtrackd.pc \
	$(foreach page,$(wildcard libclient/*.3 tools/*/*.1 tools/*/*.5 daemon/*.5 daemon/*.8), \
		644:$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach program,$(programs),644:tools/common/completion.bash:$(PREFIX)/share/bash-completion/completions/$(notdir $(program))) \
	644:systemd/trackd.service.in:$(unitdir)/trackd.service \
	644:systemd/trackd.socket:$(unitdir)/trackd.socket \
	644:systemd/sysusers.d/trackd.conf:$(PREFIX)/lib/sysusers.d/trackd.conf \
	644:systemd/tmpfiles.d/trackd.conf:$(PREFIX)/lib/tmpfiles.d/trackd.conf \
	644:systemd/trackd.conf:$(docdir)/trackd.conf.example \
	755:$(BUILD)/docproc:$(BINDIR)/docproc \
	644:systemd/docproc.service.in:$(unitdir)/docproc.service \
	644:systemd/docproc.conf:$(docdir)/docproc.conf.example \
	755:$(BUILD)/trackd-http:$(BINDIR)/trackd-http \
	644:systemd/trackd-http.service.in:$(unitdir)/trackd-http.service \
	644:systemd/trackd-http.socket:$(unitdir)/trackd-http.socket \
	644:systemd/trackd-http-admin.socket:$(unitdir)/trackd-http-admin.socket \
	644:systemd/http.conf:$(docdir)/http.conf.example \
	$(foreach file,README.md LICENSE docs/DESIGN.md docs/FORMAT.md docs/nginx.conf docs/haproxy.cfg docs/prometheus-alerts.yaml docs/grafana-dashboard.json,644:$(file):$(docdir)/$(notdir $(file)))
so_links := $(LIBDIR)/libtrackd.so.$(SOVERSION) $(LIBDIR)/libtrackd.so

fill := sed -e 's|@PREFIX@|$(PREFIX)|; s|@BINDIR@|$(BINDIR)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	-e 's|@SYSCONFDIR@|$(SYSCONFDIR)|; s|@VERSION@|$(VERSION)|'

# Root writes nothing into a tree that is somebody else's: what is root's there, its user cannot clean.
install: ## below PREFIX=/usr/local; DESTDIR=FOLDER for packagers
	$(Q)if ! $(MAKE) -s -q $(lib_so) $(lib_static) $(programs); then \
		owner=$$(stat -c %U .); \
		if [ "$$(id -u)" = 0 ] && [ "$$owner" != root ]; then \
			echo "make install: not everything is built; run make as $$owner first" >&2; exit 1; fi; \
		$(MAKE) --no-print-directory build; fi
	$(Q)set -e; for entry in $(installed); do \
		mode=$${entry%%:*}; entry=$${entry#*:}; from=$${entry%%:*}; to="$(DESTDIR)$${entry#*:}"; \
		case $$from in \
		*.in) filled=$$($(fill) "$$from"); printf '%s\n' "$$filled" | install -D -m $$mode /dev/stdin "$$to";; \
		*) install -D -m $$mode "$$from" "$$to";; \
		esac; done
	$(Q)ln -sf libtrackd.so.$(VERSION) "$(DESTDIR)$(word 1,$(so_links))"
	$(Q)ln -sf libtrackd.so.$(SOVERSION) "$(DESTDIR)$(word 2,$(so_links))"
	$(Q)for conf in $(confs); do [ -e "$(DESTDIR)$(confdir)/$$conf" ] || \
		install -D -m 644 systemd/$$conf "$(DESTDIR)$(confdir)/$$conf"; done
ifeq ($(DESTDIR),)
	$(Q)ldconfig || true
	@echo "Installed. To start it, as root:"
	@echo "  systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload"
	@echo "  systemctl enable --now trackd.socket trackd.service"
endif

# What the administrator has changed stays, and so does the user that owns the snapshots. With other paths than those of
# `make install` it would take the configuration from a trackd that stays.
uninstall: ## take that away, but not what you changed in /etc
	$(Q)missing=; for entry in $(installed); do [ -e "$(DESTDIR)$${entry##*:}" ] || missing="$$missing $(DESTDIR)$${entry##*:}"; done; \
		if [ -n "$$missing" ] && [ -z "$(FORCE)" ]; then \
			echo "make uninstall: nothing was removed, because this is not there:$$missing" >&2; \
			echo "Give it the PREFIX, SYSCONFDIR, LIBDIR, BINDIR, INCLUDEDIR, MANDIR and DESTDIR of make install, or FORCE=1" \
				"to remove what there is." >&2; exit 1; fi
	$(Q)for entry in $(installed); do rm -f "$(DESTDIR)$${entry##*:}"; done
	$(Q)for link in $(so_links); do rm -f "$(DESTDIR)$$link"; done
	$(Q)for name in $(confs); do conf="$(DESTDIR)$(confdir)/$$name"; if cmp -s systemd/$$name "$$conf"; then rm "$$conf"; \
		elif [ -e "$$conf" ]; then echo "$$conf has been changed and is kept"; fi; done
	$(Q)for dir in $(docdir) $(confdir); do [ ! -d "$(DESTDIR)$$dir" ] || \
		rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$dir"; done

-include $(patsubst %.o,%.d,$(call obj,$(part_src) $(test_src)))

format: ## clang-format over all sources
	$(Q)clang-format -i $(part_src) $(test_src) $(headers)

clean: ## remove what was built
	$(Q)rm -rf "$(BUILD)"
