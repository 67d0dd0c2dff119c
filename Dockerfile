# One image for both programs, the simulator and the command for people; the command says which one runs: collector (the
# default), uploader, acmsim. In a running container: `docker compose exec uploader eventspool status`.
# Plain Dockerfile syntax: builds with BuildKit and with the engine's classic builder.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY tools/deps.sh tools/
RUN sh tools/deps.sh build
COPY . .
RUN make -j"$(nproc)" && cd build/release/bin && strip collector uploader eventspool acmsim

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="eventspool" \
      org.opencontainers.image.description="Keeps XML events from an access control system in an SQLite spool and ships them to S3" \
      org.opencontainers.image.licenses="MIT"

# sqlite3 is for a person who looks into the spool: `docker compose exec uploader sqlite3 -box spool.db ...`
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libcjson1 libcurl4 libevent-2.1-7 libsqlite3-0 libssl3 libxml2 sqlite3 zlib1g \
 && apt-get clean && rm -rf /var/lib/apt/lists/*

# Fixed numbers, so that volumes and manifests can name them. A named volume that is mounted here for the first time
# takes over this owner and this mode.
RUN groupadd --gid 10001 eventspool \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/eventspool --no-create-home --shell /usr/sbin/nologin eventspool \
 && install -d -o eventspool -g eventspool -m 2770 /var/lib/eventspool

COPY --from=build /src/LICENSE /usr/share/doc/eventspool/LICENSE
COPY --from=build /src/build/release/bin/collector /src/build/release/bin/uploader /src/build/release/bin/eventspool \
     /src/build/release/bin/acmsim /usr/local/bin/
# A library that the list above forgot stops the build here, not a service later.
RUN collector --version && uploader --version && eventspool --version && acmsim --version

USER eventspool
WORKDIR /var/lib/eventspool
ENV SPOOL_PATH=/var/lib/eventspool/spool.db
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["collector"]
