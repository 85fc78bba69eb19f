/* SPDX-License-Identifier: MIT */
/* The line editor of the playground: keys of the serial console become a line. */
#ifndef PLAY_LINE_H
#define PLAY_LINE_H

#include "parse.h"

/** Have the console tell of input; 0 or an error. */
long line_init(void);

/** Read a line (without line feed) of at most MAX_LINE characters, with editing and history. */
void line_read(char line[MAX_LINE + 1]);

#endif
