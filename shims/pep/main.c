/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp-confine-pep - the Policy Enforcement Point on the pipe between client and server
 *
 * Theory of operation
 *
 * It is started by mcp-confine with descriptors only: the client is 0 and 1, the server
 * three pipes, the policy a sealed memfd.  It reads the policy, reserves all the memory
 * that it will ever use, and then locks itself: no file, no network, no exec, no new
 * descriptor, before the first byte of either peer.  What a peer could gain by a fault
 * in the parser is a process that holds these pipes and nothing else.
 *
 * Exit code 0 at the end of a session; 125 otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/lock.h"
#include "common/secrets.h"
#include "common/shrink.h"
#include "filters/filters.h"
#include "policies/bundle.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/ask.h"
#include "shims/pep/bearer.h"
#include "shims/pep/flow.h"
#include "shims/pep/surface.h"
#include "shims/pep/stderr.h"

struct arguments {
	int policy, secrets, in, out, err, event, lifeline, audit;
	int pins_log, pins_append, pins_count, rates, broker, warrant, calls, live;
	const char *home, *server, *session, *pins_name, *client;
	bool decides, from_server;
};

static const struct option options[] = {
	{ "policy-fd", required_argument, NULL, 'p' },	 { "secrets-fd", required_argument, NULL, 's' },
	{ "server-in", required_argument, NULL, 'i' },	 { "server-out", required_argument, NULL, 'o' },
	{ "server-err", required_argument, NULL, 'e' },	 { "event-fd", required_argument, NULL, 'v' },
	{ "lifeline-fd", required_argument, NULL, 'l' }, { "audit-fd", required_argument, NULL, 'a' },
	{ "home", required_argument, NULL, 'h' },	 { "server", required_argument, NULL, 'n' },
	{ "session", required_argument, NULL, 'd' },	 { "decide", no_argument, NULL, 'D' },
	{ "from-server", no_argument, NULL, 'F' },	 { "pins-log", required_argument, NULL, 'P' },
	{ "rates-fd", required_argument, NULL, 'R' },	 { "client", required_argument, NULL, 'c' },
	{ "pins-name", required_argument, NULL, 'N' },	 { "broker-fd", required_argument, NULL, 'b' },
	{ "warrant-fd", required_argument, NULL, 'W' },	 { "calls-fd", required_argument, NULL, 'X' },
	{ "live-fd", required_argument, NULL, 'V' },
	{ "pins-append", required_argument, NULL, 'A' }, { "pins-count", required_argument, NULL, 'C' },
	{ 0 },
};

static int parse(int argc, char **argv, struct arguments *a, struct err *err)
{
	int opt, r = 0;

	*a = (struct arguments){ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
				 "/", "server", "", "server", "unknown", false, false };
	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p': r = fd_parse(optarg, &a->policy, err); break;
		case 's': r = fd_parse(optarg, &a->secrets, err); break;
		case 'i': r = fd_parse(optarg, &a->in, err); break;
		case 'o': r = fd_parse(optarg, &a->out, err); break;
		case 'e': r = fd_parse(optarg, &a->err, err); break;
		case 'v': r = fd_parse(optarg, &a->event, err); break;
		case 'l': r = fd_parse(optarg, &a->lifeline, err); break;
		case 'a': r = fd_parse(optarg, &a->audit, err); break;
		case 'P': r = fd_parse(optarg, &a->pins_log, err); break;
		case 'A': r = fd_parse(optarg, &a->pins_append, err); break;
		case 'C': r = fd_parse(optarg, &a->pins_count, err); break;
		case 'R': r = fd_parse(optarg, &a->rates, err); break;
		case 'b': r = fd_parse(optarg, &a->broker, err); break;
		case 'W': r = fd_parse(optarg, &a->warrant, err); break;
		case 'V': r = fd_parse(optarg, &a->live, err); break;
		case 'X': r = fd_parse(optarg, &a->calls, err); break;
		case 'c': a->client = optarg; break;
		case 'N': a->pins_name = optarg; break;
		case 'h': a->home = optarg; break;
		case 'n': a->server = optarg; break;
		case 'd': a->session = optarg; break;
		case 'D': a->decides = true; break;
		case 'F': a->from_server = true; break;
		default:
			r = err_set(err, EINVAL, "unknown argument %s", argv[optind - 1]);
		}
	}
	if (r == 0 && (a->policy < 0 || (!a->decides && (a->in < 0 || a->out < 0))))
		r = err_set(err, EINVAL, "started without --policy-fd, --server-in, --server-out; "
					 "mcp-confine starts this program");
	return r;
}

