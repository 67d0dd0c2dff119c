#!/bin/sh
# Builds the image of the containers and saves it to build/image/eventspool-VERSION.tar.gz, which `docker load` takes, with the
# list of the packages in it beside it. BUILD_NETWORK=host where a build reaches the packages by the host's network alone;
# IMAGE=name for another name of the image than eventspool.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^#define EVENTSPOOL_VERSION "\(.*\)"$/\1/p' common/command.h)
name=${IMAGE:-eventspool}
image=$name:$version
out=build/image/eventspool-$version

mkdir -p build/image
docker build --network "${BUILD_NETWORK:-default}" -t "$image" -t "$name:latest" .
# Name, version and architecture, a package a line.
docker run --rm --network none "$image" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' >"$out.packages.txt"
# Without a time in the header, so that the same image is the same file.
docker save "$image" | gzip -n >"$out.tar.gz.new"
mv "$out.tar.gz.new" "$out.tar.gz"
echo "$out.tar.gz: $(du -h "$out.tar.gz" | cut -f1); take it with: docker load -i $(basename "$out").tar.gz"
