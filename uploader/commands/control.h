/*
 * ask -- how a command has the uploader's side do something: the running uploader, through the spool, or where none runs
 * this process, which becomes one for as long as it takes.
 */
#ifndef UPLOADER_COMMANDS_CONTROL_H
#define UPLOADER_COMMANDS_CONTROL_H

struct settings;

/* What the work needs beside the spool; counts where this process must do it. */
enum ask_needs {
    ASK_NEEDS_SPOOL,
    ASK_NEEDS_STORE,
    ASK_NEEDS_SHIPPER, /* part of the work is the shipper's */
};

/* Asks for `what` (uploader/ship/handlers.h), shows progress and what came of it, and returns the exit code. */
int ask_uploader(const struct settings *settings, const char *what, const char *argument,
                 enum ask_needs needs);

#endif
