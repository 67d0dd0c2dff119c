/*
 * run -- the uploader's subcommands: the service itself, and the questions about it. Each returns the exit code.
 */
#ifndef UPLOADER_RUN_H
#define UPLOADER_RUN_H

int run_service(const void *settings);
int run_flush(const void *settings);
int run_status(const void *settings);
int run_check(const void *settings);
int run_healthcheck(const void *settings);
int run_config(const void *settings);

#endif
