# syntax=docker/dockerfile:1
#
# PostgreSQL with aiodal:
#   docker build -t aiodal .                              (PostgreSQL 17)
#   docker build -t aiodal:pg18 --build-arg PG_MAJOR=18 .
# The stages "server-test" and "test" are for docker-compose.yaml.

ARG PG_MAJOR=17
ARG DEBIAN_CODENAME=bookworm

FROM postgres:${PG_MAJOR}-${DEBIAN_CODENAME} AS build
ARG PG_MAJOR
RUN apt-get update \
	&& apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-${PG_MAJOR}
COPY extension /src/extension
# Without the bitcode: no function of ours is worth inlining into an expression.
RUN make -C /src/extension install with_llvm=no DESTDIR=/out PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config

# What "make installcheck" needs on the server's side besides
FROM postgres:${PG_MAJOR}-${DEBIAN_CODENAME} AS server-test
ARG PG_MAJOR
RUN apt-get update \
	&& apt-get install -y --no-install-recommends postgresql-${PG_MAJOR}-pgtap \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /out /

# The other side: library, program and tests, against a server elsewhere
FROM build AS test
ARG PG_MAJOR
ENV PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config
WORKDIR /src
COPY test/install_deps test/install_deps
RUN test/install_deps check
COPY . .
RUN make -s all
CMD ["make", "installcheck"]

FROM postgres:${PG_MAJOR}-${DEBIAN_CODENAME} AS server
COPY --from=build /out /
COPY LICENSE README.md /usr/share/doc/aiodal/
