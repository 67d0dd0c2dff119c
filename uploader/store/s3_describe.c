/* s3_describe -- see s3_describe.h. */
#include "uploader/store/s3_describe.h"

#include <stdio.h>

#include "common/clock.h"

static void describe_server(const struct s3_client *client, struct store_facts *facts)
{
    const struct connection *connection = s3_client_connection(client);
    struct s3_address address;
    s3_client_address(client, &address);
    store_facts_add(facts, false, "server: %s://%.500s (%s); the bucket is named in the %s", address.scheme,
                    address.host, *connection->s3_endpoint_from ? connection->s3_endpoint_from : "AWS's own",
                    address.is_path_style ? "path" : "host's name");
    if (*connection->ca_bundle)
        store_facts_add(facts, false, "certificates: those in %.700s are trusted, not the system's",
                        connection->ca_bundle);
}

/* "no", or "yes (AWS_USE_FIPS_ENDPOINT)". */
static void show_choice(char *out, size_t size, bool is_on, const char *from)
{
    (void)snprintf(out, size, "%s%s%s%s", is_on ? "yes" : "no", *from ? " (" : "", from, *from ? ")" : "");
}

static void describe_region(const struct s3_client *client, struct store_facts *facts)
{
    const struct connection *connection = s3_client_connection(client);
    char fips[CONNECTION_FROM_SIZE + 8], dualstack[CONNECTION_FROM_SIZE + 8];
    show_choice(fips, sizeof fips, connection->uses_fips, connection->fips_from);
    show_choice(dualstack, sizeof dualstack, connection->uses_dualstack, connection->dualstack_from);
    store_facts_add(facts, false, "region: %s (%s); FIPS: %s; dual-stack: %s", connection->region,
                    connection->region_from, fips, dualstack);
}

/* ---- the keys ---- */

static void describe_keys(const struct s3_client *client, struct store_facts *facts)
{
    struct credentials *credentials = s3_client_credentials(client);
    struct credentials_facts keys;
    struct why why = {0};
    char until[CLOCK_ISO_SIZE];
    char arn[STS_ARN_SIZE];
    if (!credentials_describe(credentials, &keys)) return;
    char end[CLOCK_ISO_SIZE + 16] = "no end is known";
    if (keys.expires_at != KEYS_FOREVER)
        (void)snprintf(end, sizeof end, "until %s", clock_iso(keys.expires_at, until));
    enum result res = credentials_identify(credentials, clock_now_ms(), arn, &why);
    const char *whose = *arn ? arn : "not asked (this server has no known STS)";
    store_facts_add(facts, false, "access key: ...%s; %s; whose: %.800s", keys.tail, end,
                    res == RES_OK ? whose : "not known");
    if (res != RES_OK)
        store_facts_add(facts, true, "whose keys these are could not be found out: %.800s", why.text);
}

/* ---- what is asked for each object ---- */

static void append(struct buf *out, const char *what, const char *value)
{
    if (!value || !*value) return;
    buf_append_format(out, "%s%s %s", out->len > 0 ? ", " : "", what, value);
}

/* A line for how objects are encrypted, and one for the rest. */
static void describe_objects(const struct s3_object_options *objects, struct store_facts *facts)
{
    struct buf encryption = BUF_EMPTY, rest = BUF_EMPTY;
    append(&encryption, "encryption", s3_sse_text(objects->sse));
    append(&encryption, "with the key", objects->kms_key_id);
    append(&rest, "class", objects->storage_class);
    append(&rest, "ACL", s3_acl_text(objects->acl));
    append(&rest, "tags", objects->tags);
    if (encryption.len > 0)
        store_facts_add(facts, false, "each object asks for: %.*s", (int)encryption.len, encryption.data);
    if (rest.len > 0) store_facts_add(facts, false, "each object asks for: %.*s", (int)rest.len, rest.data);
    if (encryption.len == 0 && rest.len == 0)
        store_facts_add(facts, false, "each object asks for nothing: encryption and class are the bucket's");
    buf_fini(&encryption);
    buf_fini(&rest);
    if (objects->bucket_owner)
        store_facts_add(facts, false, "the bucket must belong to the account %s (S3_EXPECTED_BUCKET_OWNER)",
                        objects->bucket_owner);
}

static void describe_acl(enum s3_acl acl, struct store_facts *facts)
{
    bool is_public = acl == S3_ACL_PUBLIC_READ || acl == S3_ACL_PUBLIC_READ_WRITE;
    if (is_public || acl == S3_ACL_AUTHENTICATED_READ)
        store_facts_add(facts, true,
                        "with S3_ACL=%s %s can read the objects, with all that events say of people",
                        s3_acl_text(acl), is_public ? "anybody on the internet" : "every AWS account");
}

void s3_describe(const struct s3_client *client, struct store_facts *facts)
{
    const struct s3_object_options *objects = &s3_client_options(client)->objects;
    describe_server(client, facts);
    describe_region(client, facts);
    describe_keys(client, facts);
    describe_objects(objects, facts);
    describe_acl(objects->acl, facts);
}
