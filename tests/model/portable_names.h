/* portable_names -- the names of portable.h, for the three files that compile the product's sources a second time. */
#ifndef TESTS_MODEL_PORTABLE_NAMES_H
#define TESTS_MODEL_PORTABLE_NAMES_H

#define XML_SCAN_PORTABLE

#define plain_event_new    portable_event_new
#define plain_event_free   portable_event_free
#define plain_event_read   portable_event_read
#define plain_event_fields portable_event_fields

#define xml_plain_begin      portable_plain_begin
#define xml_plain_next       portable_plain_next
#define xml_plain_len        portable_plain_len
#define xml_plain_text_of    portable_plain_text_of
#define xml_plain_next_piece portable_plain_next_piece
#define xml_plain_read_text  portable_plain_read_text

#define xml_shapes_new     portable_shapes_new
#define xml_shapes_free    portable_shapes_free
#define xml_shapes_read    portable_shapes_read
#define xml_shapes_begin   portable_shapes_begin
#define xml_shapes_add     portable_shapes_add
#define xml_shapes_give_up portable_shapes_give_up
#define xml_shapes_end     portable_shapes_end

#endif
