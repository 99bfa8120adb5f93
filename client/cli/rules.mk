# The program aiodal. It takes the libraries in whole, so that it runs wherever it is put.

CLI = $(BUILD)/aiodal
CLI_OBJS = $(patsubst cli/%.c,$(BUILD)/obj/cli/%.o,$(sort $(wildcard cli/*.c)))
CLI_CFLAGS := $(shell $(PKG_CONFIG) --cflags smartcols jansson)
CLI_LIBS := $(shell $(PKG_CONFIG) --libs smartcols jansson)
# Telling a Slack channel takes libaiodal_web; without it the program says that it cannot.
include web/packages.mk
ifeq ($(WEB_MISSING),)
CLI_WEB = $(BUILD)/libaiodal_web.a
CLI_CFLAGS += -DHAVE_AIODAL_WEB
CLI_LIBS += -Wl,--as-needed $(shell $(PKG_CONFIG) --libs libcurl libcrypto)
endif
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

all: $(CLI)

# a text as a C string
$(BUILD)/obj/cli/%.inc: cli/%
	@mkdir -p $(@D)
	sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$(BUILD)/obj/cli/page.o: $(BUILD)/obj/cli/page.css.inc $(BUILD)/obj/cli/page.js.inc

# its own include path: what it needs is in the public headers
$(BUILD)/obj/cli/%.o: cli/%.c $(BUILD)/include/aiodal/version.h
	@mkdir -p $(@D)
	$(CC) -I$(BUILD)/include -Iinclude -I$(BUILD)/obj/cli -D_GNU_SOURCE $(LIBPQ_CFLAGS) $(CLI_CFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# the rules of the test kit and of the web library are read later
CLI_STATIC = $(BUILD)/libaiodal_test.a $(CLI_WEB) $(STATIC_LIB)
$(CLI): $(CLI_OBJS) $(CLI_STATIC)
	$(CC) $(ALL_LDFLAGS) -o $@ $(CLI_OBJS) $(CLI_STATIC) $(CORE_LIBS) $(CLI_LIBS)

install: install-cli
install-cli: $(CLI)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(COMPLETIONDIR)
	$(INSTALL) -m 755 $(CLI) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 cli/aiodal.1 $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 644 cli/aiodal.bash $(DESTDIR)$(COMPLETIONDIR)/aiodal

uninstall: uninstall-cli
uninstall-cli:
	rm -f $(DESTDIR)$(BINDIR)/aiodal $(DESTDIR)$(MANDIR)/man1/aiodal.1 $(DESTDIR)$(COMPLETIONDIR)/aiodal

.PHONY: install-cli uninstall-cli

-include $(CLI_OBJS:.o=.d)
