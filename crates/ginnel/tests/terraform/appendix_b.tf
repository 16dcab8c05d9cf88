terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                  = "us-east-1"
  access_key              = "AKIAIOSFODNN7EXAMPLE"
  secret_key              = "x"
  skip_metadata_api_check = true
  endpoints {
    ec2   = "http://127.0.0.1:PORT"
    elbv2 = "http://127.0.0.1:PORT"
    sts   = "http://127.0.0.1:PORT"
    iam   = "http://127.0.0.1:PORT"
    sns   = "http://127.0.0.1:PORT"
  }
}
data "aws_caller_identity" "me" {}
data "aws_region" "r" {}
data "aws_availability_zones" "az" {
  state = "available"
}
resource "aws_vpc" "c" {
  cidr_block           = "10.10.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "c" }
}
resource "aws_vpc" "p" {
  cidr_block = "10.20.0.0/16"
}
resource "aws_subnet" "c" {
  vpc_id            = aws_vpc.c.id
  cidr_block        = "10.10.1.0/24"
  availability_zone = data.aws_availability_zones.az.names[0]
}
resource "aws_subnet" "p" {
  vpc_id            = aws_vpc.p.id
  cidr_block        = "10.20.1.0/24"
  availability_zone = data.aws_availability_zones.az.names[0]
}
resource "aws_security_group" "ep" {
  vpc_id = aws_vpc.c.id
  name   = "ep"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.10.0.0/16"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = aws_security_group.nlb.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_security_group" "nlb" {
  vpc_id = aws_vpc.p.id
  name   = "nlb"
}
resource "aws_route_table" "c" {
  vpc_id = aws_vpc.c.id
}
resource "aws_route_table_association" "c" {
  subnet_id      = aws_subnet.c.id
  route_table_id = aws_route_table.c.id
}
resource "aws_vpc_endpoint" "gw" {
  vpc_id       = aws_vpc.c.id
  service_name = "com.amazonaws.us-east-1.s3"
}
resource "aws_vpc_endpoint_route_table_association" "gw" {
  vpc_endpoint_id = aws_vpc_endpoint.gw.id
  route_table_id  = aws_route_table.c.id
}
resource "aws_lb" "n" {
  name               = "n1"
  internal           = true
  load_balancer_type = "network"
  subnets            = [aws_subnet.p.id]
}
resource "aws_lb_target_group" "t" {
  name              = "t1"
  port              = 80
  protocol          = "TCP"
  target_type       = "ip"
  vpc_id            = aws_vpc.p.id
  proxy_protocol_v2 = true
}
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.n.arn
  port              = 443
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.t.arn
  }
}
resource "aws_lb_target_group_attachment" "a" {
  target_group_arn = aws_lb_target_group.t.arn
  target_id        = "10.20.1.9"
  port             = 80
}
resource "aws_vpc_endpoint_service" "s" {
  acceptance_required        = false
  network_load_balancer_arns = [aws_lb.n.arn]
  tags                       = { a = "b" }
}
resource "aws_vpc_endpoint_service_allowed_principal" "p" {
  vpc_endpoint_service_id = aws_vpc_endpoint_service.s.id
  principal_arn           = "arn:aws:iam::123456789012:root"
}
resource "aws_vpc_endpoint" "i" {
  vpc_id              = aws_vpc.c.id
  vpc_endpoint_type   = "Interface"
  service_name        = aws_vpc_endpoint_service.s.service_name
  subnet_ids          = [aws_subnet.c.id]
  security_group_ids  = [aws_security_group.ep.id]
  private_dns_enabled = false
  tags                = { Name = "i" }
  lifecycle {
    ignore_changes = [security_group_ids]
  }
}
resource "aws_vpc_endpoint_policy" "p" {
  vpc_endpoint_id = aws_vpc_endpoint.gw.id
  policy          = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "*", Resource = "*" }] })
}
resource "aws_vpc_endpoint_connection_accepter" "a" {
  vpc_endpoint_service_id = aws_vpc_endpoint_service.s.id
  vpc_endpoint_id         = aws_vpc_endpoint.i.id
}
resource "aws_vpc_endpoint_connection_notification" "n" {
  vpc_endpoint_service_id     = aws_vpc_endpoint_service.s.id
  connection_notification_arn = "arn:aws:sns:us-east-1:123456789012:t"
  connection_events           = ["Accept", "Reject"]
}
resource "aws_vpc_endpoint_private_dns" "d" {
  vpc_endpoint_id     = aws_vpc_endpoint.i.id
  private_dns_enabled = false
}
resource "aws_security_group" "ep2" {
  vpc_id = aws_vpc.c.id
  name   = "ep2"
}
resource "aws_vpc_endpoint_security_group_association" "x" {
  vpc_endpoint_id   = aws_vpc_endpoint.i.id
  security_group_id = aws_security_group.ep2.id
}
resource "aws_vpc_endpoint_service_private_dns_verification" "v" {
  service_id = aws_vpc_endpoint_service.s.id
}
resource "aws_flow_log" "f" {
  eni_id                   = tolist(aws_vpc_endpoint.i.network_interface_ids)[0]
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = "arn:aws:logs:us-east-1:123456789012:log-group:fl"
  iam_role_arn             = "arn:aws:iam::123456789012:role/r"
  max_aggregation_interval = 60
}
resource "aws_network_acl" "a" {
  vpc_id     = aws_vpc.c.id
  subnet_ids = [aws_subnet.c.id]
  ingress {
    protocol   = "tcp"
    rule_no    = 100
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 443
    to_port    = 443
  }
}
data "aws_vpc_endpoint_service" "s3" {
  service      = "s3"
  service_type = "Gateway"
}
data "aws_vpc_endpoint_service" "mine" {
  service_name = aws_vpc_endpoint_service.s.service_name
}
data "aws_prefix_list" "s3" {
  name = "com.amazonaws.us-east-1.s3"
}
data "aws_vpc_endpoint" "i" {
  id = aws_vpc_endpoint.i.id
}
data "aws_vpc_endpoint_associations" "i" {
  vpc_endpoint_id = aws_vpc_endpoint.i.id
}
