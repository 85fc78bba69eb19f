/* SPDX-License-Identifier: MIT */
/* Port accesses of workers; a refused one ends in an exception and answers 0. */
#ifndef TESTS_PORTS_H
#define TESTS_PORTS_H

#include "worker.h"

/** Read a port; 1 = done, 0 = fault.  value may be null. */
int worker_in(struct worker *w, unsigned port, unsigned *value);
/** Write a port; 1 = done, 0 = fault. */
int worker_out(struct worker *w, unsigned port, unsigned value);
/** Disable interrupts; 1 = done, 0 = fault. */
int worker_cli(struct worker *w);
/** Bit n: port + n may be read; n: 1..32. */
unsigned worker_ports(struct worker *w, unsigned port, unsigned n);

#endif
