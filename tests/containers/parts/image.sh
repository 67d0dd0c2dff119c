# `make image`: a tarball that another engine loads, and the list of packages in it. run.sh has called it, with all that
# is built.

tarball() { ls "$checkout"/build/image/eventspool-*.tar.gz; }
lists_packages() {
    local list
    list=$(ls "$checkout"/build/image/eventspool-*.packages.txt)
    grep -qE '^libsqlite3-0 ' "$list"
    grep -qE '^libcurl4 ' "$list"
    lacks "$list" -E '^(gcc|make) '
}
version() { docker run --rm --network none "$1" collector --version; }

image=$project-image
number=$(basename "$(tarball)" .tar.gz | sed 's/^eventspool-//')
print_line "$(basename "$(tarball)"): $(($(stat -c %s "$(tarball)") / 1000000)) MB"
check "the packages are listed" lists_packages
must docker image rm "$image:$number" "$image:latest"
check "an engine loads it" docker load -i "$(tarball)"
check "and it is this version" same "$(version "$image:$number")" "$(version "$project")"
export EVENTSPOOL_IMAGE=$image:$number ROTATION_INTERVAL=1
up --no-build
check "the services run from it" same "$(inspect uploader '{{.Config.Image}}')" "$image:$number"
check "events are taken" send --count 10
check "and shipped" until_true 30 all_shipped 1 10
must compose down
docker image rm "$image:$number" >/dev/null
