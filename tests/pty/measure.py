#!/usr/bin/env python3
"""Measures the game on a pseudo-terminal beside htop, btop and bottom, in one run: python3 tests/pty/measure.py

What is there of the other three is measured; SEV1=path says which program is ours (target/release/sev1). Times are taken
in turns, round by round, and processor time and bytes at the same moment for all, so that neighbours hurt all alike.
Compare ratios. Needs Linux and nothing but Python.
"""

import fcntl, os, pty, random, re, select, shutil, signal, statistics, struct, tempfile, termios, threading, time

ROUNDS, SECONDS, KEYS = 9, 30.0, 200
OURS = os.path.abspath(os.environ.get("SEV1", "target/release/sev1"))
PEERS = [(name, [path]) for name, path in (("htop", shutil.which("htop")), ("btop", shutil.which("btop")),
                                            ("bottom", shutil.which("btm"))) if path]
HOME = tempfile.mkdtemp()
END_OF_FRAME = b"\x1b[?2026l"
QUERIES = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;22c"}
UNIQUE = "ü"


class Program:
    """A program on a screen of 120x40; what it asks of the terminal is answered, or not."""

    def __init__(self, command, answers=True):
        self.answers, self.bytes, self.chunks = answers, 0, []
        ready, go = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(ready, 1)
            for name in ("NO_COLOR", "LC_ALL"):
                os.environ.pop(name, None)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", HOME=HOME,
                              XDG_CONFIG_HOME=HOME, XDG_DATA_HOME=HOME, XDG_STATE_HOME=HOME)
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.start = time.perf_counter()
        os.write(go, b"x")
        os.close(ready), os.close(go)

    def read(self, patience):
        """What comes within so many seconds; nothing where nothing comes."""
        if not select.select([self.fd], [], [], patience)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 17)
        except OSError:
            return b""
        self.bytes += len(data)
        self.chunks.append((time.perf_counter(), data))
        for query, answer in QUERIES.items():
            if self.answers and query in data:
                os.write(self.fd, answer)
        return data

    def read_for(self, seconds):
        end = time.perf_counter() + seconds
        while (rest := end - time.perf_counter()) > 0:
            self.read(rest)

    def type(self, text):
        os.write(self.fd, text.encode())

    def processor(self):
        """Nanoseconds on a processor so far."""
        tasks = f"/proc/{self.pid}/task"
        return sum(int(open(f"{tasks}/{task}/schedstat").read().split()[0]) for task in os.listdir(tasks))

    def memory(self):
        """The most memory so far, in MiB."""
        status = open(f"/proc/{self.pid}/status").read()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def first_frame(command, answers):
    """Milliseconds to the first byte, and to the last one before a tenth of a second of silence."""
    program = Program(command, answers)
    while not program.read(4.0):
        pass
    while program.read(0.1):
        pass
    program.end()
    return tuple((when - program.start) * 1000 for when in (program.chunks[0][0], program.chunks[-1][0]))


def tell_first_frames():
    print(f"\nstart to first frame, ms, median (least to most) of {ROUNDS} rounds in turn")
    programs = [("sev1", [OURS])] + PEERS
    for answers, words in ((True, "terminal answers"), (False, "terminal answers nothing")):
        taken = {name: [] for name, _ in programs}
        for _ in range(ROUNDS):
            for name, command in programs:
                taken[name].append(first_frame(command, answers))
        for name, times in taken.items():
            whole = [last for _, last in times]
            print(f"  {name:8} {words:26} first byte {statistics.median(first for first, _ in times):7.1f}"
                  f"   whole frame {statistics.median(whole):7.1f} ({min(whole):.1f} to {max(whole):.1f})")


def playing():
    """Our game in the middle of forty pods, at the speed of real time."""
    program = Program([OURS, "play", "forty-pods", "--seed", "1", "--speed", "1", "--mode", "trainee"])
    program.read_for(1.0)
    program.type("\r")
    program.read_for(0.5)
    program.type("wait 8m\r")
    program.read_for(8.0)
    return program


