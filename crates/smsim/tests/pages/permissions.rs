//! What a link to the permission page asks for is still asked for when its form comes back.

use crate::browser::{Browser, Serve};
use crate::{KEY, world};

#[test]
fn sms_is_granted_by_the_form_of_the_page_under_either_name() {
    for name in ["ext_perm", "perms"] {
        let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
        let mut alice = Browser::of(&serve, 101);
        let page = alice.get(&format!(
            "/connect/prompt_permissions.php?api_key={KEY}&{name}=email,sms&next=http%3A%2F%2F127.0.0.1%3A9%2Fyes%3Fa%26b"
        ));
        let fields = format!("{}&answer=allow", page.hidden("/authorize.php"));
        let answer = serve.ask("POST", "/authorize.php", &alice.headers(), &fields);
        assert_eq!(answer.place(), "http://127.0.0.1:9/yes?a&b", "{name}");
        let granted = "alice: Movie Quiz installed, sms granted";
        assert!(serve.records().contains(granted), "{name}");
    }
}
