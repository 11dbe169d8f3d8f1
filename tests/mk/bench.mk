# SPDX-License-Identifier: MIT
# Measurements: ratios within one run, beside the physical limits of the machine.

bench_src := $(wildcard tests/bench/*.c)
bench_http_src := $(wildcard tests/bench/http/*.c)
bench_programs := $(BUILD)/tests/bench/bench
bench_http_programs := $(call prog,$(bench_http_src))

# All measurements are one program, so that its table comes from one run. reporting.c measures what the document worker
# says to the board on its way there.
bench_wrapped := report_stage report_step report_total trackd_complete trackd_open
$(bench_programs): $(call obj,$(bench_src)) $(call obj,$(harness_src)) $(docproc_a) $(daemon_a) $(common_a) $(lib_a)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(bench_wrapped)) -o $@ $^ $(TEST_LIBS) $(DOCPROC_LIBS) \
		$(SYSTEMD_LIBS) $(TOOL_LIBS)

# The gateway's yardstick has nothing of ours in it.
$(bench_http_programs): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libmicrohttpd)

# Never fails over a missed aim, only over what cannot be built.
bench: deps ## the figures of this machine, beside its physical limits; BENCH=SECTION for some only
	$(call packages,$(BENCH_PACKAGES))
	$(Q)$(MAKE) --no-print-directory build $(bench_programs)
	$(Q)$(bench_programs) $(BENCH)

bench-http: deps ## status requests beside others, and beside lists; five thousand event streams; STATUS="SECONDS ROUNDS PAIRS", LISTS="SECONDS LISTS TASKS", STREAMS="N RATE SECONDS"
	$(call packages,$(BENCH_HTTP_PACKAGES))
	$(Q)$(MAKE) --no-print-directory build $(BUILD)/tests/e2e/clients/sse_load $(BUILD)/tests/e2e/clients/test_client $(bench_http_programs)
	$(Q)TRACKD_BUILD=$(abspath $(BUILD)) tests/bench/http_status.py $(STATUS)
	$(Q)TRACKD_BUILD=$(abspath $(BUILD)) tests/bench/http_lists.py $(LISTS)
	$(Q)TRACKD_BUILD=$(abspath $(BUILD)) tests/bench/http_streams.py $(STREAMS)
