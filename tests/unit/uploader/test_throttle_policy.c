/* test_throttle_policy -- the table of throttle_policy.h, row by row. Whole worlds: test_throttle_worlds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/throttle_policy.h"

#define STEP_MS      50
#define TIMELY_MS    (THROTTLE_TIMELY_US / 1000)
#define LATE_MS      (THROTTLE_LATER_US / 1000)
#define VERY_LATE_MS (THROTTLE_VERY_LATE_US / 1000 + 1)

/* What is received and seen in each step of STEP_MS. */
struct feed {
    struct throttle_policy policy;
    struct throttle_look look;
    int64_t now;
};

static struct feed begin(void)
{
    struct feed feed = {
        .policy = throttle_policy_begin(), .now = 1000, .look = {.bytes = 1 << 30, .rows = 1 << 20}};
    throttle_policy_look(&feed.policy, feed.now, &feed.look);
    return feed;
}

/* For so long `rows` rows a step are received, of 200 bytes, and each look finds the newest of this age. */
static void run(struct feed *feed, int64_t ms, int64_t rows, int64_t newest_age)
{
    for (int64_t i = 0; i < ms / STEP_MS; i++) {
        feed->now += STEP_MS;
        feed->look.rows += rows;
        feed->look.bytes += rows * 200;
        feed->look.newest_age = newest_age;
        throttle_policy_look(&feed->policy, feed->now, &feed->look);
    }
}

static void backlog(struct feed *feed, int64_t sealed, int64_t left, int64_t age)
{
    struct throttle_backlog seen = {sealed, left, age};
    throttle_policy_backlog(&feed->policy, feed->now, &seen);
}

/* Two looks at a backlog that does not become smaller. */
static void fall_behind(struct feed *feed)
{
    backlog(feed, 1000, 5000, THROTTLE_BEHIND_MS);
    feed->now += THROTTLE_TREND_MS;
    backlog(feed, 1000, 5000, THROTTLE_BEHIND_MS);
}

static void nothing_received_leaves_all_of_the_time(void **state)
{
    (void)state;
    struct feed feed = begin(); /* what was received before says nothing */
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
    run(&feed, 5000, 0, 1000000);
    assert_int_equal(feed.policy.state, THROTTLE_FREE);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void the_first_event_leaves_half(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, STEP_MS, 1, 0);
    assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_HALF);
}

static void behind_the_first_events_a_quiet_second_frees(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, STEP_MS, 100, 100);
    run(&feed, THROTTLE_QUIET_MS - STEP_MS, 0, 1000);
    assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
    run(&feed, STEP_MS, 0, 1000);
    assert_int_equal(feed.policy.state, THROTTLE_FREE);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void the_end_of_a_steady_load_is_noticed_soon(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 100 * STEP_MS, 100, 1000);
    run(&feed, THROTTLE_QUIET_LEAST_MS < 4 * STEP_MS ? 4 * STEP_MS : THROTTLE_QUIET_LEAST_MS, 0, 1000);
    assert_int_equal(feed.policy.state, THROTTLE_FREE);
}

static void the_pause_between_bursts_is_no_end(void **state)
{
    (void)state;
    struct feed feed = begin();
    for (int burst = 0; burst < 100; burst++) {
        run(&feed, 3 * STEP_MS, 100, 1000);
        for (int64_t paused = 0; paused < 200; paused += STEP_MS) {
            run(&feed, STEP_MS, 0, 1000);
            assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
        }
    }
}

static void low_space_frees_at_once(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 1000, 100, 100);
    feed.look.is_space_low = true;
    run(&feed, STEP_MS, 100, 100);
    assert_int_equal(feed.policy.state, THROTTLE_FREE);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
    feed.look.is_space_low = false;
    run(&feed, STEP_MS, 100, 100);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_HALF);
}

static void a_collector_that_is_in_time_gives_all_within_ten_seconds(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 100, TIMELY_MS);
    assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void lateness_takes_down_to_half_and_much_of_it_to_the_least(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 100, 0);
    run(&feed, 5000, 100, LATE_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_HALF);
    run(&feed, 5000, 100, VERY_LATE_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_LEAST);
    run(&feed, 10000, 100, LATE_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_HALF);
}

static void between_the_limits_the_share_stays(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 3000, 100, TIMELY_MS + 1);
    int share = feed.policy.share; /* the mean has risen meanwhile */
    assert_in_range(share, THROTTLE_SHARE_HALF, THROTTLE_SHARE_ALL - 1);
    run(&feed, 10000, 100, TIMELY_MS + 1);
    assert_int_equal(feed.policy.share, share);
    run(&feed, 10000, 100, VERY_LATE_MS);
    run(&feed, 10000, 100, LATE_MS + 5);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_LEAST);
}

static void one_late_look_changes_nothing(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 100, 1);
    run(&feed, STEP_MS, 100, VERY_LATE_MS);
    run(&feed, 1000, 100, 1);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void the_time_between_two_events_is_not_lateness(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 1, STEP_MS + TIMELY_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
    run(&feed, 10000, 1, STEP_MS + LATE_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_HALF);
}

