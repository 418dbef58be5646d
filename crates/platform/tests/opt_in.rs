//! Opting in: by text, by registration, on the web.

mod support;

use platform::{Change, DecisionCode, SessionId, Settings, Uid};
use support::{ALICE, CAROL, CHANCE, DAVE, Desk, MUTE, NEWS, QUIZ, s, settings};

#[test]
fn a_yes_installs_and_forwards_the_cached_text_once_as_a_new_user() {
    for yes in ["Y", "yes", " OK!", "Confirm.", "\"y\""] {
        let mut desk = Desk::new();
        assert_eq!(
            desk.text("carol", "quiz play"),
            ["carol < 3266501 \"[ask Movie Quiz]\""]
        );
        assert!(
            desk.platform.user(CAROL).expect("declared").apps.is_empty(),
            "nothing before the yes"
        );
        assert_eq!(
            desk.text("carol", yes),
            ["quiz + carol", "quiz < carol \"play\" in 2 new"],
            "{yes}"
        );
        assert!(desk.platform.user(CAROL).expect("declared").apps[&QUIZ].sms_granted);
        assert_eq!(desk.text("carol", "quiz more"), ["quiz < carol \"more\" in 3"]);
        assert_eq!(
            desk.text("carol", yes),
            ["carol < 32665 \"[nothing pending]\""],
            "{yes}"
        );
    }
}

#[test]
fn decisions_say_why_a_text_was_cached() {
    let mut desk = Desk::new();
    desk.wait(s(1));
    desk.text("carol", "Quiz play");
    assert_eq!(
        desk.why(DecisionCode::CanvasMatched),
        "\"Quiz\" is the canvas name of Movie Quiz; carol has not installed it"
    );
    let cached = desk.why(DecisionCode::RequestCached);
    assert_eq!(
        cached,
        "\"play\" cached until 2009-03-03 14:00:01; confirmation sent"
    );
    let decision = &desk.decisions[0];
    assert_eq!(
        (decision.user, decision.app, decision.session),
        (Some(CAROL), Some(QUIZ), None)
    );
}

#[test]
fn a_no_drops_the_text_and_the_app_hears_nothing() {
    for no in ["n", "NO", "cancel!"] {
        let mut desk = Desk::new();
        desk.text("carol", "quiz play");
        assert_eq!(
            desk.text("carol", no),
            ["carol < 3266501 \"[declined Movie Quiz]\""],
            "{no}"
        );
        assert_eq!(desk.text("carol", "y"), ["carol < 32665 \"[nothing pending]\""]);
        assert!(desk.platform.user(CAROL).expect("declared").apps.is_empty());
    }
}

#[test]
fn any_other_answer_leaves_the_question_open() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    assert_eq!(
        desk.reply("carol", 1, "yes please"),
        ["carol < 32665 \"[unknown command]\""]
    );
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"play\" in 2 new"]
    );
}

#[test]
fn with_several_questions_open_a_yes_answers_the_number_it_is_sent_to_else_the_newest() {
    let open = || {
        let mut desk = Desk::new();
        assert_eq!(
            desk.text("carol", "quiz play"),
            ["carol < 3266501 \"[ask Movie Quiz]\""]
        );
        assert_eq!(
            desk.text("carol", "news scores"),
            ["carol < 3266502 \"[ask Daily News]\""]
        );
        desk
    };
    assert_eq!(
        open().reply("carol", 1, "Y"),
        ["quiz + carol", "quiz < carol \"play\" in 3 new"]
    );
    assert_eq!(
        open().reply("carol", 2, "Y"),
        ["news + carol", "news < carol \"scores\" in 3 new"]
    );
    assert_eq!(
        open().text("carol", "Y"),
        ["news + carol", "news < carol \"scores\" in 3 new"]
    );
    let mut desk = open();
    assert_eq!(
        desk.text("carol", "N"),
        ["carol < 3266502 \"[declined Daily News]\""]
    );
    assert_eq!(
        desk.text("carol", "Y"),
        ["quiz + carol", "quiz < carol \"play\" in 3 new"]
    );
    let mut desk = open();
    desk.reply("carol", 2, "Y");
    let late = desk.reply("carol", 2, "Y");
    assert_eq!(
        late,
        ["carol < 32665 \"[nothing pending]\""],
        "a yes to a closed question answers no other"
    );
}

