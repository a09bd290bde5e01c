#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the probe program tries by system calls, tried as a Python server would.

Prints "NAME ANSWER" as the probe does, on stderr when out=stderr is given; the other
KEY=VALUE arguments are the probe's.
"""
import asyncio
import ctypes
import errno
import multiprocessing
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

GIVEN = dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a)
OUT = sys.stderr if GIVEN.get("out") == "stderr" else sys.stdout
HOME = pathlib.Path(GIVEN["home"])
PORT = int(GIVEN["port"])
# What a login, a desktop, an editor or an agent outside runs or trusts.
PERSISTENT = """.bashrc .bash_profile .bash_logout .profile .zshrc .zshenv .pam_environment
.config/fish/config.fish .config/environment.d/x.conf .config/autostart/x.desktop
.config/systemd/user/x.service .local/share/applications/x.desktop
.local/share/dbus-1/services/x.service .local/bin/git .ssh/authorized_keys .ssh/config .ssh/rc
.gitconfig .config/git/config .config/git/hooks/pre-commit .npmrc .yarnrc.yml .cargo/config.toml
.config/pip/pip.conf .npm/_npx/x .cache/uv/x .inputrc .tmux.conf .screenrc .vimrc .exrc .emacs
.config/nvim/init.lua .config/kitty/kitty.conf .Xmodmap .vscode-server/x .vscode/extensions/x
.config/Code/User/settings.json .claude.json .claude/settings.json .claude/CLAUDE.md
.cursor/mcp.json .codex/config.toml .gemini/settings.json .codeium/windsurf/mcp_config.json
.config/zed/settings.json .config/goose/config.yaml .continue/config.yaml .kiro/settings/mcp.json
.config/Claude/claude_desktop_config.json .config/mcp-confine/policy.json""".split()


def name_of(error):
    return errno.errorcode.get(error.errno, type(error).__name__) if isinstance(error, OSError) \
        and error.errno and error.errno > 0 else type(error).__name__


def attempt(name, action):
    """In a process of its own: what one attempt achieves must not help the next."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        result = action()
        answer = {True: "yes", False: "no"}.get(result, "ok") if isinstance(result, bool) else "ok"
    except BaseException as error:  # an answer is wanted whatever happens
        answer = name_of(error)
    print("py_" + name, answer, file=OUT, flush=True)
    os._exit(0)


def tcp():
    socket.create_connection(("127.0.0.1", PORT), timeout=5).close()


def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("127.0.0.1", PORT))


def resolve():
    socket.getaddrinfo(socket.gethostname() + "-mcpc.invalid", 443)


def http():
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=1)
    except TimeoutError:
        pass  # connected; the listener does not speak


def asyncio_tcp():
    async def run():
        _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.close()
    asyncio.run(run())


def find_secret(where):
    """Is a planted secret in any file that can be read, some levels below these?"""
    for top in map(str, where):
        for folder, folders, files in os.walk(top):
            folders[:] = [f for f in folders if folder.count("/") < top.count("/") + 4
                          and not os.path.islink(os.path.join(folder, f))]
            for file in files:
                path = os.path.join(folder, file)
                try:
                    if os.path.isfile(path) and os.path.getsize(path) < 65536 and \
                            GIVEN["secret"].encode() in pathlib.Path(path).read_bytes():
                        return True
                except OSError:
                    pass
    return False


def environment_of_others():
    for p in pathlib.Path("/proc").iterdir():
        if p.name.isdigit() and int(p.name) != os.getpid():
            try:
                if GIVEN["secret"].encode() in (p / "environ").read_bytes():
                    return True
            except OSError:
                pass
    return False


def persist():
    for name in PERSISTENT:
        path = pathlib.Path(GIVEN["persist"], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("changed by a server\n")


def mount():
    if ctypes.CDLL(None, use_errno=True).mount(b"none", b"/tmp", b"tmpfs", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "mount")


def unshare():
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) < 0:
        raise OSError(ctypes.get_errno(), "unshare")


def run_from(folder):
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".sh", delete=False) as f:
        f.write(b"#!/bin/sh\nexit 0\n")
        os.fchmod(f.fileno(), 0o755)
    try:
        subprocess.run([f.name], check=True)
    finally:
        os.unlink(f.name)


def setuid_copy():
    path = os.path.join(GIVEN["write"], "py-setuid")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755))
    finally:
        if os.path.exists(path):
            os.unlink(path)


def manager():
    """A process that serves objects over a socket with a name in the private /tmp."""
    with multiprocessing.Manager() as m:
        return m.list([7])[0] == 7


def child():
    os._exit(7)


def spawn():
    p = multiprocessing.get_context("spawn").Process(target=child)
    p.start()
    p.join()
    return p.exitcode == 7


if __name__ == "__main__":
    for name, action in (
            ("tcp", tcp), ("udp", udp), ("resolve", resolve), ("http", http),
            ("asyncio_tcp", asyncio_tcp),
            ("vsock", lambda: socket.socket(socket.AF_VSOCK).close()),
            ("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()),
            ("listen_tcp", lambda: socket.create_server(("127.0.0.1", 0)).close()),
            ("ssh_key", lambda: (HOME / ".ssh/id_test").read_text()),
            ("secret_in_home", lambda: find_secret([HOME])),
            ("secret_in_system", lambda: find_secret(["/tmp", "/run", "/etc", "/opt", "/var"])),
            ("environment_of_others", environment_of_others),
            ("signal_victim", lambda: os.kill(int(GIVEN["victim"]), 0)),
            ("signal_everyone", lambda: os.kill(-1, signal.SIGURG)),
            ("outside", lambda: pathlib.Path(GIVEN["beside"]).read_text()),
            ("symlink_out", lambda: pathlib.Path(GIVEN["write"], "link-out").read_text()),
            ("read_only_write", lambda: pathlib.Path(GIVEN["read"], "file").write_text("x")),
            ("run_from_tmp", lambda: run_from("/tmp")),
            ("run_from_granted", lambda: run_from(GIVEN["write"])),
            ("setuid", setuid_copy), ("mount", mount), ("unshare", unshare),
            ("chroot", lambda: os.chroot("/tmp")), ("persist", persist), ("spawn", spawn),
            ("manager", manager),
            ("pty", os.openpty), ("subprocess", lambda: subprocess.run(["true"], check=True))):
        attempt(name, action)
