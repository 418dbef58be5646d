//! Records of changes say them as a scenario does.

use platform::{AppId, Change as Policy, Install, Uid, User};
use sms::{Place, Timestamp};
use world::{AppConfig, Change, Config, Event, Input, UserConfig, World};

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
            Change::Unbind {
                esme: "acme".to_owned(),
                system_id: "ACME01".to_owned(),
            },
            "set acme bind down",
        ),
        (
            Change::Handset(phone, handset::Setting::Power(false)),
            "set +14155550101 phone off",
        ),
        (
            Change::Ported(phone, "att".to_owned()),
            "set +14155550101 ported att",
        ),
        (
            Change::Place(phone, Place::new(37.77, -122.42)),
            "set +14155550101 place 37.77 -122.42",
        ),
        (Change::Place(phone, None), "set +14155550101 place none"),
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

/// A world with one carrier, one app and one user, Alice.
fn small_world(joined_max: usize) -> World {
    let app = platform::App {
        id: AppId(3),
        name: "quiz".to_owned(),
        title: "Movie Quiz".to_owned(),
        canvas: "quiz".to_owned(),
        sms_capable: true,
    };
    let credentials = rest::Credentials {
        app: AppId(3),
        name: "quiz".to_owned(),
        api_key: "0".repeat(32),
        secret: rest::Secret::new("1".repeat(32)).expect("a secret"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    };
    let mut sprint = smsc::Carrier::new("sprint");
    sprint.place = Place::new(37.77, -122.42);
    let config = Config {
        carriers: vec![smsc::Carrier::new("att"), sprint],
        apps: vec![AppConfig { app, credentials }],
        users: vec![UserConfig {
            user: person("alice", 1001, "+14155550101"),
            session_keys: Vec::new(),
            inbox_max: None,
            place: None,
        }],
        joined_max,
        ..Config::default()
    };
    World::new(config).expect("a world")
}

fn person(name: &str, uid: u64, phone: &str) -> User {
    User {
        uid: Uid(uid),
        name: name.to_owned(),
        phone: phone.parse().expect("a number"),
        operator: "sprint".to_owned(),
        registered: true,
        texts_on: true,
        zone: sms::Zone::utc(),
        quiet_hours: None,
        daily_max: None,
        apps: Default::default(),
        friends: Default::default(),
    }
}

fn join(world: &mut World, user: User) {
    join_at(world, user, None);
}

fn join_at(world: &mut World, user: User, place: Option<Place>) {
    let user = Box::new(user);
    world.handle(Timestamp::EPOCH, Input::Change(Change::Join { user, place }));
}

#[test]
fn a_phone_is_where_it_was_set_or_where_its_carrier_says() {
    let mut world = small_world(10);
    let (francisco, boston) = (Place::new(37.77, -122.42), Place::new(42.36, -71.06));
    let erin = person("erin", 1002, "+14155550177");
    let phone = erin.phone;
    let set = |world: &mut World, phone, place| {
        world.handle(Timestamp::EPOCH, Input::Change(Change::Place(phone, place)));
        world.place(phone)
    };
    assert_eq!(set(&mut world, phone, boston), None, "there is no such phone");
    let before = world.next_record();
    join_at(&mut world, erin, boston);
    assert_eq!(world.place(phone), boston);
    let joined = world.records_since(before).find_map(|record| match record.event {
        Event::Joined { what, .. } => Some(what),
        _ => None,
    });
    let words = "user erin +14155550177 on sprint, uid 1002, place 42.36 -71.06";
    assert_eq!(joined.as_deref(), Some(words));
    assert_eq!(set(&mut world, phone, None), francisco, "sprint says so");
    let alice = "+14155550101".parse().expect("a number");
    assert_eq!(world.place(alice), francisco);
    assert_eq!(set(&mut world, alice, boston), boston);
    assert_eq!(set(&mut world, alice, None), francisco);
}

#[test]
fn a_user_joins_with_a_phone_and_an_account() {
    let mut world = small_world(10);
    let mut erin = person("erin", 1002, "+14155550177");
    erin.apps.insert(AppId(3), Install { sms_granted: true });
    erin.friends.insert(Uid(1001));
    erin.quiet_hours = "22:00-08:00".parse().ok();
    let before = world.next_record();
    join(&mut world, erin.clone());
    let joined = world.records_since(before).find_map(|record| match record.event {
        Event::Joined { what, user } => Some((what, *user)),
        _ => None,
    });
    let words =
        "user erin +14155550177 on sprint, uid 1002, apps quiz, friends alice, quiet-hours 22:00-08:00";
    assert_eq!(joined, Some((words.to_owned(), erin.clone())));
    assert_eq!(world.smsc().carrier_of(erin.phone).name, "sprint");
    assert_eq!(world.platform().opted_in(AppId(3)), Some(1));
    let alice = world.platform().user(Uid(1001)).expect("alice");
    assert!(alice.friends.contains(&Uid(1002)), "friendship is mutual");

    let text = Input::Compose {
        handset: erin.phone,
        to: world.short_code().address(),
        text: "help".to_owned(),
    };
    world.handle(Timestamp::EPOCH, text);
    world.handle(Timestamp::from_secs(60), Input::Tick);
    let inbox = world.handset(erin.phone).expect("a phone").inbox();
    assert_eq!(inbox.texts().len(), 1, "the platform answers her");
}

#[test]
fn who_cannot_join_does_not_and_the_record_says_why() {
    let mut world = small_world(1);
    for (name, uid, phone, operator, why) in [
        (
            "alice",
            1002,
            "+14155550177",
            "att",
            "two users have the name \"alice\"",
        ),
        (
            "erin",
            1001,
            "+14155550177",
            "att",
            "two users have the number \"1001\"",
        ),
        (
            "erin",
            1002,
            "+14155550101",
            "att",
            "two users have the phone \"+14155550101\"",
        ),
        (
            "erin",
            1002,
            "+14155550177",
            "cingular",
            "erin is on \"cingular\", which is no carrier of this world",
        ),
    ] {
        let before = world.next_record();
        let user = User {
            operator: operator.to_owned(),
            ..person(name, uid, phone)
        };
        assert_eq!(
            world.misfit(&user).map(|fault| fault.to_string()).as_deref(),
            Some(why)
        );
        join(&mut world, user);
        let told: Vec<_> = world.records_since(before).map(|record| record.event).collect();
        assert_eq!(
            told,
            [Event::Changed {
                what: format!("{name} does not join: {why}")
            }]
        );
    }
    assert_eq!(world.platform().users().count(), 1);
}

#[test]
fn so_many_join_and_no_more() {
    let mut world = small_world(2);
    for n in 0..3 {
        join(
            &mut world,
            person(&format!("u{n}"), 2000 + n, &format!("+1415555020{n}")),
        );
    }
    assert_eq!(world.platform().users().count(), 3);
    let fault = world.misfit(&person("u9", 2009, "+14155550209"));
    let told = fault.expect("the limit is reached").to_string();
    assert!(told.starts_with("2 users have joined this world"), "{told}");
}
