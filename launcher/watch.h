/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - what a server asks of the kernel and does not get, for `learn`
 *
 * A process beside the launcher, outside of every namespace of the sandbox, traces the
 * server (ptrace(2)) from its exec on, with all that it starts, and writes a record for
 * each different refusal.  It decides nothing and changes nothing: the server runs behind
 * every layer that `run` has, and gets the same answers.
 *
 * Why ptrace and not a seccomp notification: filters stack, and the strictest action wins,
 * so what a filter refuses with an errno (every socket of the Internet's) is never
 * notified; and a filter more would be another sandbox than the one that is learned for.
 * The stop of ptrace comes before seccomp (Linux 4.8) and the second one has the answer.
 * Why the server waits for it before its exec: its own children would be missed otherwise,
 * and until then its process holds what is ours and cannot be traced by anybody.
 *
 * The server may lie: change what it passed before it is read here, ask for what it does not
 * want, keep a child from being traced (CLONE_UNTRACED), which the sandbox holds all the
 * same.  A record is what a server says that it was refused, no more.
 */
#ifndef LAUNCHER_WATCH_H
#define LAUNCHER_WATCH_H

#include <stdint.h>
#include <sys/types.h>

struct err;

/* Of a path; a longer one is counted as lost.  A record is one write to a pipe. */
#define WATCH_TEXT 1024
/* Different records of one session; what comes after is counted as lost. */
#define WATCH_RECORDS 8192

enum watch_what {
	WATCH_PATH = 0, /* text: a path, absolute, as the server sees it */
	WATCH_EXEC,	/* text: the program's path */
	WATCH_CODE,	/* text: a file that could not be mapped as code */
	WATCH_UNIX,	/* text: the path of a socket that it wanted to connect to */
	WATCH_INET,	/* a socket of the Internet's, which cannot be */
	WATCH_CALL,	/* call: a number that filter A refuses */
	WATCH_LIMIT,	/* call: a number of enum watch_limit */
	WATCH_MADE,	/* not refused; text: a file that it made */
	WATCH_LOST,	/* how many refusals are in no record: call */
};

enum watch_access {
	WATCH_LOOK = 0, /* whether it is there, what it is */
	WATCH_READ,
	WATCH_WRITE,	/* its content or attributes */
	WATCH_CREATE,	/* the same; made where it does not exist */
	WATCH_NAME,	/* a name in its directory: made, removed, given to another */
};

enum watch_limit {
	WATCH_LIMIT_FILES = 0, WATCH_LIMIT_PROCESSES, WATCH_LIMIT_MEMORY, WATCH_LIMIT_FILE_SIZE,
	WATCH_LIMIT_SPACE,
};

struct watch_record {
	uint8_t what;	/* enum watch_what */
	uint8_t access; /* enum watch_access */
	uint16_t len;	/* of the text that follows, at most WATCH_TEXT */
	int32_t error;	/* the errno it got */
	uint32_t call;
};

/*
 * Start the watching process, which writes records to `out` until the last of the server's
 * processes is gone.  It is a child of the caller's, dies with it, and takes what it traces
 * along (PTRACE_O_EXITKILL).  *ret_server is the server's end, O_CLOEXEC.
 * Return: 0 or -errno.
 */
int watch_start(int out, int *ret_server, struct err *err);

/*
 * In the process that is about to become the server: wait until it is traced.  Return: 0,
 * or -errno with words, and then nothing may be executed.
 */
int watch_await(int server, struct err *err);

#endif /* LAUNCHER_WATCH_H */
