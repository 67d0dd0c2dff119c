/* rows -- see rows.h. */
#include "tests/bench/rows.h"

#include <assert.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/framing/framer.h"
#include "collector/framing/validator.h"
#include "common/clock.h"

struct group *rows_read(void)
{
    static char block[1 << 18];
    struct xml_names names;
    struct why why = {0};
    enum result res = xml_names_parse("EVENT_ELEMENT", "EVENT", &names, &why);
    assert(res == RES_OK);
    struct framer_options framing = {.events = &names, .max_message = 1 << 20};
    struct framer *framer = framer_new(&framing);
    struct validator *validator = validator_new(NULL);
    struct group *group = group_new();
    struct frame frame;
    struct verdict verdict;
    ssize_t n;
    while ((n = read(STDIN_FILENO, block, sizeof block)) > 0) {
        framer_feed(framer, block, (size_t)n, 0);
        while (framer_next(framer, &frame)) {
            assert(frame.is_event);
            struct validator_input input = {frame.data, frame.len, frame.encoding, "", false};
            validator_check(validator, &input, &verdict);
            assert(verdict.is_valid);
            struct event event = {.received_at = clock_now_ms(),
                                  .source = {"127.0.0.1", 9},
                                  .bytes = frame.len,
                                  .payload = group_copy(group, verdict.payload)};
            for (int i = 0; i < EVENT_FIELD_COUNT; i++) event.fields[i] = verdict.fields[i];
            group_add_event(group, &event);
        }
    }
    validator_free(validator);
    framer_free(framer);
    return group;
}

double rows_cpu_seconds(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}
