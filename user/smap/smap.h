/* SPDX-License-Identifier: MIT */
/*
 * Protocol between the memory-map example's client and server.
 *
 * All calls: label SMAP_PROTOCOL, MR0 = operation, MR1 = address where the client wants the page.
 * The client's first memory buffer is a window of one page there.  Answers: label 0 or an error;
 * map, remap and grant carry one memory item.
 */
#ifndef SMAP_SMAP_H
#define SMAP_SMAP_H

enum { SMAP_PROTOCOL = 0x5a00 };

enum smap_op {
    SMAP_MAP,    /* the page, readable only */
    SMAP_REVOKE, /* take the page away from everybody else */
    SMAP_REMAP,  /* the page again, writable */
    SMAP_SEEN,   /* what does the server read in its page now? */
    SMAP_GRANT,  /* hand the page over */
    SMAP_QUIT,   /* the server may end */
};

/** What the client writes into the page when it may. */
#define SMAP_CLIENT_WORD 0x7465697551UL /* "Quiet" */

#endif
