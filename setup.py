"""Metadata and dependencies; C{pyproject.toml} holds the build system and the settings of tools."""

from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (HERE / "cpyrender" / "__init__.py").read_text().splitlines()
    if line.startswith("__version__")
)

setup(
    name="cpyrender",
    version=VERSION,
    description="POST a Python script, get its picture: an async render server for matplotlib, numpy and Pillow",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # Without it, an editable install would not put twisted/plugins on the path, and twistd would not find the plugin.
    package_dir={"": "."},
    packages=["cpyrender", "cpyrender.child", "cpyrender.pool", "cpyrender.web", "twisted.plugins"],
    # Where there is no compiler, scripts run all the same, only slower.
    ext_modules=[
        Extension(
            f"cpyrender.child.{name}",
            [f"cpyrender/child/{name}.c"],
            depends=["cpyrender/child/_calls.h"],
            optional=True,
        )
        for name in ("_calls", "_loop", "_placement", "_populate")
    ],
    package_data={"cpyrender": ["py.typed", "page/*", "child/*.pyi"]},
    install_requires=[
        "attrs>=23.2",
        "defusedxml>=0.7.1",
        "matplotlib>=3.8",
        "multipart>=1.3.1",
        "numpy>=1.26",
        "pillow>=10.3",
        "prometheus-client>=0.22",
        "pyseccomp>=0.1.2",
        # CVE-2026-42304
        "twisted>=26.4",
        "zlib-ng>=0.5",
        "zope.interface>=6.0",
    ],
    extras_require={
        # CVE-2025-43859, CVE-2025-57804
        "tls": ["h11>=0.16", "h2>=4.3", "twisted[tls]>=26.4"],
        "test": [
            "flask>=3.0",
            "h11>=0.16",
            "h2>=4.3",
            "hypothesis>=6.100",
            "klein>=24.8",
            "openapi-spec-validator>=0.7",
            "playwright>=1.48",
            "psutil>=6.0",
            "pypdf>=5.0",
            "requests>=2.31",
            "schemathesis>=4.0",
            "treq>=24.9",
            "twisted[tls]>=26.4",
        ],
        "dev": ["build>=1.2", "mypy>=1.15", "mypy-zope>=1.0.11", "ruff>=0.11", "towncrier>=24.8"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Matplotlib",
        "Framework :: Twisted",
        "Intended Audience :: Developers",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
        "Topic :: Internet :: WWW/HTTP :: HTTP Servers",
        "Topic :: Scientific/Engineering :: Visualization",
        "Typing :: Typed",
    ],
)
