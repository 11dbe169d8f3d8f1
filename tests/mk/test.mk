# SPDX-License-Identifier: MIT
# Test programs, and the targets that run them. Included by the Makefile, which has the parts and their archives.

# ---- Sources -------------------------------------------------------------------------------------------------

harness_src := $(wildcard tests/harness/*.c)
unit_src := $(wildcard tests/unit/*/*.c)
crash_src := $(wildcard tests/crash/*.c)
crash_engine_src := $(wildcard tests/crash/engine/*.c)
crash_mutant_src := tests/crash/mutant/main.c
stress_src := $(wildcard tests/stress/*.c)
e2e_src := $(wildcard tests/e2e/clients/*.c)
e2e_scripts := $(sort $(shell find tests/e2e -name '*.sh' -o -name '*.py'))
stress_engine_src := $(wildcard tests/stress/engine/*.c)

docproc_tests := $(call prog,$(wildcard tests/unit/docproc/*.c))
http_tests := $(call prog,$(wildcard tests/unit/trackd-http/*.c))
crash_programs := $(call prog,$(crash_src))
crash_mutants := $(patsubst tests/%.sed,$(BUILD)/tests/%,$(wildcard tests/crash/mutants/*.sed))
test_programs := $(call prog,$(unit_src) $(stress_src) $(e2e_src)) $(crash_programs) $(crash_mutants)
# What the scripts of tests/e2e move; no tests themselves.
e2e_test_clients := $(call prog,$(e2e_src))
TEST_LIBS = $(shell pkg-config --libs cmocka)

# ---- Programs ------------------------------------------------------------------------------------------------

# What else the headers of docproc's and the gateway's libraries need.
$(BUILD)/obj/tests/unit/docproc/%.o: override CPPFLAGS += $(DOCPROC_CPPFLAGS)
$(BUILD)/obj/tests/unit/trackd-http/%.o: override CPPFLAGS += $(HTTP_CPPFLAGS)

$(docproc_tests): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(harness_src)) $(docproc_a) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS) $(DOCPROC_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

$(http_tests): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(harness_src)) $(http_a) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS) $(HTTP_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(harness_src)) $(daemon_a) $(trackctl_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

# Objects of its own.
$(BUILD)/tests/e2e/clients/test_client: $(call obj,$(wildcard tests/e2e/clients/verbs/*.c))

$(BUILD)/tests/stress/storm: $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(stress_engine_src) $(harness_src)) \
		$(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

crash_objects := $(call obj,$(crash_engine_src) $(harness_src))

$(crash_programs): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(crash_objects) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

# MODULE.NAME.sed breaks MODULE.c of the library and the header that it is spread over, edit.h; linked before the archive,
# the broken module takes its place.
broken = $(wildcard libclient/*/$(firstword $(subst ., ,$*)).c)
edit_h := libclient/record/edit.h
$(crash_mutants): $(BUILD)/tests/crash/mutants/%: tests/crash/mutants/%.sed $(call obj,$(crash_mutant_src)) $(crash_objects) \
		$(daemon_a) $(common_a) $(lib_a)
	$(call say,MUTANT,$@)
	$(Q)mkdir -p $(addprefix $@.d/,$(dir $(broken) $(edit_h)))
	$(Q)for f in $(broken) $(edit_h); do sed -f $< $$f >$@.d/$$f; done; \
		! cmp -s $@.d/$(broken) $(broken) || ! cmp -s $@.d/$(edit_h) $(edit_h) || { echo "$< changes nothing" >&2; exit 1; }
	$(Q)$(CC) -I$@.d $(CPPFLAGS) $(CFLAGS) -w $(LDFLAGS) -o $@ $@.d/$(broken) $(filter-out %.sed,$^) \
		$(TEST_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

# ---- Running ---------------------------------------------------------------------------------------------------

# For example TESTS="build/tests/unit/daemon/test_wheel tests/e2e/trackctl/look.sh".
test_scripts := $(wildcard tests/lint/*.sh tests/lint/*.py tests/browser/*.mjs) $(e2e_scripts)
asan_programs := $(patsubst tests/%.c,$(BUILD)/address/tests/%,$(unit_src) $(stress_src)) $(BUILD)/address/tests/fuzz/garbage
tsan_programs := $(patsubst tests/%.c,$(BUILD)/thread/tests/%,$(stress_src))
plain_tests = $(filter-out $(e2e_test_clients),$(test_programs)) $(test_scripts) tests/fuzz/short $(system_tests)
TESTS ?= $(asan_programs) $(plain_tests) $(tsan_programs)

# Groups that TESTS may name. Those of `quick` need nothing but the programs and their own.
group_unit := $(call prog,$(unit_src))
group_crash = $(crash_programs) $(crash_mutants)
group_stress := $(call prog,$(stress_src))
group_lint := $(wildcard tests/lint/*.sh tests/lint/*.py)
group_e2e := $(e2e_scripts)
group_browser := $(wildcard tests/browser/*.mjs)
group_fuzz := tests/fuzz/short
group_systemd = $(filter tests/systemd/%,$(system_tests))
groups := unit crash stress lint e2e browser fuzz systemd
quick := unit crash stress
named_tests = $(foreach test,$(TESTS),$(if $(filter $(test),$(groups)),$(group_$(test)),$(test)))
tests_target = $(if $(filter-out $(quick),$(TESTS)),check-build,build $(named_tests))

check-build: $(BUILD)/browser/node_modules
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD) tests fuzz-build
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/address SANITIZE=address build $(asan_programs)
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/thread SANITIZE=thread $(BUILD)/thread/trackd $(tsan_programs)

# What drives the browser and audits the page; for the tests alone.
$(BUILD)/browser/node_modules: tests/browser/package.json tests/browser/package-lock.json
	$(call say,NPM,$@)
	$(Q)mkdir -p $(@D) && cp $^ $(@D)
	$(Q)cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules

check: deps ## every promise, proven; TESTS=unit, or crash stress lint e2e browser fuzz systemd, or PATH...
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory -j2 BUILD=$(BUILD) $(tests_target)
	$(Q)tests/run --build $(BUILD) $(named_tests)

check-asan: deps ## under AddressSanitizer and UBSan
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory -j2 BUILD=$(BUILD)/address SANITIZE=address build $(asan_programs)
	$(Q)tests/run --build $(BUILD)/address $(asan_programs)

check-tsan: deps ## under ThreadSanitizer
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory -j2 BUILD=$(BUILD)/thread SANITIZE=thread $(BUILD)/thread/trackd $(tsan_programs)
	$(Q)tests/run --build $(BUILD)/thread $(tsan_programs)

soak: deps ## what is worth an hour: every double kill, random input for long
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory -j2 BUILD=$(BUILD) check-build
	$(Q)$(BUILD)/tests/crash/killed_twice all
	$(Q)$(BUILD)/tests/crash/replaced_anywhere 1
	$(Q)FUZZ_ROUNDS=5000000 $(BUILD)/address/tests/fuzz/garbage
	$(Q)FUZZ_RUNS=0 FUZZ_SECONDS=600 TRACKD_BUILD=$(BUILD) tests/fuzz/short
	$(Q)DOCPROC_BROKEN=2000 DOCPROC_SEED=$$(date +%s) tests/run --build $(BUILD) tests/e2e/docproc/broken.py
	$(Q)TRACKD_BUILD=$(abspath $(BUILD)) tests/bench/http_streams.py 5000 1000 120

STORM_SECONDS ?= 1800
storm: deps ## boards replaced every few seconds under eight producers, STORM_SECONDS=1800
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory build $(BUILD)/tests/stress/storm
	$(Q)$(BUILD)/tests/stress/storm $(STORM_SECONDS)

tidy: deps ## clang-tidy over all sources, the analyzer to its full depth
	$(call packages,$(CHECK_PACKAGES))
	$(Q)TIDY_NODES=225000 tests/lint/tidy.sh
