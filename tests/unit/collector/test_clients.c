/*
 * test_clients -- many senders and little memory: which is read next, whose unfinished event becomes a reject, and
 * which sender is disconnected.
 *
 * The senders are socket pairs, the main thread is the event loop and the writer, and a second thread accepts every
 * frame as valid. The monotonic clock is the system's, moved forward where a test lets time pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/clients.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collector/intake/chunk.h"
#include "collector/net/connected.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/support/event_names.h"
#include "tests/support/some_gate.h"

#define LONG_MS            60000 /* longer than any test may take */
#define LATE_MS            200   /* a report comes at most so late */
#define KIB                ((size_t)1 << 10)
#define MESSAGE_MAX        (128 * KIB)
#define BEGINNING          (120 * KIB)
#define MEMORY_BYTES       ((size_t)8 << 20)
#define SENDERS_MAX        64
#define SEEN_MAX           4096
#define INTAKE_SMALL_BYTES 1 /* bytes of intake: one chunk is on its way at a time */
#define INTAKE_LARGE_BYTES ((size_t)8 << 20)

struct seen {
    bool is_event;
    enum reject_reason reason;
    char source[EVENT_SOURCE_MAX];
    char detail[128];
    char text[48]; /* the payload's beginning */
    size_t len;
};

struct fixture {
    struct event_base *base;
    struct some_gate gate;
    struct intake *intake;
    struct clients *clients;
    pthread_t validator;
    int fds[SENDERS_MAX]; /* the senders' ends, named "0", "1" and so on; -1: closed */
    int senders;
    struct seen seen[SEEN_MAX]; /* what has been committed, in its order */
    int seen_count;
    bool counts_only;  /* nothing is noted of what is committed but how much it is */
    int longest_group; /* items */
    bool is_finished;
};

/* ---- the pipeline ---- */

static void take_as_valid(struct chunk *chunk)
{
    static const struct slice fields[EVENT_FIELD_COUNT];
    for (size_t i = 0; i < chunk->group->item_count; i++) {
        struct item *item = &chunk->group->items[i];
        if (item->kind == ITEM_FRAME) group_make_event(chunk->group, item, fields);
    }
    chunk_note_validated(chunk);
}

static void *validate(void *context)
{
    struct intake *intake = context;
    struct chunk *chunk = NULL;
    while ((chunk = intake_take_unvalidated(intake))) {
        take_as_valid(chunk);
        intake_validated(intake, chunk);
    }
    return NULL;
}

static struct fixture *fixture_new(size_t memory_bytes)
{
    struct clients_options options = {.framing = {.events = &event_names, .max_message = MESSAGE_MAX},
                                      .memory_bytes = MEMORY_BYTES};
    struct why why = {0};
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    log_configure(LOG_ERROR, LOG_TEXT);
    f->base = event_base_new();
    some_gate_init(&f->gate);
    options.gate = f->gate.gate;
    assert_int_equal(intake_open(&f->intake, memory_bytes, NULL, &why), RES_OK);
    f->clients = clients_new(f->base, f->intake, &options);
    assert_int_equal(pthread_create(&f->validator, NULL, validate, f->intake), 0);
    return f;
}

static int with_large_intake(void **state)
{
    *state = fixture_new(INTAKE_LARGE_BYTES);
    return 0;
}

static int with_small_intake(void **state)
{
    *state = fixture_new(INTAKE_SMALL_BYTES);
    return 0;
}

static void copy_text(char *to, size_t size, struct slice from)
{
    (void)snprintf(to, size, "%.*s", (int)from.len, from.data);
}

static void note_committed(struct fixture *f, const struct group *group)
{
    for (; group; group = group->next) {
        if ((int)group->item_count > f->longest_group) f->longest_group = (int)group->item_count;
        for (size_t i = 0; i < group->item_count; i++) {
            if (f->counts_only) {
                f->seen_count++;
                continue;
            }
            const struct item *item = &group->items[i];
            struct seen *seen = &f->seen[f->seen_count++];
            assert_true(f->seen_count < SEEN_MAX);
            seen->is_event = item->kind == ITEM_EVENT;
            seen->reason = (enum reject_reason)item->reason;
            seen->len = item->len;
            copy_text(seen->source, sizeof seen->source, item->origin->source);
            copy_text(seen->text, sizeof seen->text, (struct slice){item->data, item->len});
            if (!seen->is_event) copy_text(seen->detail, sizeof seen->detail, item_reject(item).detail);
        }
    }
}