#[test]
fn one_text_is_cached_for_an_app_and_the_newest_wins() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz one");
    desk.text("carol", "news scores");
    assert_eq!(
        desk.text("carol", "quiz two"),
        ["carol < 3266501 \"[ask Movie Quiz]\""]
    );
    assert_eq!(desk.platform.cached_requests(desk.now, CAROL).len(), 2);
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"two\" in 3 new"]
    );
    assert_eq!(
        desk.text("carol", "y"),
        ["news + carol", "news < carol \"scores\" in 4 new"]
    );
}

#[test]
fn a_cached_text_lives_until_its_ttl_and_goes_at_its_own_time() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    desk.wait(s(86_400) - std::time::Duration::from_micros(1));
    assert_eq!(
        desk.platform.cached_requests(desk.now, CAROL)[0]
            .remaining
            .as_micros(),
        1
    );
    desk.codes();
    desk.wait(std::time::Duration::from_micros(1));
    assert_eq!(desk.codes(), [DecisionCode::RequestExpired]);
    assert_eq!(desk.platform.next_wakeup(), None);
    for late in [
        desk.text("carol", "Y"),
        desk.reply("carol", 1, "Y"),
        desk.text("carol", "n"),
    ] {
        assert_eq!(late, ["carol < 32665 \"[nothing pending]\""]);
    }
    desk.text("carol", "quiz play");
    desk.wait(s(86_399));
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"play\" in 3 new"]
    );
}

#[test]
fn one_request_too_many_drops_the_oldest() {
    let mut desk = Desk::with(Settings {
        cached_requests_per_user_max: 1,
        ..settings()
    });
    desk.text("carol", "quiz play");
    desk.text("carol", "quiz play again");
    assert!(
        !desk.codes().contains(&DecisionCode::RequestDropped),
        "the same app replaces its own"
    );
    desk.text("carol", "news scores");
    assert_eq!(
        desk.why(DecisionCode::RequestDropped),
        "\"play again\" to Movie Quiz dropped: more than 1 requests of carol are open"
    );
    assert_eq!(
        desk.reply("carol", 1, "y"),
        ["carol < 32665 \"[nothing pending]\""]
    );
    assert_eq!(
        desk.text("carol", "y"),
        ["news + carol", "news < carol \"scores\" in 3 new"]
    );
}

#[test]
fn of_many_requests_the_oldest_goes_and_the_rest_stay() {
    let mut desk = Desk::with(Settings {
        cached_requests_per_user_max: 2,
        ..settings()
    });
    desk.change(Change::SmsCapable(MUTE, true));
    for text in ["quiz play", "news scores", "mute hi"] {
        desk.text("carol", text);
    }
    let kept: Vec<_> = desk
        .platform
        .cached_requests(desk.now, CAROL)
        .into_iter()
        .map(|request| request.app)
        .collect();
    assert_eq!(kept, [NEWS, MUTE]);
}

#[test]
fn a_question_that_is_out_stands_while_texts_are_off_and_for_a_newer_text() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    desk.change(Change::Texts(CAROL, false));
    assert_eq!(desk.text("carol", "quiz again"), [] as [&str; 0]);
    assert_eq!(
        desk.reply("carol", 1, "y"),
        ["quiz + carol", "quiz < carol \"again\" in 2 new"]
    );
}

#[test]
fn without_the_grant_the_platform_asks_again() {
    let mut desk = Desk::new();
    desk.change(Change::RevokeSms(ALICE, NEWS));
    assert_eq!(
        desk.text("alice", "news scores"),
        ["alice < 3266501 \"[ask Daily News]\""]
    );
    assert_eq!(
        desk.text("alice", "y"),
        ["news < alice \"scores\" in 2 new"],
        "it is installed: no ping"
    );
    desk.change(Change::InstallWithoutSms(CAROL, QUIZ));
    assert_eq!(
        desk.text("carol", "quiz"),
        ["carol < 3266501 \"[ask Movie Quiz]\""]
    );
    desk.ask(QUIZ, ALICE, "Who?");
    desk.change(Change::RevokeSms(ALICE, QUIZ));
    assert_eq!(
        desk.reply("alice", 3, "Spielberg"),
        ["alice < 3266504 \"[ask Movie Quiz]\""]
    );
}

