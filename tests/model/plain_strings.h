/*
 * plain_strings -- what XML is made of, in tokens: tags, parts of tags, references, line ends, characters that XML forbids
 * and bytes that are not UTF-8. Strings of them, each or at random, and changes of a text by them.
 */
#ifndef TESTS_MODEL_PLAIN_STRINGS_H
#define TESTS_MODEL_PLAIN_STRINGS_H

#include "collector/framing/event.h"
#include "common/buf.h"
#include "tests/support/chance.h"

size_t plain_token_count(void);
struct slice plain_token(size_t index);

/* Up to `most` tokens, nearly all of them of the plain kind, so that the string often stays well-formed. */
void plain_append_tokens(struct buf *text, size_t most, struct chance *chance);

/*
 * Changes a text: bytes are changed, put in, taken out, doubled, exchanged; tokens, references that are no character's,
 * white space and line ends are put in.
 */
void plain_mutate(struct buf *text, struct chance *chance);

#endif
