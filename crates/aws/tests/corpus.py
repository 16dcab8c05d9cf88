#!/usr/bin/env python3
"""Makes the test vectors of this crate with the real botocore.

    python3 crates/aws/tests/corpus.py            # writes requests.json and signatures.json here
    python3 crates/aws/tests/corpus.py responses  # prints random answers, for src/xml/tests.rs
    python3 crates/aws/tests/corpus.py check      # reads their XML and compares what botocore sees

requests.json: for every operation in data/operations.toml a few requests with random parameters,
as botocore puts them on the wire, together with the parameters under their names in a request.
signatures.json: requests signed by botocore's SigV4Auth at a fixed time.
The seed is fixed: the files change only with botocore, the operations or this script.
"""

import base64
import datetime
import json
import os
import random
import sys
import tomllib
from unittest import mock
from urllib.parse import urlencode

import botocore
import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = os.path.join(HERE, "../../../data/operations.toml")
CASES = 3
JSON = ("cloudtrail", "service-quotas", "resourcegroupstaggingapi")
rng = random.Random(20161115)
WORDS = ["a", "", "x y", "10.0.0.0/16", "vpc-0123456789abcdef0", "ä€😀", "a&b=c+d%25", "<q>\"'", "tag:Name", "new\nline"]


def value(shape, depth=0):
    """A random value for botocore."""
    kind = shape.type_name
    if kind == "structure":
        return {
            name: value(member, depth + 1)
            for name, member in shape.members.items()
            if name in shape.required_members or rng.random() < (0.7 if depth == 0 else 0.5)
        }
    if kind == "list":
        size = 11 if depth == 1 and rng.random() < 0.05 else rng.randint(1, 2)
        return [value(shape.member, depth + 1) for _ in range(size)]
    if kind == "map":
        return {f"k{i}": value(shape.value, depth + 1) for i in range(rng.randint(1, 2))}
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "integer":
        return rng.choice([0, 1, -1, 443, 2**31 - 1, -(2**31)])
    if kind == "long":
        return rng.choice([0, -5, 2**53])
    if kind in ("double", "float"):
        return rng.choice([0.5, -2.25, 1.5])
    if kind == "blob":
        return b"bytes"
    if kind == "timestamp":
        return datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    if shape.enum:
        return rng.choice(shape.enum)
    return rng.choice(WORDS)


def heard(service, shape, given, inputs=None):
    """`given` under the names that the Rust types read: those of a request for a shape that a
    request can hold (`inputs`; everything when there is none), else those of a response."""
    if shape.type_name == "structure":
        out = {}
        for name, member in shape.members.items():
            if name not in given:
                continue
            wire = member.serialization.get("name", name)
            if inputs is None or shape.name in inputs:
                wire = name
                if service == "ec2" and "name" in member.serialization:
                    wire = member.serialization["name"]
                    wire = wire[0].upper() + wire[1:]
                wire = member.serialization.get("queryName", wire)
            out[wire] = heard(service, member, given[name], inputs)
        return out
    if shape.type_name == "list":
        return [heard(service, shape.member, item, inputs) for item in given]
    if shape.type_name == "map":
        return {key: heard(service, shape.value, item, inputs) for key, item in given.items()}
    if shape.type_name == "blob":
        return base64.b64encode(given).decode()
    if shape.type_name == "timestamp":
        return int(given.timestamp()) if service in JSON else given.strftime("%Y-%m-%dT%H:%M:%SZ")
    return given


def gone(service, shape, given):
    """Whether `given` holds an empty structure, whose absence the wire cannot tell."""
    if shape.type_name == "structure":
        empty = not given and shape.members
        return empty or any(gone(service, m, given[n]) for n, m in shape.members.items() if n in given)
    if shape.type_name == "list":
        return any(gone(service, shape.member, item) for item in given)
    if shape.type_name == "map":
        return any(gone(service, shape.value, item) for item in given.values())
    return False


def supported(session):
    """Names and models of the services, with the names of their supported operations."""
    with open(OPERATIONS, "rb") as file:
        for service, operations in tomllib.load(file).items():
            yield service, session.get_service_model(service), operations


def requests(session):
    cases = []
    for service, model, operations in supported(session):
        serializer = create_serializer(model.metadata["protocol"], include_validation=False)
        for name in operations:
            operation = model.operation_model(name)
            shape = operation.input_shape
            done = 0
            while done < CASES:
                given = value(shape) if shape else {}
                if given and gone(service, shape, given):
                    continue
                done += 1
                wire = serializer.serialize_to_request(given, operation)
                cases.append({
                    "service": model.signing_name,
                    "operation": name,
                    "body": wire["body"].decode() if service in JSON else urlencode(wire["body"]),
                    "target": wire["headers"].get("X-Amz-Target", ""),
                    "typed": heard(service, shape, given) if shape else {},
                })
    return cases


