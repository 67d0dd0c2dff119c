/*
 * fields -- the 42 elements of an ACM event, in the order of the wire.
 * Each X(id, element) becomes a member of enum field and a name for field_name().
 */
#ifndef ACMSIM_FIELDS_H
#define ACMSIM_FIELDS_H

#define ACM_FIELDS(X)                                                                                        \
    X(GATEWAY_DN, "plasectrxGatewayDN")                                                                      \
    X(CN, "cn")                                                                                              \
    X(REC_DATE, "plasectrxRecdate")                                                                          \
    X(PANEL_DATE, "plasectrxPaneldate")                                                                      \
    X(REC_DATE_UTC, "plasectrxRecdateUTC")                                                                   \
    X(PANEL_DATE_UTC, "plasectrxPaneldateUTC")                                                               \
    X(LAST_ACCESS, "plasectrxLastacc")                                                                       \
    X(TYPE_NAME, "plasectrxEvtypename")                                                                      \
    X(BACKGROUND, "plasectrxBackgroundColor")                                                                \
    X(FOREGROUND, "plasectrxForegroundColor")                                                                \
    X(ACK_BACKGROUND, "plasectrxAckBackgroundColor")                                                         \
    X(ACK_FOREGROUND, "plasectrxAckForegroundColor")                                                         \
    X(EVENT_NAME, "plasectrxEventname")                                                                      \
    X(PANEL_NAME, "plasectrxPanelname")                                                                      \
    X(SOURCE_NAME, "plasectrxSourcename")                                                                    \
    X(SOURCE_LOCATION, "plasectrxSourcelocation")                                                            \
    X(SOURCE_ALT_NAME, "plasectrxSourcealtname")                                                             \
    X(POINT_ADDRESS, "plasectrxPointaddress")                                                                \
    X(POINT_DN, "plasectrxPointDN")                                                                          \
    X(TYPE_ADDRESS, "plasectrxEvtypeaddress")                                                                \
    X(SOURCE_DN, "plasectrxSourceDN")                                                                        \
    X(SOURCE_TYPE, "plasectrxSourcetype")                                                                    \
    X(OPERATOR_NAME, "plasectrxOperatorname")                                                                \
    X(PRIORITY, "plasectrxPri")                                                                              \
    X(MESSAGE, "plasectrxMsg")                                                                               \
    X(IDENTITY_DN, "plasectrxIdentityDN")                                                                    \
    X(CARD_NO, "plasectrxCardno")                                                                            \
    X(EMBOSSED_NO, "plasectrxEmbossedno")                                                                    \
    X(LAST_NAME, "plasectrxLname")                                                                           \
    X(FIRST_NAME, "plasectrxFname")                                                                          \
    X(MIDDLE_INITIAL, "plasectrxMi")                                                                         \
    X(ISSUE_LEVEL, "plasectrxIssuelevel")                                                                    \
    X(FACILITY_CODE, "plasectrxFacilityCode")                                                                \
    X(EXPIRED_AT, "plasectrxExpiredat")                                                                      \
    X(ACTIVATED_AT, "plasectrxActivdat")                                                                     \
    X(ISSUED_AT, "plasectrxIssuedat")                                                                        \
    X(HAS_CAMERA, "plasectrxHasCamera")                                                                      \
    X(HAS_NOTES, "plasectrxHasNotes")                                                                        \
    X(HAS_SOFT_TRIGGERS, "plasectrxHasSoftTriggerSet")                                                       \
    X(SHOW_VIDEO, "plasectrxShowVideo")                                                                      \
    X(SEQUENCE_NO, "plasectrxSeqno")                                                                         \
    X(IS_ALARM, "plasectrxIsAlarm")

#define FIELD_ENUM_MEMBER(id, element) FIELD_##id,
enum field { ACM_FIELDS(FIELD_ENUM_MEMBER) FIELD_COUNT };
#undef FIELD_ENUM_MEMBER

/* The element's name on the wire. */
const char *field_name(enum field field);

#endif
