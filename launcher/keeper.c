/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/commands.h"
#include "launcher/forward.h"
#include "launcher/keeper.h"
#include "launcher/logbook.h"
#include "launcher/revocation.h"
#include "launcher/session.h"

/* Seconds that a writer waits for the keeper: a disk that is busy, never a person. */
#define PATIENCE 20
/* Records of one socket that are taken before the others are looked at. */
#define BATCH 64
/* Between two heads for journald and syslog, in milliseconds. */
#define HEADS 60000

enum { C_LAUNCHER = 0, C_PEP, C_BROKER, C_EGRESS, C_TOKEN, C_N };
static const char *const names[C_N] = { "launcher", "pep", "broker", "egress", "token" };

struct client {
	int fd;
	bool has_farewell;
	uint64_t n;
	int error; /* to be told in the next receipt */
	bool must_tell;
};

struct keeping {
	struct client client[C_N];
	int watch, notify;
	int dir, etc, list;	/* directories: the logs, SYSCONFDIR, the user's list */
	char *list_path;
	struct logbook book;
	bool has_book;
	struct forward copies;
	struct trail_who who;
	struct revocation revocation;
	const struct policy *policy;
	uint64_t lost;		/* records since the last one that was kept */
	bool said_lost, said_copies, said_cut;
	int standing;		/* what was told last: as revocation_look(); 2: nothing */
	char why[REVOCATION_WORDS];
	int64_t look_at, heads_at; /* CLOCK_MONOTONIC ms */
};

