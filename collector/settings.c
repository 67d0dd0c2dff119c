/* settings -- see settings.h. */
#include "collector/settings.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/encodings.h"
#include "collector/framing/framer.h"
#include "collector/framing/namespaces.h"
#include "collector/gate/space.h"
#include "collector/net/acceptor.h"
#include "common/log.h"
#include "common/names.h"
#include "common/spool.h"
#include "common/status/host.h"

#define FIELD(name) offsetof(struct settings, name)
#define MIB         (1 << 20)
#define DAY_MS      86400000LL

const struct setting collector_settings[] = {
    SETTING_GROUP_ROW("Receiving events"),
    {"PORT", SETTING_UINT, FIELD(port), "8080", 1, 65535, NULL, "the TCP port for events"},
    {"BIND_HOST", SETTING_TEXT, FIELD(bind_host), "0.0.0.0", 1, 255, NULL,
     "the address to listen on, IPv4 or IPv6; :: accepts both"},
    {"ALLOW_FROM", SETTING_TEXT, FIELD(allow_from), "all", 1, ALLOW_TEXT_MAX, NULL,
     "the addresses and CIDR ranges that may send, IPv4 and IPv6, separated by commas or spaces"},
    {"MAX_CONNECTIONS", SETTING_UINT, FIELD(max_connections), "256", 1, ACCEPTOR_CONNECTIONS_MAX, NULL,
     "how many senders may be connected at once; a further one replaces a silent one that never sent an "
     "event, or the idlest of the address that holds most, but never an address's only one that has sent "
     "events"},
    {"MAX_CONNECTIONS_PER_SOURCE", SETTING_UINT, FIELD(max_per_source), "0", 0, ACCEPTOR_CONNECTIONS_MAX,
     NULL,
     "how many connections one address may have at once (IPv6: one /64); 0: no fixed number, as balancers, "
     "NAT and container proxies show one address for all senders"},
    {"IDLE_TIMEOUT", SETTING_DURATION, FIELD(idle_timeout_ms), "0", 0, 365 * DAY_MS, NULL,
     "a sender that is silent for this long is disconnected; 0: never"},
    {"SILENCE_ALERT", SETTING_DURATION, FIELD(silence_ms), "24h", 0, 29 * DAY_MS, NULL,
     "a problem is raised for a sender that has sent at least 100 events on two different days and is silent "
     "for this long; 0: never"},
    {"MAX_MESSAGE_SIZE", SETTING_SIZE, FIELD(max_message_bytes), "1M", 1024, FRAMER_MESSAGE_MAX, NULL,
     "the largest single event; of a larger one this many bytes are kept as a reject"},
    {"INTAKE_MEMORY", SETTING_SIZE, FIELD(intake_memory_bytes), "64M", 8 * MIB, 1LL << 40, NULL,
     "the memory for connections and for events that are unfinished or not yet committed; at least twice "
     "MAX_MESSAGE_SIZE"},
    {"EVENT_ELEMENT", SETTING_TEXT, FIELD(event_element), "EVENT", 1, XML_NAMES_TEXT_MAX, NULL,
     "the element that is one event, or several, separated by commas; with its prefix: p:Event; or with any "
     "prefix or none: *:Event"},
    {"IGNORE_ELEMENTS", SETTING_TEXT, FIELD(ignore_elements), NULL, 1, XML_NAMES_TEXT_MAX, NULL,
     "elements between events that carry nothing, such as heartbeats, separated by commas: they are passed "
     "over"},
    {"INDEX_FIELDS", SETTING_TEXT, FIELD(index_fields_text), INDEX_FIELDS_DEFAULT, 1, INDEX_FIELDS_TEXT_MAX,
     NULL,
     "the child elements that fill the spool's columns, as column=element, with their prefix or, for any "
     "prefix or none, as *:element; a column that is not named stays empty"},
    {"XML_NAMESPACES", SETTING_TEXT, FIELD(namespaces_text), NULL, 1, NAMESPACES_TEXT_MAX, NULL,
     "the namespaces of prefixes that events use and do not declare, as prefix=uri, separated by commas"},
    {"DEFAULT_ENCODING", SETTING_TEXT, FIELD(default_encoding), "UTF-8", 1, ENCODINGS_NAME_MAX, NULL,
     "the encoding of an event that declares none and is not UTF-8: a single-byte encoding such as "
     "windows-1252, or EUC; UTF-8: such an event is a reject"},
    {"INVALID_CHARACTERS", SETTING_CHOICE, FIELD(invalid_characters), "reject", 0, 0, "reject|replace",
     "what is done about a character that XML forbids; reject: the event is a reject; replace: the character "
     "becomes U+FFFD"},
    {"VALIDATOR", SETTING_CHOICE, FIELD(validator_choice), "auto", 0, 0, "auto|libxml2",
     "who judges whether an event is well-formed; auto: plain events are settled while they are read, and "
     "libxml2 judges all else; libxml2: it judges everything"},
    SETTING_GROUP_ROW("The spool"),
    {"SPOOL_PATH", SETTING_TEXT, FIELD(spool_path), "var/spool.db", 1, PATH_MAX - 64, NULL,
     "the SQLite file; its directory must be on a local disk"},
    {"SPOOL_SYNC", SETTING_CHOICE, FIELD(spool_sync), "full", 0, 0, "full|normal",
     "what a committed event survives; full: a power failure; normal: a crash of the program"},
    {"SPOOL_MAX_SIZE", SETTING_SIZE, FIELD(spool_max_bytes), "0", 0, 1LL << 50, NULL,
     "at this size of the spool nothing is read until events are shipped; 0: no limit, else at least 16M"},
    {"SPOOL_MIN_FREE", SETTING_SIZE, FIELD(spool_min_free_bytes), "1G", 0, 1LL << 50, NULL,
     "with less free disk space than this nothing is read, and nothing dropped, until there is space again; "
     "0: no limit"},
    {"REJECTS_MAX_SIZE", SETTING_SIZE, FIELD(rejects_max_bytes), "256M", 0, 1LL << 50, NULL,
     "above this size of all unshipped rejects, with their rows, or half of SPOOL_MAX_SIZE, a further one "
     "keeps only 4 KB, its length and a checksum, and those of one address and reason share a row; 0: half "
     "of SPOOL_MAX_SIZE, if that is set"},
    {"NODE_ID", SETTING_TEXT, FIELD(node_id), NULL, 1, SPOOL_NODE_MAX, NULL,
     "the name of this installation, up to 64 letters, digits, dots, dashes and underscores; unset: the host "
     "name when the spool is created"},
    SETTING_GROUP_ROW("Health, metrics and the page"),
    {"STATUS_HOST", SETTING_TEXT, FIELD(status_host), "127.0.0.1", 1, 255, NULL,
     "the address on which health, metrics and the page are served"},
    {"STATUS_PORT", SETTING_UINT, FIELD(status_port), "8081", 0, 65535, NULL,
     "the TCP port of the collector's health, metrics and page; 0: none"},
    {"STATUS_ALLOWED_HOSTS", SETTING_TEXT, FIELD(status_allowed_hosts), NULL, 1, HOST_LIST_MAX, NULL,
     "the host names under which they may be asked for, separated by commas; addresses, localhost and the "
     "node's name always may"},
    SETTING_GROUP_ROW("Logging"),
    {"LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info", 0, 0, "error|warn|info|debug",
     "how much is logged"},
    {"LOG_FORMAT", SETTING_CHOICE, FIELD(log_format), "text", 0, 0, "text|json",
     "the form of a line in the log; text: key=value pairs; json: one object"},
    SETTING_END,
};

