# SPDX-License-Identifier: MIT
# For arm64: compiled by both compilers with warnings as errors, and run as far as an emulator of the processor can that
# passes on system calls: no tracing, no seccomp, no robust lists. Tests that need them are skipped and say so.
arm64 := $(BUILD)/arm64
arm64_root := $(abspath $(arm64)/root)
arm64_libraries := libc6-dev libcmocka-dev $(filter %-dev,$(BUILD_PACKAGES) $(DOCPROC_PACKAGES) $(HTTP_PACKAGES))
arm64_make = PKG_CONFIG_LIBDIR=$(arm64_root)/usr/lib/aarch64-linux-gnu/pkgconfig:$(arm64_root)/usr/share/pkgconfig \
	PKG_CONFIG_SYSROOT_DIR=$(arm64_root) $(MAKE) --no-print-directory -j2 CI=1 AR=aarch64-linux-gnu-ar OBJCOPY=aarch64-linux-gnu-objcopy
arm64_gcc := aarch64-linux-gnu-gcc --sysroot=$(arm64_root)
arm64_clang := clang --target=aarch64-linux-gnu --sysroot=$(arm64_root) -Wno-unused-command-line-argument
arm64_programs := $(patsubst tests/%.c,$(arm64)/tests/%,$(filter-out tests/unit/docproc/% tests/unit/trackd-http/%,$(unit_src)) \
	$(stress_src) $(crash_src))

$(arm64_root): tests/harness/foreign_root
	$(call say,UNPACK,$@)
	$(Q)tests/harness/foreign_root $@ arm64 $(sort $(arm64_libraries))

check-arm64: deps ## for arm64: compiled with two compilers, tested under emulation
	$(call packages,$(ARM64_PACKAGES))
	$(Q)$(MAKE) --no-print-directory $(arm64_root)
	$(Q)$(arm64_make) BUILD=$(arm64)/clang CC="$(arm64_clang)" archives
	$(Q)$(arm64_make) BUILD=$(arm64) CC="$(arm64_gcc)" build $(arm64_programs)
	$(Q)tests/run --build $(arm64) --emulator "$$(command -v qemu-aarch64) -L $(arm64_root)" $(arm64_programs)
