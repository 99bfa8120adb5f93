# Targets of fuzzing: fuzz/fuzz_*.c, each with the driver of fuzz/drive.c. They run, for a moment, with the tests of
# the library that they are about; "make fuzz" runs them with sanitizers, for as long as FUZZ_SECONDS says each.
include web/packages.mk

FUZZ_SECONDS ?= 60
ifeq ($(WEB_MISSING),)
FUZZ_TARGETS = $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard fuzz/fuzz_*.c)))
endif

$(BUILD)/fuzz/%: fuzz/%.c fuzz/drive.c fuzz/fuzz.h $(BUILD)/libaiodal_web.a $(STATIC_LIB)
	@mkdir -p $(@D)
	$(CC) -Iweb $(ALL_CPPFLAGS) $(WEB_CFLAGS) -Ifuzz -Itest -Itest/web $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< fuzz/drive.c $(BUILD)/libaiodal_web.a $(STATIC_LIB) $(CORE_LIBS) $(WEB_LIBS) -lcmocka

check-web: check-fuzz
check-fuzz: $(FUZZ_TARGETS)
	@set -e; for target in $(FUZZ_TARGETS); do \
		echo "# test: client/fuzz/$${target##*/}.c"; $(TEST_WRAPPER) $$target; \
	done

fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$${FUZZ_SEED:-$$$$} $(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined \
		CFLAGS='-O1 -g -fno-sanitize-recover=undefined' check-fuzz

.PHONY: fuzz check-fuzz