def reach(shape, seen):
    """The names of the structures that `shape` holds."""
    if shape is None or shape.name in seen:
        return seen
    if shape.type_name == "structure":
        seen.add(shape.name)
        for member in shape.members.values():
            reach(member, seen)
    elif shape.type_name == "list":
        reach(shape.member, seen)
    return seen


def whole(shape, given):
    """`given` with empty lists and maps for those that it lacks, since answers write them all."""
    if shape.type_name == "structure":
        out = {}
        for name, member in shape.members.items():
            if name in given:
                out[name] = whole(member, given[name])
            elif member.type_name in ("list", "map"):
                out[name] = {} if member.type_name == "map" else []
        return out
    if shape.type_name == "list":
        return [whole(shape.member, item) for item in given]
    if shape.type_name == "map":
        return {key: whole(shape.value, item) for key, item in given.items()}
    return given


def responses(session):
    cases = []
    for service, model, operations in supported(session):
        inputs = set()
        for name in operations:
            reach(model.operation_model(name).input_shape, inputs)
        for name in operations:
            shape = model.operation_model(name).output_shape
            for _ in range(CASES):
                given = value(shape) if shape else {}
                typed = heard(service, shape, given, inputs) if shape else None
                cases.append({"service": model.signing_name, "operation": name, "typed": typed,
                              "given": given if service in JSON else whole(shape, given) if shape else {},
                              "shape": shape,
                              "protocol": model.metadata["protocol"]})
    return cases


def check(session, documents):
    """Compares what botocore reads in `documents` with what `responses` made."""
    cases = responses(session)
    assert len(cases) == len(documents), (len(cases), len(documents))
    bad = 0
    for case, document in zip(cases, documents):
        answer = {"status_code": 200, "headers": {"x-amzn-requestid": "req-1"}, "body": document.encode()}
        seen = create_parser(case["protocol"]).parse(answer, case["shape"])
        meta = seen.pop("ResponseMetadata")
        said = [n for n in ("Return", "ReturnValue") if n in (case["shape"].members if case["shape"] else {})]
        if not case["given"] and said and case["protocol"] == "ec2":
            case["given"] = {said[0]: True}  # what EC2 says when there is nothing else to say
        if seen != case["given"] or meta.get("RequestId") != "req-1":
            bad += 1
            print(f"{case['operation']}:\n  {document}\n  {seen}\n  {case['given']}", file=sys.stderr)
    print(f"botocore read {len(cases) - bad} of {len(cases)} answers as they were meant")
    return bad


def signatures():
    """Requests signed at 2026-11-21T09:28:39Z."""
    now = datetime.datetime(2026, 11, 21, 9, 28, 39)
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    given = [
        ("ec2", "us-east-1", "POST", "http://127.0.0.1:4566/", form, "Action=DescribeVpcs&Version=2016-11-15"),
        ("sts", "eu-west-2", "POST", "https://sts.example/", form, "Action=GetCallerIdentity&Version=2011-06-15"),
        ("elasticloadbalancing", "us-east-1", "GET", "http://localhost/?Version=2015-12-01&Action=DescribeTags&a=%20x%2By&A=", {}, ""),
        ("ginnel", "local", "GET", "http://localhost:8080/v1/why/a%20b/c~d?to=10.0.0.1&from=eni-1", {"x-amz-security-token": "to/ken=="}, ""),
        ("ec2", "us-east-1", "POST", "http://localhost/", {"x-amz-meta": "  two   spaces ", **form}, "Action=ä"),
    ]
    cases = []
    for service, region, method, url, headers, body in given:
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body.encode())
        with mock.patch("botocore.auth.get_current_datetime", return_value=now):
            botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
        split = url.split("/", 3)
        path, _, query = ("/" + split[3]).partition("?")
        sent = [[name.lower(), text] for name, text in request.headers.items()]
        sent.append(["host", split[2]])
        cases.append({"service": service, "region": region, "method": method, "path": path,
                      "query": query, "headers": sent, "body": body})
    return {"now": 1795253319, "secret": credentials.secret_key, "cases": cases}


def write(name, data):
    path = os.path.join(HERE, name)
    with open(path, "w", encoding="utf-8") as file:
        cases = data.pop("cases")
        file.write("{" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in data.items()))
        lines = ",\n".join(json.dumps(c, sort_keys=True, ensure_ascii=False) for c in cases)
        file.write('"cases": [\n' + lines + "\n]}\n")
    print(f"{path}: {len(cases)} cases, {os.path.getsize(path)} bytes")


def main(mode):
    session = botocore.session.get_session()
    source = f"botocore {botocore.__version__}, crates/aws/tests/corpus.py"
    if mode == "responses":
        keys = ("service", "operation", "typed")
        json.dump([{k: case[k] for k in keys} for case in responses(session)], sys.stdout)
    elif mode == "check":
        sys.exit(1 if check(session, json.load(sys.stdin)) else 0)
    else:
        write("requests.json", {"source": source, "cases": requests(session)})
        write("signatures.json", {"source": source, **signatures()})


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "write")
