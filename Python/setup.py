"""Builds the C library with the repository's `make library` and puts it into the package."""

import os
import re
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(ROOT, ".build", "library", "liblinwarp.so")


class Build(build_py):
    def run(self):
        super().run()
        subprocess.run(["make", "--no-print-directory", "library"], cwd=ROOT, check=True)
        shutil.copyfile(LIBRARY, os.path.join(self.build_lib, "linwarp", "liblinwarp.so"))


class WithLibrary(Distribution):
    """A wheel of this is for one kind of machine."""

    def has_ext_modules(self):
        return True


def commands():
    try:
        from setuptools.command.bdist_wheel import bdist_wheel
    except ImportError:
        from wheel.bdist_wheel import bdist_wheel

    class Wheel(bdist_wheel):
        """Of any Python: the library is loaded, not linked."""

        def get_tag(self):
            return "py3", "none", super().get_tag()[2]

    return {"build_py": Build, "bdist_wheel": Wheel}


def version():
    with open(os.path.join(ROOT, "Sources", "LinearAlgebra", "Machine", "Version.swift")) as file:
        return re.search(r'current = "(.*)"', file.read()).group(1)


setup(version=version(), distclass=WithLibrary, cmdclass=commands())
