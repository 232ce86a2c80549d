"""Let checkov judge every stack, and compare what it finds with baseline.yaml.

`python -m tools.judges CHECKOV`: the path of checkov's executable. Ends with 1 if there is a finding that the baseline
does not accept, or an entry of the baseline that accepts nothing. It runs offline.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.judges import material
from tools.judges.verdict import BASELINE, findings, read_baseline, verdict
from tools.upstream import cache


def main(checkov: str) -> int:
    """Return 0 if all findings are in the baseline, and all of the baseline is found."""
    charts = cache.is_complete()
    with TemporaryDirectory() as folder:
        material.write(Path(folder), charts=charts)
        command = [checkov, "--directory", folder, "--framework", "terraform_plan", "kubernetes"]
        options = ["--output", "json", "--quiet", "--compact", "--skip-download"]
        # With an API key in its environment it would ask its publisher.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BC_", "PRISMA_"))}
        run = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    if run.returncode not in (0, 1) or not run.stdout.strip():
        sys.stderr.write(run.stderr[-4000:])
        return 2
    found = findings(run.stdout)
    baseline = read_baseline(BASELINE.read_text(encoding="utf-8"))
    problems = verdict(found, baseline, charts=charts)
    print("\n".join(problems))
    without = "" if charts else " (without the charts: run `make upstream`)"
    print(f"{len(found)} findings, {len(problems)} of them or of the baseline to be looked at{without}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
