/* comparison -- see comparison.h. libxml2 need not be asked where no form is sure: that promises nothing. */
#include "tests/model/comparison.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/framing/validator.h"
#include "tests/model/portable.h"
#include "tests/support/segments.h"

#define FORMS        2
#define REPORT_EVERY (UINT64_C(1) << 24) /* inputs */

static const struct form {
    const char *name;
    struct plain_event *(*new)(const struct index_fields *fields);
    void (*free)(struct plain_event *plain);
    size_t (*read)(struct plain_event *plain, const struct xml_names *marks, const char *encoding,
                   const char *text, size_t len);
    const struct slice *(*fields)(const struct plain_event *plain);
} forms[FORMS] = {
    {"the form of this processor", plain_event_new, plain_event_free, plain_event_read, plain_event_fields},
    {"the portable form", portable_event_new, portable_event_free, portable_event_read,
     portable_event_fields},
};

struct comparison_own {
    struct validator_options options;
    struct validator *libxml2;
    struct plain_event *plain[FORMS];
    char *memory; /* mapped; a page that cannot be read stands behind it */
    size_t memory_bytes;
};

static void map_memory(struct comparison_own *own)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    own->memory_bytes = (COMPARISON_INPUT_MAX + page - 1) / page * page;
    own->memory =
        mmap(NULL, own->memory_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (own->memory == MAP_FAILED || mprotect(own->memory + own->memory_bytes, page, PROT_NONE) != 0) abort();
}

struct comparison *comparison_new(const struct index_fields *fields)
{
    struct comparison *comparison = calloc(1, sizeof *comparison);
    struct comparison_own *own = calloc(1, sizeof *own);
    if (!comparison || !own) abort();
    own->options = (struct validator_options){.fields = fields, .is_libxml2_alone = true};
    own->libxml2 = validator_new(&own->options);
    for (size_t i = 0; i < FORMS; i++) own->plain[i] = forms[i].new(fields);
    map_memory(own);
    comparison->own = own;
    return comparison;
}

void comparison_free(struct comparison *comparison)
{
    if (!comparison) return;
    struct comparison_own *own = comparison->own;
    validator_free(own->libxml2);
    for (size_t i = 0; i < FORMS; i++) forms[i].free(own->plain[i]);
    (void)munmap(own->memory, own->memory_bytes + (size_t)sysconf(_SC_PAGESIZE));
    free(own);
    free(comparison);
}

void comparison_fail(struct comparison *comparison, struct slice input, const char *what)
{
    if (comparison->has_failed) return; /* the first one counts */
    comparison->has_failed = true;
    (void)fprintf(stderr, "input %" PRIu64 ": %s\n", comparison->inputs, what);
    bytes_print("input", input);
}

void comparison_print(const struct comparison *comparison, const char *what)
{
    (void)fprintf(stderr, "%s: %" PRIu64 " inputs, sure and compared %" PRIu64 " (%" PRIu64 " bytes)\n", what,
                  comparison->inputs, comparison->compared, comparison->bytes);
}

bool comparison_is_same_text(struct slice a, struct slice b)
{
    if (!a.data || !b.data) return !a.data && !b.data;
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

const struct slice *comparison_fields(const struct comparison *comparison)
{
    return forms[0].fields(comparison->own->plain[0]);
}

static void read_all(struct comparison_own *own, const char *encoding, const char *text, size_t len,
                     size_t found[FORMS])
{
    for (size_t i = 0; i < FORMS; i++) found[i] = forms[i].read(own->plain[i], NULL, encoding, text, len);
}

/* What is wrong; NULL: nothing. */
static const char *judge(struct comparison_own *own, struct slice event, const char *encoding)
{
    struct validator_input input = {event.data, event.len, encoding, "", false};
    struct verdict verdict;
    validator_check(own->libxml2, &input, &verdict);
    if (!verdict.is_valid) return "sure of what libxml2 calls wrong";
    if (verdict.replaced > 0) return "sure of what has been changed";
    if (!comparison_is_same_text(verdict.payload, event)) return "sure, but libxml2's payload differs";
    for (size_t form = 0; form < FORMS; form++)
        for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
            if (!comparison_is_same_text(forms[form].fields(own->plain[form])[i], verdict.fields[i]))
                return form == 0 ? "a column differs from libxml2's"
                                 : "a column of the portable form differs";
    return NULL;
}

/* When it is read once more, its shape may be known (common/xml/shapes.h). */
static const char *judge_again(struct comparison_own *own, struct slice input, size_t event_len,
                               const char *encoding)
{
    size_t len[FORMS];
    read_all(own, encoding, input.data, input.len, len);
    for (size_t i = 0; i < FORMS; i++)
        if (len[i] != event_len) return "not sure of the same bytes when it is read again";
    return judge(own, (struct slice){input.data, event_len}, encoding);
}

size_t comparison_check(struct comparison *comparison, struct slice input, const char *encoding)
{
    struct comparison_own *own = comparison->own;
    char *text = own->memory + own->memory_bytes - input.len;
    size_t len[FORMS];
    if (input.len > own->memory_bytes) abort();
    if (input.len > 0) memcpy(text, input.data, input.len);
    read_all(own, encoding, text, input.len, len);
    if (comparison->is_reporting && comparison->inputs % REPORT_EVERY == REPORT_EVERY - 1)
        comparison_print(comparison, "so far");
    comparison->inputs++;
    if (len[0] != len[1]) comparison_fail(comparison, input, "the forms are not sure of the same bytes");
    if (len[0] == 0 || len[0] != len[1]) return 0;

    comparison->compared++;
    comparison->bytes += len[0];
    const char *wrong = judge(own, (struct slice){text, len[0]}, encoding);
    if (!wrong) wrong = judge_again(own, (struct slice){text, input.len}, len[0], encoding);
    if (wrong) comparison_fail(comparison, (struct slice){input.data, len[0]}, wrong);
    return wrong ? 0 : len[0];
}
