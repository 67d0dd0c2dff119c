/* job -- see job.h. */
#include "uploader/ship/job.h"

#include <assert.h>

#define TO(phase) (1u << (phase))

static const unsigned next_phases[] = {
    [JOB_IDLE] = TO(JOB_HASHING) | TO(JOB_LOOKING) | TO(JOB_PROVING),
    [JOB_HASHING] = TO(JOB_LOOKING) | TO(JOB_PUTTING) | TO(JOB_IDLE),
    [JOB_LOOKING] = TO(JOB_HASHING) | TO(JOB_PUTTING) | TO(JOB_IDLE),
    [JOB_PUTTING] = TO(JOB_IDLE),
    [JOB_PROVING] = TO(JOB_IDLE),
};

void job_move(struct job *job, enum job_phase next)
{
    assert(next_phases[job->phase] & TO(next));
    job->phase = next;
}
