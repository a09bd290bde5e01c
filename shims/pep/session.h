/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - what the two sides have said to each other so far, as far as it decides
 *
 * Theory of operation.  A response passes only when it answers an open request of the
 * other side, by an id of the same type and text, and once.  The same holds for what
 * refers to a request in another way: a progress token, a cancellation, a subscription,
 * a task.  Directions have id spaces of their own.  Nothing is evicted: a full table
 * refuses what comes; an id in use is never answered for another message.  The id of a
 * cancelled request stays taken until the late answer came: it would be judged, and read,
 * as the answer of the next request of that id.  Of these the oldest are forgotten.
 *
 * Eras.  A request that names a protocol version in its _meta is modern (2026-07-28)
 * and stands alone; every other is legacy and needs an `initialize` before it.  Both
 * may alternate on one pipe.  Which one a message is, rpc says for each; what a legacy
 * session needs to be remembered is here.
 *
 * Tasks.  A request may be answered by a handle; what comes later through that handle
 * (tasks/result, tasks/get, notifications) is judged as the answer of that request.  A
 * handle that was not given out here is unknown.  Finished ones are forgotten when
 * their time is over or the room is needed, running ones when their time is over.
 *
 * Pure: no I/O, and the clock (milliseconds, monotonic) comes in as an argument.
 */
#ifndef SHIMS_PEP_SESSION_H
#define SHIMS_PEP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "shims/pep/keymap.h"
#include "shims/pep/rates.h"
#include "shims/pep/rpc.h"
#include "shims/pep/vocabulary.h"

/* What an answer has to be looked at for. */
enum session_about {
	SESSION_OTHER = 0, /* a method outside of MCP */
	SESSION_PLAIN,	   /* one of MCP whose answer holds nothing to look at */
	SESSION_INITIALIZE,
	SESSION_DISCOVER,
	SESSION_TOOLS_LIST,
	SESSION_TOOLS_CALL,
	SESSION_PROMPTS_LIST,
	SESSION_PROMPTS_GET,
	SESSION_RESOURCES_LIST,
	SESSION_TEMPLATES_LIST,
	SESSION_RESOURCES_READ,
	SESSION_COMPLETE,
	SESSION_LISTEN,	     /* stays open: a subscription */
	SESSION_TASK_STATE,  /* tasks/get, tasks/cancel, tasks/update */
	SESSION_TASK_RESULT, /* tasks/result: the answer of the request itself */
	SESSION_ROOTS_LIST,  /* asked by the server */
};

struct session_request {
	enum session_about about;
	enum session_about task; /* of tasks/...: what the task was started by */
	int task_slot;		 /* of tasks/...: with the serial, which task; else -1 */
	uint32_t task_serial;
	bool is_modern;
	bool may_be_task;	 /* may be answered by the handle of a task */
	struct rates_ticket ticket; /* what its answer is charged to */
	uint64_t asked_at;	 /* when it was passed on; for the log */
	bool wants_log;		 /* modern: asked for notifications/message */
};

struct session_task {
	enum session_about about; /* of the request that it does */
	uint32_t serial;	  /* no two tasks of a side have the same */
	bool is_modern, is_done;
	int token;		  /* slot of its progress token, or -1 */
	struct rates_ticket ticket; /* of that request: its result is charged to it */
	uint64_t until;		  /* when the receiver may forget it; UINT64_MAX: never */
};

enum session_state { SESSION_FRESH = 0, SESSION_ASKED, SESSION_OPEN };

/* What one side asked. */
struct session_side {
	struct keymap ids, tokens, tasks, cancelled;
	int oldest;				     /* slot of cancelled to forget next */
	struct session_request request[KEYMAP_SIZE]; /* by slot of ids */
	int token[KEYMAP_SIZE];			     /* the same: slot of tokens, or -1 */
	struct session_task task[KEYMAP_SIZE];	     /* by slot of tasks */
	size_t n_listen, n_log;
	uint32_t serial;
};

struct session {
	uint64_t secret[2]; /* random */
	enum session_state state;
	bool takes_tasks;   /* the client said so at initialize */
	struct session_side side[2]; /* by enum vocabulary_from: who asked */
};

/*
 * Remember a request that is about to be passed on.  token: NULL, or its progress
 * token.  Return: 0, -EEXIST (that id is open), -EBUSY (that token is), -ENOSPC.
 */
int session_ask(struct session *s, enum vocabulary_from from, const struct rpc_id *id,
		const struct session_request *request, const struct rpc_id *token);

/* Is that id open? */
bool session_is_open(const struct session *s, enum vocabulary_from asker,
		     const struct rpc_id *id);

/*
 * Take the request with that id out, since it is answered or given up.  *ret_token: the
 * slot of its token, the caller's to keep with session_start_task() or to free with
 * session_free_token(); NULL frees it here.  Return: 1 and *ret, or 0.
 */
int session_take(struct session *s, enum vocabulary_from asker, const struct rpc_id *id,
		 struct session_request *ret, int *ret_token);
void session_free_token(struct session *s, enum vocabulary_from asker, int token);

/* Take it out since its asker gives it up; its answer may still come. */
void session_cancel(struct session *s, enum vocabulary_from asker, const struct rpc_id *id);

/* Was a request of that id given up, and its answer did not come yet? */
bool session_is_cancelled(const struct session *s, enum vocabulary_from asker,
			  const struct rpc_id *id);

/* An answer to no open request: perhaps the late one. */
void session_answer_late(struct session *s, enum vocabulary_from asker, const struct rpc_id *id);

/* May the asker give the request up?  Not when there is none of that id, and not
 * `initialize` (MCP, cancellation). */
bool session_may_cancel(const struct session *s, enum vocabulary_from asker,
			const struct rpc_id *id);

/* Does the token belong to a request, or a running task, of the asker's? */
bool session_has_token(const struct session *s, enum vocabulary_from asker,
		       const struct rpc_id *token);

/* Is it the id of an open subscriptions/listen of the client's? */
bool session_listens(const struct session *s, const struct rpc_id *id);

/* Does an open modern request want notifications/message? */
bool session_logs(const struct session *s);

/*
 * A request was answered by a handle: from now on it stands for that request.  ttl in
 * milliseconds, UINT64_MAX for no end.  The token is taken.  A handle that is known
 * keeps what it was; -EEXIST.  Return: 0, -EEXIST, -ENOSPC.
 */
int session_start_task(struct session *s, enum vocabulary_from asker,
		       const struct rpc_id *task, const struct session_request *request,
		       int token, uint64_t ttl, uint64_t now);

/* Return: the slot of a handle of the asker's and *ret what it stands for; -ENOENT. */
int session_find_task(const struct session *s, enum vocabulary_from asker,
		      const struct rpc_id *task, struct session_task *ret);

/* The task came to its end: its token is free, and its result may still be read. */
void session_end_task(struct session *s, enum vocabulary_from asker, int slot, uint32_t serial);

/* Does the server owe an answer?  A subscription is none. */
bool session_owes(const struct session *s);

#endif /* SHIMS_PEP_SESSION_H */
