/*
 * acceptor -- see acceptor.h.
 *
 * A sender that finds no place is accepted and closed at once: one that waited in the system's queue would learn of
 * nothing, and hide others behind it.
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
#include "collector/net/places.h"
#include "collector/net/source_log.h"
#include "common/clock.h"
#include "common/log.h"

#define ROUND      16   /* senders accepted before others are read */
#define TRIES      32   /* victims whose sockets are asked for unread bytes, where silence does not count */
#define PAUSE_MS   100  /* of accepting, out of descriptors or memory */
#define CHECK_MS   1000 /* between two checks whether a problem has ended */
#define PROBLEM_MS 5000 /* a problem lasts so long after the last sender that it hit */

_Static_assert(ACCEPTOR_CONNECTIONS_MAX + LISTENER_BACKLOG < PLACES_MAX,
               "at a stop all that wait have a place");

struct acceptor {
    int fd; /* the listening socket; -1: closed */
    struct clients *clients;
    struct acceptor_options options;
    struct places_limits limits;
    struct event *acceptable, *again, *check;
    bool is_out_of_descriptors;
    bool is_dominated; /* by one address, and that has been logged */
    int64_t
        refused_at; /* monotonic ms: when a sender was refused for lack of a place; 0: since long ago none was */
};

/* ---- problems ---- */

static void log_source(struct acceptor *acceptor, enum source_line line, const char *source,
                       const char *fields)
{
    source_log_add(clients_log(acceptor->clients), line, source, clock_monotonic_ms(), fields);
}

static void end_problem(struct acceptor *acceptor)
{
    int64_t now = clock_monotonic_ms();
    bool can_accept = !places_are_full(clients_places(acceptor->clients), &acceptor->limits);
    if (can_accept && now - acceptor->refused_at >= PROBLEM_MS) acceptor->refused_at = 0;
    if (acceptor->refused_at == 0 && !acceptor->is_out_of_descriptors)
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

static void raise_full(struct acceptor *acceptor)
{
    acceptor->refused_at = clock_monotonic_ms();
    problems_raise(acceptor->options.problems, PROBLEM_CONNECTIONS_FULL,
                   "MAX_CONNECTIONS is reached, and nobody can go: new senders are closed",
                   "raise MAX_CONNECTIONS");
}

/* Tries again in a moment; the problem lasts until a sender is accepted, or none waits. */
static void pause_accepting(struct acceptor *acceptor)
{
    struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
    acceptor->is_out_of_descriptors = true;
    problems_raise(acceptor->options.problems, PROBLEM_CONNECTIONS_FULL,
                   "out of descriptors or memory: new senders wait", "raise the limit of open files");
    (void)event_del(acceptor->acceptable);
    if (event_add(acceptor->again, &pause) != 0) abort(); /* out of memory */
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    (void)fd;
    (void)what;
    if (listener_count_waiting(acceptor->fd) == 0) acceptor->is_out_of_descriptors = false;
    acceptor_start(acceptor);
}

/* ---- places ---- */

/*
 * Who goes for the newcomer. Senders whose bytes were not read yet are not silent: they wait for us. Where all that are
 * asked have such bytes, one of an address that holds several goes all the same, but not the only one of an address.
 */
static enum places_choice choose(struct acceptor *acceptor, const struct place_key *newcomer,
                                 struct place **victim)
{
    struct places *places = clients_places(acceptor->clients);
    int64_t now = clock_monotonic_ms();
    struct place *first = NULL;
    enum places_choice choice = PLACES_FREE;
    for (int tries = 0; tries < TRIES; tries += choice != PLACES_SILENT) {
        choice = places_choose(places, &acceptor->limits, newcomer, now, victim);
        if (!*victim || !clients_has_unread(places_owner(*victim))) return choice;
        if (!first && choice != PLACES_SILENT) first = *victim;
        places_note_active(*victim, now); /* each is silent once at most, so this comes to an end */
    }
    *victim = choice == PLACES_IDLEST ? first : NULL;
    return *victim ? PLACES_IDLEST : PLACES_FULL;
}

/* False: there is none, which has been logged. */
static bool make_place(struct acceptor *acceptor, const char *source)
{
    struct place_key key = places_key(source);
    struct place *victim = NULL;
    enum places_choice choice = choose(acceptor, &key, &victim);
    if (victim) clients_replace(places_owner(victim));
    if (choice == PLACES_SOURCE_FULL) {
        log_source(acceptor, SOURCE_TOO_MANY, source, "");
    } else if (choice == PLACES_FULL) {
        raise_full(acceptor);
        log_source(acceptor, SOURCE_NO_PLACE, source, "");
    }
    return choice != PLACES_SOURCE_FULL && choice != PLACES_FULL;
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

static void on_acceptable(evutil_socket_t listening_fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    char source[EVENT_SOURCE_MAX];
    int fd = -1;
    enum step step = STEP_ACCEPTED;
    (void)listening_fd;
    (void)what;
    for (int i = 0; i < ROUND && step == STEP_ACCEPTED; i++) {
        step = accept_next(acceptor, &fd, source);
        if (step == STEP_ACCEPTED) acceptor->is_out_of_descriptors = false;
        if (fd < 0) continue;
        if (make_place(acceptor, source)) {
            clients_add(acceptor->clients, fd, source);
            log_dominant(acceptor);
        } else {
            close(fd);
        }
    }
    if (step == STEP_OUT) pause_accepting(acceptor);
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
    if (acceptor->fd >= 0) close(acceptor->fd);
    free(acceptor);
}

void acceptor_start(struct acceptor *acceptor)
{
    if (event_add(acceptor->acceptable, NULL) != 0) abort(); /* out of memory */
}

void acceptor_stop(struct acceptor *acceptor)
{
    (void)event_del(acceptor->acceptable);
    (void)event_del(acceptor->again);
}

int64_t acceptor_take_waiting(struct acceptor *acceptor)
{
    char source[EVENT_SOURCE_MAX];
    int fd = -1;
    enum step step = STEP_ACCEPTED;
    int64_t waiting = listener_count_waiting(acceptor->fd); /* those that come from now on need not be read */
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