/* Commits what is on its way, and reads on as the server does when there is room again. */
static void commit_once(struct fixture *f)
{
    struct group *group = NULL;
    assert_int_equal(intake_take(f->intake, LONG_MS, &group), INTAKE_GROUP);
    note_committed(f, group);
    intake_done(f->intake);
    clients_serve_queue(f->clients);
}

static void turn(struct fixture *f)
{
    assert_true(event_base_loop(f->base, EVLOOP_NONBLOCK) >= 0);
}

/* Waits until `count` have been committed in all. */
static void wait_for(struct fixture *f, int count)
{
    turn(f);
    while (f->seen_count < count) {
        commit_once(f);
        turn(f);
    }
    assert_int_equal(f->seen_count, count);
}

/* Ends the service; after it all that had been read is in `seen`. */
static void finish(struct fixture *f)
{
    struct group *group = NULL;
    int64_t before = 0;
    while ((before = clients_count(f->clients), !clients_close_all(f->clients))) {
        if (clients_count(f->clients) < before) continue;
        assert_int_equal(intake_take(f->intake, LONG_MS, &group), INTAKE_GROUP); /* the intake is full */
        note_committed(f, group);
        intake_done(f->intake);
    }
    intake_finish(f->intake);
    while (intake_take(f->intake, LONG_MS, &group) == INTAKE_GROUP) {
        note_committed(f, group);
        intake_done(f->intake);
    }
    f->is_finished = true;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (!f->is_finished) finish(f);
    assert_int_equal(pthread_join(f->validator, NULL), 0);
    for (int i = 0; i < f->senders; i++)
        if (f->fds[i] >= 0) close(f->fds[i]);
    clients_free(f->clients);
    intake_close(f->intake);
    some_gate_fini(&f->gate);
    event_base_free(f->base);
    free(f);
    return 0;
}

/* ---- senders ---- */

/* Nothing may be read while `is_held`. */
static void hold(struct fixture *f, bool is_held)
{
    some_gate_set(&f->gate, is_held);
}

static int connect_from(struct fixture *f, const char *source)
{
    int fds[2];
    assert_true(f->senders < SENDERS_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    clients_add(f->clients, fds[0], source);
    f->fds[f->senders] = fds[1];
    return f->senders++;
}

static int connect_sender(struct fixture *f)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%d", f->senders);
    return connect_from(f, name);
}

