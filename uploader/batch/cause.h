/*
 * cause -- what has refused or failed a try: whose trouble it is, and how the server has put it. Only the scope decides
 * who has to wait (ship/scheduler.h); status and code tell causes of one scope apart.
 */
#ifndef UPLOADER_BATCH_CAUSE_H
#define UPLOADER_BATCH_CAUSE_H

#define CAUSE_CODE_SIZE 64

/* From the widest to the narrowest: trouble of one of them stops everything that lies in it. */
enum scope {
    SCOPE_ENDPOINT, /* the server: no answer, 5xx, 429, SlowDown, an answer that is not S3's */
    SCOPE_IDENTITY, /* who we are: no credentials, ExpiredToken, InvalidAccessKeyId, SignatureDoesNotMatch */
    SCOPE_KIND, /* what may be put under the prefix of events, or of rejects: AccessDenied, NoSuchBucket, KMS.* */
    SCOPE_BATCH, /* this object: 413, EntityTooLarge, KeyTooLongError, InvalidArgument */
};

struct cause {
    enum scope scope;
    int status;                 /* HTTP; 0: there was no answer, or no request */
    char code[CAUSE_CODE_SIZE]; /* S3's, or our own word where the trouble is ours; "": none */
};

#endif
