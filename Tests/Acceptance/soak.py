#!/usr/bin/env python3
"""Trains, aligns and warps for SOAK_MINUTES (30) while faults come and the load changes, and compares every result with the undisturbed one.

    make soak SOAK_MINUTES=30 SOAK_SEED=1

A fault is survived where the program gives the right result or ends with one line and the exit code 1 or 64 (after a signal: by it), leaves
nothing half-written and doesn't hang; and where it then, undisturbed, gives the right result. Prints figures; fails where one was not survived.
"""
import collections, json, os, random, resource, shutil, signal, subprocess, sys, tempfile, time

CLEAN_CODES = (1, 64)

Ended = collections.namedtuple("Ended", "code error hung")


def idx(shape, data):
    return bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + data


def write_inputs():
    """In the working directory: a scene, a view of it, and an MNIST of noise."""
    width, height = 160, 120
    pixels = bytes(
        (x * x // 23 + y * 3 + c * 40 + 90 * ((x // 20 + y // 15) % 2)) % 256 for y in range(height) for x in range(width) for c in range(3))
    with open("scene.ppm", "wb") as file:
        file.write(b"P6 %d %d 255 " % (width, height) + pixels)
    os.mkdir("data")
    for part in "train", "t10k":
        with open(f"data/{part}-images-idx3-ubyte", "wb") as file:
            file.write(idx([64, 28, 28], bytes((i * i >> 4) % 256 for i in range(64 * 784))))
        with open(f"data/{part}-labels-idx1-ubyte", "wb") as file:
            file.write(idx([64], bytes(i % 10 for i in range(64))))


class Work:
    """A command, and what of its output directory is its result."""

    def __init__(self, name, arguments, result):
        self.name, self.arguments, self.result = name, arguments, result

    def command(self, out, resume=False):
        return [program] + [a.replace("OUT", out) for a in self.arguments] + (["--resume"] if resume and self.name == "train" else [])


def contents(path):
    """Of a file, without what differs from run to run: how long it took."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".jsonl"):
        return [{k: v for k, v in json.loads(line).items() if k != "imagesPerSecond"} for line in data.splitlines()]
    if path.endswith("result.json"):
        return json.loads(data, object_hook=lambda o: {k: v for k, v in o.items() if k != "seconds"})
    return data


def whole(work, out, name):
    """The contents of a file of the result; None where there is none, or where it cannot be read: then it is half-written."""
    try:
        return contents(f"{out}/{name}")
    except (OSError, ValueError) as error:
        return None if isinstance(error, FileNotFoundError) else error


def run(command, limits=(), environment={}, streams={}, after=None):
    """Runs to the end. `limits`: of resources; `after`: seconds and the signals that come then, one after the other."""

    def limit():
        os.setpgid(0, 0)
        for kind, value in limits:
            resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))

    variables = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
    # A pipe, which no limit of a file's size holds for; it has room for far more than a line.
    process = subprocess.Popen(
        command, preexec_fn=limit, env=variables, stdin=subprocess.DEVNULL,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams})
    hung = False
    try:
        if after:
            seconds, signals = after
            for one in signals:
                try:
                    process.wait(seconds)
                except subprocess.TimeoutExpired:
                    process.send_signal(one)
        process.wait(hang)
    except subprocess.TimeoutExpired:
        hung = True
    try:
        os.killpg(process.pid, signal.SIGKILL)  # also what it has started
    except ProcessLookupError:
        pass
    process.wait()
    error = b""
    if process.stderr:
        with process.stderr:
            error = process.stderr.read()
    return Ended(process.returncode, error.decode(errors="replace"), hung)


class Fault:
    """What is done to a run. `allowed`: signals by which it may end."""

    def __init__(self, kind, detail, allowed=(), silent=False, **arguments):
        self.kind, self.detail, self.allowed, self.silent, self.arguments = kind, detail, allowed, silent, arguments


def draw_fault(source, seconds):
    """One of each kind equally often. `seconds`: how long an undisturbed run takes."""
    moment = source.uniform(0, 1.2 * seconds)

    def ending(one):
        return Fault(one.name, f"after {moment:.2f} s", allowed=(one,), after=(moment, [one]))

    def limited(name, kind, value, unit, allowed=()):
        return Fault(name, f"{value} {unit}", allowed=allowed, limits=[(kind, value)])

    variable, value = source.choice([
        ("LINWARP_KERNELS", "foo"), ("LINWARP_KERNELS", ""), ("LINWARP_KERNELS", "AVX2"), ("LINWARP_THREADS", "0"), ("LINWARP_THREADS", "-1"),
        ("LINWARP_THREADS", "abc"), ("LINWARP_THREADS", "3"), ("LINWARP_THREADS", "100000"), ("LINWARP_DATA", ""), ("LINWARP_DATA", "/nowhere"),
        ("TMPDIR", "/nowhere"), ("HOME", None), ("PATH", ""), ("LANG", "xx_YY"),
    ])
    stream, target = source.choice([("stdout", "/dev/full"), ("stderr", "/dev/full"), ("stdout", None), ("stderr", None)])
    kinds = [
        lambda: ending(signal.SIGKILL), lambda: ending(signal.SIGTERM), lambda: ending(signal.SIGINT), lambda: ending(signal.SIGHUP),
        lambda: Fault("pause", f"after {moment:.2f} s", after=(moment, [signal.SIGSTOP, signal.SIGCONT])),
        lambda: limited("file size", resource.RLIMIT_FSIZE, source.choice([0, 1, 512, 4096, 20000, 100000]), "bytes", (signal.SIGXFSZ,)),
        lambda: limited("memory", resource.RLIMIT_AS, source.randrange(64, 1024) << 20, "bytes"),
        lambda: limited("descriptors", resource.RLIMIT_NOFILE, source.randrange(4, 20), "descriptors"),
        lambda: Fault("environment", f"{variable}={value}", environment={variable: value}),
        lambda: Fault("stream", f"{stream} {target or 'closed'}", silent=stream == "stderr", closed=stream if target is None else None,
                      full=stream if target else None),
        lambda: Fault("load", "nothing else"),
    ]
    if small_disk:
        kinds.append(lambda: Fault("full disk", f"{source.randrange(0, 120)} kB left", disk=True))
    return source.choice(kinds)()


def inject(fault, command, out):
    arguments = dict(fault.arguments)
    closed, full, disk = arguments.pop("closed", None), arguments.pop("full", None), arguments.pop("disk", False)
    if closed:
        # Only a shell starts a program with a closed stream.
        command = ["/bin/sh", "-c", 'exec "$@" ' + (">&-" if closed == "stdout" else "2>&-"), "sh", *command]
    if disk:
        free = os.statvfs(out).f_bavail * os.statvfs(out).f_frsize
        with open(f"{small_disk}/filling", "wb") as file:
            file.write(bytes(max(0, free - 1024 * int(fault.detail.split()[0]))))
    try:
        if not full:
            return run(command, **arguments)
        with open("/dev/full", "wb") as file:
            return run(command, streams={full: file}, **arguments)
    finally:
        if disk:
            os.remove(f"{small_disk}/filling")


def judge(work, fault, ended, out):
    """What is wrong with how a run ended: None if nothing is."""
    if ended.hung:
        return "hangs"
    if fault.kind == "memory" and ended.code == 127 and "error while loading shared libraries" in ended.error:
        return None  # the system's loader has no room for the libraries: the program has not begun
    lines = [line for line in ended.error.splitlines() if "curve.png was not drawn" not in line]
    if any(not line.startswith("linwarp: ") for line in lines):
        return f"prints {ended.error[:300]!r}"
    if ended.code in CLEAN_CODES:
        if len(lines) != 1 and not fault.silent:
            return f"exit code {ended.code} with {len(lines)} lines, expected one"
    elif ended.code < 0:
        if -ended.code not in fault.allowed:
            return f"ends by {signal.Signals(-ended.code).name}"
    elif ended.code - 128 not in fault.allowed and ended.code != 0:
        return f"exit code {ended.code}, expected 0, 1 or 64"
    left = [name for name in os.listdir(out) if name.startswith(".linwarp-") and name.endswith(".tmp")] if os.path.isdir(out) else []
    if left and ended.code != -signal.SIGKILL:
        return f"leaves {len(left)} temporary files"
    for name in work.result:
        found = whole(work, out, name)
        if isinstance(found, Exception):
            return f"{name} is half-written"
        if ended.code == 0 and found is None:
            return f"exit code 0 without {name}"
        # A training that was interrupted has other files than one that is complete; going on will show whether they are whole.
        if found is not None and found != references[work.name][name] and (ended.code == 0 or work.name != "train"):
            return f"DIFFERS: {name}"
    return None


def settle(work, out):
    """Undisturbed, after the fault: what is wrong with the result."""
    ended = run(work.command(out, resume=True))
    if ended.code != 0:
        return f"afterwards exit code {ended.code}: {ended.error[:300].strip()}"
    wrong = [name for name in work.result if whole(work, out, name) != references[work.name][name]]
    if wrong:
        return f"DIFFERS afterwards: {wrong[0]}"
    left = [name for name in os.listdir(out) if name.startswith(".linwarp-")]
    return f"afterwards {len(left)} temporary files" if left else None


def change_load(burners, count):
    while len(burners) > count:
        burners[-1].kill()
        burners.pop().wait()
    while len(burners) < count:
        burners.append(subprocess.Popen([sys.executable, "-c", "while True: sum(range(100000))"]))


def mount_small_disk(path):
    """A file system of 4 MB; None where the system lets nobody mount one."""
    os.mkdir(path)
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "soak", path], capture_output=True).returncode == 0
    return path if mounted else None


def soak(works, minutes, seed):
    source = random.Random(seed)
    seconds = {}
    for work in works:
        start = time.monotonic()
        os.mkdir(f"reference-{work.name}")
        ended = run(work.command(f"reference-{work.name}"))
        if ended.code != 0:
            sys.exit(f"soak: {work.name}, undisturbed: found exit code {ended.code}, expected 0: {ended.error}")
        references[work.name] = {name: contents(f"reference-{work.name}/{name}") for name in work.result}
        seconds[work.name] = time.monotonic() - start
    global hang
    hang = max(hang, 30 * max(seconds.values()))
    print("soak: undisturbed " + ", ".join(f"{name} {time:.1f} s" for name, time in seconds.items()), flush=True)
    injected, survived, failures, differing = collections.Counter(), collections.Counter(), collections.Counter(), 0
    burners = []
    end = time.monotonic() + 60 * minutes
    try:
        while time.monotonic() < end:
            change_load(burners, source.randrange(5))
            work = source.choice(works)
            fault = draw_fault(source, seconds[work.name])
            out = f"{small_disk}/out" if fault.kind == "full disk" else "out"
            shutil.rmtree(out, ignore_errors=True)
            os.mkdir(out)
            wrong = judge(work, fault, inject(fault, work.command(out), out), out)
            # A training is disturbed once more while it goes on.
            if wrong is None and work.name == "train" and fault.kind.startswith("SIG"):
                wrong = judge(work, fault, inject(fault, work.command(out, resume=True), out), out)
            wrong = wrong or settle(work, out)
            injected[fault.kind] += 1
            if wrong is None:
                survived[fault.kind] += 1
            else:
                differing += "DIFFERS" in wrong
                if failures[fault.kind, wrong[:200]] == 0:
                    print(f"soak: {work.name}, {fault.kind} {fault.detail}: {wrong}", flush=True)
                failures[fault.kind, wrong[:200]] += 1
    finally:
        change_load(burners, 0)
    print(f"\n{'fault':14}{'injected':>10}{'survived':>10}")
    for kind in sorted(injected):
        print(f"{kind:14}{injected[kind]:10}{survived[kind]:10}")
    total, good = sum(injected.values()), sum(survived.values())
    print(f"{'all':14}{total:10}{good:10}\nresults that differ: {differing}")
    return total > 0 and total == good


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started and mounted ends with it
program = os.path.abspath(sys.argv[1])
references = {}
hang = 120  # seconds, or as many as thirty undisturbed runs take where the machine is slow
directory = tempfile.mkdtemp(prefix="linwarp-soak-")
os.chdir(directory)
small_disk = mount_small_disk(f"{directory}/small")
if not small_disk:
    print("soak: no file system can be mounted here: full disks are left to the limit of a file's size")
try:
    write_inputs()
    subprocess.run([program, "warp", "scene.ppm", "--rotate", "12", "--scale", "0.7", "--size", "64x48", "--out", "view.ppm"],
                   check=True, stdout=subprocess.DEVNULL)
    passed = soak([
        Work("warp", "warp scene.ppm --rotate 25 --scale 0.5 --sampler linearized --seed 3 --size 640x480 --out OUT/warped.png".split(),
             ["warped.png"]),
        Work("align", "align scene.ppm view.ppm --family similarity --iterations 30 --seed 3 --out OUT".split(),
             ["aligned-linearized.png", "comparison.png", "figure.png", "result.json"]),
        Work("train", ("train mnist --data data --network stn --sampler linearized --batch 8 --iterations 60 --interval 5 --seed 3 --out OUT").split(),
             ["checkpoint.safetensors", "best.safetensors", "log.jsonl"]),
    ], float(os.environ.get("SOAK_MINUTES") or 30), int(os.environ.get("SOAK_SEED") or 1))
finally:
    if small_disk:
        subprocess.run(["umount", small_disk])
    os.chdir("/")
    shutil.rmtree(directory, ignore_errors=True)
sys.exit(0 if passed else 1)
