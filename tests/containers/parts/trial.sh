# The trial: up from nothing, events in, objects under var/objects, and everything down and up again.

folder_is_private() { same "$(inside collector stat -c '%a %u %g' /var/lib/eventspool)" "2770 10001 10001"; }
spool_is_shared() { prints_nothing inside collector find /var/lib/eventspool -type f ! '(' -perm 0660 -group 10001 ')'; }
folders_belong_to_checkout() {
    prints_nothing find "$checkout/var" -type d ! -uid "$(stat -c %u "$checkout/docker-compose.yml")"
}
objects_belong_to_owner() {
    folders_belong_to_checkout
    prints_nothing find "$objects" -type f ! -perm -o+r
}
ended_by_itself() { same "$1 $(inspect "$1" '{{.State.ExitCode}}')" "$1 0"; }
knows_nothing_of_checkout() { same "$(docker volume ls -q --filter "name=^$SPOOL_VOLUME\$")" "$SPOOL_VOLUME"; }

# As in a clean checkout there is no image: `up` builds it, here from what is cached.
must docker tag "$project" "$project-kept"
must docker image rm "$project"
since=$SECONDS
up
print_line "both programs healthy after $((SECONDS - since)) s"
check "the spool's folder is open to its group alone" folder_is_private
check "and so is each file in it, to both programs" spool_is_shared
check "the volume has its fixed name" knows_nothing_of_checkout
check "the folders on the host belong to the owner of the checkout" folders_belong_to_checkout
check "a trial ships after ten seconds" runs_with uploader ROTATION_INTERVAL=10
check "the command for people is on the PATH, and finds both programs" inside uploader eventspool config
check "events are taken" send --count 300
check "the port is published" send_from_host
check "objects appear under var/objects" until_true 45 all_shipped 1 301
check "each event is in one object, and objects are whole" each_event_in_one_object 1
check "the owner of the checkout can read and delete them" objects_belong_to_owner

since=$SECONDS
check "everything stops" compose stop
check "stopping takes a moment, not the grace period" at_most $((SECONDS - since)) 10
check "the collector ended by itself" ended_by_itself collector
check "the uploader ended by itself" ended_by_itself uploader
base=$(last_id)
sha256sum "$objects"/*.xml >"$work/before"
must compose down
export ROTATION_INTERVAL=1
up
check "events are taken again" send --count 50
check "they are shipped" until_true 30 all_shipped $((base + 1)) 50
check "ids go on in the same spool" each_event_in_one_object 1
check "the new events are the new ids" each_event_in_one_object $((base + 1)) 1 50
check "what was shipped stays as it was" sha256sum --check --quiet "$work/before"
check "the node has the fixed name, also in a new container" same "$(inside collector hostname)" eventspool
check "so there is one document of the destination" test -f "$objects/_check-eventspool"
check "and no other" same "$(find "$objects" -name '_check-*' | wc -l)" 1
check "a marked event arrives, seen from the collector's container" inside collector eventspool verify --flush
