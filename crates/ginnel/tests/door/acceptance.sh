#!/usr/bin/env bash
# The demo's set-up and tear-down with the real AWS CLI. Run by clients.rs, which gives
# AWS_ENDPOINT_URL and the credentials of `ginnel env`, and GINNEL, GINNEL_STATE, GINNEL_RUN for
# the two things that AWS has no call for: a second account, and binding an ENI to a namespace.
set -euo pipefail
export AWS_PAGER=

namespaces=() server=""
clean_up() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	for namespace in "${namespaces[@]}"; do ip netns del "$namespace" 2>/dev/null || true; done
}
trap clean_up EXIT

fail() { echo "acceptance: $*" >&2; exit 1; }
ec2() { aws --output text ec2 "$@"; }
elb() { aws --output text elbv2 "$@"; }
# The code of a call that must fail.
refused() {
	local code=$1 told
	shift
	if told=$("$@" 2>&1); then fail "$* succeeded; $code expected"; fi
	case "$told" in *"($code)"*) ;; *) fail "$code expected: $told" ;; esac
}
wait_for() { # wait_for STATE ENDPOINT
	for _ in $(seq 20); do
		[ "$(ec2 describe-vpc-endpoints --vpc-endpoint-ids "$2" --query 'VpcEndpoints[0].State')" = "$1" ] && return
	done
	fail "$2 is not $1"
}
as() { eval "$1"; }

operator=$(env | grep '^AWS_' | sed 's/^/export /')
vendor=$("$GINNEL" account create vendor)
customer=$("$GINNEL" account create customer)

as "$vendor"
vpc_p=$(ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId)
subnet_p=$(ec2 create-subnet --vpc-id "$vpc_p" --cidr-block 10.0.1.0/24 --availability-zone "${AWS_REGION}a" --query Subnet.SubnetId)
# The load balancer reaches its targets, whose ENIs carry the default group.
sg_p=$(ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpc_p" --query 'SecurityGroups[0].GroupId')
ec2 authorize-security-group-ingress --group-id "$sg_p" --protocol tcp --port 8080 --cidr 10.0.1.0/24 >/dev/null
eni_p=$(ec2 create-network-interface --subnet-id "$subnet_p" --private-ip-address 10.0.1.10 --query NetworkInterface.NetworkInterfaceId)
ns_p=gnlt-$$-cli-target
ip netns add "$ns_p" && namespaces+=("$ns_p")
"$GINNEL" attach "$eni_p" "$ns_p" >/dev/null
ip netns exec "$ns_p" "$GINNEL" demo-server 10.0.1.10:8080 one >/dev/null &
server=$!
lb=$(elb create-load-balancer --name orders --type network --scheme internal --subnets "$subnet_p" --query 'LoadBalancers[0].LoadBalancerArn')
tg=$(elb create-target-group --name orders --protocol TCP --port 8080 --target-type ip --vpc-id "$vpc_p" --query 'TargetGroups[0].TargetGroupArn')
elb register-targets --target-group-arn "$tg" --targets Id=10.0.1.10
listener=$(elb create-listener --load-balancer-arn "$lb" --protocol TCP --port 80 --default-actions "Type=forward,TargetGroupArn=$tg" --query 'Listeners[0].ListenerArn')
service=$(ec2 create-vpc-endpoint-service-configuration --network-load-balancer-arns "$lb" --acceptance-required --query ServiceConfiguration.ServiceId)

as "$customer"
account=$(aws --output text sts get-caller-identity --query Account)
name="com.amazonaws.vpce.$AWS_REGION.$service"
refused InvalidServiceName ec2 describe-vpc-endpoint-services --service-names "$name"
as "$vendor"
ec2 modify-vpc-endpoint-service-permissions --service-id "$service" --add-allowed-principals "arn:aws:iam::$account:root" >/dev/null
as "$customer"
vpc_c=$(ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId)
subnet_c=$(ec2 create-subnet --vpc-id "$vpc_c" --cidr-block 10.0.1.0/24 --availability-zone "${AWS_REGION}a" --query Subnet.SubnetId)
sg=$(ec2 create-security-group --group-name door --description door --vpc-id "$vpc_c" --query GroupId)
ec2 authorize-security-group-ingress --group-id "$sg" --protocol tcp --port 80 --cidr 10.0.0.0/16 >/dev/null
eni_c=$(ec2 create-network-interface --subnet-id "$subnet_c" --private-ip-address 10.0.1.10 --query NetworkInterface.NetworkInterfaceId)
ns_c=gnlt-$$-cli-client
ip netns add "$ns_c" && namespaces+=("$ns_c")
"$GINNEL" attach "$eni_c" "$ns_c" >/dev/null
endpoint=$(ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id "$vpc_c" --service-name "$name" --subnet-ids "$subnet_c" --security-group-ids "$sg" --query VpcEndpoint.VpcEndpointId)
wait_for pendingAcceptance "$endpoint"
as "$vendor"
ec2 accept-vpc-endpoint-connections --service-id "$service" --vpc-endpoint-ids "$endpoint" >/dev/null
as "$customer"
wait_for available "$endpoint"
address=$(ec2 describe-network-interfaces --filters "Name=description,Values=*$endpoint" --query 'NetworkInterfaces[0].PrivateIpAddress')
body=$(ip netns exec "$ns_c" curl -sS --max-time 2 "http://$address/")
case "$body" in *served-by=one*) ;; *) fail "the service answered: $body" ;; esac
as "$vendor"
ec2 reject-vpc-endpoint-connections --service-id "$service" --vpc-endpoint-ids "$endpoint" >/dev/null
! ip netns exec "$ns_c" curl -sS --max-time 1 "http://$address/" 2>/dev/null || fail "traffic passes after rejection"

as "$customer"
ec2 delete-vpc-endpoints --vpc-endpoint-ids "$endpoint" >/dev/null
as "$vendor"
ec2 delete-vpc-endpoint-service-configurations --service-ids "$service" >/dev/null
elb delete-listener --listener-arn "$listener"
elb delete-load-balancer --load-balancer-arn "$lb"
elb delete-target-group --target-group-arn "$tg"
as "$operator"
"$GINNEL" detach "$eni_p" >/dev/null
"$GINNEL" detach "$eni_c" >/dev/null
as "$vendor"
ec2 delete-network-interface --network-interface-id "$eni_p"
ec2 delete-subnet --subnet-id "$subnet_p"
ec2 delete-vpc --vpc-id "$vpc_p"
as "$customer"
ec2 delete-network-interface --network-interface-id "$eni_c"
ec2 delete-security-group --group-id "$sg"
ec2 delete-subnet --subnet-id "$subnet_c"
ec2 delete-vpc --vpc-id "$vpc_c"
[ -z "$(ec2 describe-vpcs --query 'Vpcs[].VpcId')" ] || fail "a VPC is left"
echo "the AWS CLI: set up, used, removed"