/* The name goes into object keys and metadata. */
static bool is_node_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

/* What is an event cannot carry nothing. */
static enum result check_ignored(const struct settings *settings, struct why *why)
{
    for (size_t i = 0; i < settings->ignored_names.count; i++) {
        const struct xml_names_entry *ignored = &settings->ignored_names.list[i];
        if (!xml_names_hold(&settings->event_names, ignored->text, ignored->len)) continue;
        return why_set(why, RES_REFUSE,
                       "IGNORE_ELEMENTS: EVENT_ELEMENT names '%s' as well; remove one of the two",
                       ignored->text);
    }
    return RES_OK;
}

static enum result parse_names(struct settings *settings, struct why *why)
{
    const char *ignored = settings->ignore_elements ? settings->ignore_elements : "";
    enum result res = xml_names_parse("EVENT_ELEMENT", settings->event_element, &settings->event_names, why);
    if (res == RES_OK) res = xml_names_parse("IGNORE_ELEMENTS", ignored, &settings->ignored_names, why);
    return res == RES_OK ? check_ignored(settings, why) : res;
}

static enum result load_namespaces(struct settings *settings, struct why *why)
{
    struct buf declarations = BUF_EMPTY;
    if (!settings->namespaces_text) return RES_OK;
    enum result res = namespaces_parse(settings->namespaces_text, &declarations, why);
    buf_append_char(&declarations, '\0');
    settings->namespaces = declarations.data;
    return res;
}

