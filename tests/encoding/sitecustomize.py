"""Imported by Python at its start: from now on, text that our own code opens without naming its
encoding is an error. (What packages do is theirs.)"""

import warnings

OURS = r"(__main__|workshop|checks|page|chat|mysite|classroom|exhibition)(\.|$)"
warnings.filterwarnings("ignore", category=EncodingWarning)
warnings.filterwarnings("error", category=EncodingWarning, module=OURS)
