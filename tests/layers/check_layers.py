#!/usr/bin/env python3
"""Fails when a file of src/ includes a layer that its own may not use (docs/architecture.md)."""
import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "wire": {"base"},
    "crypto": {"base"},
    "core": {"base", "wire", "crypto"},
    "io": {"base", "wire", "crypto", "core"},
    "config": {"base", "wire", "crypto", "core", "io"},
    "cli": {"base", "wire", "crypto", "core", "io", "config"},
    "daemon": {"base", "wire", "crypto", "core", "io", "config", "cli"},
    "sim": {"base", "wire", "crypto", "core", "io", "config", "cli"},
    "shell": {"base"},
}
# The core is deterministic: it reads no clock, opens nothing, prints nothing.
FORBIDDEN_IN_CORE = re.compile(
    r"#include <(chrono|ctime|time\.h|thread|mutex|iostream|fstream|unistd\.h|sys/.*|netinet/.*|poll\.h)>"
    r"|\b(clock_gettime|gettimeofday|std::random_device|getrandom|printf|std::cout|std::cerr)\b")

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "src"
errors = []
files = [p for p in root.rglob("*") if p.suffix in (".h", ".cc")]
for path in files:
    layer = path.relative_to(root).parts[0]
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'#include "([^"/]+)/', line)
        if match and match[1] != layer and match[1] not in ALLOWED[layer]:
            errors.append(f"{path}:{number}: layer {layer} must not include {match[1]}")
        if layer in ("core", "wire", "crypto") and not path.name.endswith("_test.cc") and FORBIDDEN_IN_CORE.search(line) and layer == "core":
            errors.append(f"{path}:{number}: the core does no I/O: {line.strip()}")
print("\n".join(errors) or f"{len(files)} files keep the layers")
sys.exit(bool(errors))