#[test]
fn a_grant_on_the_web_answers_the_question() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    let granted = desk.change(Change::GrantSms(CAROL, QUIZ));
    assert_eq!(granted, ["quiz + carol", "quiz < carol \"play\" in 2 new"]);
    assert_eq!(desk.change(Change::GrantSms(CAROL, QUIZ)), [] as [&str; 0]);
    assert_eq!(desk.change(Change::RemoveApp(CAROL, QUIZ)), ["quiz - carol"]);
    assert_eq!(desk.change(Change::RemoveApp(CAROL, QUIZ)), [] as [&str; 0]);
    assert_eq!(
        desk.change(Change::InstallWithoutSms(CAROL, QUIZ)),
        ["quiz + carol"]
    );
}

#[test]
fn an_app_that_is_not_registered_for_sms_cannot_be_texted() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.text("alice", "mute hello"),
        ["alice < 32665 \"[unknown app mute]\""]
    );
    assert_eq!(
        desk.codes(),
        [DecisionCode::CanvasMatched, DecisionCode::UnknownApp]
    );
    desk.text("carol", "quiz play");
    desk.change(Change::SmsCapable(QUIZ, false));
    assert_eq!(
        desk.text("carol", "y"),
        ["carol < 3266501 \"[unknown app quiz]\""]
    );
    assert_eq!(desk.platform.user(CAROL).expect("declared").apps.get(&QUIZ), None);
    desk.change(Change::SmsCapable(MUTE, true));
    assert_eq!(
        desk.text("alice", "mute hello"),
        ["alice < 3266501 \"[ask Mute App]\""]
    );
}

#[test]
fn an_unregistered_phone_registers_first_then_the_question_comes() {
    let mut desk = Desk::new();
    assert_eq!(desk.text("dave", "quiz play"), ["dave < 32665 \"[code 12345]\""]);
    assert_eq!(desk.platform.registration_code(desk.now, DAVE), Some("12345"));
    assert_eq!(
        desk.text("dave", "y"),
        ["dave < 32665 \"[code 12345]\""],
        "a yes is no code"
    );
    assert_eq!(desk.text("dave", "54321"), ["dave < 32665 \"[code 12345]\""]);
    assert!(!desk.platform.user(DAVE).expect("declared").registered);
    assert_eq!(
        desk.text("dave", " 12345."),
        ["dave < 3266501 \"[ask Movie Quiz]\""]
    );
    assert!(desk.platform.user(DAVE).expect("declared").registered);
    assert_eq!(desk.platform.registration_code(desk.now, DAVE), None);
    assert_eq!(
        desk.text("dave", "y"),
        ["quiz + dave", "quiz < dave \"play\" in 2 new"]
    );
}

#[test]
fn registration_on_the_page_asks_about_every_kept_text() {
    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    desk.text("dave", "news scores");
    let asked = desk.change(Change::Registered(DAVE, true));
    assert_eq!(
        asked,
        [
            "dave < 3266501 \"[ask Movie Quiz]\"",
            "dave < 3266502 \"[ask Daily News]\""
        ]
    );
    let asked: Vec<_> = desk
        .platform
        .cached_requests(desk.now, DAVE)
        .iter()
        .map(|request| request.session)
        .collect();
    assert_eq!(asked, [Some(SessionId(1)), Some(SessionId(2))]);
}

#[test]
fn a_grant_before_the_registration_needs_no_question_after_it() {
    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    assert_eq!(desk.change(Change::GrantSms(DAVE, QUIZ)), ["quiz + dave"]);
    assert_eq!(desk.text("dave", "12345"), ["quiz < dave \"play\" in 1 new"]);
}

#[test]
fn a_registration_without_a_text_is_confirmed_and_a_no_ends_it() {
    let mut desk = Desk::new();
    assert_eq!(desk.text("dave", "hello"), ["dave < 32665 \"[unknown command]\""]);
    assert_eq!(desk.text("dave", "n"), ["dave < 32665 \"[nothing pending]\""]);
    assert_eq!(desk.text("dave", "help"), ["dave < 32665 \"[help]\""]);
    assert_eq!(desk.text("dave", "on"), ["dave < 32665 \"[code 12345]\""]);
    assert_eq!(desk.text("dave", "12345"), ["dave < 32665 \"[registered]\""]);
    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    assert_eq!(
        desk.text("dave", "no"),
        ["dave < 32665 \"[declined Movie Quiz]\""]
    );
    assert_eq!(desk.text("dave", "12345"), ["dave < 32665 \"[unknown command]\""]);
    assert_eq!(desk.platform.next_wakeup(), None);
}

