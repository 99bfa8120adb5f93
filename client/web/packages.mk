# What libaiodal_web is built on, and what of it is not on this machine. Read by all rules that depend on it.
WEB_PACKAGES = libmicrohttpd jansson libcurl libcrypto
WEB_MISSING := $(strip $(foreach p,$(WEB_PACKAGES),$(if $(shell $(PKG_CONFIG) --exists $(p) || echo missing),$(p))))
