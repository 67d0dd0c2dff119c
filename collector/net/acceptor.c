/*
 * acceptor -- see acceptor.h.
 *
 * A sender that finds no place is accepted and closed at once: one that waited in the system's queue would learn of
 * nothing, and hide others behind it. It waits, accepted, only while nobody can go without a loss: what is in the sockets
 * of all those that could go was not read yet and cannot be read now. Each address waits in a line of its own
 * (newcomers.h). While the gate is closed nobody is read, and there is nothing that others would miss. But where memory is
 * short or the intake full, others are: there the address that holds most makes a place for another one in any case.
 */
#include "collector/net/acceptor.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/net/newcomers.h"
#include "collector/net/places.h"
#include "collector/net/source_log.h"
#include "common/clock.h"
#include "common/log.h"

#define ROUND       16  /* senders accepted before others are read */
#define TRIES       32  /* senders that are asked at most whether they have unread bytes */
#define PAUSE_MS    100 /* of accepting, or while nobody is read, before the next try */
#define SOON_MS     5   /* before a newcomer tries again while others are read */
#define SHARE_MS    200 /* a newcomer waits so long, while others are read, for the address that holds most */
#define PATIENCE_MS 1000 /* and so long where nobody can go; it is a problem, then, if nobody is read */
#define LAST_MS                                                                                              \
    4000 /* and so long where each address holds one place, and all have bytes that were not read */
#define CHECK_MS   1000 /* between two checks whether a problem has ended */
#define PROBLEM_MS 5000 /* a problem lasts so long after the last sender that it hit */

_Static_assert(ACCEPTOR_CONNECTIONS_MAX + NEWCOMERS_MAX + LISTENER_BACKLOG < PLACES_MAX,
               "at a stop all that wait have a place");

struct acceptor {
    int fd; /* the listening socket; -1: closed */
    struct clients *clients;
    struct acceptor_options options;
    struct places_limits limits;
    struct event *acceptable, *again, *check;
    struct newcomers *newcomers; /* accepted, and they wait for a place */
    int64_t newcomers_max;
    bool is_paused; /* no more are accepted before the next try */
    bool is_out_of_descriptors;
    bool is_dominated;  /* by one address, and that has been logged */
    int64_t refused_at; /* monotonic ms: when a sender was last refused for lack of a place; 0: long ago */
};

/* ---- problems ---- */

static void log_source(struct acceptor *acceptor, enum source_line line, const char *source,
                       const char *fields)
{
    source_log_add(clients_log(acceptor->clients), line, source, clock_monotonic_ms(), fields);
}

static void end_problem(struct acceptor *acceptor)
{
    bool can_accept = !places_are_full(clients_places(acceptor->clients), &acceptor->limits);
    if (can_accept && clock_monotonic_ms() - acceptor->refused_at >= PROBLEM_MS) acceptor->refused_at = 0;
    bool is_paused = clients_reading(acceptor->clients) == CLIENTS_ARE_PAUSED;
    bool has_waiting =
        newcomers_count(acceptor->newcomers) > 0; /* while others are read: for their own address */
    if (acceptor->refused_at == 0 && !acceptor->is_out_of_descriptors && !(has_waiting && is_paused))
        problems_end(acceptor->options.problems, PROBLEM_CONNECTIONS_FULL);
}

static void on_check(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    (void)fd;
    (void)what;
    end_problem(acceptor);
    if (!places_dominant(clients_places(acceptor->clients), &acceptor->limits))
        acceptor->is_dominated = false;
    source_log_flush(clients_log(acceptor->clients), clock_monotonic_ms());
}

static void raise_problem(struct acceptor *acceptor, const char *message, const char *remedy)
{
    problems_raise(acceptor->options.problems, PROBLEM_CONNECTIONS_FULL, message, remedy);
}

