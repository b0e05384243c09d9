"""The two sides of a comparison: our examples, built with optimisation, and scripts with the peer in them."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def example(package, name, *args, threads=None):
    """What one of our examples prints."""
    command = ["cargo", "run", "--release", "--quiet", "-p", package, "--example", name, "--", *map(str, args)]
    env = {**os.environ, **({"RAYON_NUM_THREADS": str(threads)} if threads else {})}
    return output(command, env)


def script(name, *args):
    """What one of the scripts beside this one prints."""
    return output([sys.executable, str(ROOT / "bench" / name), *map(str, args)], os.environ)


def output(command, env):
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def median(text):
    """The median that either side prints."""
    return number(r"median ([\d.]+)", text)


def machine():
    """The processor, which of the instructions that matter it has, and its cores."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = re.search(r"^flags\s*:\s*(.*)$", text, re.M)
    flags = flags.group(1).split() if flags else []
    known = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 bf16", "amx_bf16": "AMX bf16"}
    has = [f"{'' if flag in flags else 'no '}{name}" for flag, name in known.items()]
    name = model.group(1) if model else platform.machine()
    return f"{name}, {', '.join(has)}, {os.cpu_count()} cores, {platform.system()}"


def commit():
    """Our commit, and whether the files are as it has them."""
    git = lambda *args: output(["git", *args], os.environ).strip()
    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "-uno") else "")