/* --- memory and descriptors, before the lock ---------------------------------------------- */

static void *reserve(size_t size, struct err *err)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p != MAP_FAILED)
		return p;
	err_errno(err, errno, "reserve %zu bytes", size);
	return NULL;
}

static int open_memory(struct flow *f, struct err *err)
{
	struct json *j = &f->gate.json;

	for (int i = 0; i < 2; i++) {
		f->from[i].frame = (struct frame){ .buf = reserve(LIMIT_LINE, err),
						   .size = LIMIT_LINE,
						   .peek = &f->from[i].peek };
		f->to[i].size = LIMIT_LINE_OUT + LIMIT_REPLIES;
		f->to[i].buf = reserve(f->to[i].size, err);
	}
	f->diagnostics.frame =
		(struct frame){ .buf = reserve(LIMIT_STDERR_LINE, err), .size = LIMIT_STDERR_LINE };
	f->errors.size = 8 * LIMIT_STDERR_LINE + 8 * KIB;
	f->errors.buf = reserve(f->errors.size, err);
	j->size = 2 * LIMIT_VALUES;
	j->nodes = reserve(j->size * sizeof(*j->nodes), err);
	j->arena = reserve(LIMIT_LINE, err);
	j->seen = reserve(4 * LIMIT_MEMBERS * sizeof(*j->seen), err);
	if (getrandom(j->seed, sizeof(j->seed), 0) != (ssize_t)sizeof(j->seed) ||
	    getrandom(f->gate.session.secret, sizeof(f->gate.session.secret), 0) !=
		    (ssize_t)sizeof(f->gate.session.secret))
		err_errno(err, errno, "getrandom");
	return err->code ? -err->code : 0;
}

static int open_findings(struct findings_session *s, const struct policy *policy, struct err *err)
{
	if (!policy_has_pseudonyms(policy))
		return 0;
	s->pseudonyms = reserve(sizeof(*s->pseudonyms), err);
	if (s->pseudonyms && getrandom(s->pseudonyms->key, sizeof(s->pseudonyms->key), 0) !=
				     (ssize_t)sizeof(s->pseudonyms->key))
		err_errno(err, errno, "getrandom");
	return err->code ? -err->code : 0;
}

/*
 * Never change the flags of an open file that the client may share with others: a pipe,
 * terminal or file is opened anew through /proc, non-blocking; a socket is read and
 * written with MSG_DONTWAIT.  What cannot be opened anew (another user's pipe) is ours
 * alone in practice, and gets the flag.
 */
static int open_client(int fd, int flags, bool *ret_is_socket, struct err *err)
{
	char path[32];
	struct stat st;
	int anew;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "descriptor %d", fd);
	*ret_is_socket = S_ISSOCK(st.st_mode);
	if (*ret_is_socket || S_ISREG(st.st_mode))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	anew = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (anew < 0)
		return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ?
			       err_errno(err, errno, "descriptor %d", fd) :
			       fd;
	if (dup2(anew, fd) < 0) {
		close(anew);
		return err_errno(err, errno, "descriptor %d", fd);
	}
	close(anew);
	return fd;
}

