# SPDX-License-Identifier: Apache-2.0
"""A peer in Python: text lines of stdin, as the SDK reads them, and json; with "first" one
that keeps the first of two members, with "bytes" one that splits bytes at LF only, with
"splitlines" one that ends a line wherever Unicode does."""
import io
import json
import struct
import sys

first = sys.argv[1] == "first"


def members(pairs):
    made = {}
    for name, value in pairs:
        if not (first and name in made):
            made[name] = value
    return made


def text(s):
    return '"' + s.encode("utf-8", "surrogatepass").hex()


def show(v):
    if v is None:
        return "n"
    if v is True:
        return "t"
    if v is False:
        return "f"
    if isinstance(v, float):
        return "#%016x" % struct.unpack("<Q", struct.pack("<d", v))
    if isinstance(v, str):
        return text(v)
    if isinstance(v, list):
        return "[" + ",".join(map(show, v)) + "]"
    items = sorted(v.items(), key=lambda i: i[0].encode("utf-8", "surrogatepass"))
    return "{" + ",".join(text(k) + ":" + show(x) for k, x in items) + "}"


if sys.argv[1] == "splitlines":
    stdin = sys.stdin.buffer.read().decode().splitlines()
else:
    stdin = sys.stdin.buffer if sys.argv[1] == "bytes" else io.TextIOWrapper(sys.stdin.buffer, "utf-8", errors="replace")
sys.setrecursionlimit(10000)
for line in stdin:
    print(show(json.loads(line, parse_int=float, parse_float=float, object_pairs_hook=members)))
