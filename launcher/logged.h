/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logged - what the audit log says of a session as a whole: its start, its end, and the
 * server's processes that the kernel killed
 */
#ifndef LAUNCHER_LOGGED_H
#define LAUNCHER_LOGGED_H

struct audit;
struct cgroup;
struct err;
struct session;

/* What is revoked does not start, and it is on record that somebody tried.  Return: 0; or
 * -errno. */
int logged_revoked(struct audit *log, const struct session *s, struct err *err);

/* Before anything of the server runs.  Return: 0; or -errno when the log is required and
 * the start cannot be on record. */
int logged_start(struct audit *log, const struct session *s, struct err *err);

/* Why a process of the server's is gone, which the server itself may not know; said on
 * stderr too. */
void logged_killed(struct audit *log, const struct cgroup *c);

void logged_stop(struct audit *log, int code, const struct err *err);

#endif /* LAUNCHER_LOGGED_H */
