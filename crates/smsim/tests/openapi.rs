//! The OpenAPI document and the server that it describes have the same paths and methods.

mod served;

use serde_json::Value;
use served::{Served, WORLD};

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

#[test]
fn every_method_that_it_describes_is_answered_and_no_other() {
    let serve = Served::start(WORLD, &[]);
    let (head, document) = serve.http("GET /api/v1/openapi.json", "");
    assert!(head.contains("content-type: application/json"), "{head}");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (path, item) in document["paths"].as_object().expect("paths") {
        // A world that is not there: nothing is ended, and the answer comes at once.
        let target = path.replace("{world}", "nowhere").replace("{id}", "1");
        for method in METHODS {
            let (head, body) = serve.http(&format!("{} {target}", method.to_uppercase()), "");
            let status = head.split(' ').nth(1).unwrap_or_default();
            let described = item.get(method).is_some();
            // Apps may call by any method; the document names those that they use.
            if path != "/restserver.php" {
                assert_eq!(status != "405", described, "{method} {path}: {head}");
            }
            let Some(operation) = item.get(method) else {
                continue;
            };
            let known = operation["responses"].get(status).is_some();
            assert!(known, "{method} {path} answers {status}: {body}");
            assert!(!body.starts_with("Nothing stands here"), "{method} {path}");
        }
    }
}
