"""Checks a receipt offline, with a JOSE library and our public keys: nothing of ours.

pip install joserfc
python verify_receipt.py receipt.jws jwks.json
"""

import json
import sys
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

receipt, keys = (Path(name).read_text().strip() for name in sys.argv[1:3])
try:
    signed = jws.deserialize_compact(
        receipt, KeySet.import_key_set(json.loads(keys)), algorithms=["Ed25519"]
    )
except (JoseError, ValueError) as error:
    sys.exit(f"not genuine: {error}")
record = json.loads(signed.payload)
choice, process = record["cmr:choice"], record["dpv:hasProcess"]
print(record["dpv:hasDataController"].get("dct:title", "every brand"))
print(choice["cmr:decision"], process["cmr:purpose"], process["cmr:channel"])
print(record["dpv:isIndicatedAtTime"])
