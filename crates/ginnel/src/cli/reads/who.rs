//! As whom the reading verbs call.

use anyhow::{Context as _, Result, bail};
use aws::Service;
use serde_json::{Value, json};

use crate::client::Client;
use crate::place::{Credentials, Place};

/// As whom to call: by default the administrator of the state directory, or whom the variables
/// `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` name when all are set.
#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// Look into another account (12 digits, or its name), through a role there that trusts yours
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// The role for --account
    #[arg(
        long,
        value_name = "NAME",
        default_value = "OrganizationAccountAccessRole",
        requires = "account"
    )]
    role: String,
}

impl Who {
    pub(super) fn client(&self, place: &Place) -> Result<Client> {
        let client = caller(place)?;
        let Some(account) = &self.account else {
            return Ok(client);
        };
        let digits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
        let id = if digits {
            account.clone()
        } else {
            called(&client, account)?
        };
        let own = client.aws(Service::Sts, "GetCallerIdentity", &[])?;
        let own = own.need("Account")?;
        if own == id {
            return Ok(client);
        }
        let role = format!("arn:aws:iam::{id}:role/{}", self.role);
        let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "ginnel")];
        let answer = client.aws(Service::Sts, "AssumeRole", &parameters);
        let answer = answer.with_context(|| {
            format!(
                "looking into account {id} needs a role there that trusts account {own} (--role, now {}); or set the AWS_* variables to a key of that account",
                self.role
            )
        })?;
        let who = Credentials {
            account: id,
            access_key_id: answer.need("AccessKeyId")?,
            secret_access_key: answer.need("SecretAccessKey")?,
            ..client.credentials().clone()
        };
        Ok(Client::new(who).with_session(answer.need("SessionToken")?))
    }
}

/// The caller that the variables name, or the administrator.
fn caller(place: &Place) -> Result<Client> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(endpoint), Some(access_key_id), Some(secret_access_key)) = (
        variable("AWS_ENDPOINT_URL"),
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
    ) else {
        return crate::cli::administrator(place).context(
            "no AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, and the administrator's credentials cannot be used",
        );
    };
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let client = Client::new(Credentials {
        endpoint_url: endpoint.trim_end_matches('/').to_owned(),
        region: region.context("AWS_ENDPOINT_URL is set, AWS_REGION is not: set it too")?,
        account: String::new(),
        access_key_id,
        secret_access_key,
    });
    Ok(match variable("AWS_SESSION_TOKEN") {
        Some(token) => client.with_session(token),
        None => client,
    })
}

/// The account with this name.
fn called(client: &Client, name: &str) -> Result<String> {
    let answer = client.ginnel("ListAccounts", &json!({}));
    let answer = answer.context("only the administrator knows accounts by name: give 12 digits")?;
    let member =
        |account: &Value, name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
    let accounts = answer.get("accounts").and_then(Value::as_array);
    let accounts: Vec<_> = accounts
        .into_iter()
        .flatten()
        .filter(|account| member(account, "name").as_deref() == Some(name))
        .filter_map(|account| member(account, "account"))
        .collect();
    match accounts.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("there is no account {name}; `ginnel get account` lists all"),
        many => bail!(
            "several accounts are called {name}: give the id, one of {}",
            many.join(", ")
        ),
    }
}
