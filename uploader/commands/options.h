/*
 * options -- from the settings to the options of each module. The options borrow the settings' texts.
 */
#ifndef UPLOADER_COMMANDS_OPTIONS_H
#define UPLOADER_COMMANDS_OPTIONS_H

#include "uploader/alert/notifier.h"
#include "uploader/alert/publisher.h"
#include "uploader/credentials/options.h"
#include "uploader/settings.h"
#include "uploader/ship/handlers.h"
#include "uploader/ship/shipper.h"
#include "uploader/store/open.h"

struct connection_options options_for_connection(const struct settings *settings);
struct credentials_options options_for_credentials(const struct settings *settings);

/* For whom the store is opened decides how long its requests may take. */
enum patience {
    PATIENCE_SERVICE, /* it has all the time that a slow store needs, and stops within a container's 10 s */
    PATIENCE_COMMAND, /* the same, but a person who presses Ctrl-C waits for nothing */
    PATIENCE_CHECK,   /* a person wants to know what is wrong */
};
struct store_options options_for_store(const struct settings *settings, enum patience patience);
struct shipper_options options_for_shipper(const struct settings *settings);
struct handlers_options options_for_handlers(const struct settings *settings);
struct notifier_options options_for_notifier(const struct settings *settings);
struct publisher_options options_for_publisher(const struct settings *settings);

#endif
