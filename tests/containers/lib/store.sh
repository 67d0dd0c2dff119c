# An S3 server on the host, which the uploader's container reaches. Its mode is changed while it runs (s3_store.py).

store=              # its process id
s3=$work/s3

start_store() {
    rm -rf "$s3"
    mkdir -p "$s3/objects"
    echo "$1" >"$s3/mode"
    : >"$s3/requests"
    : >"$s3/kept"
    PYTHONPATH=$top/tests:$top/tests/e2e become_on_host python3 -B "$here/s3_store.py" "$(host_address)" "$s3" >"$s3/log" 2>&1 &
    store=$!
    must until_true 30 test -s "$s3/url"
    export BUCKET_NAME=stub-bucket AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=a-key-of-the-test AWS_SECRET_ACCESS_KEY=a-secret
    AWS_ENDPOINT_URL=$(cat "$s3/url")
    export AWS_ENDPOINT_URL
}
stop_store() {
    [ -z "$store" ] || kill "$store" 2>/dev/null || true
    store=
}
stored() { wc -l <"$s3/kept"; }
has_stored() { at_least "$(stored)" "$1"; }
stored_once() { prints_nothing sh -c "sort '$s3/kept' | uniq -d"; }
unknown_outcomes() { ask_spool "SELECT count(*) FROM batches WHERE state IN ('sealed', 'blocked') AND may_be_stored = 1"; }
has_unknown_outcomes() { at_least "$(unknown_outcomes)" 1; }
bucket_has_each_event_once() { python3 -B "$top/tests/support/ledger.py" "$s3/objects/xml-events" "$@"; }
