//! `ginnel env`.

use anyhow::Result;

use crate::output::{self, Format};
use crate::place::Place;

/// For a shell: `eval "$(sudo ginnel env)"`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  eval \"$(sudo ginnel env)\"\n  aws sts get-caller-identity")]
pub(crate) struct Env {
    /// `table` prints shell exports
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl Env {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        let who = place.credentials()?;
        output::print(self.output, &serde_json::to_value(&who)?, |_| {
            format!(
                "export AWS_ENDPOINT_URL={}\nexport AWS_REGION={}\nexport AWS_DEFAULT_REGION={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}",
                who.endpoint_url, who.region, who.region, who.access_key_id, who.secret_access_key
            )
        })
    }
}