static void a_look_that_finds_nothing_new_says_nothing_of_lateness(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 100, 0);
    for (int i = 0; i < 20; i++) {
        run(&feed, STEP_MS, 100, 0);
        run(&feed, THROTTLE_QUIET_MS / 2, 0, 500);
    }
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void clocks_that_jump_are_forgotten_soon(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 10000, 100, -3600000);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
    run(&feed, STEP_MS, 100, 3600000);
    run(&feed, 20000, 100, 0);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

static void a_backlog_that_does_not_shrink_is_hurried_however_late_events_are(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 5000, 100, VERY_LATE_MS);
    fall_behind(&feed);
    for (int second = 0; second < 4; second++) {
        backlog(&feed, 1000, 5000, THROTTLE_BEHIND_MS);
        run(&feed, 1000, 100, VERY_LATE_MS);
    }
    assert_int_equal(feed.policy.state, THROTTLE_HURRYING);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_ALL);
}

/* While the store is away nothing is sealed, and nobody looks what waits. */
static void a_backlog_that_nobody_measures_any_more_is_not_behind(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 1000, 100, VERY_LATE_MS);
    fall_behind(&feed);
    run(&feed, THROTTLE_REPORT_MS / 2, 100, VERY_LATE_MS);
    assert_int_equal(feed.policy.state, THROTTLE_HURRYING);
    run(&feed, THROTTLE_REPORT_MS, 100, VERY_LATE_MS);
    assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
}

static void a_backlog_that_shrinks_or_is_young_or_small_is_not_behind(void **state)
{
    (void)state;
    static const struct throttle_backlog seen[] = {{1000, 4999, THROTTLE_BEHIND_MS},
                                                   {1000, 5000, THROTTLE_BEHIND_MS - 1},
                                                   {5001, 5000, THROTTLE_BEHIND_MS},
                                                   {0, 0, 0}};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        struct feed feed = begin();
        run(&feed, 1000, 100, 0);
        backlog(&feed, 1000, 5000, THROTTLE_BEHIND_MS);
        feed.now += THROTTLE_TREND_MS;
        throttle_policy_backlog(&feed.policy, feed.now, &seen[i]);
        run(&feed, STEP_MS, 100, 0);
        assert_int_equal(feed.policy.state, THROTTLE_YIELDING);
    }
}

static void growth_is_not_judged_before_its_time(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 1000, 100, 0);
    backlog(&feed, 1000, 5000, THROTTLE_BEHIND_MS);
    feed.now += THROTTLE_TREND_MS - 1;
    backlog(&feed, 1000, 9000, THROTTLE_BEHIND_MS);
    assert_false(feed.policy.is_behind);
}

static void what_was_needed_to_keep_up_is_given_back_slowly(void **state)
{
    (void)state;
    struct feed feed = begin();
    run(&feed, 5000, 100, VERY_LATE_MS);
    fall_behind(&feed);
    run(&feed, 1000, 100, VERY_LATE_MS);
    int needed = feed.policy.share;
    assert_in_range(needed, THROTTLE_SHARE_LEAST + 200, THROTTLE_SHARE_ALL);
    backlog(&feed, 0, 0, 0);
    run(&feed, 1000, 100, VERY_LATE_MS);
    assert_in_range(feed.policy.share, needed * 9 / 10, needed);
    run(&feed, 30000, 100, VERY_LATE_MS);
    assert_int_equal(feed.policy.share, THROTTLE_SHARE_LEAST);
}

static void a_sleep_is_what_is_missing_to_the_share(void **state)
{
    (void)state;
    assert_int_equal(throttle_policy_sleep(THROTTLE_SHARE_ALL, 1000), 0);
    assert_int_equal(throttle_policy_sleep(THROTTLE_SHARE_HALF, 1000), 1000);
    assert_int_equal(throttle_policy_sleep(THROTTLE_SHARE_LEAST, 1000), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_received_leaves_all_of_the_time),
        cmocka_unit_test(the_first_event_leaves_half),
        cmocka_unit_test(behind_the_first_events_a_quiet_second_frees),
        cmocka_unit_test(the_end_of_a_steady_load_is_noticed_soon),
        cmocka_unit_test(the_pause_between_bursts_is_no_end),
        cmocka_unit_test(low_space_frees_at_once),
        cmocka_unit_test(a_collector_that_is_in_time_gives_all_within_ten_seconds),
        cmocka_unit_test(lateness_takes_down_to_half_and_much_of_it_to_the_least),
        cmocka_unit_test(between_the_limits_the_share_stays),
        cmocka_unit_test(one_late_look_changes_nothing),
        cmocka_unit_test(the_time_between_two_events_is_not_lateness),
        cmocka_unit_test(a_look_that_finds_nothing_new_says_nothing_of_lateness),
        cmocka_unit_test(clocks_that_jump_are_forgotten_soon),
        cmocka_unit_test(a_backlog_that_does_not_shrink_is_hurried_however_late_events_are),
        cmocka_unit_test(a_backlog_that_nobody_measures_any_more_is_not_behind),
        cmocka_unit_test(a_backlog_that_shrinks_or_is_young_or_small_is_not_behind),
        cmocka_unit_test(growth_is_not_judged_before_its_time),
        cmocka_unit_test(what_was_needed_to_keep_up_is_given_back_slowly),
        cmocka_unit_test(a_sleep_is_what_is_missing_to_the_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
