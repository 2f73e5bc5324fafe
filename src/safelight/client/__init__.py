"""Speaks to a Safelight server from Python.

```python
from safelight.client import Client

with Client("http://127.0.0.1:8188") as client:
    paths = client.generate("a picture of a cat", into="pictures", seed=1)
```
"""

from safelight.client.client import Client
from safelight.client.views import Asset, Job, JobOutput, Model, SavedWorkflow

__all__ = ["Asset", "Client", "Job", "JobOutput", "Model", "SavedWorkflow"]
