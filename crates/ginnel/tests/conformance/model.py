"""Holds raw answers against the models.

botocore's parser passes in silence over an element that the model does not know and over a
missing one. This looks at the bytes: names, required members, values of enumerations, and the
literal form of booleans, numbers and times.
"""

import base64
import binascii
import json
import re
import xml.etree.ElementTree as ET

from botocore.parsers import RpcV2CBORParser

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
# What the wire spells differently from botocore's enumeration (AWS.md 1.7).
LOWER_CAMEL = {"State"}
# What AWS says beyond its model: an internet gateway's attachment is `available`, and the type of
# a permissions boundary is `Policy`.
BEYOND = {"AttachmentStatus": {"available"}, "PermissionsBoundaryAttachmentType": {"Policy"}}


def problems(operation, status, headers, body):
    """What is wrong with an answer: a list of texts, empty when all is well."""
    found = []
    service = operation.service_model
    protocol = service.resolved_protocol
    if status >= 500:
        found.append(f"HTTP status {status}")
    if not headers.get("x-amzn-requestid"):
        found.append("no header x-amzn-RequestId")
    try:
        if protocol in ("ec2", "query"):
            _expect(found, "Content-Type", headers.get("content-type", ""), "text/xml")
            root = ET.fromstring(body)
            if status < 300:
                _xml_answer(found, operation, protocol, root)
            else:
                _xml_fault(found, protocol, root)
        else:
            value = _value(protocol, body)
            if status < 300:
                if operation.output_shape is not None:
                    _json(found, operation.output_shape, value, operation.name)
                elif value:
                    found.append(f"an answer where the model has none: {value}")
            else:
                _members(found, "fault", value, {"__type", "message"}, {"__type"})
    except (ET.ParseError, ValueError) as error:
        found.append(f"the body cannot be read: {error}")
    return found


def code(operation, body):
    """The code of a fault."""
    protocol = operation.service_model.resolved_protocol
    if protocol in ("ec2", "query"):
        found = re.search(rb"<Code>([^<]*)</Code>", body)
        return found.group(1).decode() if found else "?"
    return str(_value(protocol, body).get("__type", "?"))


def _value(protocol, body):
    if protocol == "smithy-rpc-v2-cbor":
        parser = RpcV2CBORParser()
        return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))
    return json.loads(body)


def _expect(found, what, have, start):
    if not have.startswith(start):
        found.append(f"{what} is {have!r}, not {start}")


def _split(element):
    """Namespace and name of an element."""
    namespace, _, name = element.tag.rpartition("}")
    return namespace.lstrip("{"), name


def _children(element):
    return [(_split(child)[1], child) for child in element]


def _xml_answer(found, operation, protocol, root):
    service = operation.service_model
    namespace, name = _split(root)
    wanted = service.metadata["xmlNamespace"].rstrip("/")
    if namespace.rstrip("/") != wanted:
        found.append(f"namespace {namespace!r}, not {wanted!r}")
    if name != f"{operation.name}Response":
        found.append(f"root element {name!r}")
    shape = operation.output_shape
    if protocol == "ec2":
        outside = {"requestId"} if shape is not None else {"requestId", "return"}
        if "requestId" not in dict(_children(root)):
            found.append("no requestId")
        if shape is None:
            _members(found, operation.name, dict(_children(root)), outside, outside)
        else:
            _structure(found, shape, root, operation.name, outside)
        return
    parts = dict(_children(root))
    wrapper = (shape.serialization.get("resultWrapper") if shape is not None else None) or ""
    known = {"ResponseMetadata", wrapper, f"{operation.name}Result"} - {""}
    _members(found, operation.name, parts, known, {"ResponseMetadata"} | ({wrapper} - {""}))
    if "ResponseMetadata" in parts:
        metadata = dict(_children(parts["ResponseMetadata"]))
        _members(found, "ResponseMetadata", metadata, {"RequestId"}, {"RequestId"})
    if wrapper in parts:
        _structure(found, shape, parts[wrapper], operation.name, set())


def _xml_fault(found, protocol, root):
    if protocol == "ec2":
        _path(found, root, ["Response", "Errors", "Error"], {"Errors", "RequestID"}, {"Code", "Message"})
    else:
        _path(found, root, ["ErrorResponse", "Error"], {"Error", "RequestId"}, {"Type", "Code", "Message"})


def _path(found, root, names, top, inner):
    if _split(root)[1] != names[0]:
        found.append(f"fault: root element {_split(root)[1]!r}")
    _members(found, "fault", dict(_children(root)), top, top)
    element = root
    for name in names[1:]:
        element = dict(_children(element)).get(name)
        if element is None:
            found.append(f"fault: no {name}")
            return
    _members(found, "fault", dict(_children(element)), inner, inner)


