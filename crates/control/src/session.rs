//! Temporary credentials: a session is its token. It is sealed with the key file and stored
//! nowhere; who holds the token and the secret is whom the token says, until it expires.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::account::AccountId;
use model::id::{RoleId, UserId};
use model::time::Millis;
use serde::{Deserialize, Serialize};

use crate::secret::{Error, Vault};

/// The longest token that is looked at; those that are made have some 500 characters.
const MAX_TOKEN: usize = 4_096;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The account in which it acts.
    pub(crate) account: AccountId,
    /// Who it is.
    pub(crate) who: Who,
    /// What its requests are signed with.
    pub(crate) secret: String,
    /// The end.
    pub(crate) expires: Millis,
}

/// Who a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    /// The account's root, by GetSessionToken.
    Root,
    /// A user, by GetSessionToken.
    User(UserId),
    /// Whoever assumed a role.
    Role {
        /// The role.
        id: RoleId,
        /// The name of the session.
        session: String,
    },
    /// Whoever assumed a role that need not be there (`ginnel up --dev`).
    Emulated {
        /// The name of the role.
        role: String,
        /// The name of the session.
        session: String,
    },
}

impl Session {
    /// The token that goes with this access key, and with no other.
    pub(crate) fn seal(&self, vault: &Vault, access_key: &str) -> Result<String, Error> {
        let failed = |_| Error::Sealed {
            name: access_key.to_owned(),
        };
        let text = serde_json::to_string(self).map_err(failed)?;
        let sealed = vault.seal(&name(access_key), &text)?;
        Ok(BASE64_STANDARD.encode(sealed))
    }

    /// The session of a token; nothing when it was not made here for this access key.
    pub(crate) fn open(vault: &Vault, access_key: &str, token: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let sealed = BASE64_STANDARD.decode(token).ok()?;
        let text = vault.open_sealed(&name(access_key), &sealed).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// What is sealed: no access key's secret can be taken for a session, nor the other way round.
fn name(access_key: &str) -> String {
    format!("session/{access_key}")
}

#[cfg(test)]
mod tests {
    use model::time::Millis;
    use proptest::prelude::*;

    use super::{Session, Who};
    use crate::secret::Vault;

    fn session() -> Session {
        Session {
            account: "123456789012".parse().unwrap(),
            who: Who::Root,
            secret: "hush".into(),
            expires: Millis(1),
        }
    }

    proptest! {
        #[test]
        fn a_changed_token_opens_nothing(at: prop::sample::Index, letter in "[A-Za-z0-9+/=.]") {
            let vault = Vault::of([1; 32]);
            let token = session().seal(&vault, "ASIA1").unwrap();
            let mut changed = token.clone();
            let at = at.index(token.len());
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != token);
            prop_assert_eq!(Session::open(&vault, "ASIA1", &changed), None);
        }

        #[test]
        fn no_text_makes_it_panic(token in "\\PC{0,80}") {
            prop_assert_eq!(Session::open(&Vault::of([1; 32]), "ASIA1", &token), None);
        }
    }

    #[test]
    fn a_token_is_bound_to_its_access_key_and_the_key_file() {
        let vault = Vault::of([1; 32]);
        let token = session().seal(&vault, "ASIA1").unwrap();
        assert_eq!(Session::open(&vault, "ASIA1", &token), Some(session()));
        assert_eq!(Session::open(&vault, "ASIA2", &token), None);
        assert_eq!(Session::open(&Vault::of([2; 32]), "ASIA1", &token), None);
        let longer = format!("{token}{}", "A".repeat(5_000));
        assert_eq!(Session::open(&vault, "ASIA1", &longer), None);
    }
}