static void send_text(struct fixture *f, int sender, const char *text)
{
    assert_int_equal(send(f->fds[sender], text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void send_event(struct fixture *f, int sender, int number)
{
    char text[48];
    (void)snprintf(text, sizeof text, "<EVENT>%d.%d</EVENT>", sender, number);
    send_text(f, sender, text);
}

/* An event's beginning of `len` bytes, and what is read of it so far. */
static void send_beginning(struct fixture *f, int sender, size_t len)
{
    static char text[MESSAGE_MAX];
    assert_true(len <= sizeof text);
    memset(text, 'x', len);
    memcpy(text, "<EVENT>", strlen("<EVENT>"));
    assert_int_equal(send(f->fds[sender], text, len, MSG_NOSIGNAL), len);
    turn(f);
}

static void hang_up(struct fixture *f, int sender)
{
    close(f->fds[sender]);
    f->fds[sender] = -1;
}

static bool is_connected(const struct fixture *f, int sender)
{
    char byte = 0;
    return recv(f->fds[sender], &byte, sizeof byte, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void check_event(const struct seen *seen, int sender, int number)
{
    char text[48];
    (void)snprintf(text, sizeof text, "<EVENT>%d.%d</EVENT>", sender, number);
    assert_true(seen->is_event);
    assert_string_equal(seen->text, text);
    assert_int_equal(atoi(seen->source), sender);
}

/* All that it has sent. */
static bool is_read(const struct fixture *f, int sender)
{
    int bytes = 0;
    assert_int_equal(ioctl(f->fds[sender], SIOCOUTQ, &bytes), 0);
    return bytes == 0;
}

/* ---- time ---- */

static _Atomic int64_t passed_ms;

/* Stands before the C library's function, for the programs' clock and for libevent's. */
int clock_gettime(clockid_t id, struct timespec *time)
{
    if (syscall(SYS_clock_gettime, id, time) != 0) return -1;
    if (id == CLOCK_REALTIME) return 0;
    time->tv_sec += (time_t)(passed_ms / 1000);
    time->tv_nsec += (long)(passed_ms % 1000) * 1000000;
    time->tv_sec += time->tv_nsec / 1000000000;
    time->tv_nsec %= 1000000000;
    return 0;
}

/* Time goes by, and the loop does what is due then. */
static void let_pass(struct fixture *f, int64_t ms)
{
    passed_ms += ms;
    turn(f);
}

/* ---- fairness ---- */

static void waiting_senders_are_read_first_come_first_served(void **state)
{
    static const int order[] = {3, 0, 4, 1, 2};
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) (void)connect_sender(f);
    hold(f, true);
    for (int i = 0; i < 5; i++) {
        send_event(f, order[i], i);
        turn(f);
    }
    clients_serve_queue(f->clients); /* there is no room yet */
    hold(f, false);
    clients_serve_queue(f->clients);
    wait_for(f, 5);
    for (int i = 0; i < 5; i++) check_event(&f->seen[i], order[i], i);
}

/* As much as the socket takes of whole events of a sender. */
static void flood(struct fixture *f, int sender)
{
    static char events[16 * KIB];
    static const char start[] = "<EVENT>";
    static const char end[] = "</EVENT>";
    memset(events, 'x', sizeof events);
    memcpy(events, start, sizeof start - 1);
    memcpy(events + sizeof events - sizeof end + 1, end, sizeof end - 1);
    while (send(f->fds[sender], events, sizeof events, MSG_NOSIGNAL) == sizeof events) {
    }
}

static void flooding_senders_do_not_delay_a_sender_of_few_events(void **state)
{
    enum { FLOODS = 8, EVENTS = 50, COMMITS_MAX = 2 * FLOODS };
    struct fixture *f = *state;
    for (int i = 0; i < FLOODS; i++) (void)connect_sender(f);
    int polite = connect_sender(f);
    for (int number = 0; number < EVENTS; number++) {
        int commits = 0;
        bool has_come = false;
        for (int i = 0; i < FLOODS; i++) flood(f, i);
        send_event(f, polite, number);
        f->seen_count = 0;
        while (!has_come) {
            turn(f);
            for (int i = 0; i < FLOODS; i++) flood(f, i);
            commit_once(f);
            commits++;
            for (int i = 0; i < f->seen_count; i++) has_come |= atoi(f->seen[i].source) == polite;
            f->seen_count = has_come ? f->seen_count : 0;
            assert_true(commits <= COMMITS_MAX);
        }
    }
}

/* A segment of a flood may end inside an event, so that it counts as cut off. */
static void a_read_round_reads_queued_and_unqueued_senders(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 6; i++) (void)connect_sender(f);
    hold(f, true);
    for (int i = 0; i < 3; i++) send_event(f, i, 1);
    turn(f);
    for (int i = 3; i < 6; i++) send_event(f, i, 1);
    hang_up(f, 5);
    assert_true(clients_read_round(f->clients)); /* no room to look */
    hold(f, false);
    assert_true(clients_read_round(f->clients));
    assert_false(clients_read_round(f->clients));
    assert_int_equal(clients_count(f->clients), 5);
    finish(f);
    assert_int_equal(f->seen_count, 6);
}

/* ---- memory ---- */

/* Beginnings of events until memory is used up. Returns how many are read; one more sender waits with its own. */
static int fill_memory(struct fixture *f)
{
    int sender = connect_sender(f);
    send_beginning(f, sender, BEGINNING);
    while (is_read(f, sender)) {
        sender = connect_sender(f);
        send_beginning(f, sender, BEGINNING);
    }
    assert_in_range(sender, 2 * MEMORY_BYTES / 3 / BEGINNING - 8, 3 * MEMORY_BYTES / 4 / BEGINNING);
    return sender;
}

static void an_event_goes_on_while_others_wait_for_its_memory(void **state)
{
    struct fixture *f = *state;
    int count = fill_memory(f);
    int late = count;
    for (int i = 0; i < count; i++) send_text(f, i, "</EVENT>");
    send_text(f, late, "</EVENT>");
    wait_for(f, count + 1);
    for (int i = 0; i <= count; i++) assert_true(f->seen[i].is_event);
}

/* What is taken counts bytes that were read, and nothing else. */
static void assert_no_items_come(struct fixture *f)
{
    struct group *group = NULL;
    while (intake_take(f->intake, 0, &group) == INTAKE_GROUP) {
        for (; group; group = group->next) assert_int_equal(group->item_count, 0);
        intake_done(f->intake);
    }
}

static void a_stalled_event_is_given_up_only_after_5_s_in_the_way(void **state)
{
    struct fixture *f = *state;
    int count = fill_memory(f);
    int late = count;
    for (int i = 0; i < 19; i++) let_pass(f, 250);
    assert_no_items_come(f);
    for (int i = 0; i < 6; i++) let_pass(f, 250);
    wait_for(f, 1);
    assert_int_equal(f->seen[0].reason, REJECT_CUT_OFF);
    assert_string_equal(f->seen[0].source, "0"); /* the oldest one */
    assert_non_null(strstr(f->seen[0].detail, "INTAKE_MEMORY"));
    assert_int_equal(f->seen[0].len, BEGINNING);
    assert_true(is_read(f, late));
    for (int i = 0; i <= count; i++) assert_true(is_connected(f, i));
    for (int i = 1; i <= count; i++) send_text(f, i, "</EVENT>"); /* the others lose nothing */
    wait_for(f, 1 + count);
    for (int i = 1; i <= count; i++) assert_true(f->seen[i].is_event);
    send_text(f, 0, "its rest</EVENT>");
    send_event(f, 0, 7);
    wait_for(f, 3 + count);
    assert_int_equal(f->seen[1 + count].reason, REJECT_STRAY_BYTES);
    assert_memory_equal(f->seen[1 + count].text, "its rest", 8);
    check_event(&f->seen[2 + count], 0, 7);
}

/* Each beginning that takes the place of one that was given up is in the way itself. */
static void events_given_up_of_one_address_are_one_line_and_a_count(void **state)
{
    enum { GIVEN_UP = 5 };
    struct fixture *f = *state;
    const struct source_log_line *line = &clients_log(f->clients)->lines[SOURCE_GIVEN_UP];
    while (f->senders == 0 || is_read(f, f->senders - 1)) send_beginning(f, connect_from(f, "a"), BEGINNING);
    for (int i = 1; i < GIVEN_UP; i++) send_beginning(f, connect_from(f, "a"), BEGINNING);
    for (int i = 0; i < 200 && !is_read(f, f->senders - 1); i++) {
        let_pass(f, 250);
        wait_for(f, (int)line->recent_count + (int)line->unlogged);
    }
    assert_int_equal(f->seen_count, GIVEN_UP);
    assert_int_equal(line->recent_count, 1);
}

static void nobody_is_given_up_while_nothing_may_be_read(void **state)
{
    struct fixture *f = *state;
    int count = fill_memory(f);
    int late = count;
    hold(f, true);
    for (int i = 0; i < 100; i++) let_pass(f, 250);
    hold(f, false);
    for (int i = 0; i < 19; i++) let_pass(f, 250);
    for (int i = 0; i < count; i++) send_text(f, i, "</EVENT>");
    send_text(f, late, "</EVENT>");
    wait_for(f, count + 1);
    for (int i = 0; i <= count; i++) assert_true(f->seen[i].is_event);
}

/* More frames than a chunk takes: the rest goes on with the next one. */
static void one_read_of_many_rejects_fills_several_chunks(void **state)
{
    enum { COUNT = 3 * CHUNK_ITEMS_MAX };
    struct fixture *f = *state;
    int sender = connect_sender(f);
    f->counts_only = true;
    for (int sent = 0; sent < COUNT; sent += 1024) {
        char text[1024 * 4 + 1];
        for (int i = 0; i < 1024; i++) memcpy(text + (size_t)i * 4, "<a/>", 5);
        send_text(f, sender, text);
    }
    wait_for(f, COUNT);
    send_event(f, sender, 1);
    wait_for(f, COUNT + 1);
    assert_int_equal(f->longest_group, CHUNK_ITEMS_MAX);
}

static void a_connection_that_ends_reports_all_its_frames(void **state)
{
    enum { COUNT = 2 * CHUNK_ITEMS_MAX };
    struct fixture *f = *state;
    int sender = connect_sender(f);
    f->counts_only = true;
    send_text(f, sender, "<!--"); /* never closed: what it hides is found at the end */
    for (int sent = 0; sent < COUNT; sent += 512) {
        char text[512 * 8 + 1];
        for (int i = 0; i < 512; i++) memcpy(text + (size_t)i * 8, "<EVENT/>", 9);
        send_text(f, sender, text);
    }
    hang_up(f, sender);
    wait_for(f, COUNT + 1);
    assert_int_equal(clients_count(f->clients), 0);
    assert_in_range(f->longest_group, 2, CHUNK_ITEMS_MAX);
}

static void slow_events_within_the_memory_ceiling_are_never_cut_off(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 40; i++) send_beginning(f, connect_sender(f), 5 * KIB);
    for (int byte = 0; byte < 100; byte++)
        for (int i = 0; i < 40; i++) {
            send_text(f, i, "z");
            turn(f);
        }
    for (int i = 0; i < 40; i++) send_text(f, i, "</EVENT>");
    wait_for(f, 40);
    for (int i = 0; i < 40; i++) assert_true(f->seen[i].is_event);
}

static void large_events_that_wait_for_the_disk_stop_the_reading(void **state)
{
    static char text[MESSAGE_MAX];
    static const char end[] = "</EVENT>";
    struct fixture *f = *state;
    size_t sent = 0;
    int sender = connect_sender(f);
    memset(text, 'x', sizeof text);
    memcpy(text, "<EVENT>", strlen("<EVENT>"));
    memcpy(text + sizeof text - sizeof end, end, sizeof end - 1);
    text[sizeof text - 1] = '\n';
    while (is_read(f, sender)) { /* no read sees a whole one */
        char *part = text + sent % sizeof text;
        assert_int_equal(send(f->fds[sender], part, sizeof text / 2, MSG_NOSIGNAL), sizeof text / 2);
        turn(f);
        sent += sizeof text / 2;
        assert_true(sent <= MEMORY_BYTES);
    }
    wait_for(f, (int)(sent / sizeof text));
}

/* ---- a place for another one ---- */

/* All senders of these tests have addresses of their own, "0" and so on; the places have no more for another one. */
static enum places_choice choose(struct fixture *f, struct place **victim)
{
    struct places_limits limits = {clients_count(f->clients), 0};
    struct address_key key = address_key("another");
    return places_choose(clients_places(f->clients), &limits, &key, clock_monotonic_ms(), victim);
}

static void the_places_know_who_is_silent_and_who_has_sent_events(void **state)
{
    struct fixture *f = *state;
    struct place *victim = NULL;
    for (int i = 0; i < 4; i++) (void)connect_sender(f);
    send_event(f, 2, 1);
    let_pass(f, PLACES_SILENT_MS);
    send_text(f, 0, "<");
    wait_for(f, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(choose(f, &victim), PLACES_SILENT);
        assert_string_equal(clients_source(places_owner(victim)), i == 0 ? "1" : "3");
        clients_replace(places_owner(victim));
    }
    assert_false(is_connected(f, 1) || is_connected(f, 3));
    assert_int_equal(choose(f, &victim), PLACES_UNPROVEN);
    assert_string_equal(clients_source(places_owner(victim)), "0");
    send_text(f, 0, "EVENT>0.1</EVENT>");
    wait_for(f, 2);
    assert_int_equal(choose(f, &victim), PLACES_FULL);
    hang_up(f, 0);
    hang_up(f, 2);
    turn(f);
    assert_int_equal(places_count(clients_places(f->clients)), 0);
}

/* The comment was never closed: the event is found when its sender is silent. */
static void an_event_found_in_silence_counts_as_sent(void **state)
{
    struct fixture *f = *state;
    struct place *victim = NULL;
    (void)connect_sender(f);
    send_text(f, 0, "<EVENT>1<!-- 2</EVENT><EVENT>3</EVENT>");
    turn(f);
    assert_int_equal(choose(f, &victim), PLACES_UNPROVEN);
    let_pass(f, FRAMER_SILENCE_MS + LATE_MS);
    wait_for(f, 2);
    assert_int_equal(choose(f, &victim), PLACES_FULL);
}

static void the_unfinished_event_of_a_replaced_sender_is_kept(void **state)
{
    struct fixture *f = *state;
    struct place *victim = NULL;
    (void)connect_sender(f);
    assert_int_equal(choose(f, &victim), PLACES_UNPROVEN);
    send_event(f, 0, 1); /* the loop has not seen this one */
    send_text(f, 0, "<EVENT>cut");
    assert_true(clients_has_unread(places_owner(victim)));
    clients_read(places_owner(victim));
    clients_replace(places_owner(victim));
    assert_false(is_connected(f, 0));
    assert_int_equal(clients_count(f->clients), 0);
    finish(f);
    assert_int_equal(f->seen_count, 2);
    check_event(&f->seen[0], 0, 1);
    assert_int_equal(f->seen[1].reason, REJECT_CUT_OFF);
    assert_string_equal(f->seen[1].text, "<EVENT>cut");
}

/* ---- silence ---- */

static void a_silent_sender_is_disconnected_and_its_unfinished_event_kept(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) (void)connect_sender(f);
    send_beginning(f, 0, 1000);
    clients_close_silent(f->clients, LONG_MS);
    assert_int_equal(clients_count(f->clients), 2);
    clients_close_silent(f->clients, 0);
    assert_int_equal(clients_count(f->clients), 0);
    finish(f);
    assert_int_equal(f->seen_count, 1);
    assert_int_equal(f->seen[0].reason, REJECT_CUT_OFF);
    assert_int_equal(f->seen[0].len, 1000);
}

static void a_sender_with_unread_bytes_is_not_silent(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) (void)connect_sender(f);
    hold(f, true);
    send_event(f, 0, 1);
    turn(f);
    send_event(f, 1, 1); /* the loop has not seen this one */
    clients_close_silent(f->clients, 0);
    assert_int_equal(clients_count(f->clients), 2);
    assert_true(is_connected(f, 0) && is_connected(f, 1) && !is_connected(f, 2));
    hold(f, false);
    clients_serve_queue(f->clients);
    wait_for(f, 2);
}

