/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approve - answer, at a terminal, the calls that wait for approval
 *
 * Everything shown comes from the broker's structs and is written by us: what is not
 * printable ASCII becomes an escape, so no argument can pretend to be a line of ours.
 * A yes needs a terminal: a program that runs commands for an agent, without one, is
 * not a person.  That is a hurdle and not a wall (SECURITY.md).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/call.h"
#include "common/err.h"
#include "launcher/commands.h"
#include "launcher/desk.h"
#include "launcher/user.h"

/* One character of UTF-8 at p, or one byte that is none.  Return: its length. */
static size_t character(const char *p, size_t left, unsigned int *ret)
{
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 1;

	*ret = c;
	if (len == 1 || len > left)
		return 1;
	*ret = c & (0x7fU >> len);
	for (size_t i = 1; i < len; i++)
		*ret = *ret << 6 | ((unsigned char)p[i] & 0x3f);
	return len;
}

static void print_escaped(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned int c;

		i += character(text + i, len - i, &c);
		if (c >= 0x20 && c < 0x7f)
			putchar((int)c);
		else if (c < 0x10000)
			printf("\\u%04x", c);
		else
			printf("\\u{%x}", c);
	}
}

/* One member of the outermost object a line. */
static void print_arguments(const char *text, size_t len)
{
	bool in_string = false;
	size_t depth = 0, from = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else
				in_string = text[i] != '"';
			continue;
		}
		in_string = text[i] == '"';
		depth += text[i] == '{' || text[i] == '[';
		depth -= depth && (text[i] == '}' || text[i] == ']');
		if (depth == 1 && (text[i] == ',' || (text[i] == '{' && !i))) {
			print_escaped(text + from, i + 1 - from);
			fputs("\n      ", stdout);
			from = i + 1;
		}
	}
	if (from < len)
		print_escaped(text + from, len - from);
}

/* From a process of our own, which may have been taken over: any number is possible. */
static const char *noun_of(const struct wire_call *c)
{
	return c->kind == CALL_TOOL ? "" : c->kind == CALL_PROMPT ? "prompt " : "resource ";
}

static void show(const struct wire_shown *s)
{
	const struct wire_call *c = &s->call;
	char code[CALL_CODE + 1];

	call_code(c->digest, code);
	printf("\n%s  server ", code);
	print_escaped(s->server, strlen(s->server));
	printf("\n  %s     %s", c->kind == CALL_TOOL ? "calls" : "wants", noun_of(c));
	print_escaped(c->tool, c->tool_len);
	fputs("\n  with      ", stdout);
	print_arguments(c->arguments, c->arguments_len);
	if (c->arguments_len < c->arguments_total)
		printf("\n  NOT SHOWN: %llu more bytes of the arguments",
		       (unsigned long long)(c->arguments_total - c->arguments_len));
	printf("\n  waits for %u s, %u s are left\n", s->waited / 1000, s->left / 1000);
}

static int list(const struct desk *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct wire_shown *s = &d->v[i].shown;
		char code[CALL_CODE + 1];

		call_code(s->call.digest, code);
		printf("%s  ", code);
		print_escaped(s->server, strlen(s->server));
		printf("  %s", noun_of(&s->call));
		print_escaped(s->call.tool, s->call.tool_len);
		printf("  %u s left\n", s->left / 1000);
	}
	if (!d->n)
		puts("nothing waits for approval");
	return 0;
}

static int answer(const struct desk_question *q, enum wire_say_kind kind, struct err *err)
{
	char code[CALL_CODE + 1];
	int r = desk_answer(q, kind, err);

	call_code(q->shown.call.digest, code);
	if (r == 0)
		printf("%s %s\n", code, kind == WIRE_SAY_YES ? "approved, once" : "denied");
	return r;
}

static int need_terminal(struct err *err)
{
	if (!isatty(0))
		return err_set(err, ENOTTY, "stdin is no terminal: a person answers at one; run "
					    "mcp-confine approve there");
	return 0;
}

/* Again what it is about, since a long call scrolls away; and what was typed before it
 * was shown is no answer to it. */
static void prompt(const struct wire_shown *s)
{
	char code[CALL_CODE + 1];

	call_code(s->call.digest, code);
	printf("approve %s, %s", code, noun_of(&s->call));
	print_escaped(s->call.tool, s->call.tool_len);
	fputs(" of ", stdout);
	print_escaped(s->server, strlen(s->server));
	fputs(", once? [y]es, [n]o, anything else leaves it open: ", stdout);
	tcflush(0, TCIFLUSH);
	fflush(stdout);
}

/* Ask for each that is open now. */
static int interact(const struct desk *d, struct err *err)
{
	int r = need_terminal(err);

	if (r == 0 && !d->n)
		return list(d);
	for (size_t i = 0; i < d->n && r == 0; i++) {
		char line[64];

		show(&d->v[i].shown);
		prompt(&d->v[i].shown);
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		if (!strcmp(line, "y\n") || !strcmp(line, "yes\n"))
			r = answer(&d->v[i], WIRE_SAY_YES, err);
		else if (!strcmp(line, "n\n") || !strcmp(line, "no\n"))
			r = answer(&d->v[i], WIRE_SAY_NO, err);
		/* Another terminal was faster: go on with the rest. */
		if (r == -ESTALE) {
			say_error(err);
			err_clear(err);
			r = 0;
		}
	}
	return r;
}

static int one(const struct desk *d, const char *verb, const char *code, struct err *err)
{
	const struct desk_question *q;
	int r;

	if (strcmp(verb, "show") && strcmp(verb, "yes") && strcmp(verb, "no"))
		return err_set(err, EINVAL, "approve %s: not one of list, show, yes, no", verb);
	r = !strcmp(verb, "yes") ? need_terminal(err) : 0;
	if (r == 0)
		r = desk_find(d, code, &q, err);
	if (r < 0)
		return r;
	if (!strcmp(verb, "show")) {
		show(&q->shown);
		return 0;
	}
	return answer(q, !strcmp(verb, "yes") ? WIRE_SAY_YES : WIRE_SAY_NO, err);
}

int approve_main(int argc, char **argv)
{
	struct user user = {0};
	struct desk desk = {0};
	struct err err = {0};
	int r = user_find(&user, &err);

	if (r == 0)
		r = desk_open(&desk, user.state, &err);
	if (r < 0)
		;
	else if (argc == 1)
		r = interact(&desk, &err);
	else if (argc == 2 && !strcmp(argv[1], "list"))
		r = list(&desk);
	else if (argc == 3)
		r = one(&desk, argv[1], argv[2], &err);
	else
		r = err_set(&err, EINVAL, "approve takes nothing, list, or one of show, yes and no "
					  "with the code of a call");
	if (r < 0)
		say_error(&err);
	desk_done(&desk);
	user_done(&user);
	return r < 0 ? 1 : 0;
}
