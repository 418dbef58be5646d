//! The parameters of a request, in the order of their arrival: the query string's, then the body's.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request's parameters cannot be read. What the REST server says of parameters is not here: this is HTTP's own.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableForm {
    /// The body is too long, or did not arrive whole.
    #[error("{0}")]
    Body(#[from] axum::extract::rejection::BytesRejection),
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
pub async fn params(request: Request) -> Result<Vec<(String, String)>, UnreadableForm> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut params = pairs(query.as_bytes());
    let multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("multipart/form-data")
        });
    if multipart {
        let mut multipart = Multipart::from_request(request, &()).await?;
        while let Some(field) = multipart.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.bytes().await?;
            params.push((name, String::from_utf8_lossy(&value).into_owned()));
        }
    } else {
        let body = Bytes::from_request(request, &()).await?;
        params.extend(pairs(&body));
    }
    Ok(params)
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
    async fn broken_multipart_is_a_bad_request() {
        let request = request("/", Some("multipart/form-data; boundary=x"), "--x\r\nnonsense");
        let response = params(request).await.expect_err("unreadable").into_response();
        assert!(response.status().is_client_error(), "{}", response.status());
    }
}