#[test]
fn a_code_and_its_request_expire_together() {
    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    desk.codes();
    desk.wait(s(86_400));
    assert_eq!(
        desk.codes(),
        [DecisionCode::RequestExpired, DecisionCode::RegistrationExpired]
    );
    assert_eq!(desk.text("dave", "12345"), ["dave < 32665 \"[unknown command]\""]);
}

#[test]
fn removing_facebook_mobile_closes_questions_until_the_phone_is_back() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    desk.change(Change::Registered(CAROL, false));
    assert_eq!(
        desk.reply("carol", 1, "y"),
        ["carol < 32665 \"[nothing pending]\""]
    );
    let again = desk.change(Change::Registered(CAROL, true));
    assert_eq!(again, ["carol < 3266502 \"[ask Movie Quiz]\""]);
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"play\" in 3 new"]
    );
}

#[test]
fn a_phone_of_no_account_is_told_so_and_its_stop_needs_no_answer() {
    use platform::{FBOOK, Input};
    let mut desk = Desk::new();
    let mo = |text: &str| Input::Mo {
        from: "+447700900123".parse().expect("a number"),
        to: FBOOK,
        text: text.to_owned(),
        chance: 0,
    };
    assert_eq!(desk.give(mo("quiz play")), ["nobody < 32665 \"[unknown phone]\""]);
    assert_eq!(desk.give(mo("Stop!")), [] as [&str; 0]);
    assert_eq!(
        desk.codes(),
        [DecisionCode::UnknownPhone, DecisionCode::UnknownPhone]
    );
}

#[test]
fn a_code_that_is_asked_for_on_the_page_is_confirmed_there_or_by_reply() {
    use platform::Input;
    let ask = |user| Input::AskForCode { user, chance: CHANCE };
    let confirm = |code: &str| Input::ConfirmPhone {
        user: DAVE,
        code: code.to_owned(),
    };
    let mut desk = Desk::new();
    assert_eq!(desk.give(confirm("12345")), [] as [&str; 0], "no code is awaited");
    assert_eq!(desk.give(ask(DAVE)), ["dave < 32665 \"[code 12345]\""]);
    assert_eq!(desk.give(confirm("54321")), [] as [&str; 0]);
    assert!(!desk.platform.user(DAVE).expect("declared").registered);
    assert_eq!(desk.give(confirm(" 12345 ")), ["dave < 32665 \"[registered]\""]);
    assert!(desk.platform.user(DAVE).expect("declared").registered);
    assert_eq!(desk.give(ask(DAVE)), [] as [&str; 0], "it is registered already");
    assert_eq!(
        desk.codes(),
        [
            DecisionCode::WrongCode,
            DecisionCode::RegistrationAsked,
            DecisionCode::WrongCode,
            DecisionCode::Registered,
            DecisionCode::RegistrationNotAsked,
        ]
    );
    desk.give(ask(Uid(999)));
    assert_eq!(desk.codes(), [DecisionCode::UnknownSubject]);

    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    assert_eq!(
        desk.give(confirm("12345")),
        ["dave < 3266501 \"[ask Movie Quiz]\""]
    );
    let mut desk = Desk::new();
    desk.give(ask(DAVE));
    assert_eq!(desk.text("dave", "12345"), ["dave < 32665 \"[registered]\""]);
    let mut desk = Desk::new();
    desk.change(Change::Texts(DAVE, false));
    assert_eq!(
        desk.give(ask(DAVE)),
        [] as [&str; 0],
        "nothing is texted while texts are off"
    );
    assert_eq!(
        desk.codes(),
        [DecisionCode::Changed, DecisionCode::RegistrationNotAsked]
    );
}

#[test]
fn a_code_cannot_be_guessed_on_the_page() {
    use platform::Input;
    use platform::registration::WRONG_CODES_MAX;
    let confirm = |code: &str| Input::ConfirmPhone {
        user: DAVE,
        code: code.to_owned(),
    };
    for (wrong, registers) in [(WRONG_CODES_MAX - 1, true), (WRONG_CODES_MAX, false)] {
        let mut desk = Desk::new();
        for n in 0..wrong {
            // Asking again gives the same code and no new tries.
            desk.give(Input::AskForCode {
                user: DAVE,
                chance: CHANCE,
            });
            desk.give(confirm(&n.to_string()));
        }
        desk.give(confirm("12345"));
        assert_eq!(
            desk.platform.user(DAVE).expect("declared").registered,
            registers,
            "{wrong}"
        );
        assert_eq!(desk.platform.registration_code(desk.now, DAVE), None);
        assert_eq!(desk.platform.next_wakeup(), None);
    }
}
