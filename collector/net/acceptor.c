/*
 * acceptor -- see acceptor.h.
 *
 * A sender that finds no place is accepted and closed at once: one that waited in the system's queue would learn of
 * nothing, and hide others behind it. It waits only while nobody can go without a loss: what is in the sockets of all
 * those that could go was not read yet and cannot be read now. Then there is nothing that others would miss: nobody is
 * read. But where only memory is short, events of few bytes are: there an address that fills places and memory cannot
 * keep another one out.
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

#define ROUND       16   /* senders accepted before others are read */
#define TRIES       32   /* senders that are asked at most whether they have unread bytes */
#define PAUSE_MS    100  /* of accepting, before the next try */
#define PATIENCE_MS 1000 /* a newcomer that waits for longer is a problem */
#define CHECK_MS    1000 /* between two checks whether a problem has ended */
#define PROBLEM_MS  5000 /* a problem lasts so long after the last sender that it hit */

_Static_assert(ACCEPTOR_CONNECTIONS_MAX + LISTENER_BACKLOG < PLACES_MAX,
               "at a stop all that wait have a place");

struct acceptor {
    int fd; /* the listening socket; -1: closed */
    struct clients *clients;
    struct acceptor_options options;
    struct places_limits limits;
    struct event *acceptable, *again, *check;
    struct newcomer {
        int fd; /* accepted, and it waits for a place; -1: none does */
        char source[EVENT_SOURCE_MAX];
        int64_t since; /* monotonic ms: of its second try; 0: there was none */
    } newcomer;
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
    if (acceptor->refused_at == 0 && !acceptor->is_out_of_descriptors && acceptor->newcomer.fd < 0)
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

/* Tries again in a moment. */
static void pause_accepting(struct acceptor *acceptor)
{
    struct timeval pause = {.tv_usec = PAUSE_MS * 1000L};
    (void)event_del(acceptor->acceptable);
    if (event_add(acceptor->again, &pause) != 0) abort(); /* out of memory */
}

/* ---- places ---- */

enum outcome {
    OUTCOME_CHOSEN,  /* as `choice` says */
    OUTCOME_CROWDED, /* only one of its own address could go, with bytes for which there is no memory */
    OUTCOME_WAIT,    /* nothing can be read now, and all that were asked have bytes that were not read yet */
};

/*
 * Who goes for a newcomer of this address. One with bytes that were not read yet is not silent: it waits for us. It is
 * read, as that may change who goes, or else passed over.
 */
static enum outcome choose(struct acceptor *acceptor, const struct place_key *newcomer,
                           enum places_choice *choice, struct place **victim)
{
    struct places *places = clients_places(acceptor->clients);
    int64_t now = clock_monotonic_ms();
    for (int tries = 0; tries < TRIES; tries += *choice != PLACES_SILENT) { /* each is silent once at most */
        *choice = places_choose(places, &acceptor->limits, newcomer, now, victim);
        if (!*victim || !clients_has_unread(places_owner(*victim))) return OUTCOME_CHOSEN;
        if (clients_can_be_read(acceptor->clients))
            clients_read(places_owner(*victim));
        else
            places_note_active(*victim, now);
    }
    *choice = places_choose(places, &acceptor->limits, newcomer, now, victim);
    if (!*victim || clients_can_be_read(acceptor->clients)) return OUTCOME_CHOSEN; /* it sends and sends */
    if (!clients_lack_memory(acceptor->clients)) return OUTCOME_WAIT;
    return places_has_key(*victim, newcomer) ? OUTCOME_CROWDED : OUTCOME_CHOSEN;
}

/* The next try is in a moment; all others wait behind it. */
static void let_wait(struct acceptor *acceptor, int fd, const char *source)
{
    acceptor->newcomer.fd = fd;
    (void)snprintf(acceptor->newcomer.source, sizeof acceptor->newcomer.source, "%s", source);
    pause_accepting(acceptor);
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

static void admit(struct acceptor *acceptor, int fd, const char *source)
{
    struct place_key key = places_key(source);
    struct place *victim = NULL;
    enum places_choice choice = PLACES_FREE;
    enum outcome outcome = choose(acceptor, &key, &choice, &victim);
    if (outcome == OUTCOME_WAIT) {
        let_wait(acceptor, fd, source);
    } else if (outcome == OUTCOME_CROWDED) {
        refuse(acceptor, fd, source, SOURCE_CROWDED);
    } else if (choice == PLACES_FULL || choice == PLACES_SOURCE_FULL) {
        refuse(acceptor, fd, source, choice == PLACES_FULL ? SOURCE_NO_PLACE : SOURCE_TOO_MANY);
    } else {
        if (victim) clients_replace(places_owner(victim));
        clients_add(acceptor->clients, fd, source);
        log_dominant(acceptor);
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
    for (int i = 0; i < ROUND && step == STEP_ACCEPTED && acceptor->newcomer.fd < 0; i++) {
        step = accept_next(acceptor, &fd, source);
        if (step == STEP_ACCEPTED) acceptor->is_out_of_descriptors = false;
        if (fd >= 0) admit(acceptor, fd, source);
    }
    if (step != STEP_OUT) return;
    acceptor->is_out_of_descriptors = true;
    raise_problem(acceptor, "out of descriptors or memory: new senders wait",
                  "raise the limit of open files");
    pause_accepting(acceptor);
}

/* Tries again with the newcomer that waits. */
static void try_newcomer(struct acceptor *acceptor)
{
    struct newcomer newcomer = acceptor->newcomer;
    acceptor->newcomer.fd = -1;
    if (newcomer.since == 0) acceptor->newcomer.since = clock_monotonic_ms();
    admit(acceptor, newcomer.fd, newcomer.source);
    if (acceptor->newcomer.fd < 0)
        acceptor->newcomer.since = 0;
    else if (clock_monotonic_ms() - acceptor->newcomer.since >= PATIENCE_MS)
        raise_problem(acceptor, "MAX_CONNECTIONS is reached by senders that are not read: new senders wait",
                      "see why nothing is read, or raise MAX_CONNECTIONS");
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    struct acceptor *acceptor = context;
    (void)fd;
    (void)what;
    if (acceptor->newcomer.fd >= 0)
        try_newcomer(acceptor);
    else if (listener_count_waiting(acceptor->fd) == 0)
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
    acceptor->newcomer.fd = -1;
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
    if (acceptor->newcomer.fd >= 0) close(acceptor->newcomer.fd);
    if (acceptor->fd >= 0) close(acceptor->fd);
    free(acceptor);
}

void acceptor_start(struct acceptor *acceptor)
{
    if (acceptor->newcomer.fd >= 0)
        pause_accepting(acceptor); /* it is the first */
    else if (event_add(acceptor->acceptable, NULL) != 0)
        abort(); /* out of memory */
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
    if (acceptor->newcomer.fd >= 0)
        clients_add(acceptor->clients, acceptor->newcomer.fd, acceptor->newcomer.source);
    acceptor->newcomer.fd = -1;
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
