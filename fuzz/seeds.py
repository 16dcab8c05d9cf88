"""Writes fuzz/corpus and fuzz/dictionaries from the requests and signatures of crates/aws/tests.

Run it from the workspace's root after crates/aws/tests/corpus.py. The shapes are those that
crates/aws/src/fuzzing reads.
"""

import json
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent / "crates" / "aws" / "tests"
FORMS = ["ec2", "elasticloadbalancing", "sts", "iam", "sns"]
# How many requests of a service: the longest names of parameters differ the most.
SHARE = {"ec2": 16, "elasticloadbalancing": 8, "sts": 2, "iam": 6, "sns": 6}


def cbor(value):
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
            if number < 256 ** struct.calcsize(form):
                return bytes([major << 5 | code]) + struct.pack(form, number)
        raise ValueError(number)

    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    pairs = (cbor(key) + cbor(item) for key, item in value.items())
    return head(5, len(value)) + b"".join(pairs)


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def dictionary(target, words):
    folder = HERE / "dictionaries"
    folder.mkdir(exist_ok=True)
    quoted = [json.dumps(word) for word in sorted(words) if word.isascii() and word.isprintable()]
    (folder / target).write_text("".join(f"{word}\n" for word in quoted))


def forms(cases):
    words = {"%20", "%25", "true", "false", "&Action=", ".member.1", ".entry.1.key", ".1", "=", "&"}
    for index, service in enumerate(FORMS):
        mine = [case for case in cases if case["service"] == service]
        for case in mine:
            names = (pair.split("=")[0] for pair in case["body"].split("&"))
            words |= {part for name in names for part in name.split(".") if not part.isdigit()}
        # The one with the most parameters of each operation, then operations far apart.
        best = {}
        for case in mine:
            size = case["body"].count("&")
            if len(case["body"]) < 1500 and size >= best.get(case["operation"], (0,))[0]:
                best[case["operation"]] = (size, case)
        ranked = sorted(best.values(), key=lambda pair: (-pair[0], pair[1]["operation"]))
        for _, case in ranked[: SHARE[service]]:
            body = re.sub(r"&Version=[^&]*", "", case["body"])
            write("query", f"{service}-{case['operation']}", f"{index}{body}".encode())
    dictionary("query", words)


def bodies(cases):
    services = ["cloudtrail", "servicequotas", "tagging"]
    mine = [case for case in cases if case["service"] in services]
    operations = sorted({(services.index(case["service"]), case["operation"]) for case in mine})
    words = {"null", "true", "1795253319.5", "[]", "{}", '"', "\\u00e4"}
    for case in mine:
        words |= set(re.findall(r"[A-Za-z]{4,}", case["body"]))
    for at, (service, operation) in enumerate(operations):
        own = [c for c in mine if (services.index(c["service"]), c["operation"]) == (service, operation)]
        case = max(own, key=lambda case: len(case["body"]))
        for kind, first in (("json", at), ("cbor", at + len(operations))):
            text = case["body"].encode()
            data = text if kind == "json" else cbor(json.loads(text))
            write("bodies", f"{operation}-{kind}", bytes([0x30 + first]) + data)
    dictionary("bodies", words)


def signatures(cases):
    words = {"AWS4-HMAC-SHA256", "Credential=", "SignedHeaders=", "Signature=", "aws4_request"}
    words |= {"x-amz-date:", "x-amz-content-sha256:", "host:", "authorization:", "POST", "GET"}
    words |= {"20261121T092839Z", "20261121", "/ec2/", "/sts/", "us-east-1", "%2B", "%zz", "/../"}
    for at, case in enumerate(cases):
        target = case["path"] + ("?" + case["query"] if case["query"] else "")
        lines = [f"{case['method']} {target}"]
        lines += [f"{name}:{value}" for name, value in case["headers"]]
        text = "\n".join(lines) + "\n\n" + case["body"]
        write("sigv4", f"botocore-{at}", text.encode())
        bare = [line for line in lines if not line.startswith("authorization")]
        write("sigv4", f"bare-{at}", ("\n".join(bare) + "\n\n" + case["body"]).encode())
    dictionary("sigv4", words)


def main():
    cases = json.loads((TESTS / "requests.json").read_text())["cases"]
    forms(cases)
    bodies(cases)
    signatures(json.loads((TESTS / "signatures.json").read_text())["cases"])


main()
