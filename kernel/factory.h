/* SPDX-License-Identifier: MIT */
/* Factories: they create objects and pay for them (abi: objects.md section 4, M-75 .. M-78). */
#ifndef QUIRE_FACTORY_H
#define QUIRE_FACTORY_H

#include "kmem.h"
#include "kobject.h"

struct factory {
    struct kobject obj;
    struct quota quota;
};

extern const struct kobject_type factory_type;
extern struct factory root_factory; /* unlimited; never goes */

void factory_init_root(void);

static inline struct quota *factory_quota(struct factory *f) { return f ? &f->quota : NULL; }

#endif
