# Secrets by file: a person's files are read by the uploader alone and seen nowhere else, and are changed while it runs.

person_keeps_them() {
    same "$(stat -c '%u %a' "$checkout/secrets/aws_secret_access_key")" "$(stat -c %u "$checkout/docker-compose.yml") 640"
    same "$(stat -c %a "$checkout/secrets")" 750
}
seen_nowhere() {
    local service
    for service in collector uploader prepare; do
        docker inspect "$(compose ps -q "$service" || true)" || true
    done >"$work/inspected"
    grep -q '"Env"' "$work/inspected"
    lacks "$work/inspected" -F "$1"
    compose logs >"$work/logs" 2>&1
    lacks "$work/logs" -F "$1"
    running_environment uploader >"$work/environment"
    lacks "$work/environment" -F "$1"
}
put_secret() { # NAME VALUE: as a person does, for whom 0600 is enough
    (umask 077; echo "$2" >"$checkout/secrets/$1")
    [ "$(id -u)" != 0 ] || chown 4242:4242 "$checkout/secrets/$1"
}
is_signed_with() { tail -n 1 "$s3/keys" | has_line "$1"; }

put_secret aws_access_key_id AKIAFROMAFILE
put_secret aws_secret_access_key first-secret-of-the-test
start_store well
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export ROTATION_INTERVAL=1
up
check "events are taken" send --count 10
check "and shipped with keys from files of mode 0600" until_true 30 has_stored 1
check "the store saw the key of the file" until_true 10 is_signed_with AKIAFROMAFILE
check "the files stay their owner's, and only the uploader's group may read them, too" person_keeps_them
check "no secret is in an environment, in what the engine shows, or in a log" seen_nowhere first-secret-of-the-test
check "the collector does not have the folder" fails inside collector test -e /run/secrets/aws_access_key_id

put_secret aws_access_key_id AKIAROTATED
must compose up -d
check "events are taken" send --count 10
check "a key that was replaced is used without a restart" until_true 60 is_signed_with AKIAROTATED
check "the uploader was not replaced" same "$(compose ps -q uploader)" "$(cat "$work/uploader.id")"
rm "$checkout/secrets/aws_access_key_id"
export AWS_ACCESS_KEY_ID=AKIAENVIRONMENT
up
check "events are taken" send --count 10
check "an environment variable does as well" until_true 60 is_signed_with AKIAENVIRONMENT
