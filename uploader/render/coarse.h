/*
 * coarse -- what may be said about a reject where its payload may not be shown.
 *
 * The `detail` of a reject quotes the payload: names of elements, attributes, prefixes and entities, encodings, URIs. A
 * sender that does not escape its text can turn anything into such a name (`<John Smith>`). So nothing of the detail is
 * copied. Of its text only the numbers of the line and the column are read; the words follow from the reason.
 */
#ifndef UPLOADER_RENDER_COARSE_H
#define UPLOADER_RENDER_COARSE_H

#define COARSE_SIZE 160

/*
 * Writes e.g. "line 3, column 17: not well-formed XML", without the place if `detail` has none. Returns `text`. A reason
 * that is not known gives "".
 */
const char *coarse_detail(const char *reason, const char *detail, char text[COARSE_SIZE]);

#endif