/* Tries again in a moment, if it does not do so anyway. */
static void try_soon(struct acceptor *acceptor)
{
    if (event_pending(acceptor->again, EV_TIMEOUT, NULL)) return;
    bool is_reading = clients_reading(acceptor->clients) != CLIENTS_ARE_PAUSED;
    struct timeval pause = {.tv_usec = (is_reading && !acceptor->is_paused ? SOON_MS : PAUSE_MS) * 1000L};
    if (event_add(acceptor->again, &pause) != 0) abort(); /* out of memory */
}

static void pause_accepting(struct acceptor *acceptor)
{
    acceptor->is_paused = true;
    (void)event_del(acceptor->acceptable);
    try_soon(acceptor);
}

/* ---- places ---- */

/*
 * May it go, although it has bytes that were not read yet, or may the newcomer be closed, if nobody can go? Not at once: in
 * a moment others may have been read, and some have ended. Where each address holds one place they are all alike.
 */
static bool is_time_over(const struct acceptor *acceptor, const struct address_key *newcomer,
                         const struct place *victim, int64_t waited_ms)
{
    enum clients_reading reading = clients_reading(acceptor->clients);
    if (!victim) return waited_ms >= PATIENCE_MS;
    if (reading == CLIENTS_ARE_PAUSED || places_has_key(victim, newcomer)) return false;
    if (reading == CLIENTS_LACK_MEMORY) return true;
    return waited_ms >= (places_held(victim) > 1 ? SHARE_MS : LAST_MS);
}

/*
 * Who goes for a newcomer of this address? One with bytes that were not read yet is not silent: it waits for us. It is
 * read, as that may change who goes, or else passed over. False: all that were asked have such bytes, or nobody can go,
 * and the newcomer has to wait.
 */
static bool choose(struct acceptor *acceptor, const struct address_key *newcomer, int64_t waited_ms,
                   enum places_choice *choice, struct place **victim)
{
    struct places *places = clients_places(acceptor->clients);
    int64_t now = clock_monotonic_ms();
    for (int tries = 0; tries < TRIES; tries += *choice != PLACES_SILENT) { /* each is silent once at most */
        *choice = places_choose(places, &acceptor->limits, newcomer, now, victim);
        if (*choice == PLACES_FREE || (*victim && !clients_has_unread(places_owner(*victim)))) return true;
        if (!*victim) break;
        if (clients_reading(acceptor->clients) == CLIENTS_CAN_READ)
            clients_read(places_owner(*victim));
        else
            places_note_active(*victim, now);
    }
    *choice = places_choose(places, &acceptor->limits, newcomer, now, victim);
    return *choice == PLACES_FREE || is_time_over(acceptor, newcomer, *victim, waited_ms);
}

static void refuse(struct acceptor *acceptor, int fd, const char *source, enum source_line why)
{
    bool lacks_files = acceptor->limits.total < acceptor->options.max_connections;
    close(fd);
    log_source(acceptor, why, source, "");
    if (why != SOURCE_NO_PLACE) return; /* it is that address's own affair */
    acceptor->refused_at = clock_monotonic_ms();
    raise_problem(acceptor, "MAX_CONNECTIONS is reached, and nobody can go: new senders are closed",
                  lacks_files ? "raise the limit of open files" : "raise MAX_CONNECTIONS");
}

static void log_dominant(struct acceptor *acceptor)
{
    const struct place *place = places_dominant(clients_places(acceptor->clients), &acceptor->limits);
    char fields[64];
    if (!place || acceptor->is_dominated) return;
    acceptor->is_dominated = true;
    (void)snprintf(fields, sizeof fields, "connections=%" PRId64 " max_connections=%" PRId64,
                   places_held(place), acceptor->limits.total);
    log_source(acceptor, SOURCE_DOMINANT, clients_source(places_owner(place)), fields);
}

/* ---- accepting ---- */

enum step {
    STEP_ACCEPTED, /* or refused, or it has gone again */
    STEP_NONE,     /* none waits */
    STEP_OUT,      /* of descriptors or memory */
};