def _members(found, path, have, known, required):
    for name in sorted(set(have) - known):
        found.append(f"{path}: unknown element {name}")
    for name in sorted(required - set(have)):
        found.append(f"{path}: {name} is missing")


def _required(shape):
    return [name for name in shape.required_members if name in shape.members]


def _wire(name, member):
    return member.serialization.get("name", name)


def _structure(found, shape, element, path, outside):
    known = {_wire(name, member): member for name, member in shape.members.items()}
    seen = set()
    for name, child in _children(element):
        if name in outside:
            continue
        here = f"{path}.{name}"
        if name not in known:
            found.append(f"{here}: unknown element")
            continue
        member = known[name]
        flat = member.type_name == "list" and member.serialization.get("flattened")
        if name in seen and not flat:
            found.append(f"{here}: twice")
        seen.add(name)
        _xml(found, member.member if flat else member, child, here)
    for name in _required(shape):
        if _wire(name, shape.members[name]) not in seen:
            found.append(f"{path}: required member {name} is missing")
    text = (element.text or "").strip()
    if text:
        found.append(f"{path}: text {text!r} between elements")


def _xml(found, shape, element, path):
    kind = shape.type_name
    if kind == "structure":
        _structure(found, shape, element, path, set())
    elif kind == "list":
        # EC2 always writes <item>; its cut of the model says so for every list.
        wanted = shape.member.serialization.get("name", "member")
        for number, (name, child) in enumerate(_children(element)):
            if name != wanted:
                found.append(f"{path}: a list of {name}, not of {wanted}")
            _xml(found, shape.member, child, f"{path}[{number}]")
    elif kind == "map":
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        for name, entry in _children(element):
            parts = dict(_children(entry))
            _members(found, path, parts, {key, value}, {key, value})
            if name != "entry":
                found.append(f"{path}: a map of {name}, not of entry")
            for part, member in ((key, shape.key), (value, shape.value)):
                if part in parts:
                    _xml(found, member, parts[part], f"{path}.{part}")
    else:
        if len(element):
            found.append(f"{path}: elements in a {kind}")
        _scalar(found, shape, element.text or "", path)


def _scalar(found, shape, text, path):
    kind = shape.type_name
    good = True
    if kind == "boolean":
        good = text in ("true", "false")
    elif kind in ("integer", "long"):
        good = re.fullmatch(r"-?\d+", text) is not None
    elif kind in ("float", "double"):
        good = NUMBER.fullmatch(text) is not None
    elif kind == "timestamp":
        good = TIME.fullmatch(text) is not None
    elif kind == "blob":
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error:
            good = False
    elif kind == "string":
        _enumeration(found, shape, text, path)
    if not good:
        found.append(f"{path}: {text!r} is no {kind}")


def _enumeration(found, shape, text, path):
    if not shape.enum:
        return
    values = set(shape.enum)
    if shape.name in LOWER_CAMEL:
        values = {value[0].lower() + value[1:] for value in values}
    if text not in values | BEYOND.get(shape.name, set()):
        found.append(f"{path}: {text!r} is not among {sorted(values)} ({shape.name})")


def _json(found, shape, value, path):
    kind = shape.type_name
    wanted = {
        "structure": dict, "map": dict, "list": list, "boolean": bool, "integer": int, "long": int,
        "float": (int, float), "double": (int, float), "string": str, "blob": (str, bytes),
    }.get(kind, object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
        found.append(f"{path}: {value!r} is no {kind}")
    elif kind == "structure":
        known = {_wire(name, member): member for name, member in shape.members.items()}
        required = {_wire(name, shape.members[name]) for name in _required(shape)}
        _members(found, path, value, set(known), required)
        for name in sorted(set(known) & set(value)):
            _json(found, known[name], value[name], f"{path}.{name}")
    elif kind == "list":
        for number, one in enumerate(value):
            _json(found, shape.member, one, f"{path}[{number}]")
    elif kind == "map":
        for key, one in value.items():
            _json(found, shape.key, key, f"{path}.{key}")
            _json(found, shape.value, one, f"{path}.{key}")
    elif kind == "timestamp":
        # awsJson: seconds since 1970; CBOR: the same, tagged, which the parser has made a datetime.
        if isinstance(value, str) or (isinstance(value, (int, float)) and not 0 < value < 1e11):
            found.append(f"{path}: {value!r} is no time in seconds")
    elif kind == "string":
        _enumeration(found, shape, value, path)
