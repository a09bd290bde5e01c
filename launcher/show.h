/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show - names that someone else chose, on a terminal or in a report
 */
#ifndef LAUNCHER_SHOW_H
#define LAUNCHER_SHOW_H

#include <stdio.h>

/* Printable ASCII as it is; a backslash and every other byte as \xHH. */
void show_text(FILE *out, const char *text);

/* A string of JSON in ASCII, quotes included; what is no UTF-8 becomes U+FFFD. */
void show_json(FILE *out, const char *text);

#endif /* LAUNCHER_SHOW_H */
