/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_launch - how long from exec to exit, of several commands in turn
 *
 * usage: bench_launch -F FILE        write the filter of a server's calls, for a peer
 *        bench_launch [-n ROUNDS] [-w WARM] [-j] :: NAME CMD [ARG...] [:: NAME CMD [ARG...]]...
 *
 * The commands run interleaved, one of each a round, so that what disturbs the machine
 * disturbs all of them.  The first is the floor: what a row adds is its median less the
 * floor's.  NAME@N is run N times at most.  A command that does not exit with 0 is a failure, and its row says so.
 * -j prints JSON.  stdin, stdout and stderr of a command are /dev/null.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filters/filters.h"

#define COMMANDS 32
#define ROUNDS_MAX 10000

struct command {
	const char *name;
	char **argv;
	double *ms;
	size_t n, failed, most; /* most 0: as many as there are rounds */
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at(const struct command *c, double part)
{
	return c->n ? c->ms[(size_t)((double)(c->n - 1) * part + 0.5)] : 0;
}

static void run_once(struct command *c, int null, bool counts)
{
	double began = now_ms();
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		execvp(c->argv[0], c->argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		c->failed++;
	else if (counts)
		c->ms[c->n++] = now_ms() - began;
}

/* One program, as bwrap --seccomp takes it: the list of calls that a server may make. */
static int write_filter(const char *path)
{
	FILE *f = fopen(path, "we");
	const struct lock_filter *filter = &filter_server_calls;
	size_t n = f ? fwrite(filter->insns, 8, filter->len, f) : 0;

	if (!f || fclose(f) != 0 || n != filter->len) {
		perror(path);
		return 1;
	}
	return 0;
}

static size_t split(int argc, char **argv, int first, struct command *all)
{
	size_t n = 0;

	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "::") != 0)
			continue;
		argv[i] = NULL;
		if (i + 2 < argc && n < COMMANDS) {
			char *most = strchr(argv[i + 1], '@');

			if (most)
				*most++ = '\0';
			all[n++] = (struct command){ .name = argv[i + 1], .argv = argv + i + 2,
						     .most = most ? strtoul(most, NULL, 10) : 0 };
		}
	}
	return n;
}

static void print_table(const struct command *all, size_t n)
{
	printf("%-28s %5s %9s %9s %9s %9s %7s\n", "command", "n", "min ms", "median", "p95", "added",
	       "failed");
	for (size_t i = 0; i < n; i++)
		printf("%-28s %5zu %9.3f %9.3f %9.3f %9.3f %7zu\n", all[i].name, all[i].n,
		       at(&all[i], 0), at(&all[i], 0.5), at(&all[i], 0.95),
		       at(&all[i], 0.5) - at(&all[0], 0.5), all[i].failed);
}

static void print_json(const struct command *all, size_t n)
{
	puts("[");
	for (size_t i = 0; i < n; i++)
		printf(" {\"name\": \"%s\", \"n\": %zu, \"min_ms\": %.4f, \"median_ms\": %.4f, "
		       "\"p95_ms\": %.4f, \"added_ms\": %.4f, \"failed\": %zu}%s\n",
		       all[i].name, all[i].n, at(&all[i], 0), at(&all[i], 0.5), at(&all[i], 0.95),
		       at(&all[i], 0.5) - at(&all[0], 0.5), all[i].failed, i + 1 < n ? "," : "");
	puts("]");
}

int main(int argc, char **argv)
{
	struct command all[COMMANDS];
	int rounds = 100, warm = 5, opt, null;
	bool is_json = false;
	size_t n;

	/* getopt would take what follows for options. */
	while ((opt = argc > optind && strcmp(argv[optind], "::") != 0 ?
			      getopt(argc, argv, "+n:w:jF:") :
			      -1) != -1) {
		if (opt == 'n')
			rounds = atoi(optarg);
		else if (opt == 'w')
			warm = atoi(optarg);
		else if (opt == 'F')
			return write_filter(optarg);
		else if (opt == 'j')
			is_json = true;
		else
			return 2;
	}
	n = split(argc, argv, optind, all);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!n || null < 0 || rounds < 1 || rounds > ROUNDS_MAX || warm < 0) {
		fputs("usage: bench_launch [-n ROUNDS] [-w WARM] [-j] :: NAME CMD [ARG...] "
		      "[:: NAME CMD...]...\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		all[i].ms = calloc((size_t)rounds, sizeof(double));
		if (!all[i].ms)
			return 2;
	}
	for (int round = -warm; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (!all[i].most || round < (int)all[i].most)
				run_once(&all[i], null, round >= 0);
	for (size_t i = 0; i < n; i++)
		qsort(all[i].ms, all[i].n, sizeof(double), by_value);
	(is_json ? print_json : print_table)(all, n);
	for (size_t i = 0; i < n; i++)
		if (all[i].failed)
			return 1;
	return 0;
}
