/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - every bound of the project, each with its reason
 *
 * Sizes are bytes unless the name says otherwise.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#include <stddef.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/*
 * One message. Base64 of 10 MiB and an envelope fit. The TypeScript SDK clears its buffer
 * at 10 MiB and ends the connection: such a peer is not out of step by a longer line, it is
 * gone, with or without us, and what it reads next is a new process. Peers without that
 * bound (Python, Go, Rust) keep what they could do before. No tail of a line that we write
 * is JSON by itself (it closes a brace that it does not open), so nothing is read into one.
 */
#define LIMIT_LINE (16 * MIB)
/* Canonical text: a raw DEL (1 byte) leaves as \u007f (6); nothing grows more. */
#define LIMIT_LINE_OUT (6 * LIMIT_LINE + MIB)
/* Room kept free in each sink for answers of our own (a denial is under 1 KiB). */
#define LIMIT_REPLIES (256 * KIB)
/* Memory that messages took beyond this goes back a moment after they passed. */
#define LIMIT_KEPT (128 * KIB)
/* Nesting of arrays and objects: no schema in the wild passes 40. */
#define LIMIT_DEPTH 128
/* Values in one message: bounds the tape (16 bytes a value). */
#define LIMIT_VALUES ((size_t)2 << 20)
/* Members of one object: bounds the search for duplicates. */
#define LIMIT_MEMBERS ((size_t)256 << 10)
/* Memory of the pep that stays, whatever the peers do with messages of common size: what
 * one read takes of each side, and its pages of program and library. */
#define LIMIT_RESIDENT (4 * MIB)
/* Requests without an answer, per direction: no eviction, a further one is refused. */
#define LIMIT_IN_FLIGHT 1024
/* Requests of a refused batch that get an answer of their own: as many as could be open at
 * once. Who sends more in one line gets one further error, without an id. */
#define LIMIT_BATCH LIMIT_IN_FLIGHT
/* A JSON-RPC id as text; SDKs send integers or short strings. */
#define LIMIT_ID 256
/* A method name; the longest in use is under 50. */
#define LIMIT_METHOD 128
/* A tool's name, MCP 2025-11-25 server/tools says 128; leave room for the careless. */
#define LIMIT_TOOL 512
/* Values that rules leave out of one message; one with more is withheld. */
#define LIMIT_HIDDEN ((size_t)16 << 10)
/* One line of a server's stderr; a longer one is relayed in pieces. */
#define LIMIT_STDERR_LINE (16 * KIB)

/* Calls that are frozen or remembered while somebody decides about them. */
#define LIMIT_HELD 64
/* Questions to a person that are open at once: more is a flood, not a question. */
#define LIMIT_QUESTIONS 16
/* The same of one tool. */
#define LIMIT_QUESTIONS_TOOL 4
/* Questions to a person in a minute: who asks and takes back in a loop is no use to one. */
#define LIMIT_QUESTIONS_MINUTE 32
/* Bytes of all frozen calls together. */
#define LIMIT_HELD_BYTES (32 * MIB)
/* Milliseconds: between two signs of life to a client that waits. */
#define LIMIT_PROGRESS 10000
/* After a no the same call is refused for this long without asking. */
#define LIMIT_COOLING 60000
/* Terminals that look at the questions of one server at once. */
#define LIMIT_DESKS 8
/* Tools of one server that are remembered; servers in the wild have under 200. */
#define LIMIT_PINS ((size_t)1024)
/* Records in one log of pins: a server that changes its tools for ever fills it, and what
 * is new after that is hidden. */
#define LIMIT_PIN_RECORDS ((size_t)4096)
/* The definition of one tool in canonical form; a larger one is hidden when tools are
 * pinned. Those in the wild are under 32 KiB. */
#define LIMIT_PIN_TEXT (128 * KIB)
/* Lines about tools in the audit log, of one session; then one that says so. */
#define LIMIT_SURFACE_LINES 4096
/* An answer to initialize, server/discover or ping that passes although a budget of bytes
 * is used up: a session can begin, and say so. Instructions in the wild are under 8 KiB. */
