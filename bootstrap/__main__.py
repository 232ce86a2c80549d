"""What one AWS account needs before GitHub deploys stacks of the platform into it (docs/deploy-from-github.md)."""

import sys
from pathlib import Path

# Pulumi runs this folder; the platform's modules are in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bootstrap.program import declare

declare()
