# The uploader is restarted, and killed at random moments, while events flow.

RANDOM=${SEED:=$$}
print_line "the uploader is killed at moments drawn with SEED=$SEED"
export ROTATION_INTERVAL=1
up
send --connections 3 --count 30000 --rate 600 &
sender=$!
must until_true 30 all_shipped 1 500
check "the uploader restarts" docker restart -t 30 "$(cat "$work/uploader.id")"
for progress in 1500 2500 3500 4500 5500 6500; do
    must until_true 30 all_shipped 1 $progress
    sleep "$((RANDOM % 2)).$((RANDOM % 10))"      # not always the same moment between two objects
    must docker kill "$(cat "$work/uploader.id")"
    must docker start "$(cat "$work/uploader.id")"
done
check "it was killed six times while events flowed" kill -0 $sender
must wait $sender
check "all is shipped" until_true 60 all_shipped 1 30000
check "each event is in one object across restarts" each_event_in_one_object 1
check "no event is lost or doubled" each_event_in_one_object 1 3 10000
