"""What the settings say of the image that a node starts from."""

from __future__ import annotations

from typing import Annotated

from settings.fields import arm_id

ImageVersionId = Annotated[
    str, arm_id("Microsoft.Compute/galleries", r"[\w.]{1,80}/images/[-\w.]{1,80}/versions/\d+\.\d+\.\d+")
]
"""Of one version: with the latest one, two nodes of one stack would not be alike."""
