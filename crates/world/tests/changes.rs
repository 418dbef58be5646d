//! Records of changes say them as a scenario does.

use platform::{AppId, Change as Policy, Uid};
use sms::Timestamp;
use world::{Change, Config, Event, Input, World};

#[test]
fn a_change_is_recorded_as_the_line_that_makes_it() {
    let config = Config {
        carriers: vec![smsc::Carrier::new("att")],
        ..Config::default()
    };
    let mut world = World::new(config).expect("a world");
    let phone = "+14155550101".parse().expect("a number");
    let changes = [
        (
            Change::Carrier("att".to_owned(), smsc::Change::LinkDown),
            "set att link down",
        ),
        (
            Change::Carrier("att".to_owned(), smsc::Change::Loss(5.0)),
            "set att loss 5%",
        ),
        (Change::Bind(false), "set fbook bind down"),
        (
            Change::Handset(phone, handset::Setting::Power(false)),
            "set +14155550101 phone off",
        ),
        (
            Change::Ported(phone, "att".to_owned()),
            "set +14155550101 ported att",
        ),
        (
            Change::Platform(Policy::Texts(Uid(7), true)),
            "set user 7 texts on",
        ),
        (
            Change::Platform(Policy::GrantSms(Uid(7), AppId(3))),
            "set user 7 app app 3 on",
        ),
        (
            Change::Platform(Policy::OperatorBlock {
                operator: "att".to_owned(),
                app: AppId(3),
                blocked: true,
            }),
            "set att block app 3",
        ),
    ];
    for (change, words) in changes {
        let before = world.next_record();
        world.handle(Timestamp::EPOCH, Input::Change(change));
        let told = world
            .records_since(before)
            .find_map(|record| match &record.event {
                Event::Changed { what } => Some(what.clone()),
                _ => None,
            });
        assert_eq!(told.as_deref(), Some(words));
    }
}
