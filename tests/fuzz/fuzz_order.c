/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order on anything that a pep could send: what is opened is consistent with its digest,
 * has a number that grows, and is answered once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/call.h"
#include "shims/broker/order.h"

/* One byte of what to do, eight of the number; then the question is well-formed but for
 * the bytes that the input changes. */
static void build(struct wire_ask *a, const uint8_t *data, size_t size)
{
	struct call call = { .server = "s", .session = "x", .tool = "t", .tool_len = 1, .id = "" };

	memset(a, 0, sizeof(*a));
	a->kind = data[0] & 3;
	a->serial = data[1];
	a->wants_person = 1;
	a->timeout = 1000;
	a->call.tool[0] = 't';
	a->call.tool_len = 1;
	a->call.kind = (data[0] >> 2 & 7) % CALL_KINDS;
	call.kind = (enum call_kind)a->call.kind;
	sha256("", 0, a->call.arguments_digest);
	memcpy(call.arguments, a->call.arguments_digest, SHA256_SIZE);
	call.serial = a->serial;
	call_digest(&call, a->call.digest);
	for (size_t i = 2; i + 3 <= size && i < 32; i += 3) {
		size_t at = (size_t)(data[i] << 8 | data[i + 1]) % sizeof(*a);

		if (data[0] & 0x80)
			((uint8_t *)a)[at] = data[i + 2];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct order order;
	static struct wire_ask ask;
	struct order_question *q;

	memset(&order, 0, sizeof(order));
	order.server = "s";
	order.session = "x";
	while (size >= 2) {
		size_t n = size < 32 ? size : 32;
		uint64_t before = order.last_serial;
		int r;

		build(&ask, data, n);
		r = order_take(&order, &ask, 0, &q, NULL);
		if (r == 1 && (!q || !q->is_open || q->serial <= before || q->call->tool_len > LIMIT_TOOL ||
			       q->call->arguments_len > WIRE_ARGUMENTS || q->deadline <= 0 ||
			       order_find(&order, ask.call.digest) != q))
			abort();
		if (r == 0 && q && q->is_open)
			abort();
		if (r == 1 && (data[0] & 4)) {
			struct wire_answer answer;

			order_answer(q, WIRE_ANSWER_APPROVED, true, &answer);
			if (order_find(&order, ask.call.digest))
				abort();
		}
		data += n;
		size -= n;
	}
	return 0;
}
