/* SPDX-License-Identifier: MIT */
/* Builds the top page of a program's stack, see stack.h. */
#include "stack.h"
#include "root.h"

#include <quire/string.h>

enum {
    CAPS_OFFSET = L4_PAGESIZE - (MAX_CHANNELS + 1) * sizeof(l4re_env_cap_entry_t),
    ENV_OFFSET = CAPS_OFFSET - sizeof(l4re_env_t),
    STRINGS_OFFSET = 2048, /* strings grow upwards from here, vectors lie below */
    AUX_WORDS = 6,
};

/* Address in the program of a place in the page. */
static l4_umword_t address(struct stack_env const *s, void const *p)
{
    return s->page_address + (l4_umword_t)((char const *)p - s->page);
}

void stack_begin(struct stack_env *s, l4_addr_t utcb_area, unsigned utcb_order)
{
    s->env = (l4re_env_t *)(void *)(s->page + ENV_OFFSET);
    s->caps = (l4re_env_cap_entry_t *)(void *)(s->page + CAPS_OFFSET);
    s->n_caps = 0;
    s->caps[0].flags = ~0UL;
    *s->env = (l4re_env_t){
        .parent = L4_BASE_PAGER_CAP,
        .rm = L4_INVALID_CAP,
        .mem_alloc = L4_INVALID_CAP,
        .log = L4_BASE_LOG_CAP,
        .main_thread = L4_BASE_THREAD_CAP,
        .factory = L4_BASE_FACTORY_CAP,
        .scheduler = L4_BASE_SCHEDULER_CAP,
        .itas = L4_INVALID_CAP,
        .dbg_events = L4_INVALID_CAP,
        .utcb_area = l4_fpage(utcb_area, utcb_order, L4_FPAGE_RW),
        .first_free_utcb = utcb_area + L4_UTCB_OFFSET,
        .caps = (l4re_env_cap_entry_t *)address(s, s->caps),
    };
}

void stack_add_cap(struct stack_env *s, char const *name, l4_cap_idx_t cap)
{
    l4re_env_cap_entry_t *c = &s->caps[s->n_caps++];

    *c = (l4re_env_cap_entry_t){.cap = cap};
    memcpy(c->name, name, strnlen(name, sizeof(c->name)));
    s->caps[s->n_caps].flags = ~0UL;
}

l4_addr_t stack_finish(struct stack_env *s, struct script_program const *program)
{
    unsigned argc = program->argc + 1; /* argv[0] is the program's name */
    unsigned words = 1 + argc + 1 + 1 + AUX_WORDS;
    l4_umword_t *w = (l4_umword_t *)(void *)(s->page + STRINGS_OFFSET) - ((words + 1) & ~1U);
    char *string = s->page + STRINGS_OFFSET;
    l4_addr_t sp = address(s, w);

    *w++ = argc;
    for (unsigned i = 0; i < argc; i++) {
        char const *text = i ? program->args[i - 1] : program->name;
        size_t len = i ? program->arg_len[i - 1] : strlen(program->name);

        if (len + 1 > (size_t)(s->page + ENV_OFFSET - string))
            die("program %s: arguments are too long", program->name);
        memcpy(string, text, len);
        string[len] = '\0';
        *w++ = address(s, string);
        string += len + 1;
    }
    *w++ = 0;
    *w++ = 0;
    *w++ = L4RE_AT_L4_ENV;
    *w++ = address(s, s->env);
    *w++ = L4RE_AT_L4_KIP;
    *w++ = KIP_ADDRESS;
    *w++ = L4RE_AT_NULL;
    *w = 0;
    return sp;
}
