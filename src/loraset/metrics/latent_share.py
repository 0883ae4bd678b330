"""How much of the subject a masked loss still sees at latent size.

In: a specimen. Out: [0, 1]; higher is better. Never: a part of the score: thin whiskers are no fault of a picture, but
an author may want dilated masks for them.
"""

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.latent import latent_share


def measure(specimen: Specimen) -> float:
    """Return the share of the subject in latent pixels that its own mask gives at least half the weight."""
    return latent_share(specimen.alpha, specimen.alpha)


METRIC = Metric("latent_share", "higher", (0.0, 1.0), measure)