static int open_server(int fd, struct err *err)
{
	if (fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_errno(err, errno, "descriptor %d", fd);
	return fd;
}

static int open_streams(struct flow *f, const struct arguments *a, struct err *err)
{
	f->from[FROM_CLIENT].fd = open_client(0, O_RDONLY, &f->from[FROM_CLIENT].is_socket, err);
	f->to[FROM_SERVER].fd = open_client(1, O_WRONLY, &f->to[FROM_SERVER].is_socket, err);
	f->errors.fd = open_client(2, O_WRONLY, &f->errors.is_socket, err);
	f->from[FROM_SERVER].fd = open_server(a->out, err);
	f->to[FROM_CLIENT].fd = open_server(a->in, err);
	f->diagnostics.fd = open_server(a->err, err);
	f->event = a->event;
	f->lifeline = a->lifeline;
	f->broker = a->broker;
	f->name = a->server;
	return err->code ? -err->code : 0;
}

/* Who decides about what the policy does not decide alone; nobody without a broker. */
static int open_ask(struct gate *g, const struct arguments *a, const struct policy *p,
		    struct err *err)
{
	static struct ask ask;

	g->explains = a->decides;
	g->is_form = p->approval.channel == POLICY_CHANNEL_ELICITATION && policy_wants_person(p);
	if ((a->broker < 0 && !g->is_form) || a->decides)
		return 0;
	/* Field by field: the rest is zero, and pages that nobody writes to do not exist. */
	ask.server = a->server;
	ask.session = a->session;
	ask.timeout = (int64_t)p->approval.timeout * 1000;
	ask.patience = (int64_t)p->approval.patience * 1000;
	ask.arena = reserve(LIMIT_HELD_BYTES, err);
	g->ask = &ask;
	if (getrandom(&g->form_prefix, sizeof(g->form_prefix), 0) !=
	    (ssize_t)sizeof(g->form_prefix))
		err_errno(err, errno, "getrandom");
	g->is_local = p->approval.channel == POLICY_CHANNEL_LOCAL;
	return err->code ? -err->code : 0;
}

static const void *map(int fd, int protection, int flags, size_t size, struct err *err)
{
	struct stat st;
	void *p;

	if (fd < 0)
		return NULL;
	p = fstat(fd, &st) == 0 && st.st_size == (off_t)size ?
		    mmap(NULL, size, protection, flags, fd, 0) :
		    MAP_FAILED;
	if (p != MAP_FAILED)
		return p;
	err_set(err, EBADMSG, "what was shared with it is of another version");
	return NULL;
}

/* What is needed to judge capabilities; without a warrant none is genuine. */
static int open_bearer(struct gate *g, const struct arguments *a, const struct policy *policy,
		       struct err *err)
{
	static struct bearer bearer;

	bearer.is_required = policy->messages.capability == POLICY_CAPABILITY_REQUIRE;
	bearer.warrant = map(a->warrant, PROT_READ, MAP_PRIVATE, sizeof(*bearer.warrant), err);
	bearer.calls = (struct warrant_calls *)(uintptr_t)map(a->calls, PROT_READ | PROT_WRITE, MAP_SHARED,
							      sizeof(*bearer.calls), err);
	g->bearer = &bearer;
	g->live = map(a->live, PROT_READ, MAP_SHARED, sizeof(*g->live), err);
	if (!err->code && bearer_open(&bearer) < 0)
		err_set(err, EBADMSG, "the session's capability");
	return err->code ? -err->code : 0;
}

static int open_policy(int fd, const char *home, struct policy *ret, struct err *err)
{
	cleanup_free char *text = NULL;
	struct bundle bundle = {0};
	size_t len;
	int r = fd_read_all(fd, 8 * LIMIT_POLICY, &text, &len, err);

	if (r == 0)
		r = bundle_read(text, len, &bundle, err);
	if (r == 0)
		r = bundle_merge(&bundle, home, ret, err);
	bundle_done(&bundle);
	return r < 0 ? err_wrap(err, "policy") : 0;
}

/* *ret NULL: nothing is looked for. */
static int open_scan(int fd, const struct policy *policy, struct scan **ret, struct err *err)
{
	struct scan_config config = {0};
	cleanup_free char *data = NULL;
	size_t len = 0;
	int r;

	config.personal_only = !policy_looks_for(policy, &config.personal);
	if (config.personal_only && !config.personal)
		return 0;
	r = fd < 0 ? 0 : fd_read_all(fd, 64 * MIB, &data, &len, err);
	if (r < 0)
		return err_wrap(err, "secrets");
	r = scan_open(data, len, ret, err);
	if (r == 0)
		scan_configure(*ret, &config);
	return r;
}

/* The count is shared memory: no call is needed for it once we are locked. */
static int open_surface(struct surface *s, const struct arguments *a, struct flow *f,
			const struct policy *policy, struct audit *audit, struct err *err)
{
	/* Field by field, as in open_ask(). */
	s->policy = policy;
	s->audit = audit;
	s->server = a->pins_name;
	s->log = a->pins_log;
	s->append = a->pins_append;
	s->errors = a->decides ? NULL : &f->errors;
	s->record = reserve(SURFACE_BUFFER, err);
	s->incoming = reserve(SURFACE_BUFFER, err);
	if (err->code)
		return -err->code;
	s->scan = f->gate.scan;
	f->gate.rules.surface = s;
	if (s->log < 0)
		return 0;
	if (s->append < 0 || a->pins_count < 0)
		return err_set(err, EINVAL, "--pins-log without --pins-append, --pins-count");
	s->count = mmap(NULL, sizeof(*s->count), PROT_READ | PROT_WRITE, MAP_SHARED,
			a->pins_count, 0);
	if (s->count == MAP_FAILED)
		return err_errno(err, errno, "map the count of pins");
	if (surface_open(s, err) < 0)
		return err_wrap(err, "pins of %s", a->server);
	return 0;
}

/* Shared memory as well. */
static int open_rates(struct rates *r, const struct arguments *a, struct flow *f,
		      const struct policy *policy, struct audit *audit, struct err *err)
{
	struct meter *meter;

	if (a->rates < 0)
		return 0;
	meter = mmap(NULL, sizeof(*meter), PROT_READ | PROT_WRITE, MAP_SHARED, a->rates, 0);
	if (meter == MAP_FAILED)
		return err_errno(err, errno, "map the rates");
	rates_init(r, policy, audit, a->pins_name, a->client, meter);
	f->gate.rates = r;
	return meter_check(meter, sizeof(*meter), err);
}

/* --- decide --------------------------------------------------------------------------------- */

static void print_outcome(struct flow *f, enum gate_outcome outcome, const char *why)
{
	static const char *const words[] = { "dropped", "refused", "passes", "passes, changed",
					     "held" };

	printf("%s%s%s\n", words[outcome], why ? ": " : "", why ? why : "");
	for (int i = 0; i < 2; i++) {
		struct sink *s = &f->to[i];

		if (sink_pending(s))
			printf("  to the %s: %.*s", i == FROM_CLIENT ? "server" : "client",
			       (int)sink_pending(s), s->buf + s->head);
		s->head = s->tail = 0;
	}
}

/* A transcript says who speaks: "> " the client, "< " the server, before the message. */
static void decide_line(struct flow *f, enum vocabulary_from side, const char *line, size_t len)
{
	const char *why;
	enum gate_outcome outcome;

	if (*line == '<' || *line == '>') {
		side = *line == '<' ? FROM_SERVER : FROM_CLIENT;
		line++;
		len--;
	}
	outcome = gate_line(&f->gate, side, line, len, &why);
	print_outcome(f, outcome, why);
}

static int decide(struct flow *f, bool from_server)
{
	enum vocabulary_from side = from_server ? FROM_SERVER : FROM_CLIENT;
	struct source *s = &f->from[side];
	const char *line;
	size_t room, len;
	ssize_t n;
	int r;

	f->to[0].fd = f->to[1].fd = 1; /* printed, not written */
	f->gate.session.state = SESSION_OPEN; /* each line by itself */
	do {
		char *at = frame_space(&s->frame, &room);

		n = read(0, at, room);
		if (n > 0)
			frame_added(&s->frame, (size_t)n);
		while ((r = frame_next(&s->frame, &line, &len)) != 0 ||
		       (n <= 0 && (r = frame_last(&s->frame, &line, &len)) != 0)) {
			if (r < 0)
				puts("dropped: the message is too long");
			else if (len)
				decide_line(f, side, line, len);
		}
	} while (n > 0);
	return 0;
}

/* --- main ------------------------------------------------------------------------------------ */

static int start(int argc, char **argv, struct arguments *a, struct flow *f,
		 struct policy *policy, struct audit *audit, struct err *err)
{
	static struct surface surface;
	static struct rates rates;
	struct scan *scan = NULL;
	int r = parse(argc, argv, a, err);

	if (r == 0)
		r = open_policy(a->policy, a->home, policy, err);
	if (r == 0)
		r = open_scan(a->secrets, policy, &scan, err);
	if (r == 0)
		r = open_memory(f, err);
	if (r == 0)
		r = open_findings(&f->gate.found, policy, err);
	if (r == 0)
		r = open_ask(&f->gate, a, policy, err);
	if (r == 0)
		r = open_bearer(&f->gate, a, policy, err);
	if (r < 0)
		return r;
	audit_init(audit, a->audit, policy->audit.required);
	f->gate.policy = f->gate.rules.policy = policy;
	f->gate.scan = scan;
	f->gate.audit = f->audit = audit;
	f->gate.out[FROM_CLIENT] = &f->to[FROM_CLIENT];
	f->gate.out[FROM_SERVER] = &f->to[FROM_SERVER];
	r = open_surface(&surface, a, f, policy, audit, err);
	if (r == 0)
		r = open_rates(&rates, a, f, policy, audit, err);
	if (r < 0)
		return r;
	return a->decides ? 0 : open_streams(f, a, err);
}

int main(int argc, char **argv)
{
	static struct flow flow;
	struct policy policy = {0};
	struct arguments a;
	struct audit audit;
	struct err err = {0};
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = start(argc, argv, &a, &flow, &policy, &audit, &err);
	if (r == 0 && a.decides)
		return decide(&flow, a.from_server);
	if (r == 0)
		r = lock_enter(&filter_pep, &err);
	if (r < 0) {
		fprintf(stderr, "mcp-confine-pep: %s\n", err.text);
		return 125;
	}
	shrink();
	/* Not exit(): nothing is buffered, and nothing else has to run. */
	_exit(flow_run(&flow));
}
