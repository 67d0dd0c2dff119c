/*
 * content -- what one event tells: a value for each of the 42 fields, drawn at random but matching.
 * One number is drawn per statement: the order of draws must not be left to the compiler.
 * Happy path: a kind of event decides name, type, numbers and which groups of fields are filled (a person, an
 * operator, colours); the rest is drawn from small tables of names as sites really use them.
 * What can fail: nothing. All texts here are already escaped for XML.
 */
#include "tools/acmsim/content.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum traits { ALARM = 1, PERSON = 2, OPERATOR = 4, COLOURS = 8, CAMERA = 16, CARD = 32 };

struct kind {
    const char *event, *type, *message;
    unsigned point, type_address, source_type, priority, traits;
};

/* Administrators rename and translate event names; the numbers stay. */
static const struct kind kinds[] = {
    {"Input point in alarm", "Intrusion", "", 750, 5, 40, 10, ALARM},
    {"Input point in alarm", "Intrusion", "Zone 4 &gt; 3 s, 2 of 2 loops", 750, 5, 40, 10, ALARM | COLOURS},
    {"Input point secure", "Intrusion", "", 751, 5, 40, 60, 0},
    {"Local grant", "Valid credential", "", 201, 7, 20, 50, PERSON},
    {"Local grant", "Valid credential", "Anti-passback area &#171;Lobby&#187;", 201, 7, 20, 50, PERSON},
    {"Valid credential at open door", "Valid credential", "", 205, 7, 20, 50, PERSON | CAMERA},
    {"Zutritt gew&#228;hrt", "Gültiger Ausweis", "", 201, 7, 20, 50, PERSON},
    {"Dostęp przyznany", "Ważne poświadczenie", "", 201, 7, 20, 50, PERSON},
    {"入室を許可", "有効な資格情報", "", 201, 7, 20, 50, PERSON},
    {"Door forced open", "Forced door", "", 302, 3, 20, 5, ALARM | COLOURS | CAMERA},
    {"Tür aufgebrochen", "Türalarm", "Relais 2 &amp; 3 aus", 302, 3, 20, 5, ALARM | COLOURS},
    {"ドアこじ開け", "ドア異常", "", 302, 3, 20, 5, ALARM | CAMERA},
    {"Door held open", "Door held open", "Held 00:02:30 (limit 00:00:45)", 303, 4, 20, 15, ALARM},
    {"Drzwi otwarte zbyt długo", "Drzwi", "Otwarte 00:01:10", 303, 4, 20, 15, ALARM},
    {"Invalid card format", "Invalid credential", "Raw card data: 0x02 34 00 1F 9A B1 7C (37 bits)", 215, 8,
     20, 30, CARD},
    {"Invalid card format", "Invalid credential", "Raw card data: 0x00 00 0F FE 21 &lt;26 bits&gt;", 215, 8,
     20, 30, CARD},
    {"Deactivated card attempt", "Invalid credential", "", 212, 8, 20, 20, PERSON | ALARM},
    {"Expired card attempt", "Invalid credential", "Expired &quot;2024-12-31&quot;", 213, 8, 20, 25, PERSON},
    {"Tamper", "Tamper", "Reader 1 &amp; 2: cover 🔓", 410, 6, 30, 8, ALARM | COLOURS},
    {"Subpanel offline", "Communication", "no reply, 3 retries", 501, 2, 30, 20, ALARM},
    {"Subpanel online", "Communication", "", 502, 2, 30, 70, 0},
    {"Identity modified", "Audit", "Token 2 -&gt; inactive", 1104, 11, 1, 90, OPERATOR | PERSON},
    {"User logged in", "System audit", "from 10.20.30.41", 1201, 12, 1, 95, OPERATOR},
    {"Global action &quot;Lockdown&quot; run", "System audit", "&apos;Campus north&apos;", 1310, 12, 1, 5,
     OPERATOR | ALARM},
};

static const struct {
    const char *last, *first, *middle;
} persons[] = {
    {"Cooper", "Jim", "R"},
    {"Żółć-Œuvré", "Łukasz", ""},
    {"D'Angelo &amp; M&#252;ller", "Jos&#xE9;", "R"},
    {"Größmann", "Jörg", "Ä"},
    {"Szczęsny", "Małgorzata", "K"},
    {"山田", "太郎", ""},
    {"Smith", "Zoë", "Q"},
    {"O&apos;Hara", "Siobhán", ""},
    {"Brzęczyszczykiewicz", "Grzegorz", "W"},
    {"von der Heyde-&#213;un", "Anneliese", "M"},
    {"Ng", "Li", ""},
    {"Visitor 🔑", "Contractor &lt;day&gt;", ""},
};

