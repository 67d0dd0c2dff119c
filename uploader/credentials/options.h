/*
 * options -- what the sources of keys must know. All texts are borrowed from whoever fills them in; NULL: not set.
 */
#ifndef UPLOADER_CREDENTIALS_OPTIONS_H
#define UPLOADER_CREDENTIALS_OPTIONS_H

#include <stdbool.h>

/* A profile of the shared files. */
struct profile_options {
    const char *name;             /* NULL: default */
    const char *config_file;      /* NULL: ~/.aws/config */
    const char *credentials_file; /* NULL: ~/.aws/credentials */
};

/* A role, and a file with a token for it. */
struct web_identity_options {
    const char *role_arn;
    const char *session_name; /* NULL: eventspool */
    const char *token_file;
};

/* The endpoint of an ECS task or of a pod. Its token is not here: container.c reads it anew each time. */
struct container_options {
    const char *relative_uri, *full_uri;
};

/* EC2's instance metadata. */
struct imds_options {
    bool is_disabled;
    const char *endpoint; /* NULL: http://169.254.169.254 */
};

/* The Security Token Service. */
struct sts_options {
    const char *endpoint;      /* NULL: AWS's */
    bool uses_global_endpoint; /* of AWS, for the regions that had no endpoint of their own once */
};

/* The access key is not here: environment.c reads it anew each time. */
struct credentials_options {
    const char *region;    /* NULL: the profile's, else us-east-1 */
    const char *ca_bundle; /* NULL: the system's */
    struct profile_options profile;
    struct web_identity_options web_identity;
    struct container_options container;
    struct imds_options imds;
    struct sts_options sts;
};

#endif