/* `*fd` is -1 for a sender that ALLOW_FROM does not name, which has been closed, or that has gone. */
static enum step accept_next(struct acceptor *acceptor, int *fd, char source[EVENT_SOURCE_MAX])
{
    *fd = listener_accept(acceptor->fd, acceptor->options.allow, source, EVENT_SOURCE_MAX);
    if (*fd >= 0) return STEP_ACCEPTED;
    switch (errno) {
    case EACCES: log_source(acceptor, SOURCE_NOT_ALLOWED, source, ""); return STEP_ACCEPTED;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return STEP_OUT;
    case EAGAIN: return STEP_NONE;
    default: return STEP_ACCEPTED;
    }
}

/* False: the newcomer has to wait. */
static bool admit(struct acceptor *acceptor, int fd, const char *source, int64_t waited_ms)
{
    struct address_key key = address_key(source);
    struct place *victim = NULL;
    enum places_choice choice = PLACES_FREE;
    if (!choose(acceptor, &key, waited_ms, &choice, &victim)) return false;
    if (choice == PLACES_FULL || choice == PLACES_SOURCE_FULL) {
        refuse(acceptor, fd, source, choice == PLACES_FULL ? SOURCE_NO_PLACE : SOURCE_TOO_MANY);
        return true;
    }
    if (victim) clients_replace(places_owner(victim));
    clients_add(acceptor->clients, fd, source);
    log_dominant(acceptor);
    return true;
}

/* It is admitted, or stands behind those of its address. */
static void take(struct acceptor *acceptor, int fd, const char *source)
{
    struct address_key key = address_key(source);
    if (!newcomers_has(acceptor->newcomers, &key) && admit(acceptor, fd, source, 0)) return;
    if (newcomers_add(acceptor->newcomers, fd, source, clock_monotonic_ms()))
        try_soon(acceptor);
    else
        refuse(acceptor, fd, source, SOURCE_CROWDED);
}

/*
 * Where all lines together are full, others wait in the system's queue. While nobody is read nobody is refused for a long
 * line, either, which may be half as long.
 */
static bool may_accept(const struct acceptor *acceptor)
{
    bool is_paused = clients_reading(acceptor->clients) == CLIENTS_ARE_PAUSED;
    int64_t most = is_paused ? (acceptor->newcomers_max + 1) / 2 : acceptor->newcomers_max;
    return newcomers_count(acceptor->newcomers) < most;
}

static void on_acceptable(evutil_socket_t listening_fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    char source[EVENT_SOURCE_MAX];
    int fd = -1;
    enum step step = STEP_ACCEPTED;
    (void)listening_fd;
    (void)what;
    for (int i = 0; i < ROUND && step == STEP_ACCEPTED && may_accept(acceptor); i++) {
        step = accept_next(acceptor, &fd, source);
        if (step == STEP_ACCEPTED) acceptor->is_out_of_descriptors = false;
        if (fd >= 0) take(acceptor, fd, source);
    }
    if (step == STEP_OUT) {
        acceptor->is_out_of_descriptors = true;
        raise_problem(acceptor, "out of descriptors or memory: new senders wait",
                      "raise the limit of open files");
    }
    if (step == STEP_OUT || !may_accept(acceptor)) pause_accepting(acceptor);
}

/* Of each line in turn the first one tries, until none can go on. */
static void try_newcomers(struct acceptor *acceptor)
{
    struct newcomers *newcomers = acceptor->newcomers;
    bool is_paused = clients_reading(acceptor->clients) == CLIENTS_ARE_PAUSED;
    int64_t in_vain = 0;
    for (int i = 0; i < ROUND && in_vain < newcomers_lines(newcomers); i++) {
        const struct newcomer *first = newcomers_first(newcomers);
        int64_t waited_ms = clock_monotonic_ms() - first->since;
        if (admit(acceptor, first->fd, first->source, waited_ms)) {
            (void)newcomers_take(newcomers);
            in_vain = 0;
        } else {
            in_vain++;
            if (waited_ms >= PATIENCE_MS && is_paused)
                raise_problem(acceptor,
                              "MAX_CONNECTIONS is reached by senders that are not read: new senders wait",
                              "see why nothing is read, or raise MAX_CONNECTIONS");
        }
        newcomers_turn(newcomers);
    }
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    (void)fd;
    (void)what;
    try_newcomers(acceptor);
    if (acceptor->is_paused && listener_count_waiting(acceptor->fd) == 0)
        acceptor->is_out_of_descriptors = false;
    acceptor_start(acceptor);
}

