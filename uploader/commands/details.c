/* details -- the arguments of the uploader's subcommands, for `--help`, `eventspool help` and the shell's completion. */
#include "common/command.h"
#include "uploader/commands/run.h"

const struct command_detail uploader_details[] = {
    {"status", "--json", "one JSON document for programs"},
    {"reship", "--batch ID", "this batch"},
    {"reship", "--since TIME", "the batches that were sealed from this time on"},
    {"reship", "--until TIME", "and up to this time"},
    {"reship", "--new-keys", "sends them under new keys, so that their events load twice"},
    {"reship", "--dry-run", "only says what would be done"},
    {"resolve", "--batch ID", "the batch, as `batches list` shows it"},
    {"resolve", "--as shipped", "it counts as shipped: you know that the object is there"},
    {"resolve", "--as reseal", "its rows are sealed anew, under the settings of now"},
    {"resolve", "--as abandoned", "its rows are given up"},
    {"resolve", "--note TEXT", "why, for whoever asks later"},
    {"resolve", "--yes", "does not ask"},
    {"batches list", "--open", "only those that are to be shipped"},
    {"batches list", "-n N", "how many of the newest (20)"},
    {"batches show", "ID", "the batch, as `batches list` shows it"},
    {"rejects list", "--all", "also those that were retried or dismissed"},
    {"rejects list", "-n N", "how many of the newest (20)"},
    {"rejects show", "ID", "the reject, as `rejects list` shows it"},
    {"rejects show", "--raw", "the bytes as they came"},
    {"rejects export", "FILE", "where to; without, or with -, to the standard output"},
    {"rejects export", "--force", "replaces a regular file"},
    {"rejects dismiss", "ID...", "these rejects"},
    {"rejects dismiss", "--all", "all rejects"},
    {"check", "--read-only", "only looks, and puts no document"},
    {"healthcheck", "--strict", "also fails while a warning or critical problem lasts"},
    {NULL, NULL, NULL},
};
