/*
 * settings -- the collector's settings: one struct, filled from the environment by one table.
 *
 * Only main, the commands and settings.c know this struct. Other modules take the options that they need, in structs of
 * their own.
 */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

#include <stdint.h>

#include "collector/framing/index_fields.h"
#include "collector/framing/validator.h"
#include "collector/net/allow.h"
#include "common/config.h"
#include "common/xml/names.h"

enum invalid_characters { INVALID_CHARACTERS_REJECT, INVALID_CHARACTERS_REPLACE };
enum validator_choice { VALIDATOR_AUTO, VALIDATOR_LIBXML2 };

struct settings {
    int64_t port;
    char *bind_host;
    int64_t max_connections;
    int64_t max_per_source; /* 0: no limit */
    int64_t max_message_bytes;
    int64_t intake_memory_bytes;
    int64_t idle_timeout_ms; /* 0: never */
    int64_t silence_ms;      /* SILENCE_ALERT; 0: off */
    char *allow_from;
    struct allow *allow; /* allow_from, parsed */
    char *event_element;
    struct xml_names event_names;   /* event_element, parsed */
    char *ignore_elements;          /* NULL: none */
    struct xml_names ignored_names; /* ignore_elements, parsed */
    char *index_fields_text;
    struct index_fields index_fields; /* index_fields_text, parsed */
    char *default_encoding;
    int64_t invalid_characters; /* enum invalid_characters */
    int64_t validator_choice;   /* enum validator_choice */
    char *namespaces_text;
    char *namespaces;                   /* namespaces_text as declarations */
    struct validator_options validator; /* what the settings of one event come to; points into this struct */
    char *spool_path;
    int64_t spool_sync;           /* enum spool_sync */
    int64_t spool_max_bytes;      /* 0: no ceiling */
    int64_t spool_min_free_bytes; /* 0: no floor */
    int64_t rejects_max_bytes;    /* 0: no cap */
    char *node_id;                /* NULL: the name that the spool has */
    char *status_host;
    int64_t status_port;        /* 0: none */
    char *status_allowed_hosts; /* NULL: none */
    int64_t log_level;          /* enum log_level */
    int64_t log_format;         /* enum log_format */
};

extern const struct setting collector_settings[];

/*
 * Reads all settings from `env` and configures the log. Checks what the table cannot express: EVENT_ELEMENT is an XML
 * name, INDEX_FIELDS maps columns, XML_NAMESPACES declares prefixes, DEFAULT_ENCODING contains ASCII, NODE_ID may stand
 * in an object's key. settings_free() is due in either case.
 *   RES_REFUSE   a value is wrong: `why` names the setting, the value and what is expected; exit 78
 */
MUST_CHECK enum result settings_load(struct settings *settings, char *const *env, struct why *why);
void settings_free(struct settings *settings);

#endif
