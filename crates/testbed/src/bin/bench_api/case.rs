//! What is called.

use anyhow::{Context as _, Result, ensure};
use product::client::Xml;
use serde::Serialize;

use crate::fill::name;
use crate::load::{Load, Operation};
use crate::server::Server;
use crate::testbed::bench::Interrupt;

/// Different calls of one case: a cache of the last answer would not help.
const DIFFERENT: usize = 64;
/// A list that needs more pages than this has no end.
const PAGES: usize = 1_000;

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Case {
    /// DescribeVpcs of one id.
    Vpc,
    /// DescribeVpcEndpoints of one id.
    Endpoint,
    /// CreateVpcEndpoint.
    Create,
    /// DescribeVpcEndpoints of all, page by page.
    List,
    /// DescribeVpcEndpoints filtered by `vpc-endpoint-id`.
    FilterId,
    /// DescribeVpcEndpoints filtered by `tag:Name`.
    FilterTag,
}

impl Case {
    /// As in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vpc => "DescribeVpcs, one id",
            Self::Endpoint => "DescribeVpcEndpoints, one id",
            Self::Create => "CreateVpcEndpoint",
            Self::List => "DescribeVpcEndpoints, all",
            Self::FilterId => "DescribeVpcEndpoints, filter vpc-endpoint-id",
            Self::FilterTag => "DescribeVpcEndpoints, filter tag:Name",
        }
    }

    /// Its calls at a server, signed now. Those of [`Case::Create`] are made where they are
    /// needed, because each can be sent only once.
    pub(crate) fn operations(self, server: &Server, pages: &Pages) -> Result<Vec<Operation>> {
        let spread = |all: usize| {
            let step = all.div_ceil(DIFFERENT).max(1);
            (0..all).step_by(step)
        };
        let endpoints = || spread(server.endpoints.len());
        let described = |parameters: &[(&str, &str)]| {
            let action = "DescribeVpcEndpoints";
            server.operation(action, parameters)
        };
        let filtered = |filter: &str, value: &str| {
            described(&[("Filter.1.Name", filter), ("Filter.1.Value.1", value)])
        };
        match self {
            Self::Vpc => spread(server.rooms.len())
                .map(|at| server.operation("DescribeVpcs", &[("VpcId.1", &server.rooms[at].vpc)]))
                .collect(),
            Self::Endpoint => endpoints()
                .map(|at| described(&[("VpcEndpointId.1", &server.endpoints[at])]))
                .collect(),
            Self::FilterId => endpoints()
                .map(|at| filtered("vpc-endpoint-id", &server.endpoints[at]))
                .collect(),
            Self::FilterTag => endpoints()
                .map(|at| filtered("tag:Name", &name(at)))
                .collect(),
            Self::List => Ok(vec![pages.operation(server)?]),
            Self::Create => Ok(Vec::new()),
        }
    }

    /// Calls once and looks at what comes: a server that answers fast and wrong would win.
    /// Returns the milliseconds that it took.
    pub(crate) fn probe(
        self,
        server: &Server,
        pages: &Pages,
        interrupt: &Interrupt,
    ) -> Result<f64> {
        let operations = self.operations(server, pages)?;
        let last = operations.len().checked_sub(1).context("nothing to call")?;
        let load = once(server, &operations[last..], interrupt);
        let outcome = load.drive().with_context(|| self.name())?;
        let element = if self == Self::Vpc {
            "vpcId"
        } else {
            "vpcEndpointId"
        };
        let answers = outcome.answers.into_iter();
        let found: usize = answers
            .map(|(_, body)| Xml::from(body).all(element).len())
            .sum();
        let wanted = if self == Self::List {
            server.endpoints.len()
        } else {
            1
        };
        ensure!(
            found == wanted,
            "{} of {}: {found} instead of {wanted} in the answer",
            self.name(),
            server.subject.name()
        );
        let took = outcome.latencies.first();
        took.copied().context("nothing was called")
    }
}

fn once<'a>(server: &Server, operations: &'a [Operation], interrupt: &'a Interrupt) -> Load<'a> {
    Load {
        to: server.to,
        at_a_time: 1,
        operations,
        again: false,
        limit: None,
        keep: true,
        interrupt,
    }
}

/// The pages of a server's list: the token of each but the first. They hold as long as the list
/// does not change, so they are walked before the clock starts.
#[derive(Debug, Default)]
pub(crate) struct Pages(Vec<String>);

impl Pages {
    /// Walks the list once.
    pub(crate) fn walk(server: &Server, interrupt: &Interrupt) -> Result<Self> {
        let mut pages = Self::default();
        while pages.0.len() < PAGES {
            let token = pages.0.last().map(String::as_str);
            let operations = [Operation(vec![page(server, token)?])];
            let answers = once(server, &operations, interrupt).drive()?.answers;
            let (_, body) = answers.into_iter().next().context("no answer")?;
            match Xml::from(body)
                .first("nextToken")
                .filter(|it| !it.is_empty())
            {
                Some(token) => pages.0.push(token),
                None => return Ok(pages),
            }
        }
        anyhow::bail!("the list does not end after {PAGES} pages")
    }

    fn operation(&self, server: &Server) -> Result<Operation> {
        let tokens = std::iter::once(None).chain(self.0.iter().map(|token| Some(token.as_str())));
        let pages = tokens.map(|token| page(server, token));
        Ok(Operation(pages.collect::<Result<_>>()?))
    }
}

fn page(server: &Server, token: Option<&str>) -> Result<Vec<u8>> {
    let parameters: Vec<_> = token
        .map(|token| ("NextToken", token))
        .into_iter()
        .collect();
    server.request("DescribeVpcEndpoints", &parameters)
}