/* ---- what silent senders have left unfinished ---- */

/* Nothing has been read that is not in `seen`: an event that is sent now is the next to be committed. */
static void check_nothing_more(struct fixture *f)
{
    int count = f->seen_count;
    int marker = connect_sender(f);
    send_event(f, marker, 0);
    wait_for(f, count + 1);
    check_event(&f->seen[count], marker, 0);
    f->seen_count = count;
    hang_up(f, marker);
    turn(f);
}

static void a_gap_is_reported_once_its_sender_has_been_silent(void **state)
{
    struct fixture *f = *state;
    int sender = connect_sender(f);
    send_text(f, sender, "noise");
    turn(f);
    let_pass(f, FRAMER_SILENCE_MS - 1000);
    check_nothing_more(f);
    let_pass(f, 1000 + LATE_MS);
    wait_for(f, 1);
    assert_int_equal(f->seen[0].reason, REJECT_STRAY_BYTES);
    assert_string_equal(f->seen[0].text, "noise");
    assert_true(is_connected(f, sender));
    let_pass(f, FRAMER_HOLD_MS);
    check_nothing_more(f);
}

static void silence_begins_anew_with_each_byte(void **state)
{
    struct fixture *f = *state;
    int sender = connect_sender(f);
    for (int i = 0; i < 3; i++) {
        send_text(f, sender, "abc");
        turn(f);
        let_pass(f, FRAMER_SILENCE_MS - 1000);
        check_nothing_more(f);
    }
    let_pass(f, 1000 + LATE_MS);
    wait_for(f, 1);
    assert_string_equal(f->seen[0].text, "abcabcabc");
}

