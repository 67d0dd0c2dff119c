/*
 * service_manager -- what systemd, or another program that speaks its protocol, gives to a service and wants to hear from
 * it: listening sockets (passed_sockets.h), whether it is ready, what it does, and that it lives (sd_notify(3)).
 *
 * Without a service manager every function does nothing. The variables of the protocol (LISTEN_PID, LISTEN_FDS,
 * LISTEN_FDNAMES, NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID) are removed from the environment, so that no child process
 * takes them for its own. A message never blocks; one that cannot be sent now is sent with the next one. For one thread,
 * that of the program's loop.
 */
#ifndef COMMON_SERVICE_MANAGER_H
#define COMMON_SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/passed_sockets.h"

#define SERVICE_MANAGER_STATUS_SIZE 200

struct service_manager;

/*
 * Reads and removes the variables. To be called before there are other threads, and before a descriptor is opened that
 * one of the passed sockets would be taken for. service_manager_close() is due in either case.
 *   RES_REFUSE   a variable or a passed socket is not what it has to be: `why` names it; exit 78
 */
MUST_CHECK enum result service_manager_open(struct service_manager **manager, struct why *why);

/* Closes our descriptor of each socket that was not taken; the service manager has its own. Accepts NULL. */
void service_manager_close(struct service_manager *manager);

/*
 * The listening socket of that meaning, which does not block and is the caller's from now on; -1 if it was not passed, or
 * was taken before. shutdown(2) of it would end it for the service manager as well, and refuse senders: only close it.
 */
int service_manager_take(struct service_manager *manager, enum passed_socket socket);

/* Logs a warning for each passed socket that nobody has taken: who connects to it waits for ever. */
void service_manager_log_untaken(const struct service_manager *manager);

/* How often service_manager_beat() is due: at a quarter of the time that the watchdog waits. 0: there is no watchdog. */
int64_t service_manager_beat_ms(const struct service_manager *manager);

/*
 * The program lives, but for `is_alive` being false: then the watchdog is told nothing, and ends the program in its own
 * time. May be called more often than it is due. Sends what could not be sent before, too.
 */
void service_manager_beat(struct service_manager *manager, bool is_alive);

/* The program does what it is for. Once is enough; again does nothing. */
void service_manager_ready(struct service_manager *manager);

/* The start goes on, and takes longer: the service manager is to wait half a minute more from now. Nothing once ready. */
void service_manager_extend_start(struct service_manager *manager);

/* A stop has begun. Again does nothing. */
void service_manager_stopping(struct service_manager *manager);

/* One short sentence that `systemctl status` shows; without personal data. Sent if it is another one than before. */
void service_manager_status(struct service_manager *manager, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
