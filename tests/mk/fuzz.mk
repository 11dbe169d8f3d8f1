# SPDX-License-Identifier: MIT
# Random input: libFuzzer targets, and garbage, which writes into segments.

fuzz_src := $(wildcard tests/fuzz/*.c)
fuzz_target_src := $(filter %_target.c,$(fuzz_src))
garbage_src := $(filter-out %_target.c,$(fuzz_src))
fuzz_programs := $(BUILD)/tests/fuzz/garbage

$(fuzz_programs): $(call obj,$(garbage_src)) $(call obj,$(harness_src)) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(SYSTEMD_LIBS) $(TOOL_LIBS)

# libFuzzer targets, with everything that they reach compiled for it. `make fuzz FUZZ_SECONDS=600` runs them longer.
FUZZ_SECONDS ?= 10
FUZZ_CFLAGS := -std=gnu11 -O1 -g -pthread -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
fuzz_obj = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(1))
fuzz_part = $(BUILD)/fuzz/$(1).a
fuzz_targets := $(patsubst tests/fuzz/%_target.c,$(BUILD)/fuzz/%,$(fuzz_target_src))

$(BUILD)/fuzz/obj/%.o: %.c
	$(call say,CLANG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(call fuzz_part,lib): $(call fuzz_obj,$(lib_src))
$(call fuzz_part,common): $(call fuzz_obj,$(common_src))
$(call fuzz_part,daemon): $(call fuzz_obj,$(filter-out daemon/main.c,$(daemon_src)))
$(call fuzz_part,docproc): $(call fuzz_obj,$(filter-out tools/docproc/main.c,$(docproc_src)))
$(call fuzz_part,http): $(call fuzz_obj,$(filter-out tools/trackd-http/main.c,$(http_src)))
$(foreach part,lib common daemon docproc http,$(call fuzz_part,$(part))):
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# docproc_NAME_target.c is about the document worker, http_NAME_target.c about the gateway, others about the daemon.
docproc_fuzz := $(filter $(BUILD)/fuzz/docproc_%,$(fuzz_targets))
http_fuzz := $(filter $(BUILD)/fuzz/http_%,$(fuzz_targets))
$(docproc_fuzz): $(call fuzz_part,docproc)
$(docproc_fuzz): FUZZ_LIBS = $(DOCPROC_LIBS) $(TOOL_LIBS) $(SYSTEMD_LIBS)
$(http_fuzz): $(call fuzz_part,http)
$(http_fuzz): FUZZ_LIBS = $(HTTP_LIBS) $(TOOL_LIBS) $(SYSTEMD_LIBS)
$(filter-out $(docproc_fuzz) $(http_fuzz),$(fuzz_targets)): $(call fuzz_part,daemon)
$(filter-out $(docproc_fuzz) $(http_fuzz),$(fuzz_targets)): FUZZ_LIBS = $(SYSTEMD_LIBS)
$(BUILD)/fuzz/obj/tools/docproc/%.o $(BUILD)/fuzz/obj/tests/fuzz/docproc_%.o: override CPPFLAGS += $(DOCPROC_CPPFLAGS)
$(BUILD)/fuzz/obj/tools/trackd-http/%.o $(BUILD)/fuzz/obj/tests/fuzz/http_%.o: override CPPFLAGS += $(HTTP_CPPFLAGS)

$(fuzz_targets): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%_target.o $(call fuzz_part,common) $(call fuzz_part,lib)
	$(call say,LD,$@)
	$(Q)clang -pthread -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(FUZZ_LIBS)

fuzz-build: $(fuzz_targets)

fuzz: deps ## random input, FUZZ_SECONDS=10 for each target
	$(call packages,$(CHECK_PACKAGES))
	$(Q)$(MAKE) --no-print-directory fuzz-build
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) TRACKD_BUILD=$(BUILD) tests/fuzz/short

-include $(patsubst %.o,%.d,$(call fuzz_obj,$(lib_src) $(daemon_src) $(common_src) $(docproc_src) $(http_src) $(fuzz_target_src)))
