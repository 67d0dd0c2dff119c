# One image for both programs, the simulator and the command for people; the command says which one runs: collector (the
# default), uploader, acmsim. In a running container: `docker compose exec uploader eventspool status`.
# docs/containers.md says how it is run: the collector as the user eventspool, the uploader as eventspool-uploader.
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

# sqlite3 is for a person who looks into the spool:
# `docker compose exec collector sqlite3 -box /var/lib/eventspool/spool.db "SELECT * FROM summary"`
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libcjson1 libcurl4 libevent-2.1-7 libsqlite3-0 libssl3 libxml2 sqlite3 zlib1g \
 && apt-get clean && rm -rf /var/lib/apt/lists/*

# Two users, so that the program that parses what strangers send cannot read what the other one holds; they share a group
# and so the spool. Fixed numbers, so that volumes and manifests can name them. A named volume that is mounted here for the
# first time takes over this owner and this mode. Both users can write there, so it is neither's home nor the working
# directory: what lies there must not be taken for the other one's ~/.aws/config, ~/.sqliterc or ./.env.
RUN groupadd --gid 10001 eventspool \
 && groupadd --gid 10002 eventspool-uploader \
 && useradd --uid 10001 --gid 10001 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin eventspool \
 && useradd --uid 10002 --gid 10002 --groups 10001 --home-dir /nonexistent --no-create-home \
        --shell /usr/sbin/nologin eventspool-uploader \
 && install -d -o eventspool -g eventspool -m 2770 /var/lib/eventspool

COPY --from=build /src/LICENSE /usr/share/doc/eventspool/LICENSE
COPY --from=build /src/build/release/bin/collector /src/build/release/bin/uploader /src/build/release/bin/eventspool \
     /src/build/release/bin/acmsim /usr/local/bin/
# A library that the list above forgot stops the build here, not a service later.
RUN collector --version && uploader --version && eventspool --version && acmsim --version

USER eventspool
WORKDIR /
ENV SPOOL_PATH=/var/lib/eventspool/spool.db
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["collector"]
