/*
 * options -- what the sources of keys must know. All texts are borrowed from whoever fills them in; NULL: not set.
 */
#ifndef UPLOADER_CREDENTIALS_OPTIONS_H
#define UPLOADER_CREDENTIALS_OPTIONS_H

#include <stdbool.h>

/* A profile of the shared files. */
struct profile_options {
    const char *name;             /* NULL: default */
    const char *name_from;        /* the setting that it comes from */
    const char *config_file;      /* NULL: ~/.aws/config */
    const char *credentials_file; /* NULL: ~/.aws/credentials */
};

/* A role, and a file with a token for it. */
struct web_identity_options {
    const char *role_arn;
    const char *session_name; /* NULL: eventspool; of every role, also a profile's */
    const char *token_file;
    const char *duration_s; /* as in sts_request */
};

/* The endpoint of an ECS task or of a pod. Its token is not here: container.c reads it anew each time. */
struct container_options {
    const char *relative_uri, *full_uri;
};

/* EC2's instance metadata; where they are is in the connection_options. */
struct imds_options {
    bool is_disabled;
};

enum connection_choice { CONNECTION_UNSET, CONNECTION_NO, CONNECTION_YES };

/* What the settings say of where and how to connect; what is not set is the profile's (connection.h). */
struct connection_options {
    const char *region, *region_from; /* the second: the setting that it comes from */
    const char *endpoint_url, *endpoint_url_s3, *endpoint_url_sts; /* the first is for both */
    enum connection_choice ignores_endpoint_urls;                  /* of the settings and of the profile */
    enum connection_choice fips, dualstack;
    enum connection_choice
        global_sts; /* AWS's global server, for the regions that had none of their own once */
    const char *ca_bundle;
    const char *imds_endpoint;
    enum connection_choice imds_ipv6; /* if there is no imds_endpoint */
    struct profile_options profile;
};

/* The access key is not here: environment.c reads it anew each time. */
struct credentials_options {
    struct profile_options profile;
    struct web_identity_options web_identity;
    struct container_options container;
    struct imds_options imds;
};

#endif
