//! `ginnel up --dev`: what people who used an emulator until now expect to be there.

use aws::Fault;
use model::account::{Account, AccountId};
use model::world::Change;

use crate::api::vpc_parts;
use crate::audit::record::by_itself;
use crate::authenticate::{Caller, Principal};
use crate::http::call;
use crate::open::{Control, now};

/// Makes an account that is not there yet, and a default VPC for it; `fresh` when the account
/// was made just now. Blocks.
pub(crate) fn move_in(control: &Control, account: AccountId, fresh: bool) -> Result<(), Fault> {
    let caller = Caller {
        account,
        principal: Principal::Root,
        temporary: false,
        arn: format!("arn:aws:iam::{account}:root"),
        operator: false,
    };
    let at = now();
    control.inner.committer.commit(
        |world, revision| {
            if world.accounts.contains_key(&account) && !fresh {
                return Ok(((), Vec::new()));
            }
            let made = Account {
                id: account,
                name: account.to_string(),
                operator: false,
                created: at,
            };
            let mut changes: Vec<Change> = Vec::new();
            if !world.accounts.contains_key(&account) {
                changes.push(made.into());
            }
            let call = call(control, &caller, at, revision);
            changes.extend(vpc_parts::default_vpc(world, &call)?.changes);
            Ok(((), changes))
        },
        |outcome| match outcome {
            Ok(changes) => by_itself("MoveIn", &control.inner.region, at, changes),
            Err(_) => Vec::new(),
        },
    )
}
