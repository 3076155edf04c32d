"""
Borg for tests that call it thousands of times: most of the time of a small command is the start of Python and of Borg's modules.
`quick-borg.py SOCKET` loads them once and then runs each command in a fork of itself; it prints a line when it is ready. The `borg` that
stands first on the PATH of such a test is the few lines of CLIENT, which hand over arguments, environment, directory and descriptors, and
end as the command does.
"""

import array
import fcntl
import os
import select
import signal
import socket
import sys

CLIENT = """
import array, os, socket, sys
descriptors = array.array('i', [0, 1, 2] + [3] * os.path.exists('/proc/self/fd/3'))
connection = socket.socket(socket.AF_UNIX)
connection.connect({path!r})
text = repr((sys.argv[1:], dict(os.environ), os.getcwd())).encode()
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
connection.sendmsg([len(text).to_bytes(8, 'big')], rights)
connection.sendall(text)
for descriptor in descriptors:
    if descriptor != 2:
        os.close(descriptor)
os._exit(int(connection.recv(8) or b'70'))
"""


def receive(connection):
    head, ancillary, _, _ = connection.recvmsg(8, socket.CMSG_SPACE(16))
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    wanted = int.from_bytes(head, "big")
    text = b""
    while len(text) < wanted:
        text += connection.recv(65536)
    return list(descriptors), eval(text)


def run_borg(descriptors, request):
    arguments, environment, directory = request
    # Out of the way of 0 to 3, which they become.
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 64) for descriptor in descriptors]
    for number, descriptor in enumerate(moved):
        os.dup2(descriptor, number)
    os.closerange(len(moved), 256)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = ["borg", *arguments]
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        setattr(sys, name, open(number, mode, closefd=False, encoding="utf-8", errors="surrogateescape"))
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    code = 70
    try:
        borg.archiver.main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass
    os._exit(code)


def answer(connection):
    descriptors, request = receive(connection)
    child = os.fork()
    if child == 0:
        connection.close()
        run_borg(descriptors, request)
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, connection], [], [])
    if ended not in ready:
        # Whoever has asked is gone.
        os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    try:
        connection.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    except OSError:
        pass
    os._exit(0)


if __name__ == "__main__":
    import borg.archiver

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    directory = os.path.dirname(sys.argv[1])
    client = os.path.join(directory, "borg")
    with open(client, "w") as file:
        file.write("#!/usr/bin/python3 -IS\n" + CLIENT.format(path=sys.argv[1]))
    os.chmod(client, 0o755)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            answer(connection)
        connection.close()
