/* publication -- see publication.h. */
#include "uploader/ship/publication.h"

#include <inttypes.h>
#include <stdio.h>

/* What is wrong that is called so, in all scopes and of all kinds together. */
struct sign {
    const struct trouble *told; /* whose words are told; NULL: nothing is wrong */
    enum scope scope;           /* of that one */
    int64_t since, tries;
};

static void add(struct sign *sign, const struct trouble *trouble, enum scope scope)
{
    if (!sign->told) *sign = (struct sign){trouble, scope, trouble->since_at, 0};
    if (trouble->since_at < sign->since) sign->since = trouble->since_at;
    sign->tries += trouble->tries;
}

static struct sign sign_of(struct troubles *troubles, enum problem_code code)
{
    struct sign sign = {.told = NULL};
    const struct trouble *last = NULL; /* the endpoint and the identity are those of all kinds */
    for (int scope = SCOPE_ENDPOINT; scope <= SCOPE_BATCH; scope++)
        for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
            const struct trouble *trouble = troubles_at(troubles, (enum scope)scope, (enum batch_kind)kind);
            if (!trouble->is_present || trouble == last) continue;
            last = trouble;
            if (troubles_code((enum scope)scope, trouble->needs_person) == code)
                add(&sign, trouble, (enum scope)scope);
        }
    return sign;
}

static void raise_sign(struct problems *problems, enum problem_code code, const struct sign *sign,
                       int64_t refused)
{
    const struct why *why = &sign->told->why;
    const char *remedy = *why->remedy ? why->remedy : "nothing: it is tried again and again";
    char message[WHY_SIZE + 60]; /* problems_raise_since() cuts it */
    bool is_of_batches = sign->scope == SCOPE_BATCH;
    if (is_of_batches)
        (void)snprintf(message, sizeof message, "%" PRId64 " %s by %s: %s", refused,
                       refused == 1 ? "batch fails" : "batches fail", refused == 1 ? "itself" : "themselves",
                       why->text);
    problems_raise_since(problems, code, sign->since, sign->tries, is_of_batches ? message : why->text,
                         remedy);
}

void publication_update(struct problems *problems, struct troubles *troubles,
                        const int64_t refused[BATCH_KIND_COUNT], bool may_end)
{
    static const enum problem_code codes[] = {PROBLEM_S3_UNREACHABLE, PROBLEM_CREDENTIALS, PROBLEM_S3_REFUSED,
                                              PROBLEM_BATCH_BLOCKED};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct sign sign = sign_of(troubles, codes[i]);
        if (sign.told)
            raise_sign(problems, codes[i], &sign, refused[BATCH_EVENTS] + refused[BATCH_REJECTS]);
        else if (may_end)
            problems_end(problems, codes[i]);
    }
}
