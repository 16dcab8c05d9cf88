//! What the servers hold: VPCs with fifty interface endpoints each, made by their API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use product::client::Xml;

use crate::load::{Load, Operation};
use crate::server::{Room, Server};
use crate::testbed::bench::Interrupt;

/// Endpoints of one VPC: AWS's own quota.
pub(crate) const PER_VPC: usize = 50;
/// Endpoints that are made before the clock is looked at.
const CHUNK: usize = 1_000;
/// Calls at a time.
const TOGETHER: usize = 16;

/// What a fill came to.
pub(crate) enum Filled {
    /// All of it.
    Whole,
    /// It would have taken, or took, too long; why in words.
    Partly(String),
}

impl Server {
    /// Makes endpoints until there are `total`, unless that takes longer than `within`.
    pub(crate) fn fill(
        &mut self,
        total: usize,
        within: Duration,
        interrupt: &Interrupt,
    ) -> Result<Filled> {
        let (start, before) = (Instant::now(), self.endpoints.len());
        while self.endpoints.len() < total {
            let done = self.endpoints.len();
            let made = done - before;
            let spent = start.elapsed();
            let foreseen = spent.mul_f64((total - before) as f64 / made.max(1) as f64);
            if made > 0 && foreseen > within {
                let said = format!(
                    "{}: {done} of {total} endpoints were made in {:.0} s; all would take more than {:.0} s (limit {:.0} s)",
                    self.subject.name(),
                    spent.as_secs_f64(),
                    foreseen.as_secs_f64(),
                    within.as_secs_f64(),
                );
                return Ok(Filled::Partly(said));
            }
            let next = CHUNK.min(total - done);
            let full = self.rooms.len() * PER_VPC;
            let rooms = (done + next).saturating_sub(full).div_ceil(PER_VPC);
            let rooms = self.build(rooms, interrupt)?;
            self.rooms.extend(rooms);
            let operations = (done..done + next)
                .map(|number| self.creation(&self.rooms[number / PER_VPC], number))
                .collect::<Result<Vec<_>>>()?;
            let made = self.each(&operations, "vpcEndpointId", interrupt)?;
            self.endpoints.extend(made);
            if start.elapsed() > Duration::from_secs(5) {
                eprintln!(
                    "{}: {} of {total} endpoints after {:.1} s",
                    self.subject.name(),
                    self.endpoints.len(),
                    start.elapsed().as_secs_f64()
                );
            }
        }
        Ok(Filled::Whole)
    }

    /// Makes VPCs with a subnet each.
    pub(crate) fn build(&self, count: usize, interrupt: &Interrupt) -> Result<Vec<Room>> {
        let vpcs = (0..count)
            .map(|_| self.operation("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]))
            .collect::<Result<Vec<_>>>()?;
        let vpcs = self.each(&vpcs, "vpcId", interrupt)?;
        let zone = format!("{}a", self.client.credentials().region);
        let subnet = |vpc: &String| {
            let parameters = [
                ("VpcId", vpc.as_str()),
                ("CidrBlock", "10.0.1.0/24"),
                ("AvailabilityZone", &zone),
            ];
            self.operation("CreateSubnet", &parameters)
        };
        let subnets = vpcs.iter().map(subnet).collect::<Result<Vec<_>>>()?;
        let subnets = self.each(&subnets, "subnetId", interrupt)?;
        let rooms = vpcs.into_iter().zip(subnets);
        Ok(rooms.map(|(vpc, subnet)| Room { vpc, subnet }).collect())
    }

    /// The call that makes an endpoint, named `endpoint-NUMBER`.
    pub(crate) fn creation(&self, room: &Room, number: usize) -> Result<Operation> {
        self.operation(
            "CreateVpcEndpoint",
            &[
                ("VpcEndpointType", "Interface"),
                ("VpcId", &room.vpc),
                ("ServiceName", &self.service),
                ("SubnetId.1", &room.subnet),
                ("PrivateDnsEnabled", "false"),
                ("TagSpecification.1.ResourceType", "vpc-endpoint"),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", &name(number)),
            ],
        )
    }

    /// Sends each once; returns the text of this element of each answer.
    fn each(
        &self,
        operations: &[Operation],
        element: &str,
        interrupt: &Interrupt,
    ) -> Result<Vec<String>> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let load = Load {
            to: self.to,
            at_a_time: TOGETHER.min(operations.len()),
            operations,
            again: false,
            limit: None,
            keep: true,
            interrupt,
        };
        let answers = load.drive()?.answers;
        ensure!(
            answers.len() == operations.len(),
            "{} answers to {} calls",
            answers.len(),
            operations.len()
        );
        let found = answers.into_iter();
        found
            .map(|(_, body)| Xml::from(body).need(element))
            .collect::<Result<_>>()
            .context("fill")
    }
}

/// The value of an endpoint's tag `Name`.
pub(crate) fn name(number: usize) -> String {
    format!("endpoint-{number}")
}
