"""The check checked: answers with one fault each must be found wanting."""

import botocore.session

import model

HEADERS = {"x-amzn-requestid": "r", "content-type": "text/xml;charset=UTF-8"}
NAMESPACE = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
VPC = (
    f"<DescribeVpcsResponse {NAMESPACE}><requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId>"
    "<state>available</state><isDefault>false</isDefault></item></vpcSet></DescribeVpcsResponse>"
)
ENDPOINT = (
    f"<DescribeVpcEndpointsResponse {NAMESPACE}><requestId>r</requestId><vpcEndpointSet><item>"
    "<state>pendingAcceptance</state><creationTimestamp>2026-01-01T00:00:00.000Z</creationTimestamp>"
    "</item></vpcEndpointSet></DescribeVpcEndpointsResponse>"
)
DONE = f"<DeleteVpcResponse {NAMESPACE}><requestId>r</requestId><return>true</return></DeleteVpcResponse>"
USER = (
    '<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User><Path>/</Path>'
    "<UserName>a</UserName><UserId>AIDA1</UserId><Arn>arn:aws:iam::123456789012:user/a</Arn>"
    "<CreateDate>2026-01-01T00:00:00Z</CreateDate></User></GetUserResult>"
    "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetUserResponse>"
)
FAULT = "<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>"
QUOTA = '{"Quota": {"QuotaCode": "L-1", "Value": 5.0, "Adjustable": true}}'

# (service, operation, status, a good answer, [(text, what to put in its place)])
ANSWERS = [
    ("ec2", "DescribeVpcs", 200, VPC, [
        ("<vpcId>vpc-1</vpcId>", "<vpcid>vpc-1</vpcid>"),
        ("<isDefault>false</isDefault>", "<isDefault>False</isDefault>"),
        ("<state>available</state>", "<state>Available</state>"),
        ("<state>available</state>", "<state>available</state><state>available</state>"),
        ("item>", "member>"),
        ("<requestId>r</requestId>", ""),
        ("DescribeVpcsResponse", "DescribeVpcsAnswer"),
        ("2016-11-15", "2016-09-15"),
        ("</vpcSet>", ""),
    ]),
    ("ec2", "DescribeVpcEndpoints", 200, ENDPOINT, [
        ("pendingAcceptance", "PendingAcceptance"),
        ("pendingAcceptance", "waiting"),
        ("2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00"),
    ]),
    ("ec2", "DeleteVpc", 200, DONE, [("<return>true</return>", ""), ("<return>", "<vpcId>vpc-1</vpcId><return>")]),
    ("ec2", "DeleteVpc", 400, FAULT, [("<Code>C</Code>", ""), ("RequestID", "RequestId")]),
    ("iam", "GetUser", 200, USER, [
        ("<UserName>a</UserName>", ""),
        ("<UserName>a</UserName>", "<UserName>a</UserName><Shoe>42</Shoe>"),
        ("GetUserResult", "GetUserAnswer"),
        ("<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>", ""),
    ]),
    ("iam", "GetUser", 404, FAULT, [("<Code>", "<Kind>")]),
    ("service-quotas", "GetServiceQuota", 200, QUOTA, [
        ("QuotaCode", "quotaCode"), ("5.0", '"5"'), ("true", '"true"'), ("{", "["),
    ]),
]


def run():
    """Fails when the check passes over a fault, or finds one where there is none."""
    session = botocore.session.get_session()
    for service, name, status, good, faults in ANSWERS:
        operation = session.get_service_model(service).operation_model(name)

        def look(text):
            return model.problems(operation, status, HEADERS, text.encode())

        # A fault of EC2's form is none of IAM's.
        expected = service == "iam" and good is FAULT
        assert bool(look(good)) == expected, (service, name, look(good))
        for old, new in faults:
            assert old in good, old
            assert look(good.replace(old, new)), f"{service} {name}: {old!r} as {new!r} was not noticed"
    return sum(len(faults) for *_, faults in ANSWERS)