static struct event *watch(struct acceptor *acceptor, struct event_base *base, int fd, short what,
                           event_callback_fn callback)
{
    struct event *event = event_new(base, fd, what, callback, acceptor);
    if (!event) abort();
    return event;
}

struct acceptor *acceptor_new(struct event_base *base, int listening_fd, struct clients *clients,
                              const struct acceptor_options *options)
{
    struct timeval check = {.tv_sec = CHECK_MS / 1000};
    struct acceptor *acceptor = calloc(1, sizeof *acceptor);
    if (!acceptor) abort();
    assert(options->max_connections <= ACCEPTOR_CONNECTIONS_MAX);
    acceptor->fd = listening_fd;
    acceptor->clients = clients;
    acceptor->options = *options;
    acceptor->limits =
        (struct places_limits){descriptors_places(options->max_connections), options->max_per_source};
    acceptor->newcomers_max =
        descriptors_places(acceptor->limits.total + NEWCOMERS_MAX) - acceptor->limits.total;
    if (acceptor->newcomers_max < 1) acceptor->newcomers_max = 1;
    acceptor->newcomers = newcomers_new(acceptor->newcomers_max);
    acceptor->acceptable = watch(acceptor, base, listening_fd, EV_READ | EV_PERSIST, on_acceptable);
    acceptor->again = watch(acceptor, base, -1, 0, on_again);
    acceptor->check = watch(acceptor, base, -1, EV_PERSIST, on_check);
    if (event_add(acceptor->check, &check) != 0) abort(); /* out of memory */
    return acceptor;
}

void acceptor_free(struct acceptor *acceptor)
{
    if (!acceptor) return;
    event_free(acceptor->acceptable);
    event_free(acceptor->again);
    event_free(acceptor->check);
    newcomers_free(acceptor->newcomers);
    if (acceptor->fd >= 0) close(acceptor->fd);
    free(acceptor);
}

void acceptor_start(struct acceptor *acceptor)
{
    acceptor->is_paused = false;
    if (event_add(acceptor->acceptable, NULL) != 0) abort(); /* out of memory */
    if (newcomers_count(acceptor->newcomers) > 0) try_soon(acceptor);
}

void acceptor_stop(struct acceptor *acceptor)
{
    (void)event_del(acceptor->acceptable);
    (void)event_del(acceptor->again);
}

int64_t acceptor_take_waiting(struct acceptor *acceptor, int64_t most)
{
    char source[EVENT_SOURCE_MAX];
    int fd = -1;
    enum step step = STEP_ACCEPTED;
    while (newcomers_count(acceptor->newcomers) > 0) {
        struct newcomer newcomer = newcomers_take(acceptor->newcomers);
        clients_add(acceptor->clients, newcomer.fd, newcomer.source);
    }
    int64_t waiting = listener_count_waiting(acceptor->fd); /* those that come from now on need not be read */
    if (waiting > most) waiting = most;
    for (; waiting > 0 && step == STEP_ACCEPTED; waiting--) {
        step = accept_next(acceptor, &fd, source);
        if (fd >= 0) clients_add(acceptor->clients, fd, source);
    }
    if (step == STEP_OUT) waiting = listener_count_waiting(acceptor->fd);
    acceptor_stop(acceptor);
    close(acceptor->fd);
    acceptor->fd = -1;
    return step == STEP_OUT ? waiting : 0;
}
