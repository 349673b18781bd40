"""The environment that the settings read, set before Django loads (`-p tests.environment`)."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

_folder = tempfile.mkdtemp(prefix="gateway-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for name in [
    name
    for name in os.environ
    if name.startswith("GATEWAY_") and not name.startswith("GATEWAY_TEST_")
]:
    del os.environ[name]
# Processes that tests start keep compiled code: compiling it is a fifth of a start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Clients speak to this machine alone. Each `httpx.get` would take 25 ms to read the authorities of
# the world, of which none is asked.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = tempfile.mkdtemp(dir=_folder)
os.environ["GATEWAY_DATA_DIR"] = _folder
os.environ["GATEWAY_DEMO"] = "1"
os.environ["GATEWAY_CATALOG_CHECK_SECONDS"] = "0.1"
