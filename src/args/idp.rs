//! What can be said about what identity providers own, and which of their attributes feed what.

use clap::Args;
use usher_scim_server::attribute_path;

use super::{NewPeopleWord, PlanArgs, WhoArgs};

pub(super) const MAP_HELP: &str = "\
A field is functional_area, title, region, language, or a custom field by its name. A path is one of a PATCH:
  usher idp map okta functional_area=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter
  usher idp map okta 'region=addresses[type eq \"home\"].region' shirt=userType
  usher idp map okta title=                    feeds the title from its own attribute again
A field's own attribute is kept and returned then, and feeds nothing. Values that a field does not take are kept, noted and
listed by `usher drift`; they keep nobody out.";

pub(super) const OWN_HELP: &str = "\
Fields are email, user_name, first_name, last_name, display_name, functional_area, title, region, language, manager and custom
fields, joined by commas; none is nothing, and default is what the connection maps and sends, which is so unless you say
otherwise. An override lasts until the provider's next write of the field; `usher drift` lists it until then.";

pub(super) const RELINK_HELP: &str = "\
An externalId is who somebody is for a provider. When a request gives somebody another one, it may mean a second \
person who was given the same address: it is refused, and `usher drift` lists it as another person. If it is the same \
person all the same (their account was made anew, or another attribute feeds externalId now), this forgets what the \
provider called them:
  usher idp relink okta ana@acme.example
  usher idp relink entra connection:entra      everybody, once another attribute feeds externalId
Then the provider's next request is taken, and `usher idp replay` carries out the one that was refused.";

/// How a connection brings people in.
#[derive(Debug, Args)]
pub(crate) struct IdpSetArgs {
    /// Its name.
    pub(crate) name: String,
    /// What the people whom it brings from now on become.
    #[arg(long, value_enum, group = "terms")]
    pub(crate) new_people: Option<NewPeopleWord>,
    /// Whether the people whom it brings are mailed.
    #[arg(long, value_name = "true|false", group = "terms", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) mails: Option<bool>,
    /// For how many days its next tokens work, or none.
    #[arg(long, value_name = "N", group = "terms", value_parser = days)]
    pub(crate) token_days: Option<DaysWord>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// A number of days or the word `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DaysWord(pub(crate) Option<u32>);

fn days(text: &str) -> Result<DaysWord, String> {
    if text == "none" {
        return Ok(DaysWord(None));
    }
    text.parse()
        .map(|it| DaysWord(Some(it)))
        .map_err(|_| "write a number of days, or none".to_owned())
}

/// Which attributes feed which fields.
#[derive(Debug, Args)]
pub(crate) struct IdpMapArgs {
    /// The connection's name.
    pub(crate) name: String,
    /// A field and the attribute that feeds it; nothing after the = undoes it.
    #[arg(required = true, value_name = "FIELD=PATH", value_parser = mapping)]
    pub(crate) map: Vec<(String, Option<String>)>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

fn mapping(text: &str) -> Result<(String, Option<String>), String> {
    let (field, path) = text
        .split_once('=')
        .filter(|it| !it.0.trim().is_empty())
        .ok_or("write FIELD=PATH, such as title=userType")?;
    let path = match path.trim() {
        "" => None,
        path => Some(attribute_path(path)?),
    };
    Ok((field.trim().to_owned(), path))
}

/// What a connection owns.
#[derive(Debug, Args)]
pub(crate) struct IdpOwnArgs {
    /// The connection's name.
    pub(crate) name: String,
    /// Fields joined by commas, or none, or default.
    pub(crate) fields: String,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Who is the same.
#[derive(Debug, Args)]
pub(crate) struct IdpRelinkArgs {
    /// The connection's name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
}

/// Where the roster differs.
#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    /// Only from this connection.
    pub(crate) connection: Option<String>,
}
