//! A user who joins a running world meets the pages as everybody does.

use crate::browser::{Browser, Serve};
use crate::{KEY, world};

#[test]
fn a_user_who_joins_logs_in_and_has_settings_and_an_inbox() {
    let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
    let line = "user erin +14155550177 on att, uid 105, apps quiz, quiet-hours 22:00-08:00, friends bob";
    let answer = serve.ask("POST", "/api/v1/worlds/default/steps", "", line);
    assert!(answer.body.contains("\"ok\":true"), "{answer:?}");
    let login = Browser::new(&serve).get(&format!("/login.php?api_key={KEY}&v=1.0"));
    assert!(
        login.body.contains("erin") && login.body.contains("+14155550177"),
        "{login:?}"
    );
    let mut erin = Browser::of(&serve, 105);
    let panel = erin.get("/mobile/");
    assert!(
        panel.body.contains("+14155550177") && panel.body.contains("22:00"),
        "{panel:?}"
    );
    let edit = erin.get("/editapps.php");
    assert!(edit.body.contains("Movie Quiz"), "{edit:?}");
}
