/* groups -- see groups.h. */
#include "uploader/ship/groups.h"

#include <string.h>

static const struct backoff when_refused = {5000, REST_MOST_MS};

static bool is_for(const struct group *group, enum batch_kind kind, const struct cause *cause)
{
    return group->members > 0 && group->kind == kind && group->cause.status == cause->status &&
           strcmp(group->cause.code, cause->code) == 0;
}

struct group *groups_find(struct groups *groups, enum batch_kind kind, const struct cause *cause, int64_t now)
{
    struct group *group = &groups->list[GROUPS_TOLD_APART + kind]; /* of all others */
    for (int i = GROUPS_TOLD_APART - 1; i >= 0; i--)
        if (groups->list[i].members == 0) group = &groups->list[i];
    for (int i = 0; i < GROUPS_TOLD_APART; i++)
        if (is_for(&groups->list[i], kind, cause)) group = &groups->list[i];
    if (group->members == 0)
        *group = (struct group){
            .kind = kind, .cause = *cause, .rest = rest_start(&when_refused, false), .since = now};
    return group;
}

void group_note_taken(struct group *group, const struct rest_try *a_try, int64_t now)
{
    bool was_open = group->rest.state == REST_WELL;
    rest_succeed(&group->rest, a_try, now);
    if (!was_open && group->rest.state == REST_WELL) {
        group->opening++;
        group->taken = group->refused = 0;
    }
    group->taken++;
}

void group_note_refused(struct group *group, const struct rest_try *a_try, uint32_t any, int64_t now)
{
    if (group->rest.state == REST_WELL)
        group->refused++;
    else
        rest_fail(&group->rest, a_try, &(struct rest_failure){.any = any}, now);
}

void group_close(struct group *group, bool has_others, uint32_t any, int64_t now)
{
    bool is_spent = group->refused > group->taken || !has_others;
    if (group->rest.state != REST_WELL || group->members == 0 || !is_spent) return;
    rest_fail(&group->rest, &(struct rest_try){.began = now}, &(struct rest_failure){.any = any}, now);
}