static void each_sender_has_a_silence_of_its_own(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        (void)connect_sender(f);
        send_text(f, i, i == 2 ? "<EVENT>2.0</EVENT>" : "noise");
        turn(f);
        let_pass(f, FRAMER_SILENCE_MS / 4);
    }
    let_pass(f, LATE_MS);
    wait_for(f, 2); /* the event, and the gap of the first one, silent for ten seconds by now */
    int gap = f->seen[0].is_event ? 1 : 0;
    assert_string_equal(f->seen[gap].source, "0");
    let_pass(f, FRAMER_SILENCE_MS / 4);
    wait_for(f, 3);
    assert_string_equal(f->seen[2].source, "1");
    let_pass(f, FRAMER_SILENCE_MS / 4);
    check_nothing_more(f);
    let_pass(f, FRAMER_SILENCE_MS / 4);
    wait_for(f, 4);
    assert_string_equal(f->seen[3].source, "3");
}

/* Else the comment, whose end has been sent, would be given up, and the event in it be taken. */
static void a_sender_whose_bytes_wait_unread_is_not_reported_silent(void **state)
{
    struct fixture *f = *state;
    int sender = connect_sender(f);
    send_text(f, sender, "<!-- <EVENT>a</EVENT> ");
    turn(f);
    hold(f, true);
    send_text(f, sender, "--><EVENT>b</EVENT>");
    turn(f);
    let_pass(f, FRAMER_SILENCE_MS + LATE_MS); /* the intake is full */
    hold(f, false);
    let_pass(f, LATE_MS); /* it has space, but the sender has not been read yet */
    clients_serve_queue(f->clients);
    wait_for(f, 2);
    assert_string_equal(f->seen[0].text, "<!-- <EVENT>a</EVENT> -->");
    assert_string_equal(f->seen[1].text, "<EVENT>b</EVENT>");
}