/*
 * How long an event may become as UTF-8. It lies in memory twice when it is inserted, and there are unfinished events:
 * three quarters of INTAKE_MEMORY, but for a MAX_MESSAGE_SIZE that is kept free. What is left for it is twice this, with
 * 4 MiB of the 16 that the process takes besides.
 */
static size_t longest_bytes(const struct settings *settings)
{
    return (size_t)(settings->intake_memory_bytes / 8 + settings->max_message_bytes / 2 + 2 * MIB);
}

enum result settings_load(struct settings *settings, char *const *env, struct why *why)
{
    enum result res = config_load(collector_settings, env, settings, why);
    log_configure((enum log_level)settings->log_level, (enum log_format)settings->log_format);
    if (res == RES_OK) res = parse_names(settings, why);
    if (res == RES_OK && settings->intake_memory_bytes < 2 * settings->max_message_bytes)
        res = why_set(why, RES_REFUSE,
                      "INTAKE_MEMORY is too small: expected at least twice MAX_MESSAGE_SIZE, %" PRId64,
                      2 * settings->max_message_bytes);
    if (res == RES_OK) res = index_fields_parse(settings->index_fields_text, &settings->index_fields, why);
    if (res == RES_OK) res = load_namespaces(settings, why);
    if (res == RES_OK) res = encodings_check_default(settings->default_encoding, why);
    settings->validator = (struct validator_options){
        .fields = &settings->index_fields,
        .default_encoding = settings->default_encoding,
        .replaces_invalid = settings->invalid_characters == INVALID_CHARACTERS_REPLACE,
        .namespaces = settings->namespaces,
        .is_libxml2_alone = settings->validator_choice == VALIDATOR_LIBXML2,
        .longest_bytes = longest_bytes(settings),
    };
    if (res == RES_OK && settings->spool_max_bytes > 0 && settings->spool_max_bytes < SPACE_CEILING_MIN)
        res =
            why_set(why, RES_REFUSE, "SPOOL_MAX_SIZE=%" PRId64 ": expected 0 for no ceiling, or at least %d",
                    settings->spool_max_bytes, SPACE_CEILING_MIN);
    if (res == RES_OK && settings->node_id && !is_node_name(settings->node_id))
        res = why_set(why, RES_REFUSE, "NODE_ID=%s: expected letters, digits, dot, dash and underscore",
                      settings->node_id);
    if (res == RES_OK) res = host_check_list(settings->status_allowed_hosts, why);
    if (res == RES_OK) res = allow_parse(&settings->allow, settings->allow_from, why);
    if (res == RES_OK) names_check(env);
    return res;
}

void settings_free(struct settings *settings)
{
    allow_free(settings->allow);
    settings->allow = NULL;
    free(settings->namespaces);
    settings->namespaces = NULL;
    config_free(collector_settings, settings);
}
