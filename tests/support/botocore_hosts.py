"""What botocore, AWS's own library, says of the hosts of S3 and STS: by the rules that it carries, without a connection.

A line each: service, region, FIPS, dual-stack, global (STS), addressing, bucket, endpoint, and the URL; or a dash and the
reason. `-` stands for what is not set. Addressing is as S3_ADDRESSING has it. botocore's own client makes of it what is in
force_path(): an endpoint that is set means the path, unless `virtual` is said. In us-east-1 it would use the global server
by default; we always use the region's own, as `regional` says there, so the rules are asked without it.
"""
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

LOADER = Loader()
PARTITIONS = LOADER.load_data("partitions")
BUCKETS = ["events", "my-bucket-2", "a.bucket.with.dots", "ab", "abc", "Events", "a_b", "-ab", "ab-", "192.168.1.1", "a" * 63,
           "a" * 64, "xn--abc", "my-ap-abcdef-s3alias"]
ENDPOINT = "https://storage.example:9000"
UNKNOWN = ["eu-newplace-7", "xx-nowhere-1"]  # of no partition that is known


def provider(service):
    return EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), PARTITIONS)


S3, STS = provider("s3"), provider("sts")


def force_path(addressing, endpoint):
    return addressing == "path" or (addressing == "auto" and endpoint is not None)


def resolve(rules, **parameters):
    try:
        return rules.resolve_endpoint(**{k: v for k, v in parameters.items() if v is not None}).url
    except EndpointProviderError as error:
        return "- " + " ".join(str(error).split())


def s3_line(region, fips, dual, addressing, bucket, endpoint=None):
    url = resolve(S3, Region=region, UseFIPS=fips, UseDualStack=dual, Bucket=bucket, Endpoint=endpoint, Accelerate=False,
                  ForcePathStyle=force_path(addressing, endpoint), UseGlobalEndpoint=False,
                  DisableMultiRegionAccessPoints=False)
    print("s3", region, int(fips), int(dual), 0, addressing, bucket, endpoint or "-", url, sep="\t")


def sts_line(region, fips, dual, is_global, endpoint=None):
    url = resolve(STS, Region=region, UseFIPS=fips, UseDualStack=dual, UseGlobalEndpoint=is_global, Endpoint=endpoint)
    print("sts", region, int(fips), int(dual), int(is_global), "-", "-", endpoint or "-", url, sep="\t")


regions = [r for p in PARTITIONS["partitions"] for r in p["regions"]] + UNKNOWN
for region in regions:
    for fips in (False, True):
        for dual in (False, True):
            for addressing in ("auto", "path"):
                s3_line(region, fips, dual, addressing, "events")
            for bucket in BUCKETS if region in ("eu-west-1", "cn-north-1", "us-gov-west-1") else ():
                s3_line(region, fips, dual, "auto", bucket)
                s3_line(region, fips, dual, "virtual", bucket)
            for is_global in (False, True):
                sts_line(region, fips, dual, is_global)
for fips in (False, True):
    for dual in (False, True):
        sts_line("eu-west-1", fips, dual, False, ENDPOINT)
        for addressing in ("auto", "path", "virtual"):
            s3_line("eu-west-1", fips, dual, addressing, "events", ENDPOINT)
for bucket in BUCKETS:
    s3_line("eu-west-1", False, False, "auto", bucket, ENDPOINT)
for endpoint in ("http://127.0.0.1:9000", "https://[::1]:9000", "http://localhost:9000"):
    s3_line("eu-west-1", False, False, "virtual", "events", endpoint)