static void senders_may_disconnect_before_their_silence_is_reported(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        (void)connect_sender(f);
        send_text(f, i, "noise");
        turn(f);
    }
    hang_up(f, 1);
    turn(f);
    wait_for(f, 1); /* the connection's end tells its gap */
    assert_string_equal(f->seen[0].source, "1");
    hang_up(f, 2);
    let_pass(f, FRAMER_SILENCE_MS + LATE_MS); /* at once: both are due */
    wait_for(f, 3);
    assert_int_equal(clients_count(f->clients), 1);
    let_pass(f, FRAMER_HOLD_MS);
    check_nothing_more(f);
}

static void an_open_comment_is_given_up_when_its_sender_falls_silent(void **state)
{
    struct fixture *f = *state;
    int sender = connect_sender(f);
    send_text(f, sender, "<EVENT>1<!-- 2</EVENT><EVENT>3</EVENT>");
    turn(f);
    check_nothing_more(f);
    let_pass(f, FRAMER_SILENCE_MS + LATE_MS);
    wait_for(f, 2);
    assert_int_equal(f->seen[0].reason, REJECT_MALFORMED);
    assert_string_equal(f->seen[0].text, "<EVENT>1<!-- 2</EVENT>");
    assert_string_equal(f->seen[1].text, "<EVENT>3</EVENT>");
}

