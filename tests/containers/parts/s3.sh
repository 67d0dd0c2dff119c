# The profile s3: an S3 server of this machine, with the settings of deploy/containers/s3.env.

up_with_s3() { # of docker-compose 1.29 --env-file is the one that counts, so it knows PORT and all else from the environment
    must compose --env-file deploy/containers/s3.env up -d
    must until_true 90 all_healthy
}
is_published() { inspect s3 '{{range $p, $b := .NetworkSettings.Ports}}{{range $b}}{{.HostPort}}{{end}}{{end}}'; }
says_it_is_stored() { ask_spool "SELECT count(*) FROM events WHERE state = 'shipped'"; }
all_stored() { at_least "$(says_it_is_stored)" "$1"; }

up_with_s3
compose --env-file deploy/containers/s3.env ps -q s3 >"$work/s3.id"
check "the server is not published" prints_nothing is_published
check "events are taken" send --count 100
check "and shipped into the local S3" until_true 90 all_stored 100
check "the check finds everything well" inside uploader eventspool check
check "a marked event arrives, by the uploader's record" inside collector eventspool verify --flush
check "nothing was blind: each object is verified" same "$(ask_spool "SELECT min(verified) FROM batches")" 1
must compose --env-file deploy/containers/s3.env restart s3
check "events are taken" send --count 100
check "it keeps its objects, and takes more, after a restart" until_true 90 all_stored 200
check "the destination is proven again" until_true 60 inside uploader eventspool check
