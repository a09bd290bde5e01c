# SPDX-License-Identifier: Apache-2.0
"""Drive each server of servers.json with the official Python SDK client, once bare and once
under mcp-confine, and compare every answer.

usage: SDK/bin/python compare.py LAUNCHER   (below the e2e directory)
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

try:
    from mcp import Client
except ImportError:
    Client = None

launcher = sys.argv[1]
e2e = Path(__file__).resolve().parent.parent
CLOSE_S = 1.9  # the SDK sends TERM after 2 s
SESSION_S = 60
MODERN = "2026-07-28"


def fresh_directory():
    made = Path(tempfile.mkdtemp(prefix="mcpc-e2e-", dir=Path.home()))
    (made / "hello.txt").write_text("hello\nworld\n")
    (made / "sub").mkdir()
    return made


def fill(value, made):
    if isinstance(value, str):
        value = re.sub("^BIN/", f"{e2e}/node/node_modules/.bin/", value)
        return re.sub("^DIR", str(made), re.sub("^E2E/", f"{e2e}/", value))
    if isinstance(value, list):
        return [fill(v, made) for v in value]
    if isinstance(value, dict):
        return {k: fill(v, made) for k, v in value.items()}
    return value


async def confirm(*args):
    from mcp.types import ElicitResult

    return ElicitResult(action="accept", content={"sure": True})


@asynccontextmanager
async def connect(parameters, mode):
    with open(os.devnull, "w") as quiet:
        if mode == "session":
            async with stdio_client(parameters, errlog=quiet) as (read, write):
                async with ClientSession(read, write, elicitation_callback=confirm) as client:
                    yield client, await client.initialize()
        else:
            transport = stdio_client(parameters, errlog=quiet)
            async with Client(transport, mode=mode, elicitation_callback=confirm) as client:
                yield client, None


async def perform(client, operation, args):
    if operation == "tool":
        return await client.call_tool(*args)
    if operation == "prompts":
        return await client.list_prompts()
    if operation == "prompt":
        return await client.get_prompt(*args)
    if operation == "resources":
        return await client.list_resources()
    if operation == "templates":
        return await client.list_resource_templates()
    if operation == "resource":
        uri = args[0]
        if not Client:
            from pydantic import AnyUrl

            uri = AnyUrl(uri)
        return await client.read_resource(uri)
    return len((await client.list_resources()).resources)


def plain(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


async def session(server, mode, confined):
    made = fresh_directory()
    argv = fill(server["command"], made)
    env = None
    if confined:
        argv = [launcher, "run", "--", *argv]
    elif "bare_env" in server:
        env = fill(server["bare_env"], made)
    parameters = StdioServerParameters(command=argv[0], args=argv[1:], env=env)
    answers = {"calls": [], "worked": 0}
    async with asyncio.timeout(SESSION_S):
        async with connect(parameters, mode) as (client, hello):
            answers["hello"] = plain(hello)
            answers["tools"] = plain(await client.list_tools())
            for operation, *args in fill(server["calls"], made):
                try:
                    answers["calls"].append(plain(await perform(client, operation, args)))
                    answers["worked"] += 1
                except Exception as e:  # the answer may be an error: it is compared, too
                    answers["calls"].append(f"{type(e).__name__}: {e}")
            began = time.monotonic()
    closing = time.monotonic() - began
    shutil.rmtree(made)
    text = json.dumps(answers).replace(str(made), "DIR")
    return json.loads(re.sub(r"\d{4}-\d\d-\d\dT[\d:.+-]+Z?", "TIME", text)), closing


async def main():
    passed = failed = 0
    sdk = version("mcp")
    servers = json.loads((e2e / "servers.json").read_text())
    for server in servers:
        modes = ["session"]
        if Client:
            modes += ["legacy", "auto"] + ([MODERN] if server.get("modern") else [])
        for mode in modes:
            label = f"{server['name']} with Python {sdk} {mode}"
            try:
                bare, _ = await session(server, mode, False)
                confined, closing = await session(server, mode, True)
                if confined != bare:
                    raise AssertionError(f"answers differ:\n  bare     {bare}\n  confined {confined}")
                if not bare["worked"]:
                    raise AssertionError("no call worked")
                if closing >= CLOSE_S:
                    raise AssertionError(f"close took {closing:.3f} s")
                print(f"ok {label}: {len(bare['calls'])} answers, close {closing * 1000:.0f} ms", flush=True)
                passed += 1
            except Exception as e:
                print(f"FAIL {label}: {type(e).__name__}: {e}", flush=True)
                failed += 1
    print(f"e2e, Python client {sdk}: {passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
