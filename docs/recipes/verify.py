"""python verify.py FILE [KEY]: is a signed report or a proof of `rackbill prove` unaltered? Needs `pip install cryptography`."""
import base64, hashlib, json, sys  # noqa: E401, I001
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def once(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()

def message_of(data):
    if "report" in data:
        return canonical(data["report"])
    link = data["previous_chain_hash"]
    for digest in [sha256(data["canonical"]), *data["later_sha256"]]:
        link = sha256(link + digest)
    return canonical({"chain_hash": link, "last_number": data["last_number"]})

if __name__ == "__main__":
    try:
        data = json.loads(open(sys.argv[1], encoding="utf-8").read(), object_pairs_hook=once)
        if len(sys.argv) > 2 and sys.argv[2] != data["public_key"]:
            raise ValueError("another key signed it")
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(data["public_key"]))
        key.verify(base64.b64decode(data["signature"]), message_of(data))
    except (ValueError, KeyError, TypeError, InvalidSignature) as fault:
        sys.exit(f"altered: {fault or 'the signature does not belong to it'}")
    print("unaltered, signed by", data["public_key"])
