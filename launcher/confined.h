/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confined - what becomes of a server when its client starts it as configured
 */
#ifndef LAUNCHER_CONFINED_H
#define LAUNCHER_CONFINED_H

struct client;
struct identity;
struct server;

enum confined {
	CONFINED_NO = 0,   /* started bare; why says what is wrong when it looks like us */
	CONFINED_YES,
	CONFINED_REMOTE,   /* a URL: no process here */
	CONFINED_DISABLED,
	CONFINED_INTERNAL, /* a part of the client */
};

#define CONFINED_WHY 256

/*
 * path is what a bare command is looked for in (NULL: the system's directories).  id_name
 * (65 bytes) gets the server name behind `run`, or "" when a command stands there.
 */
enum confined confined_check(const struct identity *identity, const struct client *client,
			     const struct server *server, const char *path,
			     char why[static CONFINED_WHY], char id_name[static 65]);

/* "confined", "not confined", "remote", "disabled", "internal". */
const char *confined_word(enum confined c);

#endif /* LAUNCHER_CONFINED_H */
