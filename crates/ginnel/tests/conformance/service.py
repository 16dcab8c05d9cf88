"""Endpoint services: configurations, permissions, connections, the catalog."""

from lab import by, case, refused, tags, wait


@case
def configurations(lab):
    provider = lab.tenant("provider")
    ec2, vpc = provider.ec2, provider.vpc()
    subnet = provider.subnet(vpc)
    one, two = provider.balancer(subnet, "one"), provider.balancer(subnet, "two")
    made = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[one], AcceptanceRequired=True, ClientToken="once",
        TagSpecifications=tags("vpc-endpoint-service"),
    )
    service = made["ServiceConfiguration"]["ServiceId"]
    assert made["ServiceConfiguration"]["ServiceState"] == "Available", made
    assert made["ServiceConfiguration"]["ServiceType"] == [{"ServiceType": "Interface"}], made
    assert made["ServiceConfiguration"]["BaseEndpointDnsNames"], made
    ec2.modify_vpc_endpoint_service_configuration(
        ServiceId=service, AddNetworkLoadBalancerArns=[two], RemoveNetworkLoadBalancerArns=[one], AcceptanceRequired=False
    )
    told = ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service])["ServiceConfigurations"][0]
    assert told["NetworkLoadBalancerArns"] == [two] and not told["AcceptanceRequired"], told
    for filters in (by("service-id", service), by("service-state", "Available"), by("tag-key", "Name")):
        found = ec2.describe_vpc_endpoint_service_configurations(Filters=filters)["ServiceConfigurations"]
        assert [one["ServiceId"] for one in found] == [service], filters
    left = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service, "vpce-svc-0123456789abcdef0"])
    assert [one["Error"]["Code"] for one in left["Unsuccessful"]] == ["InvalidVpcEndpointService.NotFound"], left


@case
def permissions(lab):
    provider, consumer = lab.passage()
    ec2, service = provider.ec2, provider.service
    root = f"arn:aws:iam::{consumer.account}:root"
    added = ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=service, AddAllowedPrincipals=["*"], RemoveAllowedPrincipals=[root]
    )
    assert added["ReturnValue"] is True and added["AddedPrincipals"][0]["PrincipalType"] == "All", added
    told = ec2.describe_vpc_endpoint_service_permissions(ServiceId=service)["AllowedPrincipals"]
    assert [one["Principal"] for one in told] == ["*"], told
    user = f"arn:aws:iam::{consumer.account}:user/ann"
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=service, AddAllowedPrincipals=[user])
    found = ec2.describe_vpc_endpoint_service_permissions(ServiceId=service, Filters=by("principal-type", "User"))
    assert [one["Principal"] for one in found["AllowedPrincipals"]] == [user], found


@case
def the_catalog(lab):
    provider, consumer = lab.passage()
    told = consumer.ec2.describe_vpc_endpoint_services(ServiceNames=[provider.service_name])
    detail = told["ServiceDetails"][0]
    assert detail["Owner"] == provider.account and detail["VpcEndpointPolicySupported"] is False, detail
    assert told["ServiceNames"] == [provider.service_name]
    consumer.ec2.describe_vpc_endpoint_services(Filters=by("service-type", "Interface"))
    stranger = lab.tenant("stranger")
    refused("InvalidServiceName", stranger.ec2.describe_vpc_endpoint_services, ServiceNames=[provider.service_name])


@case
def connections(lab):
    provider, consumer = lab.passage(acceptance=True)
    made = consumer.endpoint(consumer.home, provider.service_name, consumer.net)
    assert made["State"] == "pendingAcceptance", made
    ids = {"ServiceId": provider.service, "VpcEndpointIds": [made["VpcEndpointId"]]}

    def state():
        told = provider.ec2.describe_vpc_endpoint_connections(Filters=by("service-id", provider.service))
        return told["VpcEndpointConnections"][0]["VpcEndpointState"]

    assert state() == "pendingAcceptance"
    assert provider.ec2.accept_vpc_endpoint_connections(**ids)["Unsuccessful"] == []
    wait("available", lambda: state() == "available")
    assert provider.ec2.reject_vpc_endpoint_connections(**ids)["Unsuccessful"] == []
    assert state() == "rejected"
    again = provider.ec2.reject_vpc_endpoint_connections(**ids)
    assert len(again["Unsuccessful"]) == 1, again
    assert provider.ec2.accept_vpc_endpoint_connections(**ids)["Unsuccessful"] == []
    wait("available again", lambda: state() == "available")
    left = provider.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[provider.service])["Unsuccessful"]
    assert left[0]["Error"]["Code"] == "ExistingVpcEndpointConnections", left


@case
def payer(lab):
    provider, _ = lab.passage()
    provider.ec2.modify_vpc_endpoint_service_payer_responsibility(
        ServiceId=provider.service, PayerResponsibility="ServiceOwner"
    )
    told = provider.ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[provider.service])
    assert told["ServiceConfigurations"][0]["PayerResponsibility"] == "ServiceOwner", told


@case
def private_dns(lab):
    provider, _ = lab.passage()
    ec2, service = provider.ec2, provider.service
    ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, PrivateDnsName="api.example.com")
    told = ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service])["ServiceConfigurations"][0]
    dns = told["PrivateDnsNameConfiguration"]
    assert told["PrivateDnsName"] == "api.example.com" and dns["State"] == "pendingVerification", told
    assert dns["Type"] == "TXT" and dns["Value"] and dns["Name"], dns
    ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=service)
    ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, RemovePrivateDnsName=True)


@case
def notifications(lab):
    provider, consumer = lab.passage()
    arn = provider.sns.create_topic(Name="connections")["TopicArn"]
    ec2 = provider.ec2
    made = ec2.create_vpc_endpoint_connection_notification(
        ServiceId=provider.service, ConnectionNotificationArn=arn, ConnectionEvents=["Accept", "Connect"]
    )["ConnectionNotification"]
    notification = made["ConnectionNotificationId"]
    assert made["ConnectionNotificationState"] == "Enabled" and made["ConnectionNotificationType"] == "Topic", made
    told = ec2.describe_vpc_endpoint_connection_notifications(ConnectionNotificationId=notification)
    assert told["ConnectionNotificationSet"][0]["ConnectionEvents"] == ["Accept", "Connect"], told
    ec2.modify_vpc_endpoint_connection_notification(ConnectionNotificationId=notification, ConnectionEvents=["Delete"])
    found = ec2.describe_vpc_endpoint_connection_notifications(Filters=by("service-id", provider.service))
    assert found["ConnectionNotificationSet"][0]["ConnectionEvents"] == ["Delete"], found
    left = ec2.delete_vpc_endpoint_connection_notifications(ConnectionNotificationIds=[notification])
    assert left["Unsuccessful"] == [], left
    refused(
        "InvalidConnectionNotification", ec2.describe_vpc_endpoint_connection_notifications,
        ConnectionNotificationId=notification,
    )
