/* fuzz_aws_config -- the shared files: one text as both, and the command in it split into words. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz_support.h"
#include "uploader/credentials/aws_config.h"
#include "uploader/credentials/command_words.h"

static void split(const char *command)
{
    char *words[COMMAND_WORDS_MAX];
    char *text = strdup(command);
    assert(text);
    if (command_words_split(text, words)) {
        size_t count = 0;
        while (words[count]) count++;
        assert(count > 0 && count < COMMAND_WORDS_MAX);
        for (size_t i = 0; i < count; i++)
            assert(words[i] >= text && words[i] + strlen(words[i]) <= text + strlen(command));
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"aws_access_key_id", "role_arn", "region", "credential_process",
                                        "s3"};
    struct aws_config config = {0};
    struct buf text = BUF_EMPTY;
    struct why why = {0};
    fuzz_memory_begin();
    buf_append(&text, data, size);
    enum result res = text.len > 0 ? aws_config_parse(&config, AWS_CONFIG, &text, &why) : RES_OK;
    if (res == RES_OK && text.len > 0) res = aws_config_parse(&config, AWS_CREDENTIALS, &text, &why);
    fuzz_check_why(&why);
    assert((res == RES_OK) == (*why.text == '\0'));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = aws_config_get(&config, "default", names[i]);
        assert(!value || (*value && aws_config_has(&config, AWS_PROFILE, "default")));
        if (value) split(value);
    }
    size_t at = 0;
    struct aws_value value;
    while (aws_config_next(&config, AWS_SERVICES, "s", &at, &value)) {
        assert(*value.value);
        if (!value.parent) continue;
        assert(aws_config_get_nested(&config, AWS_SERVICES, "s", value.parent, value.name));
    }
    aws_config_fini(&config);
    buf_fini(&text);
    fuzz_memory_end();
    return 0;
}
