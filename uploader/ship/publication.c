/* publication -- see publication.h. */
#include "uploader/ship/publication.h"

#include <inttypes.h>
#include <stdio.h>

/* What is wrong in a scope, of all kinds together. */
struct sign {
    const struct trouble *told; /* whose words are told; NULL: nothing is wrong */
    int64_t since, tries;
};

static struct sign sign_of(struct troubles *troubles, enum scope scope)
{
    struct sign sign = {.told = NULL};
    const struct trouble *last = NULL; /* the endpoint and the identity are those of all kinds */
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        const struct trouble *trouble = troubles_at(troubles, scope, (enum batch_kind)kind);
        if (!trouble->is_present || trouble == last) continue;
        last = trouble;
        if (!sign.told) sign = (struct sign){trouble, trouble->since_at, 0};
        if (trouble->since_at < sign.since) sign.since = trouble->since_at;
        sign.tries += trouble->tries;
    }
    return sign;
}

static void raise_sign(struct problems *problems, enum scope scope, const struct sign *sign, int64_t refused)
{
    const struct why *why = &sign->told->why;
    const char *remedy = *why->remedy ? why->remedy : "nothing: it is tried again and again";
    char message[WHY_SIZE + 60]; /* problems_raise_since() cuts it */
    if (scope == SCOPE_BATCH)
        (void)snprintf(message, sizeof message, "%" PRId64 " %s by %s: %s", refused,
                       refused == 1 ? "batch fails" : "batches fail", refused == 1 ? "itself" : "themselves",
                       why->text);
    problems_raise_since(problems, troubles_code(scope), sign->since, sign->tries,
                         scope == SCOPE_BATCH ? message : why->text, remedy);
}

void publication_update(struct problems *problems, struct troubles *troubles,
                        const int64_t refused[BATCH_KIND_COUNT], bool may_end)
{
    for (int scope = SCOPE_ENDPOINT; scope <= SCOPE_BATCH; scope++) {
        struct sign sign = sign_of(troubles, (enum scope)scope);
        if (sign.told)
            raise_sign(problems, (enum scope)scope, &sign, refused[BATCH_EVENTS] + refused[BATCH_REJECTS]);
        else if (may_end)
            problems_end(problems, troubles_code((enum scope)scope));
    }
}
