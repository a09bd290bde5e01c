# SPDX-License-Identifier: Apache-2.0
"""A server of the Python SDK, for its first and its second major version."""

try:
    from mcp.server.mcpserver import Context, MCPServer as Server
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP as Server

server = Server("python-e2e", instructions="For tests.")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def shout(text: str) -> str:
    """Upper case."""
    return text.upper()


@server.tool()
def fail() -> str:
    """Raise."""
    raise ValueError("as asked")


@server.tool()
async def report(ctx: Context) -> str:
    """Report progress while at work."""
    await ctx.report_progress(1, 2)
    await ctx.report_progress(2, 2)
    return "done"


@server.resource("notes://one")
def one() -> str:
    """A note."""
    return "first note"


@server.prompt()
def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello {name}"


if __name__ == "__main__":
    server.run("stdio")
