/*
 * tiling -- is each id of a spool in exactly one place? The one check that every test of the uploader's side uses, written
 * with plain SQL and without the help of indexes and views.
 */
#ifndef TESTS_SUPPORT_TILING_H
#define TESTS_SUPPORT_TILING_H

#include <stdbool.h>

/*
 * What is wrong with the spool: a sentence and the rows that show it, owned by the caller; NULL: nothing.
 *
 * The current batches of a kind cover the ids without gap and overlap, from 1 on, or, if `is_purged`, from behind what was
 * purged by age; each row up to the last one lies in one of them; what superseded a batch covers exactly its range; no row
 * of a batch that is to be shipped is missing; has_rows is true of whose rows are there; two batches that may be stored
 * over one id have different -rN, which their keys show; and the views say what follows from the batches.
 */
char *tiling_problem(const char *spool, bool is_purged);

#endif