static const struct {
    const char *name, *location, *alternative;
} sources[] = {
    {"Input on subpanel 0 Address 1", "", ""},
    {"FLOOR 2 TS2 IN (21)", "HQ / Floor 2 / East lobby", "2E turnstile 2"},
    {"Loading Dock North", "Warehouse", ""},
    {"R&amp;D Lab &lt;3&gt; &quot;Clean&quot; Room", "Building 7", "Lab 3"},
    {"Wejście główne – 正面玄関", "", ""},
    {"Tiefgarage Süd, Schleuse 2", "Köln / UG 2", ""},
    {"Parking gate IN", "", "Schranke"},
    {"Serverraum &#220;G", "Rechenzentrum", "DC &amp; UPS"},
    {"東京 受付 🚪", "東京本社 / 1F", ""},
    {"Brama wjazdowa nr 4", "Łódź", ""},
};

static const char *const panels[] = {
    "elevator test",
    "HQ-LP4502-01",
    "WHSE-MR52-04",
    "Köln-Nord Süd",
    "O&apos;Hare &amp; Sons panel",
    "GATE-EP1502",
    "Kraków Główny &#8470; 2",
    "品川パネル",
};

static const char *const operators[] = {"guard1", "admin", "s.ożarowska", "Schichtleiter &amp; Vertretung"};

/* Zones as they are printed; the guide shows offsets that lost their leading zero as well. */
static const struct {
    const char *text;
    int64_t east_s;
} zones[] = {{"-0700", -25200}, {"-0400", -14400}, {"-400", -14400}, {"+0200", 7200}, {"+0900", 32400}};

#define PICK(rng, table) rng_below((rng), sizeof(table) / sizeof((table)[0]))
#define NEVER            "19700101000000Z"

__attribute__((format(printf, 3, 4))) static void set(struct content *c, enum field field, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->value[field], sizeof c->value[field], format, args);
    va_end(args);
}

static void draw_times(struct content *c, struct rng *rng)
{
    unsigned panel_zone = PICK(rng, zones);

    c->rec_zone_s = zones[0].east_s; /* one zone for the appliances, any for their panels */
    c->panel_zone_s = zones[panel_zone].east_s;
    c->panel_lag_s = rng_below(rng, 4);
    set(c, FIELD_REC_DATE, STAMP_PLACEHOLDER "%s", zones[0].text);
    set(c, FIELD_PANEL_DATE, STAMP_PLACEHOLDER "%s", zones[panel_zone].text);
    set(c, FIELD_REC_DATE_UTC, STAMP_PLACEHOLDER "Z");
    set(c, FIELD_PANEL_DATE_UTC, STAMP_PLACEHOLDER "Z");
}

static void draw_source(struct content *c, const struct kind *kind, struct rng *rng)
{
    unsigned source = PICK(rng, sources);
    unsigned point = rng_below(rng, 128);
    unsigned board = rng_below(rng, 4);
    unsigned panel = 1 + rng_below(rng, 12);

    set(c, FIELD_PANEL_NAME, "%s", panels[PICK(rng, panels)]);
    set(c, FIELD_SOURCE_NAME, "%s", sources[source].name);
    set(c, FIELD_SOURCE_LOCATION, "%s", sources[source].location);
    set(c, FIELD_SOURCE_ALT_NAME, "%s", sources[source].alternative);
    set(c, FIELD_SOURCE_DN, "cn=%u,cn=%u,cn=%u,ou=panels,cn=" GATEWAY_PLACEHOLDER ",ou=gateways,dc=plasec",
        point, board, panel);
    set(c, FIELD_SOURCE_TYPE, "%u", kind->source_type);
}