def key_to_screen(program, press, wait_for, undo):
    """Milliseconds from a key to the bytes that show it, at random moments."""
    times = []
    for _ in range(KEYS):
        program.read_for(random.uniform(0.02, 0.2))
        start = time.perf_counter()
        program.type(press)
        seen = b""
        while wait_for not in seen or not seen:
            data = program.read(2.0)
            if not data:
                break
            seen += data
        times.append((time.perf_counter() - start) * 1000)
        if undo:
            program.type(undo)
    return times


def tell_keys():
    print(f"\nkey to changed bytes, ms, {KEYS} keys at random moments")
    program = playing()
    told = [("sev1 in play", key_to_screen(program, UNIQUE, UNIQUE.encode(), "\x7f"))]
    program.end()
    for name, command in PEERS:
        program = Program(command)
        program.read_for(3.0)
        told.append((name, key_to_screen(program, "\x1b[B", b"", "")))
        program.end()
    for name, times in told:
        print(f"  {name:14} median {statistics.median(times):6.2f}   99 of 100 within {percentile(times, 0.99):6.2f}")


def watch(name, program, told):
    processor, count, skip = program.processor(), program.bytes, len(program.chunks)
    program.read_for(SECONDS)
    chunks = program.chunks[skip:]
    # A frame of ours ends with a mark; one of the others with a silence.
    if any(END_OF_FRAME in data for _, data in chunks):
        frames = [len(part) for part in b"".join(data for _, data in chunks).split(END_OF_FRAME)[:-1]]
    else:
        frames, last = [], None
        for when, data in chunks:
            if last is None or when - last > 0.05:
                frames.append(0)
            frames[-1] += len(data)
            last = when
    spent = (program.processor() - processor) / 1e6
    told[name] = (spent, program.bytes - count, frames, program.memory())
    program.end()


def storm(name, program, told):
    """Something is typed and looked at every two seconds."""
    def act():
        for line in ["kubectl get pods\r", "\x1b1\x1b[B\x1b[B", "\x1b4kubectl get events\r", "\x1b3", "\x1b2", "\x1b4"] * 3:
            time.sleep(SECONDS / 18)
            try:
                program.type(line)
            except OSError:
                return
    thread = threading.Thread(target=act)
    thread.start()
    watch(name, program, told)
    thread.join()


def tell_load():
    print(f"\n{SECONDS:.0f} s at 120x40, all at the same time")
    title = Program([OURS])
    title.read_for(1.0)
    paused = playing()
    paused.type("\x1b1 ")
    paused.read_for(1.0)
    jobs = [(watch, "sev1 title", title), (watch, "sev1 paused", paused), (watch, "sev1 in play", playing()),
            (storm, "sev1 in a storm", playing())]
    for name, command in PEERS:
        program = Program(command)
        program.read_for(2.0)
        jobs.append((watch, name, program))
    told = {}
    threads = [threading.Thread(target=job, args=(name, program, told)) for job, name, program in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, name, _ in jobs:
        spent, count, frames, memory = told[name]
        each = f"{len(frames):4} frames, {spent / max(1, len(frames)):6.2f} ms each" if frames else "no frame"
        sizes = f", bytes a frame {statistics.median(frames):.0f}, 99 of 100 within {percentile(frames, 0.99)}" if frames else ""
        print(f"  {name:16} processor {spent / SECONDS / 10:5.2f} %   {count / SECONDS:7.0f} bytes/s   "
              f"{memory:5.1f} MiB   {each}{sizes}")


def tell_headless():
    start = time.perf_counter()
    pid = os.posix_spawn(OURS, [OURS, "run", "forty-pods", "--solution", "as-it-happened"], dict(os.environ, HOME=HOME),
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    usage = os.wait4(pid, 0)[2]
    print(f"\na whole run without a screen: {usage.ru_maxrss / 1024:.1f} MiB, {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    print("load before:", *os.getloadavg())
    tell_first_frames()
    tell_keys()
    tell_load()
    tell_headless()
    print("load after:", *os.getloadavg())
    shutil.rmtree(HOME, ignore_errors=True)
