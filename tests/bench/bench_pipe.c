/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_pipe - what stands on the pipe costs this much per message and per byte
 *
 * usage: bench_pipe [-q] [-j] [-p CPU] [-u UID] :: NAME CMD [ARG...] [:: NAME CMD...]...
 *
 * Every command is a way to start echo_server (bare, behind a relay, behind us).  All of
 * them are started first; then each step of the ladder is run in rounds, in each round
 * on one after the other, so that what disturbs the machine disturbs all.  Latencies are
 * pooled over the rounds.  A ratio is the median over the rounds of one round's value
 * by the same round's value of the second command, the yardstick.
 *
 * Beside the time that passes, the time that the processes in between were on a processor
 * is counted (/proc/PID/schedstat), and that of all that take part, client and server too.
 * On one processor the latter is what a message takes on a machine that does nothing else;
 * other programs disturb it much less than the time that passes.
 *
 *   -q      fewer messages        -j      JSON instead of a table
 *   -p CPU  all on one processor  -u UID  run the commands as that user (as root; then
 *           the memory of processes that hide it can be read too)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TARGETS 12
#define BETWEEN 16
#define ROUNDS 7
#define KINDS 4
#define LARGEST ((size_t)10 << 20)
#define WINDOW_MAX 64
#define PATIENCE_MS 60000

struct target {
	const char *name;
	char **argv;
	pid_t pid;
	int in, out;
	int next_id;
	char *buf; /* what came from it and was not looked at */
	size_t size, len, scanned;
	pid_t between[BETWEEN]; /* its processes but for the server */
	size_t n_between;
	pid_t server;
	bool is_gone;
};

struct step {
	const char *name;
	bool is_up;   /* the argument has the size, not the result */
	size_t size;  /* bytes */
	int kind;     /* of content: echo_server */
	int count, window;
};

static const struct step ladder[] = {
	{ "ping 200 B", false, 200, 0, 1400, 1 },
	{ "ping 4 KiB", false, 4096, 0, 1400, 1 },
	{ "ping 64 KiB", false, 65536, 0, 350, 1 },
	{ "ping 1 MiB", false, 1 << 20, 0, 42, 1 },
	{ "ping up 4 KiB", true, 4096, 0, 700, 1 },
	{ "ping up 64 KiB", true, 65536, 0, 350, 1 },
	{ "ping up 1 MiB", true, 1 << 20, 0, 42, 1 },
	{ "ping 64 KiB code", false, 65536, 1, 350, 1 },
	{ "ping 64 KiB json", false, 65536, 2, 350, 1 },
	{ "ping 64 KiB image", false, 65536, 3, 350, 1 },
	{ "ping 1 MiB code", false, 1 << 20, 1, 42, 1 },
	{ "ping 1 MiB json", false, 1 << 20, 2, 42, 1 },
	{ "ping 1 MiB image", false, 1 << 20, 3, 42, 1 },
	{ "flow 200 B", false, 200, 0, 14000, 64 },
	{ "flow 4 KiB", false, 4096, 0, 7000, 64 },
	{ "flow 64 KiB prose", false, 65536, 0, 1400, 16 },
	{ "flow 64 KiB code", false, 65536, 1, 1400, 16 },
	{ "flow 64 KiB json", false, 65536, 2, 1400, 16 },
	{ "flow 64 KiB image", false, 65536, 3, 1400, 16 },
	{ "flow 1 MiB prose", false, 1 << 20, 0, 105, 4 },
	{ "flow 1 MiB code", false, 1 << 20, 1, 105, 4 },
	{ "flow 1 MiB json", false, 1 << 20, 2, 105, 4 },
	{ "flow 1 MiB image", false, 1 << 20, 3, 105, 4 },
	{ "flow up 64 KiB", true, 65536, 0, 1400, 16 },
	{ "flow up 1 MiB", true, 1 << 20, 0, 105, 4 },
	{ "flow up 64 KiB code", true, 65536, 1, 1400, 16 },
	{ "flow up 64 KiB json", true, 65536, 2, 1400, 16 },
	{ "flow up 64 KiB image", true, 65536, 3, 1400, 16 },
	{ "flow up 1 MiB code", true, 1 << 20, 1, 105, 4 },
	{ "flow up 1 MiB json", true, 1 << 20, 2, 105, 4 },
	{ "flow up 1 MiB image", true, 1 << 20, 3, 105, 4 },
	/* Last: not every program takes it. */
	{ "ping 10 MiB", false, LARGEST, 0, 7, 1 },
	{ "ping up 10 MiB", true, LARGEST, 0, 7, 1 },
	{ "flow 10 MiB prose", false, LARGEST, 0, 14, 2 },
	{ "flow up 10 MiB", true, LARGEST, 0, 14, 2 },
};