static void draw_kind(struct content *c, const struct kind *kind, struct rng *rng)
{
    unsigned has_camera = (kind->traits & CAMERA) != 0;

    set(c, FIELD_TYPE_NAME, "%s", kind->type);
    set(c, FIELD_EVENT_NAME, "%s", kind->event);
    set(c, FIELD_POINT_ADDRESS, " %u", kind->point);
    set(c, FIELD_POINT_DN, "cn=%u,ou=points,dc=plasec", kind->point);
    set(c, FIELD_TYPE_ADDRESS, " %u", kind->type_address);
    set(c, FIELD_PRIORITY, "%u", kind->priority);
    set(c, FIELD_MESSAGE, "%s", kind->message);
    set(c, FIELD_IS_ALARM, "%u", (kind->traits & ALARM) != 0);
    set(c, FIELD_HAS_CAMERA, "%u", has_camera);
    set(c, FIELD_SHOW_VIDEO, "%u", has_camera && !rng_one_in(rng, 3));
    if (kind->traits & OPERATOR) set(c, FIELD_OPERATOR_NAME, "%s", operators[PICK(rng, operators)]);
    if (kind->traits & COLOURS) {
        set(c, FIELD_BACKGROUND, "#FF%02X00", rng_below(rng, 200));
        set(c, FIELD_FOREGROUND, "#FFFFFF");
        set(c, FIELD_ACK_BACKGROUND, "#FFC0C0");
        set(c, FIELD_ACK_FOREGROUND, "#000000");
    }
}

/* The token's fields as they stand in an event without a person. */
static void set_no_token(struct content *c)
{
    set(c, FIELD_LAST_ACCESS, NEVER);
    set(c, FIELD_CARD_NO, " 0");
    set(c, FIELD_ISSUE_LEVEL, " -1");
    set(c, FIELD_FACILITY_CODE, "0");
    set(c, FIELD_EXPIRED_AT, NEVER);
    set(c, FIELD_ACTIVATED_AT, NEVER);
    set(c, FIELD_ISSUED_AT, NEVER);
}

static void draw_token(struct content *c, struct rng *rng)
{
    unsigned person = PICK(rng, persons);
    unsigned card = rng_below(rng, 99999);
    unsigned day = 1 + rng_below(rng, 28);
    unsigned month = 1 + rng_below(rng, 12);
    unsigned hour = rng_below(rng, 24);

    set(c, FIELD_LAST_ACCESS, "2025%02u%02u%02u1455Z", 1 + month % 7, day, hour);
    set(c, FIELD_IDENTITY_DN, "cn=%016" PRIx64 ",ou=identities,dc=plasec", rng_next(rng));
    set(c, FIELD_CARD_NO, rng_one_in(rng, 3) ? "%012u" : "%u", card);
    set(c, FIELD_EMBOSSED_NO, rng_one_in(rng, 8) ? "Ø-%04u 🔑" : "%07u", card);
    set(c, FIELD_LAST_NAME, "%s", persons[person].last);
    set(c, FIELD_FIRST_NAME, "%s", persons[person].first);
    set(c, FIELD_MIDDLE_INITIAL, "%s", persons[person].middle);
    set(c, FIELD_ISSUE_LEVEL, "%u", rng_below(rng, 3));
    set(c, FIELD_FACILITY_CODE, "%u", 1 + rng_below(rng, 255));
    set(c, FIELD_EXPIRED_AT, "2029%02u%02u045959Z", month, day);
    set(c, FIELD_ACTIVATED_AT, "2024%02u%02u050000Z", month, day);
    set(c, FIELD_ISSUED_AT, "2024%02u%02u143311Z", month, day);
}

void content_draw(struct content *c, struct rng *rng)
{
    const struct kind *kind = &kinds[PICK(rng, kinds)];

    *c = (struct content){0};
    set(c, FIELD_GATEWAY_DN, GATEWAY_DN_PREFIX GATEWAY_PLACEHOLDER ",ou=gateways,dc=plasec");
    set(c, FIELD_CN, CN_PLACEHOLDER);
    draw_times(c, rng);
    draw_kind(c, kind, rng);
    draw_source(c, kind, rng);
    set_no_token(c);
    if (kind->traits & PERSON) draw_token(c, rng);
    if (kind->traits & CARD) {
        set(c, FIELD_CARD_NO, "%012u", 100 + rng_below(rng, 999999));
        set(c, FIELD_FACILITY_CODE, "4095");
    }
    set(c, FIELD_HAS_NOTES, "%u", rng_one_in(rng, 6));
    set(c, FIELD_HAS_SOFT_TRIGGERS, "%u", rng_one_in(rng, 9));
    set(c, FIELD_SEQUENCE_NO, "0"); /* the vendor: "Not used" */
}
