"""Network load balancers."""

from lab import case, refused, wait


@case
def load_balancers(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    subnet, second = tenant.subnet(vpc), tenant.subnet(vpc, "10.0.2.0/24", "b")
    group = tenant.group(vpc)
    made = elb.create_load_balancer(
        Name="orders", Type="network", Scheme="internal", Subnets=[subnet], SecurityGroups=[group],
        Tags=[{"Key": "Name", "Value": "orders"}],
    )["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    assert f":loadbalancer/net/orders/" in arn and made["DNSName"].startswith("orders-"), made
    wait("active", lambda: elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"] == "active")
    assert elb.describe_load_balancers(Names=["orders"])["LoadBalancers"][0]["LoadBalancerArn"] == arn
    tenant.balancer(subnet, "more")
    pages = list(elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["LoadBalancers"]) for page in pages] == [1, 1], pages
    elb.describe_load_balancer_attributes(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    refused("LoadBalancerNotFound", elb.describe_load_balancers, Names=["orders"])
    assert second


@case
def target_groups(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    made = elb.create_target_group(
        Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip", Tags=[{"Key": "a", "Value": "b"}]
    )["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    assert made["HealthCheckPort"] == "traffic-port" and made["HealthCheckProtocol"] == "TCP", made
    assert elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"] == arn
    elb.describe_target_group_attributes(TargetGroupArn=arn)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.10"}, {"Id": "10.0.1.11", "Port": 81}])
    told = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert {(one["Target"]["Id"], one["Target"]["Port"]) for one in told} == {("10.0.1.10", 80), ("10.0.1.11", 81)}, told
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.11", "Port": 81}])
    elb.delete_target_group(TargetGroupArn=arn)


@case
def listeners(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    arn = tenant.balancer(tenant.subnet(vpc))
    group = elb.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    made = elb.create_listener(
        LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )["Listeners"][0]
    listener = made["ListenerArn"]
    assert made["DefaultActions"][0]["TargetGroupArn"] == group, made
    assert elb.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]["ListenerArn"] == listener
    elb.describe_listeners(ListenerArns=[listener])
    assert elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"][0]["LoadBalancerArns"] == [arn]
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=group)
    elb.delete_listener(ListenerArn=listener)


@case
def listeners_change(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    arn = tenant.balancer(tenant.subnet(vpc))
    group, second = (
        elb.create_target_group(Name=name, Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        for name in ("web", "second")
    )
    forward = lambda to: [{"Type": "forward", "TargetGroupArn": to}]  # noqa: E731
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=forward(group))["Listeners"][0]["ListenerArn"]
    told = elb.modify_listener(ListenerArn=listener, Port=81, DefaultActions=forward(second))["Listeners"][0]
    assert told["Port"] == 81 and told["DefaultActions"][0]["TargetGroupArn"] == second, told


@case
def listener_attributes(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    arn = tenant.balancer(tenant.subnet(vpc))
    group = elb.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.create_listener(
        LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )["Listeners"][0]["ListenerArn"]
    told = {one["Key"]: one["Value"] for one in elb.describe_listener_attributes(ListenerArn=listener)["Attributes"]}
    assert told["tcp.idle_timeout.seconds"] == "350", told
    elb.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "400"}])


@case
def group_changes(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    arn = elb.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    told = elb.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=10, HealthyThresholdCount=3)["TargetGroups"][0]
    assert told["HealthCheckIntervalSeconds"] == 10 and told["HealthyThresholdCount"] == 3, told


@case
def group_attributes(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    arn = elb.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    told = elb.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]
    )["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "60"} in told, told


@case
def balancer_attributes(lab):
    tenant = lab.tenant()
    elb = tenant.elbv2
    arn = tenant.balancer(tenant.subnet(tenant.vpc()))
    told = elb.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )["Attributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in told, told
    refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=arn)


@case
def balancer_subnets(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    subnet, second = tenant.subnet(vpc), tenant.subnet(vpc, "10.0.2.0/24", "b")
    arn = tenant.balancer(subnet)
    told = elb.set_subnets(LoadBalancerArn=arn, Subnets=[subnet, second])["AvailabilityZones"]
    assert {one["SubnetId"] for one in told} == {subnet, second}, told


@case
def balancer_groups(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    one, two = tenant.group(vpc), tenant.group(vpc, "two")
    arn = elb.create_load_balancer(
        Name="guarded", Type="network", Scheme="internal", Subnets=[tenant.subnet(vpc)], SecurityGroups=[one]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    told = elb.set_security_groups(
        LoadBalancerArn=arn, SecurityGroups=[two], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off"
    )
    assert told["SecurityGroupIds"] == [two], told
    assert told["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] == "off", told


@case
def balancer_address_type(lab):
    tenant = lab.tenant()
    arn = tenant.balancer(tenant.subnet(tenant.vpc()))
    told = tenant.elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")
    assert told["IpAddressType"] == "ipv4", told


@case
def capacity(lab):
    tenant = lab.tenant()
    arn = tenant.balancer(tenant.subnet(tenant.vpc()))
    tenant.elbv2.describe_capacity_reservation(LoadBalancerArn=arn)


@case
def limits(lab):
    told = lab.tenant().elbv2.describe_account_limits()["Limits"]
    assert "network-load-balancers" in [one["Name"] for one in told], told


@case
def tls_policies(lab):
    told = lab.tenant().elbv2.describe_ssl_policies()["SslPolicies"]
    assert told and all(one["Name"] for one in told), told


@case
def tags_of_balancers(lab):
    tenant = lab.tenant()
    elb = tenant.elbv2
    arn = tenant.balancer(tenant.subnet(tenant.vpc()))
    elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    elb.remove_tags(ResourceArns=[arn], TagKeys=["a"])
    told = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert told == [{"ResourceArn": arn, "Tags": [{"Key": "b", "Value": "2"}]}], told
