# libaiodal_web: HTTP on libaiodal. Needs libraries that the rest does not: where one is missing it is left
# out, with a word about it, and the rest is built.

include web/packages.mk
WEB_HEADERS = $(patsubst include/%,%,$(wildcard include/aiodal/web*.h))

ifneq ($(WEB_MISSING),)

web-left-out:
	@echo "libaiodal_web is left out: pkg-config finds no $(WEB_MISSING) (Debian: libmicrohttpd-dev libjansson-dev libcurl4-openssl-dev libssl-dev)"
all: web-left-out
check-web:
	@echo "libaiodal_web was not built: pkg-config finds no $(WEB_MISSING)" >&2; exit 1
.PHONY: web-left-out check-web

else

WEB_OBJS = $(patsubst web/%.c,$(BUILD)/obj/web/%.o,$(sort $(wildcard web/*.c)))
WEB_SONAME = libaiodal_web.so.$(SOMAJOR)
WEB_STATIC = $(BUILD)/libaiodal_web.a
WEB_SHARED = $(BUILD)/libaiodal_web.so.$(VERSION)
WEB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(WEB_PACKAGES))
WEB_LIBS := $(shell $(PKG_CONFIG) --libs $(WEB_PACKAGES))
WEB_TESTS = $(patsubst test/web/%.c,$(BUILD)/test/web/%,$(sort $(wildcard test/web/test_*.c)))

all: $(WEB_STATIC) $(WEB_SHARED) $(BUILD)/aiodal_web.pc

$(BUILD)/aiodal_web.pc: web/aiodal_web.pc.in .FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

# a text as a C string
$(BUILD)/obj/web/%.inc: web/%
	@mkdir -p $(@D)
	sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$(BUILD)/obj/web/docs.o: $(BUILD)/obj/web/docs.css.inc $(BUILD)/obj/web/docs.js.inc

# its own include path: what it needs of the core is in the public headers
$(BUILD)/obj/web/%.o: web/%.c $(BUILD)/include/aiodal/version.h
	@mkdir -p $(@D)
	$(CC) -I$(BUILD)/include -Iinclude -I$(BUILD)/obj/web -D_GNU_SOURCE $(LIBPQ_CFLAGS) $(WEB_CFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(WEB_STATIC): $(WEB_OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(WEB_SHARED): $(WEB_OBJS) $(SHARED_LIB) web/libaiodal_web.map
	$(CC) -shared $(ALL_LDFLAGS) -Wl,-soname,$(WEB_SONAME) -Wl,--version-script=web/libaiodal_web.map -Wl,--no-undefined -o $@ $(WEB_OBJS) -L$(BUILD) -laiodal $(WEB_LIBS)
	ln -sf $(@F) $(BUILD)/$(WEB_SONAME)
	ln -sf $(WEB_SONAME) $(BUILD)/libaiodal_web.so

# another reader of tokens to compare with, where there is one
CJOSE := $(shell $(PKG_CONFIG) --exists cjose && $(PKG_CONFIG) --cflags --libs cjose && echo -DHAVE_CJOSE)
$(BUILD)/test/web/test_jwt: WEB_TEST_LIBS = $(CJOSE)

# They see the inside, so both libraries are linked statically.
$(BUILD)/test/web/%: test/web/%.c $(WEB_STATIC) $(TEST_STATIC)
	@mkdir -p $(@D)
	$(CC) -Iweb $(ALL_CPPFLAGS) $(WEB_CFLAGS) -Itest $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(WEB_STATIC) $(TEST_STATIC) $(CORE_LIBS) $(WEB_LIBS) $(WEB_TEST_LIBS) -lcmocka

check-web: $(WEB_TESTS)
	@CMOCKA_MESSAGE_OUTPUT=$${CMOCKA_MESSAGE_OUTPUT:-TAP} test/run $(TEST_WRAPPER) -- $(WEB_TESTS)

check-abi: check-abi-web
check-abi-web: $(WEB_SHARED)
	@nm -D --defined-only $(WEB_SHARED) | sed -n 's/^[0-9a-f]* [TDBR] \([^@]*\).*/\1/p' | sort >$(BUILD)/web.exported
	@sed -n 's/^[[:space:]]*\(aiodal_[a-z0-9_]*\);.*/\1/p' web/libaiodal_web.map | sort >$(BUILD)/web.mapped
	@cat $(wildcard include/aiodal/web*.h) | $(CC) -fpreprocessed -E -P -xc - 2>/dev/null | \
		grep -o '\baiodal_web_[a-z0-9_]*(' | tr -d '(' | sort >$(BUILD)/web.declared
	@diff $(BUILD)/web.mapped $(BUILD)/web.exported || { echo "libaiodal_web.map and the exported symbols differ" >&2; exit 1; }
	@diff $(BUILD)/web.mapped $(BUILD)/web.declared || { echo "libaiodal_web.map and the public headers differ" >&2; exit 1; }
	@echo "abi of the web library: $$(wc -l <$(BUILD)/web.mapped) symbols"

install: install-web
install-web: $(WEB_STATIC) $(WEB_SHARED) $(BUILD)/aiodal_web.pc
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR)/aiodal $(DESTDIR)$(PKGCONFIGDIR)
	$(INSTALL) -m 644 $(addprefix include/,$(WEB_HEADERS)) $(DESTDIR)$(INCLUDEDIR)/aiodal
	$(INSTALL) -m 644 $(WEB_STATIC) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 755 $(WEB_SHARED) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(WEB_SHARED)) $(DESTDIR)$(LIBDIR)/$(WEB_SONAME)
	ln -sf $(WEB_SONAME) $(DESTDIR)$(LIBDIR)/libaiodal_web.so
	$(INSTALL) -m 644 $(BUILD)/aiodal_web.pc $(DESTDIR)$(PKGCONFIGDIR)

# The example has a Makefile of its own for users; here it is built with what was built here.
WEB_EXAMPLE = $(BUILD)/examples/books
all: $(WEB_EXAMPLE)
$(WEB_EXAMPLE): $(WEB_SHARED) $(wildcard examples/books/*.[ch] examples/books/*/*.c) examples/books/Makefile
	+@$(MAKE) -s -C examples/books BUILD='$(abspath $@)' CFLAGS='$(ALL_CFLAGS)' LDFLAGS='$(ALL_LDFLAGS)' \
		CFLAGS_AIODAL='-I$(abspath $(BUILD)/include) -I$(abspath include) $(LIBPQ_CFLAGS)' \
		LIBS_AIODAL='-L$(abspath $(BUILD)) -Wl,-rpath,$(abspath $(BUILD)) -laiodal_web -laiodal'
	@touch $@

.PHONY: check-web check-abi-web install-web

-include $(WEB_OBJS:.o=.d) $(addsuffix .d,$(WEB_TESTS))

endif

uninstall: uninstall-web
uninstall-web:
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(WEB_HEADERS)) $(DESTDIR)$(PKGCONFIGDIR)/aiodal_web.pc $(DESTDIR)$(LIBDIR)/libaiodal_web.a
	rm -f $(DESTDIR)$(LIBDIR)/libaiodal_web.so $(DESTDIR)$(LIBDIR)/libaiodal_web.so.*
.PHONY: uninstall-web