/* ---- coming and going ---- */

static void a_closed_connection_yields_only_what_it_had_sent(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) (void)connect_sender(f);
    send_event(f, 1, 1);
    send_text(f, 2, "<EVENT>half");
    for (int i = 0; i < 3; i++) hang_up(f, i);
    while (clients_count(f->clients) > 0) turn(f);
    finish(f);
    assert_int_equal(f->seen_count, 2);
    int event = f->seen[0].is_event ? 0 : 1;
    check_event(&f->seen[event], 1, 1);
    assert_int_equal(f->seen[1 - event].reason, REJECT_CUT_OFF);
}

#define LARGE_INTAKE(test) cmocka_unit_test_setup_teardown(test, with_large_intake, tear_down)
#define SMALL_INTAKE(test) cmocka_unit_test_setup_teardown(test, with_small_intake, tear_down)

/* ---- who is connected ---- */

static void connections_are_listed_by_address_those_with_most_events_first(void **state)
{
    struct fixture *f = *state;
    struct live_source sources[LIVE_SOURCES_MAX];
    int few = connect_from(f, "192.0.2.1");
    int many = connect_from(f, "192.0.2.2");
    (void)connect_from(f, "192.0.2.3");
    int too = connect_from(f, "192.0.2.2");
    send_event(f, few, 1);
    for (int i = 0; i < 2; i++) send_event(f, many, i);
    send_event(f, too, 1);
    wait_for(f, 4);
    assert_int_equal(connected_list(f->clients, sources), 3);
    assert_string_equal(sources[0].source, "192.0.2.2");
    assert_int_equal(sources[0].connections, 2);
    assert_int_equal(sources[0].events, 3);
    assert_string_equal(sources[1].source, "192.0.2.1");
    assert_int_equal(sources[1].events, 1);
    assert_true(sources[1].last_at >= sources[1].connected_at);
    assert_int_equal(sources[2].last_at, 0);
}

