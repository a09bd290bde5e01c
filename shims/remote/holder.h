/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holder - fetches a delegated token, hands it over, and renews it while the session lives
 *
 * One request after the other: nothing else happens in this process.  The first token goes
 * to the launcher, through a pipe, before the server exists.  Where the server gets it in a
 * file, that file is replaced as a whole, and only after the pep can recognise the new
 * value; it goes away when the token has expired and there is no other.
 */
#ifndef SHIMS_REMOTE_HOLDER_H
#define SHIMS_REMOTE_HOLDER_H

struct audit;
struct err;
struct http;
struct remote_token;
struct secrets_live;

struct holder {
	const struct remote_token *config;
	struct http *http;
	struct audit *audit;
	int ready;    /* struct remote_ready, once */
	int lifeline; /* its end of file is the session's */
	int dir;      /* where the file is */
	struct secrets_live *live;
};

/* Until the session's end, or for one token if it is not renewed.  Return: 0 or -errno. */
int holder_run(struct holder *k, struct err *err);

#endif /* SHIMS_REMOTE_HOLDER_H */
