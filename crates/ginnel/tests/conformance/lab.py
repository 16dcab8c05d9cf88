"""Accounts to call from, the register of cases, and the book of what was called."""

import json
import os
import subprocess
import time
from collections import Counter, defaultdict

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import model

CASES = []


def case(function):
    """Registers a sequence of calls; it gets the lab."""
    CASES.append(function)
    return function


class Book:
    """Every answer of every client, checked against its model as it arrives."""

    def __init__(self):
        self.answers = Counter()
        self.codes = defaultdict(set)
        self.problems = defaultdict(dict)
        self.succeeded = Counter()
        self.refused = set()
        # One session for all: it reads each model once.
        self.session = boto3.Session()
        self.session.events.register("before-parse", self._seen)

    def _seen(self, operation_model, response_dict, **_):
        key = (operation_model.service_model.service_name, operation_model.name)
        body, status = response_dict["body"], response_dict["status_code"]
        self.answers[key] += 1
        if status < 300:
            self.succeeded[key] += 1
        else:
            code = model.code(operation_model, body)
            self.codes[key].add(code)
            if code == "UnsupportedOperation":
                self.refused.add(key)
        for problem in model.problems(operation_model, status, response_dict["headers"], body):
            # Each once, with the first answer that had it.
            shown = body if len(body) < 600 else body[:600] + b"..."
            self.problems[key].setdefault(problem, shown.decode(errors="replace"))


class Tenant:
    """An account with its administrator's clients."""

    def __init__(self, book, name, who):
        self.name, self.account, self.region = name, who["account"], who["region"]
        self.book, self.key = book, who
        self.clients = {}

    def client(self, service, **keys):
        return self.book.session.client(
            service,
            aws_access_key_id=keys.get("id", self.key["access_key_id"]),
            aws_secret_access_key=keys.get("secret", self.key["secret_access_key"]),
            aws_session_token=keys.get("token"),
            region_name=self.region,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
        )

    def __getattr__(self, service):
        """`tenant.ec2`, `tenant.elbv2`: clients by botocore's names, `_` for `-`."""
        if service.startswith("__"):
            raise AttributeError(service)
        clients = self.__dict__["clients"]
        if service not in clients:
            clients[service] = self.client(service.replace("_", "-"))
        return clients[service]

    # What many scenarios begin with.

    def vpc(self, cidr="10.0.0.0/16"):
        return self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def subnet(self, vpc, cidr="10.0.1.0/24", zone="a"):
        made = self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=self.region + zone)
        return made["Subnet"]["SubnetId"]

    def group(self, vpc, name="door"):
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]

    def balancer(self, subnet, name="orders"):
        made = self.elbv2.create_load_balancer(
            Name=name, Type="network", Scheme="internal", Subnets=[subnet]
        )
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def offer(self, balancer, to=None, acceptance=False):
        """An endpoint service; its id and name."""
        made = self.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer], AcceptanceRequired=acceptance
        )["ServiceConfiguration"]
        if to is not None:
            self.ec2.modify_vpc_endpoint_service_permissions(
                ServiceId=made["ServiceId"], AddAllowedPrincipals=[f"arn:aws:iam::{to.account}:root"]
            )
        return made["ServiceId"], made["ServiceName"]

    def endpoint(self, vpc, service_name, subnet, **more):
        return self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", VpcId=vpc, ServiceName=service_name, SubnetIds=[subnet], **more
        )["VpcEndpoint"]


class Lab:
    """Makes accounts."""

    def __init__(self, book):
        self.book, self.count = book, 0

    def tenant(self, name="tenant"):
        self.count += 1
        name = f"{name}-{self.count}"
        command = [os.environ["GINNEL"], "account", "create", name, "-o", "json"]
        command += ["--state", os.environ["GINNEL_STATE"], "--run", os.environ["GINNEL_RUN"]]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return Tenant(self.book, name, json.loads(out))

    def passage(self, acceptance=False):
        """A provider with a service, and a consumer with a VPC who may use it."""
        provider, consumer = self.tenant("provider"), self.tenant("consumer")
        provider.home = provider.vpc()
        provider.net = provider.subnet(provider.home)
        provider.lb = provider.balancer(provider.net)
        provider.service, provider.service_name = provider.offer(provider.lb, consumer, acceptance)
        consumer.home = consumer.vpc()
        consumer.net = consumer.subnet(consumer.home)
        return provider, consumer


def refused(code, call, **parameters):
    """Expects a fault with this code (or one of these)."""
    codes = (code,) if isinstance(code, str) else code
    try:
        call(**parameters)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got in codes, f"{' or '.join(codes)} expected, got {error}"
        assert error.response["Error"]["Message"], f"{got} has no message"
        return error
    raise AssertionError(f"{' or '.join(codes)} expected, but {call.__name__} succeeded")


def wait(what, condition, limit=15):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"gave up waiting for {what}")


def tags(resource_type, **pairs):
    """A TagSpecifications value."""
    pairs = pairs or {"Name": "conformance"}
    return [{"ResourceType": resource_type, "Tags": [{"Key": k, "Value": v} for k, v in pairs.items()]}]


def by(name, *values):
    """A Filters value."""
    return [{"Name": name, "Values": list(values)}]
