//! The parameters of a request, in the order of their arrival: the query string's, then the body's.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why a request's parameters cannot be read. What the REST server says of parameters is not here: this is HTTP's own.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableForm {
    /// The body is too long, or did not arrive whole.
    #[error("{0}")]
    Body(#[from] axum::extract::rejection::BytesRejection),
    /// The body is longer than a form may be here.
    #[error("the body of this request has more than {octets_max} octets")]
    TooLong {
        /// The most that is read.
        octets_max: usize,
    },
    /// The body did not arrive whole.
    #[error("the body of this request did not arrive whole: {0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// No multipart body as its header promises.
    #[error("{0}")]
    NotMultipart(#[from] axum::extract::multipart::MultipartRejection),
    /// A multipart body that is broken or too long.
    #[error("{0}")]
    Multipart(#[from] axum::extract::multipart::MultipartError),
}

impl IntoResponse for UnreadableForm {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Body(rejection) => rejection.status(),
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
            Self::NotMultipart(rejection) => rejection.status(),
            Self::Multipart(error) => error.status(),
        };
        let status = if status.is_success() {
            StatusCode::BAD_REQUEST
        } else {
            status
        };
        (status, format!("{self}\n")).into_response()
    }
}

/// Reads a request's parameters. A body that is neither urlencoded nor multipart is read as urlencoded, as PHP of the time
/// did with a POST without a type.
///
/// # Errors
///
/// When the body is broken, or longer than the router's limit for bodies.
pub async fn params(request: Request) -> Result<Vec<(String, String)>, UnreadableForm> {
    if is_multipart(request.headers()) {
        return multipart(request).await;
    }
    let mut params = in_query(&request);
    let body = Bytes::from_request(request, &()).await?;
    params.extend(pairs(&body));
    Ok(params)
}

/// As [`params`], of a request that no router has seen, with a body of at most `octets_max` octets.
///
/// # Errors
///
/// When the body is broken, or longer than that.
pub async fn params_within<B>(
    request: axum::http::Request<B>,
    octets_max: usize,
) -> Result<Vec<(String, String)>, UnreadableForm>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    if is_multipart(request.headers()) {
        let mut request = request.map(Body::new);
        DefaultBodyLimit::max(octets_max).apply(&mut request);
        return multipart(request).await;
    }
    let mut params = in_query(&request);
    let body = Limited::new(request.into_body(), octets_max).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => UnreadableForm::TooLong { octets_max },
        false => UnreadableForm::Broken(error),
    })?;
    params.extend(pairs(&body.to_bytes()));
    Ok(params)
}

async fn multipart(request: Request) -> Result<Vec<(String, String)>, UnreadableForm> {
    let mut params = in_query(&request);
    let mut multipart = Multipart::from_request(request, &()).await?;
    while let Some(field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await?;
        params.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok(params)
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
    })
}

fn in_query<B>(request: &axum::http::Request<B>) -> Vec<(String, String)> {
    pairs(request.uri().query().unwrap_or_default().as_bytes())
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, content_type: Option<&str>, body: &'static str) -> Request {
        let mut builder = axum::http::Request::post(uri);
        if let Some(content_type) = content_type {
            builder = builder.header(header::CONTENT_TYPE, content_type);
        }
        builder.body(body.into()).expect("a request")
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[tokio::test]
    async fn query_comes_before_body_and_both_spaces_are_read() {
        let request = request(
            "/restserver.php?method=sms.send&v=1.0",
            None,
            "message=a+b%20c&uid=&sig=x",
        );
        let expected = [
            pair("method", "sms.send"),
            pair("v", "1.0"),
            pair("message", "a b c"),
            pair("uid", ""),
            pair("sig", "x"),
        ];
        assert_eq!(params(request).await.expect("readable"), expected);
    }

    #[tokio::test]
    async fn multipart_is_read_as_perl_sends_it() {
        let body = "--xYzZY\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\nfacebook.sms.send\r\n--xYzZY\r\n\
                    Content-Disposition: form-data; name=\"session_key\"\r\n\r\n\r\n--xYzZY--\r\n";
        let request = request("/", Some("multipart/form-data; boundary=xYzZY"), body);
        assert_eq!(
            params(request).await.expect("readable"),
            [pair("method", "facebook.sms.send"), pair("session_key", "")]
        );
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        const MULTIPART: &str = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n";
        for (content_type, body) in [
            (None, "a=b"),
            (Some("multipart/form-data; boundary=x"), MULTIPART),
        ] {
            let whole = params_within(request("/", content_type, body), body.len()).await;
            assert_eq!(whole.expect("readable"), [pair("a", "b")], "{body}");
            let longer = params_within(request("/", content_type, body), body.len() - 1).await;
            let response = longer.expect_err("too long").into_response();
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{body}");
        }
    }

    #[tokio::test]
    async fn broken_multipart_is_a_bad_request() {
        let request = request("/", Some("multipart/form-data; boundary=x"), "--x\r\nnonsense");
        let response = params(request).await.expect_err("unreadable").into_response();
        assert!(response.status().is_client_error(), "{}", response.status());
    }
}
