# libaiodal_test: private servers and fixtures for tests, on libaiodal.

TESTING_HEADERS = $(patsubst include/%,%,$(wildcard include/aiodal/testing*.h))
TESTING_OBJS = $(patsubst testing/%.c,$(BUILD)/obj/testing/%.o,$(sort $(wildcard testing/*.c)))
TESTING_SONAME = libaiodal_test.so.$(SOMAJOR)
TESTING_STATIC = $(BUILD)/libaiodal_test.a
TESTING_SHARED = $(BUILD)/libaiodal_test.so.$(VERSION)
TESTING_TESTS = $(patsubst test/testing/%.c,$(BUILD)/test/testing/%,$(sort $(wildcard test/testing/test_*.c)))

all: $(TESTING_STATIC) $(TESTING_SHARED) $(BUILD)/aiodal_test.pc

$(BUILD)/aiodal_test.pc: testing/aiodal_test.pc.in .FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

# its own include path: what it needs of the core is in the public headers
$(BUILD)/obj/testing/%.o: testing/%.c $(BUILD)/include/aiodal/version.h
	@mkdir -p $(@D)
	$(CC) -I$(BUILD)/include -Iinclude -D_GNU_SOURCE $(LIBPQ_CFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(TESTING_STATIC): $(TESTING_OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(TESTING_SHARED): $(TESTING_OBJS) $(SHARED_LIB) testing/libaiodal_test.map
	$(CC) -shared $(ALL_LDFLAGS) -Wl,-soname,$(TESTING_SONAME) -Wl,--version-script=testing/libaiodal_test.map -Wl,--no-undefined -o $@ $(TESTING_OBJS) -L$(BUILD) -laiodal $(LIBPQ_LIBS)
	ln -sf $(@F) $(BUILD)/$(TESTING_SONAME)
	ln -sf $(TESTING_SONAME) $(BUILD)/libaiodal_test.so

$(BUILD)/test/testing/%: test/testing/%.c $(TEST_SHARED)
	@mkdir -p $(@D)
	$(build_test) $(TEST_SHARED_LIBS)

# allocations of the kit and the library are the test's
$(BUILD)/test/testing/test_kit_oom: test/testing/test_kit_oom.c $(TEST_STATIC)
	@mkdir -p $(@D)
	$(build_test) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc $(TEST_STATIC) $(CORE_LIBS) -lcmocka

check-testing: $(TESTING_TESTS)
	@CMOCKA_MESSAGE_OUTPUT=$${CMOCKA_MESSAGE_OUTPUT:-TAP} test/run $(TEST_WRAPPER) -- $(TESTING_TESTS)

check-abi: check-abi-testing
check-abi-testing: $(TESTING_SHARED)
	@nm -D --defined-only $(TESTING_SHARED) | sed -n 's/^[0-9a-f]* [TDBR] \([^@]*\).*/\1/p' | sort >$(BUILD)/testing.exported
	@sed -n 's/^[[:space:]]*\(aiodal_[a-z0-9_]*\);.*/\1/p' testing/libaiodal_test.map | sort >$(BUILD)/testing.mapped
	@cat $(addprefix include/,$(TESTING_HEADERS)) | $(CC) -fpreprocessed -E -P -xc - 2>/dev/null | \
		grep -o '\baiodal_test_[a-z0-9_]*(' | tr -d '(' | sort -u >$(BUILD)/testing.declared
	@diff $(BUILD)/testing.mapped $(BUILD)/testing.exported || { echo "libaiodal_test.map and the exported symbols differ" >&2; exit 1; }
	@diff $(BUILD)/testing.mapped $(BUILD)/testing.declared || { echo "libaiodal_test.map and the public headers differ" >&2; exit 1; }
	@echo "abi of the test kit: $$(wc -l <$(BUILD)/testing.mapped) symbols"

install: install-testing
install-testing: $(TESTING_STATIC) $(TESTING_SHARED) $(BUILD)/aiodal_test.pc
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR)/aiodal $(DESTDIR)$(PKGCONFIGDIR)
	$(INSTALL) -m 644 $(addprefix include/,$(TESTING_HEADERS)) $(DESTDIR)$(INCLUDEDIR)/aiodal
	$(INSTALL) -m 644 $(TESTING_STATIC) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 755 $(TESTING_SHARED) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(TESTING_SHARED)) $(DESTDIR)$(LIBDIR)/$(TESTING_SONAME)
	ln -sf $(TESTING_SONAME) $(DESTDIR)$(LIBDIR)/libaiodal_test.so
	$(INSTALL) -m 644 $(BUILD)/aiodal_test.pc $(DESTDIR)$(PKGCONFIGDIR)

uninstall: uninstall-testing
uninstall-testing:
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(TESTING_HEADERS)) $(DESTDIR)$(PKGCONFIGDIR)/aiodal_test.pc
	rm -f $(DESTDIR)$(LIBDIR)/libaiodal_test.a $(DESTDIR)$(LIBDIR)/libaiodal_test.so $(DESTDIR)$(LIBDIR)/libaiodal_test.so.*

.PHONY: check-testing check-abi-testing install-testing uninstall-testing

-include $(TESTING_OBJS:.o=.d) $(addsuffix .d,$(TESTING_TESTS))
