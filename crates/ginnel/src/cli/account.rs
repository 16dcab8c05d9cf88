//! `ginnel account`.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::administrator;
use crate::output::{self, Format};
use crate::place::{Credentials, Place};

#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Example:\n  eval \"$(sudo ginnel account create vendor)\"\n  aws sts get-caller-identity"
)]
pub(crate) enum Account {
    /// Make an account with an administrator's access key, and print the key
    Create {
        /// What to call it
        name: String,
        /// Its 12 digits; chosen at random when absent
        #[arg(long)]
        id: Option<String>,
        /// `table` prints shell exports
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
    },
    /// List the accounts
    List {
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
    },
}

impl Account {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        let admin = administrator(place)?;
        match self {
            Self::Create { name, id, output } => {
                let made = admin.ginnel("CreateAccount", &json!({ "name": name, "id": id }))?;
                let text = |member: &str| -> Result<String> {
                    let found = made.get(member).and_then(|value| value.as_str());
                    Ok(found
                        .with_context(|| format!("the answer has no {member}"))?
                        .to_owned())
                };
                let who = Credentials {
                    endpoint_url: admin.credentials().endpoint_url.clone(),
                    region: admin.credentials().region.clone(),
                    account: text("account")?,
                    access_key_id: text("access_key_id")?,
                    secret_access_key: text("secret_access_key")?,
                };
                output::print(output, &serde_json::to_value(&who)?, |_| {
                    format!(
                        "# account {}\nexport AWS_ENDPOINT_URL={}\nexport AWS_REGION={}\nexport AWS_DEFAULT_REGION={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}",
                        who.account,
                        who.endpoint_url,
                        who.region,
                        who.region,
                        who.access_key_id,
                        who.secret_access_key
                    )
                })
            }
            Self::List { output } => {
                let answer = admin.ginnel("ListAccounts", &json!({}))?;
                output::print(output, &answer, |answer| {
                    let none = json!([]);
                    let accounts = answer.get("accounts").unwrap_or(&none);
                    output::table(accounts, &[("ACCOUNT", "/account"), ("NAME", "/name")])
                })
            }
        }
    }
}
