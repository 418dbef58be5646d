//! What a page is asked: [`Asked`], with the browser behind it and its parameters, and [`CanvasPath`].

use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::Uid;
use serde::Deserialize;

use super::Pages;
use super::browser::Visitor;
use super::link;
use super::view;
use crate::http::form;

/// A request to a page. A form has brought its browser's token back, or there is none of these.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) visitor: Visitor,
    pub(super) params: Params,
    /// Path and query string, for a page that sends the browser away to log in and wants it back.
    pub(super) place: String,
}

/// The path of a page of an app's canvas. What stands behind the name is the app's.
#[derive(Debug, Deserialize)]
pub(super) struct CanvasPath {
    pub(super) canvas: String,
}

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

/// How links and forms call themselves; never handed on.
const TOKEN: &str = "post_form_id";

impl Params {
    /// The value of a parameter, of several the last; an empty one counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev().filter(|(known, _)| known == name);
        values
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The first of these parameters that is there.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// Those of the named parameters that are there, to hand on.
    pub(super) fn carried(&self, names: &[&str]) -> Vec<(String, String)> {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.text(name)?.to_owned())))
            .collect()
    }
}

impl Asked {
    /// The user who is logged in; otherwise the browser is sent to choose one, and comes back here.
    pub(super) fn user(&self) -> Result<Uid, Box<Response>> {
        self.visitor.user.ok_or_else(|| {
            let back = form_urlencoded::Serializer::new(String::new())
                .append_pair("next", &self.place)
                .finish();
            Box::new(link::see(&format!("/login.php?{back}")))
        })
    }
}

impl FromRequest<Pages> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, pages: &Pages) -> Result<Self, Response> {
        let visitor = pages.browsers.visitor(request.headers());
        let is_form = request.method() == Method::POST;
        let place = request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string);
        let params = form::params(request).await.map_err(IntoResponse::into_response)?;
        let params = Params(params);
        if is_form && params.text(TOKEN) != Some(visitor.post_form_id.as_str()) {
            let what = "This form is out of date";
            let help = "It was made for another browser, or before you logged in or out. Go back, load the page again, and \
                        send it once more.";
            return Err(view::fault(&visitor, StatusCode::FORBIDDEN, what, help));
        }
        Ok(Self {
            visitor,
            params,
            place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_an_empty_one_is_none() {
        let pairs = [("a", "1"), ("a", "2"), ("b", ""), ("next", "/x")];
        let params = Params(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        );
        assert_eq!(
            (params.text("a"), params.text("b"), params.text("c")),
            (Some("2"), None, None)
        );
        assert_eq!(params.any(&["b", "next"]), Some("/x"));
        assert_eq!(params.number("a"), Some(2));
        assert_eq!(params.number("next"), None);
        let carried = params.carried(&["b", "next", "c"]);
        assert_eq!(carried, [("next".to_owned(), "/x".to_owned())]);
    }
}