#define LIMIT_GREETING (16 * KIB)
/* Rates and budgets of one policy, all layers together: a request remembers which of them
 * count it in one word. */
#define LIMIT_RATES 64

/* A log of pins. */
#define LIMIT_PIN_LOG (32 * MIB)

/* Diagnostics of a server, as it wrote them: at once, and for each second afterwards. */
#define LIMIT_STDERR_BURST MIB
#define LIMIT_STDERR_RATE (256 * KIB)

/* Pseudonyms of one session; what comes when they are used up is redacted. */
#define LIMIT_PSEUDONYMS 2048
/* What a pseudonym can stand for: the longest address of mail has 254 bytes (RFC 5321). */
#define LIMIT_PSEUDONYM 256
/* Values of one result that are replaced wherever they stand in it; of more, each is still
 * replaced where it is found. */
#define LIMIT_MIRRORED 1024
/* Bytes that are compared for that in one result: a fifth of a second; one that needs more
 * is withheld. */
#define LIMIT_MIRROR_WORK ((size_t)64 << 20)
/* Exempt fields of one call. */
#define LIMIT_EXEMPT 32

/* A policy file. */
#define LIMIT_POLICY MIB
/* Rules of one layer, names of one list. */
#define LIMIT_RULES 1024
/* Known values to recognise: environment entries, and what files name. */
#define LIMIT_SECRETS 512
/* One known value; a longer one is recognised by its first bytes. */
#define LIMIT_SECRET (8 * KIB)

/* What is read of a program's stdout (npm, pip) while a package is installed. */
#define LIMIT_TOOL_OUT (16 * MIB)
/* A text for mcp-confine scan: places in it have 32 bits, and it is read whole. */
#define LIMIT_SCAN (1024 * MIB)
/* What getent(1) says of all accounts: a hundred thousand of them. */
#define LIMIT_ACCOUNTS (16 * MIB)
/* A client's configuration. ~/.claude.json holds histories and reaches megabytes. */
#define LIMIT_CONFIG (16 * MIB)
/* Values in it: bounds the tree (about 100 bytes each). */
#define LIMIT_CONFIG_VALUES ((size_t)1 << 20)
/* Members of one table of TOML or YAML, where each new one is held against all. */
#define LIMIT_CONFIG_MEMBERS 1024
/* Nesting in it: bounds recursion. */
#define LIMIT_CONFIG_DEPTH 64

/* Lines of the audit log that one side of a session can cause, of what was dropped and of
 * the rest, each: at once, and for each second afterwards. */
#define LIMIT_NOTED_BURST 1000
#define LIMIT_NOTED_RATE 20
/* One record of the audit log; longer values are cut and marked. PIPE_BUF keeps it one write. */
#define LIMIT_AUDIT_LINE ((size_t)4096)

/*
 * The end of a session, in milliseconds. SDK clients close our stdin, send TERM
 * after 2000 and KILL after another 2000 (one sibling of the TypeScript client:
 * TERM at once and KILL after 1000), so a server that ignores its end of file
 * must be gone before the first and one that ignores TERM before the last.
 */
#define LIMIT_EOF_GRACE 1000  /* from end of file with no request open, to TERM */
#define LIMIT_EOF_OPEN 10000  /* the same while the server still owes answers */
#define LIMIT_TERM_GRACE 500  /* from TERM to KILL */
#define LIMIT_FLUSH_GRACE 500 /* for the pep to pass on the server's last words */
#define LIMIT_BUILD_PATIENCE 50 /* for the sandbox, before the pep starts beside its building */

/* For a service provider to say whether something is revoked, in milliseconds. */
#define LIMIT_PROVIDER 5000
/* For a broker to revoke tokens and end, when its session was revoked. */
#define LIMIT_REVOKING 5000

/* For a server that listens on a Unix socket to begin, in milliseconds: half of what
 * clients wait for its first answer. */
#define LIMIT_DIAL 30000

#endif /* COMMON_LIMITS_H */
