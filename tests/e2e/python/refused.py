# SPDX-License-Identifier: Apache-2.0
"""How the official Python client sees what mcp-confine refuses, and a server that breaks the
protocol: each call ends, with words of ours, and the session goes on.

usage: SDK/bin/python refused.py LAUNCHER SERVER   (SERVER has a policy)"""

import asyncio
import os
import sys
from importlib.metadata import version

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

try:
    from mcp import McpError as Refusal
except ImportError:
    from mcp import MCPError as Refusal

REFUSED = "This tool call is refused by policy; trying again will not help."
WITHHELD = "The result of this tool call was withheld by policy; trying again will not help."


def is_error(result):
    return getattr(result, "isError", None) or getattr(result, "is_error", None)


async def session():
    parameters = StdioServerParameters(command=sys.argv[1], args=["run", sys.argv[2]])
    with open(os.devnull, "w") as quiet:
        async with stdio_client(parameters, errlog=quiet) as (read, write), ClientSession(read, write) as client:
            await client.initialize()
            listed = await client.list_tools()
            assert "delete_all" not in [t.name for t in listed.tools], "a denied tool is not listed"
            for tool, words in (("delete_all", REFUSED), ("not_listed_delete_all", REFUSED), ("planted", WITHHELD),
                                ("number", WITHHELD)):
                result = await client.call_tool(tool, {})
                assert is_error(result) and result.content[0].text == words, f"{tool}: {result}"
            for tool in ("nan", "twice", "batch", "long", "silent"):
                words = "the server ended" if tool == "silent" else "the answer was malformed and was withheld"
                try:
                    raise AssertionError(f"{tool}: {await client.call_tool(tool, {})}")
                except Refusal as e:
                    assert f"mcp-confine: {words}" in str(e), f"{tool}: {e}"
                if tool != "silent":
                    assert (await client.call_tool("fine", {})).content[0].text == "fine"


async def main():
    label = f"refusals with Python {version('mcp')}"
    try:
        async with asyncio.timeout(60):
            await session()
    except Exception as e:
        print(f"FAIL {label}: {type(e).__name__}: {e}")
        return 1
    print(f"ok {label}")
    return 0


sys.exit(asyncio.run(main()))
