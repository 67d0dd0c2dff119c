/* sts_target -- see sts_target.h. */
#include "uploader/credentials/sts_target.h"

#include <stdio.h>

#include "uploader/http/endpoint.h"
#include "uploader/http/url.h"

static enum result refuse_mixture(const struct connection *c, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "remove one of the two");
    return why_set(why, RES_REFUSE, "%s asks for AWS's own server of STS, but %s sets another",
                   c->uses_fips ? c->fips_from : c->dualstack_from, c->sts_endpoint_from);
}

/* A server that was set is used as it is, whatever the other settings say of AWS's: there they are refused. */
enum result sts_target_find(const struct connection *c, struct sts_target *target, struct why *why)
{
    struct endpoint endpoint;
    struct endpoint_options options = {c->region, c->uses_fips, c->uses_dualstack_sts, c->uses_global_sts};
    if (*c->sts_endpoint) {
        url_host(c->sts_endpoint, target->host, sizeof target->host);
        (void)snprintf(target->region, sizeof target->region, "%s", c->region);
        if (c->uses_fips || c->uses_dualstack_sts) return refuse_mixture(c, why);
    } else {
        enum result res = endpoint_sts(&options, &endpoint, why);
        if (res != RES_OK) return res;
        (void)snprintf(target->host, sizeof target->host, "%s", endpoint.host);
        (void)snprintf(target->region, sizeof target->region, "%s", endpoint.region);
    }
    (void)snprintf(target->url, sizeof target->url, "%s://%s/", url_scheme(c->sts_endpoint), target->host);
    return RES_OK;
}
