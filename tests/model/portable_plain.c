/* portable_plain -- see portable.h: tags and texts. */
#include "tests/model/portable_names.h"

#include "common/xml/plain.c"
