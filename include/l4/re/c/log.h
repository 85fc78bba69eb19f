/* SPDX-License-Identifier: MIT */
/* Unformatted output to the log. */
#ifndef L4_RE_C_LOG_H
#define L4_RE_C_LOG_H

#include <l4/sys/types.h>

/** Print a string; output appears line by line (see quire/io.h). */
void l4re_log_print(char const *string);

/** Print len bytes. */
void l4re_log_printn(char const *string, int len);

/** The same to any log or virtual console, at once. */
void l4re_log_print_srv(l4_cap_idx_t const logcap, char const *string);
void l4re_log_printn_srv(l4_cap_idx_t const logcap, char const *string, int len);

#endif
