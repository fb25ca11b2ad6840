//! Addresses without what stands in them: a request to `/scim/v2/Users/0198…` counts, and is logged, as
//! `/scim/v2/Users/{id}`. The list is closed, so that nobody makes new names by asking for them.

/// Every template; the first that fits is it, and the last fits everything.
pub(crate) const TEMPLATES: [&str; 32] = [
    "/scim/v2/Users",
    "/scim/v2/Users/{id}",
    "/scim/v2/Groups",
    "/scim/v2/Groups/{id}",
    "/api/v1/access",
    "/api/v1/sign-in",
    "/api/v1/bounce",
    "/api/v1/seen",
    "/api/v1/progress",
    "/scim/v2/ServiceProviderConfig",
    "/scim/v2/ResourceTypes",
    "/scim/v2/ResourceTypes/{name}",
    "/scim/v2/Schemas",
    "/scim/v2/Schemas/{id}",
    "/scim/v2/Me",
    "/scim/v2/Bulk",
    "/scim/v2/.search",
    "/scim/v2/Users/.search",
    "/scim/v2/Groups/.search",
    "/exchange/{token}",
    "/accept/{token}",
    "/password",
    "/password/{token}",
    "/join/{slug}",
    "/join/{slug}/{token}",
    "/reminders/{token}",
    "/pages/style.css",
    "/pages/logo",
    "/healthz",
    "/readyz",
    "/metrics",
    OTHER,
];
const OTHER: &str = "other";

/// One of the templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Template(usize);

impl Template {
    /// The template of an address that was taken apart; none when it could not be.
    pub(crate) fn of(path: Option<&[&str]>) -> Self {
        let found = path.and_then(|path| {
            let exact = TEMPLATES.iter().position(|it| fits(it, path, false));
            exact.or_else(|| TEMPLATES.iter().position(|it| fits(it, path, true)))
        });
        Self(found.unwrap_or(TEMPLATES.len() - 1))
    }

    pub(crate) fn index(self) -> usize {
        self.0
    }

    pub(crate) fn as_str(self) -> &'static str {
        TEMPLATES.get(self.0).copied().unwrap_or(OTHER)
    }
}

/// Whether the address is of this template; with `open`, a place in braces takes anything.
fn fits(template: &str, path: &[&str], open: bool) -> bool {
    let Some(template) = template.strip_prefix('/') else {
        return false;
    };
    let mut places = path.iter();
    template.split('/').all(|wanted| {
        let place = places.next();
        place.is_some_and(|it| wanted == *it || open && wanted.starts_with('{'))
    }) && places.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_by_its_template_only() {
        let named = |path: &str| {
            let path: Vec<&str> = path.split('/').skip(1).collect();
            Template::of(Some(&path)).as_str()
        };
        assert_eq!(named("/scim/v2/Users"), "/scim/v2/Users");
        assert_eq!(
            named("/scim/v2/Users/ana@acme.example"),
            "/scim/v2/Users/{id}"
        );
        assert_eq!(named("/scim/v2/Users/.search"), "/scim/v2/Users/.search");
        assert_eq!(named("/scim/v2/Users/1/2"), "other");
        assert_eq!(named("/ana@acme.example"), "other");
        assert_eq!(Template::of(None).as_str(), "other");
    }
}