static char *pads[KINDS]; /* what a client sends, by the kind of content */

/* Whole ones; the last byte of each can end a string. */
static const char *const samples[KINDS] = {
	"words that a client sends to a tool, and a number 42; ",
	"static int add(struct list *l, int v)\\n{\\n\\tif (!l->n)\\n\\t\\treturn -1;\\n}\\n",
	"{\\\"id\\\":4711,\\\"name\\\":\\\"row\\\",\\\"tags\\\":[\\\"a\\\",\\\"b\\\"],\\\"ok\\\":true},",
	"iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAYAAACNiR0NAAAABHNCSVQICAgIfAhkiAAAAAlwSFlzAAALEwAA",
};

static struct target targets[TARGETS];
static size_t n_targets;

/* A program that gives up on a step is left out from then on, but for the yardsticks. */
static jmp_buf lost;
static bool may_be_lost;

static _Noreturn void die(struct target *t, const char *what)
{
	fprintf(stderr, "bench_pipe: %s: %s\n", t ? t->name : "start", what);
	if (!t || !may_be_lost || t - targets < 2)
		exit(1);
	t->is_gone = true;
	longjmp(lost, 1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at(double *v, size_t n, double part)
{
	qsort(v, n, sizeof(*v), by_value);
	return n ? v[(size_t)((double)(n - 1) * part + 0.5)] : 0;
}

/* --- one target ---------------------------------------------------------------------- */

static void start(struct target *t, uid_t uid)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		die(t, "pipe");
	t->pid = fork();
	if (t->pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		if (uid && (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
			    setresuid(uid, uid, uid) < 0))
			_exit(127);
		execvp(t->argv[0], t->argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	t->in = to[1];
	t->out = from[0];
	fcntl(t->in, F_SETFL, O_NONBLOCK);
	fcntl(t->out, F_SETFL, O_NONBLOCK);
	t->size = 4 << 20;
	t->buf = malloc(t->size);
	if (!t->buf)
		die(t, "memory");
}

/* A line is taken out of the buffer; *ret_len is its length.  False: none is whole yet. */
static bool take_line(struct target *t, const char **ret, size_t *ret_len)
{
	static char *taken;
	static size_t taken_size;
	char *end = memchr(t->buf + t->scanned, '\n', t->len - t->scanned);
	size_t len;

	if (!end) {
		t->scanned = t->len;
		return false;
	}
	/* Only its head and tail are looked at: the line itself is not copied. */
	len = (size_t)(end - t->buf);
	if (taken_size < 512) {
		taken = malloc(512);
		taken_size = 512;
	}
	if (!taken)
		die(t, "memory");
	memset(taken, ' ', 512);
	memcpy(taken, t->buf, len < 256 ? len : 256);
	if (len > 256)
		memcpy(taken + 256, end - (len < 512 ? len - 256 : 256), len < 512 ? len - 256 : 256);
	*ret = taken;
	*ret_len = len;
	t->len -= len + 1;
	memmove(t->buf, end + 1, t->len);
	t->scanned = 0;
	return true;
}

static void fill(struct target *t)
{
	ssize_t n;

	if (t->size - t->len < (1 << 20)) {
		t->size *= 2;
		t->buf = realloc(t->buf, t->size);
		if (!t->buf)
			die(t, "memory");
	}
	n = read(t->out, t->buf + t->len, t->size - t->len);
	if (n == 0)
		die(t, "ended");
	if (n > 0)
		t->len += (size_t)n;
}

struct outgoing {
	struct iovec v[3 * WINDOW_MAX];
	char heads[WINDOW_MAX][256];
	int first, n;
};

/* So many whole samples that nothing ends within an escape. */
static size_t whole(int kind, size_t size)
{
	size_t unit = strlen(samples[kind]);

	return size < unit ? unit : size / unit * unit;
}

static void push(struct outgoing *o, int slot, int id, const struct step *s)
{
	int n = snprintf(o->heads[slot], 256,
			 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":"
			 "\"echo\",\"arguments\":{\"size\":%zu,\"kind\":%d,\"pad\":\"",
			 id, s->is_up ? (size_t)16 : s->size, s->kind);

	if (o->first == o->n)
		o->first = o->n = 0;
	if (o->n + 3 > 3 * WINDOW_MAX) {
		memmove(o->v, o->v + o->first, (size_t)(o->n - o->first) * sizeof(*o->v));
		o->n -= o->first;
		o->first = 0;
	}
	o->v[o->n++] = (struct iovec){ o->heads[slot], (size_t)n };
	o->v[o->n++] = (struct iovec){ pads[s->kind], s->is_up ? whole(s->kind, s->size) : 0 };
	o->v[o->n++] = (struct iovec){ (char *)(unsigned long)"\"}}}\n", 5 };
}

static void flush(struct target *t, struct outgoing *o)
{
	while (o->first < o->n) {
		ssize_t done = writev(t->in, o->v + o->first, o->n - o->first);

		if (done < 0 && errno == EAGAIN)
			return;
		if (done < 0)
			die(t, "does not read any more");
		while (o->first < o->n && (size_t)done >= o->v[o->first].iov_len)
			done -= (ssize_t)o->v[o->first++].iov_len;
		if (o->first < o->n) {
			o->v[o->first].iov_base = (char *)o->v[o->first].iov_base + done;
			o->v[o->first].iov_len -= (size_t)done;
		}
	}
}

static void wait_for(struct target *t, const struct outgoing *o)
{
	struct pollfd p[2] = { { t->out, POLLIN, 0 },
			       { o && o->first < o->n ? t->in : -1, POLLOUT, 0 } };

	if (poll(p, 2, PATIENCE_MS) == 0)
		die(t, "no answer");
	if (p[0].revents)
		fill(t);
}

static void handshake(struct target *t)
{
	static const char hello[] =
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
		"\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"bench\",\"version\":"
		"\"1\"}}}\n";
	static const char ready[] =
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
	const char *line;
	size_t len;

	if (write(t->in, hello, sizeof(hello) - 1) < 0)
		die(t, "does not start");
	while (!take_line(t, &line, &len))
		wait_for(t, NULL);
	if (!memmem(line, 512, "\"result\"", 8))
		die(t, "refuses to initialize");
	if (write(t->in, ready, sizeof(ready) - 1) < 0)
		die(t, "does not read");
	t->next_id = 1;
}

/* count calls with at most s->window open; lat[count] gets microseconds.  Return: the
 * microseconds of all of them. */
static double calls(struct target *t, const struct step *s, int count, double *lat)
{
	static struct outgoing o;
	int sent = 0, got = 0, base = t->next_id;
	double began = now_us(), *sent_at = calloc((size_t)count, sizeof(double));
	const char *line, *id;
	size_t len;

	o.first = o.n = 0;
	while (got < count) {
		while (sent < count && sent - got < s->window) {
			push(&o, sent % WINDOW_MAX, t->next_id++, s);
			sent_at[sent++] = now_us();
		}
		flush(t, &o);
		while (got < sent && take_line(t, &line, &len)) {
			id = memmem(line, 512, "\"id\":", 5);
			if (!id || atoi(id + 5) - base != got || !memmem(line, 512, "\"result\"", 8) ||
			    (!s->is_up && len < s->size / 2))
				die(t, "a wrong answer");
			lat[got] = now_us() - sent_at[got];
			got++;
		}
		if (got < count && !(sent < count && sent - got < s->window))
			wait_for(t, &o);
	}
	free(sent_at);
	return now_us() - began;
}

/* The same of a target that may be lost with it.  Return: -1 when it is. */
static double try_calls(struct target *t, const struct step *s, int count, double *lat)
{
	double took;

	if (t->is_gone || setjmp(lost))
		return -1;
	may_be_lost = true;
	took = calls(t, s, count, lat);
	may_be_lost = false;
	return took;
}

/* --- memory ---------------------------------------------------------------------------- */

static long pss_kib(pid_t pid)
{
	char path[64], line[128];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* The processes below pid that are not the echo server.  Return: KiB, or -1 when one
 * cannot be read. */
static long tree_pss(pid_t pid, int *ret_n)
{
	char path[64], name[32] = "", text[512] = "";
	long sum = 0, part;
	char *p = text;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
	if (strncmp(name, "echo_server", 11) != 0) {
		part = pss_kib(pid);
		sum = part;
		(*ret_n)++;
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	for (long child; (child = strtol(p, &p, 10)) > 0;) {
		part = tree_pss((pid_t)child, ret_n);
		sum = sum < 0 || part < 0 ? -1 : sum + part;
	}
	return sum;
}

/* --- processor --------------------------------------------------------------------------- */

/* Sort pid and the processes below it into t->between and t->server. */
static void find_between(struct target *t, pid_t pid)
{
	char path[64], name[32] = "", text[512] = "";
	char *p = text;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
	if (!strncmp(name, "echo_server", 11))
		t->server = pid;
	else if (t->n_between < BETWEEN)
		t->between[t->n_between++] = pid;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	for (long child; (child = strtol(p, &p, 10)) > 0;)
		find_between(t, (pid_t)child);
}

/* Microseconds that a process was on a processor, since it began. */
static double pid_us(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return (double)ns / 1e3;
}

/* Of what stands in between; is_all: of the server and of us as well. */
static double cpu_us(const struct target *t, bool is_all)
{
	double sum = 0;
	struct timespec own;

	for (size_t i = 0; i < t->n_between; i++)
		sum += pid_us(t->between[i]);
	if (!is_all)
		return sum;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	return sum + pid_us(t->server) + (double)own.tv_sec * 1e6 + (double)own.tv_nsec / 1e3;
}

/* --- the whole --------------------------------------------------------------------------- */

struct figure {
	double p50, p99, mb_s, cpu, all, ratio_p50, ratio_mb_s, ratio_cpu, ratio_all;
};

static void run_step(const struct step *s, int divisor, struct figure *ret)
{
	int count = s->count / ROUNDS / divisor ? s->count / ROUNDS / divisor : 1;
	double *lat[TARGETS], median[TARGETS][ROUNDS], rate[TARGETS][ROUNDS], ratio[ROUNDS];
	double cpu[TARGETS][ROUNDS], all[TARGETS][ROUNDS];

	for (size_t i = 0; i < n_targets; i++) {
		lat[i] = calloc((size_t)count * ROUNDS, sizeof(double));
		if (!lat[i])
			die(NULL, "memory");
		try_calls(&targets[i], s, count < 20 ? 1 : 20, lat[i]);
	}
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < n_targets; i++) {
			double *mine = lat[i] + r * count;
			double before = cpu_us(&targets[i], false), began = cpu_us(&targets[i], true);
			double took = try_calls(&targets[i], s, count, mine);
			double *copy = malloc((size_t)count * sizeof(double));

			if (!copy)
				die(NULL, "memory");
			memcpy(copy, mine, (size_t)count * sizeof(double));
			median[i][r] = at(copy, (size_t)count, 0.5);
			all[i][r] = (cpu_us(&targets[i], true) - began) / count;
			cpu[i][r] = (cpu_us(&targets[i], false) - before) / count;
			rate[i][r] = (double)count * (double)s->size / took;
			free(copy);
		}
	for (size_t i = 0; i < n_targets; i++) {
		const size_t yard = n_targets > 1 ? 1 : 0;

		for (int r = 0; r < ROUNDS; r++)
			ratio[r] = median[i][r] / median[yard][r];
		ret[i].ratio_p50 = at(ratio, ROUNDS, 0.5);
		for (int r = 0; r < ROUNDS; r++)
			ratio[r] = rate[i][r] / rate[yard][r];
		ret[i].ratio_mb_s = at(ratio, ROUNDS, 0.5);
		for (int r = 0; r < ROUNDS; r++)
			ratio[r] = cpu[yard][r] > 0 ? cpu[i][r] / cpu[yard][r] : 0;
		ret[i].ratio_cpu = at(ratio, ROUNDS, 0.5);
		for (int r = 0; r < ROUNDS; r++)
			ratio[r] = all[i][r] / all[yard][r];
		ret[i].ratio_all = at(ratio, ROUNDS, 0.5);
		ret[i].p50 = at(lat[i], (size_t)count * ROUNDS, 0.5);
		ret[i].p99 = at(lat[i], (size_t)count * ROUNDS, 0.99);
	}
	/* Sorting moves rounds apart: after the ratios. */
	for (size_t i = 0; i < n_targets; i++) {
		ret[i].mb_s = at(rate[i], ROUNDS, 0.5);
		ret[i].cpu = at(cpu[i], ROUNDS, 0.5);
		ret[i].all = at(all[i], ROUNDS, 0.5);
		free(lat[i]);
	}
}

static void print_memory(const char *when, bool is_json, bool is_last)
{
	if (is_json)
		printf(" {\"step\": \"memory %s\", \"targets\": [", when);
	for (size_t i = 0; i < n_targets; i++) {
		int n = 0;
		long kib;

		if (targets[i].is_gone)
			continue;
		kib = tree_pss(targets[i].pid, &n);
		if (is_json)
			printf("%s{\"name\": \"%s\", \"processes\": %d, \"pss_kib\": %ld}",
			       i ? ", " : "", targets[i].name, n, kib);
		else
			printf("%-20s %-18s %d processes, PSS %ld KiB%s\n", when, targets[i].name, n,
			       kib, kib < 0 ? " (cannot be read; run as root with -u)" : "");
	}
	if (is_json)
		printf("]}%s\n", is_last ? "" : ",");
}

static void print_step(const struct step *s, const struct figure *f, bool is_json)
{
	if (is_json)
		printf(" {\"step\": \"%s\", \"bytes\": %zu, \"window\": %d, \"targets\": [", s->name,
		       s->size, s->window);
	for (size_t i = 0; i < n_targets; i++) {
		if (targets[i].is_gone)
			continue;
		if (is_json)
			printf("%s{\"name\": \"%s\", \"p50_us\": %.2f, \"p99_us\": %.2f, "
			       "\"mb_s\": %.1f, \"cpu_us\": %.2f, \"all_us\": %.2f, "
			       "\"ratio_p50\": %.3f, \"ratio_mb_s\": %.3f, \"ratio_cpu\": %.3f, "
			       "\"ratio_all\": %.3f}",
			       i ? ", " : "", targets[i].name, f[i].p50, f[i].p99, f[i].mb_s,
			       f[i].cpu, f[i].all, f[i].ratio_p50, f[i].ratio_mb_s,
			       f[i].ratio_cpu, f[i].ratio_all);
		else
			printf("%-20s %-18s p50 %9.1f us  p99 %9.1f us  %8.1f MB/s  "
			       "cpu %8.1f us  time x%.2f  rate x%.2f  cpu x%.2f  all x%.2f\n",
			       s->name, targets[i].name, f[i].p50, f[i].p99, f[i].mb_s, f[i].cpu,
			       f[i].ratio_p50, f[i].ratio_mb_s, f[i].ratio_cpu, f[i].ratio_all);
	}
	if (is_json)
		puts("]},");
	fflush(stdout);
}

static void parse(int argc, char **argv, int first)
{
	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "::") != 0)
			continue;
		argv[i] = NULL;
		if (i + 2 < argc && n_targets < TARGETS)
			targets[n_targets++] =
				(struct target){ .name = argv[i + 1], .argv = argv + i + 2 };
	}
}

int main(int argc, char **argv)
{
	struct figure figures[TARGETS];
	bool is_quick = false, is_json = false;
	cpu_set_t cpus;
	uid_t uid = 0;
	int opt;

	while ((opt = argc > optind && strcmp(argv[optind], "::") != 0 ?
			      getopt(argc, argv, "+qjp:u:") :
			      -1) != -1) {
		CPU_ZERO(&cpus);
		switch (opt) {
		case 'q': is_quick = true; break;
		case 'j': is_json = true; break;
		case 'u': uid = (uid_t)atoi(optarg); break;
		case 'p':
			CPU_SET((size_t)atoi(optarg), &cpus);
			if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
				die(NULL, "no such processor");
			break;
		default: return 2;
		}
	}
	parse(argc, argv, optind);
	if (!n_targets) {
		fputs("usage: bench_pipe [-q] [-j] [-p CPU] [-u UID] :: NAME CMD [ARG...] "
		      "[:: NAME CMD...]...\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t unit = strlen(samples[kind]);

		pads[kind] = malloc(LARGEST);
		if (!pads[kind])
			die(NULL, "memory");
		for (size_t i = 0; i < LARGEST; i++)
			pads[kind][i] = samples[kind][i % unit];
	}
	for (size_t i = 0; i < n_targets; i++) {
		start(&targets[i], uid);
		handshake(&targets[i]);
		find_between(&targets[i], targets[i].pid);
	}
	if (is_json)
		puts("[");
	print_memory("idle", is_json, false);
	for (size_t i = 0; i < sizeof(ladder) / sizeof(*ladder); i++) {
		run_step(&ladder[i], is_quick ? 5 : 1, figures);
		print_step(&ladder[i], figures, is_json);
	}
	/* Memory of large messages goes back when they are over. */
	poll(NULL, 0, 2000);
	print_memory("after", is_json, true);
	if (is_json)
		puts("]");
	for (size_t i = 0; i < n_targets; i++) {
		close(targets[i].in);
		waitpid(targets[i].pid, NULL, 0);
	}
	return 0;
}