static void of_too_many_addresses_those_with_most_events_are_listed(void **state)
{
    struct fixture *f = *state;
    struct live_source sources[LIVE_SOURCES_MAX];
    char source[24];
    for (int i = 0; i < SENDERS_MAX; i++) {
        (void)snprintf(source, sizeof source, "192.0.2.%d", i);
        (void)connect_from(f, source);
    }
    close(f->fds[--f->senders]); /* its place in the fixture is the next one's */
    int last = connect_from(f, "198.51.100.1");
    send_event(f, last, 1);
    send_event(f, 5, 1);
    send_event(f, 5, 2);
    wait_for(f, 3);
    assert_int_equal(connected_list(f->clients, sources), LIVE_SOURCES_MAX);
    assert_string_equal(sources[0].source, "192.0.2.5");
    assert_string_equal(sources[1].source, "198.51.100.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LARGE_INTAKE(waiting_senders_are_read_first_come_first_served),
        LARGE_INTAKE(connections_are_listed_by_address_those_with_most_events_first),
        LARGE_INTAKE(of_too_many_addresses_those_with_most_events_are_listed),
        SMALL_INTAKE(flooding_senders_do_not_delay_a_sender_of_few_events),
        LARGE_INTAKE(a_read_round_reads_queued_and_unqueued_senders),
        LARGE_INTAKE(an_event_goes_on_while_others_wait_for_its_memory),
        LARGE_INTAKE(a_stalled_event_is_given_up_only_after_5_s_in_the_way),
        LARGE_INTAKE(events_given_up_of_one_address_are_one_line_and_a_count),
        LARGE_INTAKE(nobody_is_given_up_while_nothing_may_be_read),
        LARGE_INTAKE(one_read_of_many_rejects_fills_several_chunks),
        LARGE_INTAKE(a_connection_that_ends_reports_all_its_frames),
        LARGE_INTAKE(slow_events_within_the_memory_ceiling_are_never_cut_off),
        LARGE_INTAKE(large_events_that_wait_for_the_disk_stop_the_reading),
        LARGE_INTAKE(the_places_know_who_is_silent_and_who_has_sent_events),
        LARGE_INTAKE(an_event_found_in_silence_counts_as_sent),
        LARGE_INTAKE(the_unfinished_event_of_a_replaced_sender_is_kept),
        LARGE_INTAKE(a_silent_sender_is_disconnected_and_its_unfinished_event_kept),
        LARGE_INTAKE(a_sender_with_unread_bytes_is_not_silent),
        LARGE_INTAKE(a_gap_is_reported_once_its_sender_has_been_silent),
        LARGE_INTAKE(silence_begins_anew_with_each_byte),
        LARGE_INTAKE(each_sender_has_a_silence_of_its_own),
        LARGE_INTAKE(a_sender_whose_bytes_wait_unread_is_not_reported_silent),
        LARGE_INTAKE(senders_may_disconnect_before_their_silence_is_reported),
        LARGE_INTAKE(an_open_comment_is_given_up_when_its_sender_falls_silent),
        LARGE_INTAKE(a_closed_connection_yields_only_what_it_had_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
