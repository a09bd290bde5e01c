# SPDX-License-Identifier: Apache-2.0
"""What MCP servers in Python do.  Exit 0 when all worked."""
import asyncio
import concurrent.futures
import hashlib
import multiprocessing
import os
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import zoneinfo  # noqa: F401
from multiprocessing import shared_memory


def square(n):
    return n * n


async def children():
    p = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await p.communicate(b"through")
    assert out == b"through"
    p = await asyncio.create_subprocess_shell("exit 7")
    assert await p.wait() == 7
    reader, writer = os.pipe()
    loop = asyncio.get_running_loop()
    seen = loop.create_future()
    loop.add_reader(reader, lambda: seen.set_result(os.read(reader, 1)))
    os.write(writer, b"x")
    assert await asyncio.wait_for(seen, 10) == b"x"
    assert await asyncio.to_thread(square, 3) == 9


def main():
    results = []
    threads = [threading.Thread(target=lambda: results.append(1)) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 20
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(square, range(5))) == [0, 1, 4, 9, 16]
    assert subprocess.run(["sh", "-c", "exit 3"]).returncode == 3
    assert subprocess.check_output(["echo", "out"]) == b"out\n"
    asyncio.run(children())
    for method in ("spawn", "fork", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
    memory = shared_memory.SharedMemory(create=True, size=4096)
    memory.buf[0] = 7
    memory.close()
    memory.unlink()
    with tempfile.TemporaryDirectory() as d:
        db = sqlite3.connect(pathlib.Path(d, "x.db"))
        assert db.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
        db.execute("create table t (a)")
        db.executemany("insert into t values (?)", [(i,) for i in range(1000)])
        db.commit()
        assert db.execute("select count(*) from t").fetchone()[0] == 1000
        db.close()
    ssl.create_default_context()
    hashlib.scrypt(b"a", salt=b"b", n=2, r=8, p=1)
    assert os.path.expanduser("~") == os.environ["HOME"] and os.getlogin is not None
    sys.stderr.write("worked\n")


if __name__ == "__main__":
    main()
