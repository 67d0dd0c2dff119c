/*
 * encodings -- which encodings DEFAULT_ENCODING may name: those in which a byte of ASCII always stands for itself,
 * because the markup is found before the text is decoded. Pure.
 */
#ifndef COLLECTOR_FRAMING_ENCODINGS_H
#define COLLECTOR_FRAMING_ENCODINGS_H

#include "common/why.h"

#define ENCODINGS_NAME_MAX 64 /* bytes */

/*
 * Accepts UTF-8, the single-byte encodings that contain ASCII, and the EUC encodings (GB2312 is EUC-CN).
 *   RES_REFUSE   all others, and unknown ones: `why` has the setting, the value, the reason and correct examples
 */
MUST_CHECK enum result encodings_check_default(const char *name, struct why *why);

#endif