static int64_t now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(const struct keeping *k, enum wire_standing_kind kind, const char *why)
{
	struct wire_standing s = { .kind = (uint32_t)kind };

	snprintf(s.why, sizeof(s.why), "%s", why);
	send(k->watch, &s, sizeof(s), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* --- the log ------------------------------------------------------------------------------ */

static void tell_lost(struct keeping *k, int error)
{
	char words[sizeof(((struct wire_standing *)0)->why)];

	if (k->said_lost)
		return;
	k->said_lost = true;
	snprintf(words, sizeof(words), "the audit log %s.jsonl cannot be written: %s; free some space, "
		 "or see mcp-confine log verify", k->book.name, strerror(error));
	tell(k, WIRE_STANDING_LOST, words);
}

static void tell_found(struct keeping *k)
{
	char words[160];

	if (k->said_cut || (!k->book.was_cut && !k->book.was_lost))
		return;
	k->said_cut = true;
	snprintf(words, sizeof(words), "the audit log %s.jsonl %s; see mcp-confine log verify",
		 k->book.name, k->book.was_cut ? "was cut or written by somebody else" :
						 "had lost its head");
	tell(k, WIRE_STANDING_NOTE, words);
}

static int append_one(struct keeping *k, const char *by, const char *record, size_t len)
{
	int r;

	assert(trail_check_record(record, len) == 0);
	r = logbook_append(&k->book, &k->who, by, now_ms(CLOCK_REALTIME), record, len);

	tell_found(k);
	if (r < 0)
		return r;
	r = forward_line(&k->copies, k->who.server, k->book.line, k->book.len);
	if (r < 0 && !k->said_copies) {
		k->said_copies = true;
		tell(k, WIRE_STANDING_NOTE, "a copy of the audit log did not reach journald or syslog");
	}
	return r < 0 && k->policy->audit.required ? r : 0;
}

static int append(struct keeping *k, const char *by, const char *record, size_t len)
{
	char text[64];
	int r = k->has_book ? 0 : -EBADF;

	if (r == 0 && k->lost) {
		int n = snprintf(text, sizeof(text), "{\"event\":\"lost\",\"count\":%llu}",
				 (unsigned long long)k->lost);

		r = append_one(k, "keeper", text, (size_t)n);
		if (r == 0)
			k->lost = 0;
	}
	if (r == 0)
		r = append_one(k, by, record, len);
	if (r < 0) {
		k->lost++;
		tell_lost(k, -r);
	} else {
		k->said_lost = false;
	}
	return r;
}

static void take_record(struct keeping *k, int which, const char *record, size_t len)
{
	static const char unreadable[] = "{\"event\":\"unreadable\"}";
	struct client *c = &k->client[which];
	bool is_ours = trail_check_record(record, len) == 0;
	int r = append(k, names[which], is_ours ? record : unreadable,
		       is_ours ? len : sizeof(unreadable) - 1);

	c->n++;
	c->must_tell = true;
	if (!c->error)
		c->error = r < 0 ? -r : is_ours ? 0 : EPROTO;
}

static void end_client(struct keeping *k, int which)
{
	static const char killed[] = "{\"event\":\"stop\",\"why\":\"the launcher was killed\"}";
	struct client *c = &k->client[which];

	close(c->fd);
	c->fd = -1;
	if (which != C_LAUNCHER || c->has_farewell)
		return;
	append(k, "keeper", killed, sizeof(killed) - 1);
}

static void hear(struct keeping *k, int which)
{
	/* One byte more than a record has: what is longer is none. */
	static char record[LIMIT_AUDIT_LINE + 1];
	struct client *c = &k->client[which];

	for (int i = 0; i < BATCH; i++) {
		ssize_t n = recv(c->fd, record, sizeof(record), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 1 && record[0] == WIRE_FAREWELL[0]) {
			c->has_farewell = true;
			n = 0;
		}
		if (n <= 0) {
			end_client(k, which);
			return;
		}
		take_record(k, which, record, (size_t)n);
	}
}

/* On the disk, where the policy says so; and then said. */
static void settle(struct keeping *k)
{
	bool has_any = false;
	int r = 0;

	for (int i = 0; i < C_N; i++)
		has_any |= k->client[i].must_tell;
	if (has_any && k->has_book && k->policy->audit.sync) {
		r = logbook_sync(&k->book);
		if (r < 0)
			tell_lost(k, -r);
	}
	for (int i = 0; i < C_N && has_any; i++) {
		struct client *c = &k->client[i];
		struct wire_receipt receipt = { .n = c->n, .error = c->error ? c->error : -r };

		if (!c->must_tell)
			continue;
		c->must_tell = false;
		c->error = 0;
		/* Who does not read its receipts does not wait for them. */
		if (c->fd >= 0)
			send(c->fd, &receipt, sizeof(receipt), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static void give_head(struct keeping *k)
{
	struct trail_head head = { .seq = k->book.state.last };

	memcpy(head.hash, k->book.state.hash, SHA256_SIZE);
	if (head.seq && forward_head(&k->copies, k->who.server, &head) < 0 && !k->said_copies) {
		k->said_copies = true;
		tell(k, WIRE_STANDING_NOTE, "the head of the audit log did not reach journald or syslog");
	}
}

/* --- what is revoked ----------------------------------------------------------------------- */

#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB)

/* Again at each look: a directory may be a new one. */
static void watch(const struct keeping *k)
{
	if (k->notify < 0)
		return;
	inotify_add_watch(k->notify, k->list_path, CHANGES | IN_ONLYDIR);
	inotify_add_watch(k->notify, SYSCONFDIR "/mcp-confine", CHANGES | IN_ONLYDIR);
	inotify_add_watch(k->notify, SYSCONFDIR,
			  IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

static void look(struct keeping *k)
{
	char why[REVOCATION_WORDS] = "";
	int r;

	k->look_at = now_ms(CLOCK_MONOTONIC) + (int64_t)k->policy->revocation.interval * 1000;
	watch(k);
	r = revocation_look(&k->revocation, why);
	r = r < 0 ? -1 : r;
	if (r == k->standing && !strcmp(why, k->why))
		return;
	k->standing = r;
	snprintf(k->why, sizeof(k->why), "%s", why);
	tell(k, r > 0 ? WIRE_STANDING_REVOKED : r < 0 ? WIRE_STANDING_UNKNOWN : WIRE_STANDING_GOOD,
	     why);
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

/* --- the process --------------------------------------------------------------------------- */

static int pause_of(const struct keeping *k)
{
	bool has_copies = k->copies.journald >= 0 || k->copies.syslog >= 0;
	int64_t next = k->look_at, left;

	if (has_copies && k->copies.told != k->book.state.last && k->heads_at < next)
		next = k->heads_at;
	left = next - now_ms(CLOCK_MONOTONIC);
	return left > 0 ? (int)left : 0;
}

static bool is_over(const struct keeping *k)
{
	for (int i = 0; i < C_N; i++)
		if (k->client[i].fd >= 0)
			return false;
	return true;
}

static void keep(struct keeping *k)
{
	while (!is_over(k)) {
		struct pollfd p[C_N + 1];
		int64_t now;

		for (int i = 0; i < C_N; i++)
			p[i] = (struct pollfd){ k->client[i].fd, POLLIN, 0 };
		p[C_N] = (struct pollfd){ k->notify, POLLIN, 0 };
		if (poll(p, C_N + 1, pause_of(k)) < 0 && errno != EINTR)
			_exit(125);
		/* What is revoked comes before what is to be written about it. */
		now = now_ms(CLOCK_MONOTONIC);
		if (p[C_N].revents)
			drain(k->notify);
		if (p[C_N].revents || now >= k->look_at)
			look(k);
		for (int i = 0; i < C_N; i++)
			if (p[i].fd >= 0 && p[i].revents)
				hear(k, i);
		settle(k);
		if (now >= k->heads_at) {
			give_head(k);
			k->heads_at = now + HEADS;
		}
	}
	if (k->lost && k->has_book) {
		char text[64];
		int n = snprintf(text, sizeof(text), "{\"event\":\"lost\",\"count\":%llu}",
				 (unsigned long long)k->lost);

		append_one(k, "keeper", text, (size_t)n);
	}
	if (k->policy->audit.sync && k->has_book)
		logbook_sync(&k->book);
	give_head(k);
}

/* --- before the lock -------------------------------------------------------------------------- */

static int open_list(const struct session *s, struct keeping *k, struct err *err)
{
	int r = user_state(&s->user, REVOCATION_DIR, &k->list_path, err);

	if (r < 0)
		return r;
	k->list = open(k->list_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->list < 0)
		return err_errno(err, errno, "%s", k->list_path);
	k->etc = open(SYSCONFDIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Without it the lists are still read every interval. */
	k->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return 0;
}

/*
 * A disk that is full is borne where the policy does not require the log; a log that is not
 * ours to write, or no regular file, never is: somebody made it so.  Return: 0, also with
 * words in err about what there is not; or -errno.
 */
static int open_log(const struct session *s, struct keeping *k, struct err *err)
{
	const struct policy_audit *p = &s->policy.audit;
	int r;

	k->dir = logbook_directory(&s->user, true, err);
	r = k->dir;
	if (r >= 0)
		r = logbook_open(k->dir, s->name, p->max_size, (unsigned int)p->files, &k->book, err);
	k->has_book = r == 0;
	if (r == 0)
		r = forward_open(p, &k->copies, err);
	else if (r != -ENOSPC && r != -EDQUOT && r != -EROFS)
		return r;
	return r < 0 && p->required ? err_wrap(err, "the policy requires the audit log") : 0;
}

static int lock(const struct keeping *k, struct err *err)
{
	int abi = landlock_abi(), r = lock_memory(err);
	cleanup_close int ruleset = -1;

	if (r == 0)
		r = lock_privileges(err);
	if (r < 0)
		return r;
	if (abi) {
		ruleset = landlock_open(abi, true, err);
		r = ruleset < 0 ? ruleset : 0;
		if (r == 0 && k->dir >= 0)
			r = landlock_add(ruleset, abi, k->dir, true, LANDLOCK_WRITE, err);
		if (r == 0)
			r = landlock_add(ruleset, abi, k->list, true, LANDLOCK_READ, err);
		if (r == 0 && k->etc >= 0)
			r = landlock_add(ruleset, abi, k->etc, true, LANDLOCK_READ, err);
		if (r == 0)
			r = landlock_enter(ruleset, err);
	}
	return r < 0 ? r : lock_syscalls(&filter_keeper, err);
}

/* Only these stay open, as 3 and up: no lock, no stream and no socket of the launcher's. */
static int close_others(struct keeping *k)
{
	int *all[C_N + 1] = { &k->watch }, n = 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -errno;
	for (int i = 0; i < C_N; i++)
		if (k->client[i].fd >= 0)
			all[n++] = &k->client[i].fd;
	for (int i = 0; i < n; i++)
		if ((*all[i] = fcntl(*all[i], F_DUPFD_CLOEXEC, 3 + n)) < 0)
			return -errno;
	for (int i = 0; i < n; i++) {
		if (dup3(*all[i], 3 + i, O_CLOEXEC) < 0)
			return -errno;
		*all[i] = 3 + i;
	}
	return fd_close_from((unsigned int)(3 + n));
}

static _Noreturn void run(const struct session *s, struct keeping *k)
{
	struct err err = {0}, log = {0};
	sigset_t all;
	int r;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	r = close_others(k);
	if (r == 0)
		r = open_list(s, k, &err);
	if (r == 0)
		r = open_log(s, k, &log);
	if (r == 0)
		r = lock(k, &err);
	if (r < 0) {
		tell(k, WIRE_STANDING_NONE, log.code ? log.text : err.text);
		_exit(125);
	}
	if (log.code)
		tell(k, WIRE_STANDING_NOTE, log.text);
	k->said_lost = !k->has_book;
	look(k);
	keep(k);
	/* All is written.  The end of an inotify instance waits for a grace period of the
	 * kernel's, ten milliseconds and more: nobody else needs to wait for that. */
	close(k->watch);
	_exit(0);
}

static int open_pair(int *ret_ours, int *ret_its, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	*ret_ours = pair[0];
	*ret_its = pair[1];
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_errno(err, errno, "setsockopt");
	return 0;
}

/* Its first words: whether it runs.  What it says of the lists stays for the supervisor. */
static int wait_ready(struct keeper *k, struct err *err)
{
	struct wire_standing s;

	for (;;) {
		ssize_t n = recv(k->watch, &s, sizeof(s), MSG_PEEK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(s))
			return err_set(err, EIO, "the keeper of the audit log did not start");
		s.why[sizeof(s.why) - 1] = '\0';
		if (s.kind == WIRE_STANDING_NONE)
			return err_set(err, EIO, "%s", s.why);
		if (s.kind != WIRE_STANDING_NOTE && s.kind != WIRE_STANDING_LOST)
			return 0;
		say_note(s.why);
		if (recv(k->watch, &s, sizeof(s), 0) < 0)
			return err_errno(err, errno, "keeper");
	}
}

static void close_all(struct keeper *k)
{
	keeper_handed_over(k);
	if (k->log >= 0)
		close(k->log);
	if (k->watch >= 0)
		close(k->watch);
	k->log = k->watch = -1;
}

int keeper_start(const struct session *s, struct keeper *ret, struct err *err)
{
	static struct keeping k;
	struct keeper w = { -1, -1, -1, -1, -1 };
	int *ours[] = { &w.log, &w.pep, &w.broker, &w.egress };
	pid_t pid = -1;
	int status, r;

	k = (struct keeping){ .watch = -1, .notify = -1, .dir = -1, .etc = -1, .list = -1,
			      .copies = { -1, -1, { 0, 0 }, 0 }, .policy = &s->policy,
			      .standing = 2,
			      .who = { .server = s->name, .session = s->id, .user = s->user.name,
				       .agent = s->policy.agent.id,
				       .spiffe_id = s->policy.agent.spiffe_id } };
	for (int i = 0; i < C_N; i++)
		k.client[i].fd = -1;
	logbook_name(s->name, k.book.name);
	/* Here, since who our client is can be asked by its child only. */
	r = revocation_open(s, &k.revocation, err);
	k.who.client = k.revocation.client;
	if (r == 0)
		r = open_pair(&w.watch, &k.watch, err);
	for (int i = 0; i < C_TOKEN && r == 0; i++)
		r = open_pair(ours[i], &k.client[i].fd, err);
	if (r == 0) {
		pid = fork();
		if (pid < 0)
			r = err_errno(err, errno, "fork");
	}
	/* Its parent ends at once, so that it is nobody's here: it outlives what it records. */
	if (pid == 0) {
		pid_t own = fork();

		/* Who holds a delegated token was started before. */
		k.client[C_TOKEN].fd = s->token.log > 0 ? s->token.log : -1;
		if (own == 0)
			run(s, &k);
		_exit(own < 0 ? 125 : 0);
	}
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		r = err_set(err, EIO, "the keeper of the audit log did not start");
	for (int i = 0; i < C_N; i++)
		if (k.client[i].fd >= 0)
			close(k.client[i].fd);
	if (k.watch >= 0)
		close(k.watch);
	revocation_close(&k.revocation);
	if (r == 0)
		r = wait_ready(&w, err);
	if (r < 0)
		close_all(&w);
	*ret = w;
	return r;
}

void keeper_handed_over(struct keeper *k)
{
	int *all[] = { &k->pep, &k->broker, &k->egress };

	for (size_t i = 0; i < 3; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

void keeper_end(struct keeper *k)
{
	struct wire_standing s;

	keeper_handed_over(k);
	if (k->log >= 0 && write(k->log, WIRE_FAREWELL, 1) == 1) {
		/* What it has to say still; then its end. */
		while (k->watch >= 0 && read(k->watch, &s, sizeof(s)) > 0)
			;
	}
	close_all(k);
}
