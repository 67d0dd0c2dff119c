/*
 * content -- what one event tells: a value for each of the 42 fields, drawn at random but matching.
 */
#ifndef ACMSIM_CONTENT_H
#define ACMSIM_CONTENT_H

#include "tools/acmsim/fields.h"
#include "tools/acmsim/rng.h"

#include <stdint.h>

/* Where the two texts that carry the gateway's id have it; render.c notes the place for patching. */
#define GATEWAY_DN_PREFIX   "cn="
#define GATEWAY_PLACEHOLDER "0000000000000000"
#define CN_PLACEHOLDER      "0000000000000000"
#define STAMP_PLACEHOLDER   "00000000000000"

struct content {
    char value[FIELD_COUNT][160]; /* XML text, escaped; ids and stamps that change hold placeholders */
    int64_t panel_lag_s;          /* the panel saw it this long before the appliance logged it */
    int64_t rec_zone_s;           /* the appliance's time zone, seconds east of UTC */
    int64_t panel_zone_s;         /* the panel's */
};

/* Draw one event. */
void content_draw(struct content *content, struct rng *rng);

#endif
