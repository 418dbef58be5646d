//! The air between the message centre and the phones: what is drawn for each page, and what becomes of it.

use std::time::Duration;

use sms::{Address, Msisdn, Originator, Segment};
use smsc::{AttemptId, Broadcast, CarrierIndex, Cause, PageOutcome, Shape};

use crate::ring::Kept;
use crate::wiring::micros;
use crate::world::{Hop, World};

/// Nothing came back.
pub(crate) const LOST: PageOutcome = PageOutcome::Failed(Cause::NoAnswer);

impl World {
    /// How long a text is in a carrier's air this time.
    pub(crate) fn latency(&mut self, carrier: CarrierIndex) -> Duration {
        let die = self.carrier_dice[usize::from(carrier.0)];
        let chance = self.dice.unit(die);
        self.smsc.carrier_at(carrier).latency.sample(chance)
    }

    /// A phone's segment crosses its carrier's air: it may be lost, held up, or reach the message centre twice. A share that
    /// is nothing draws nothing.
    pub(crate) fn mo_on_air(&mut self, from: Msisdn, to: Address, segment: Segment) {
        let carrier = self.smsc.carrier_index_of(from);
        let mut latency = self.latency(carrier);
        let (die, profile) = (
            self.carrier_dice[usize::from(carrier.0)],
            self.smsc.carrier_at(carrier),
        );
        let reordered_by = profile.reordered_by;
        let dice = &mut self.dice;
        let mut happens = |percent: f64| percent > 0.0 && dice.unit(die) * 100.0 < percent;
        let (lost, twice, held_up) = (
            happens(profile.mo_loss_percent),
            happens(profile.mo_duplicated_percent),
            happens(profile.mo_reordered_percent),
        );
        if held_up {
            latency += reordered_by;
        }
        self.keep(Kept::OnAir {
            handset: from,
            carrier,
            mobile_originated: true,
            latency_us: micros(latency),
            lost,
        });
        if lost {
            return;
        }
        for _ in 0..=usize::from(twice) {
            let (to, segment) = (to.clone(), segment.clone());
            self.schedule(
                latency,
                Hop::Smsc(Box::new(smsc::Input::Mo { from, to, segment })),
            );
        }
    }

    /// Sends a page over the carrier's air. The dice decide how long it takes, whether it is lost, and whether only its
    /// acknowledgement is; the stream is the carrier's, and a share that is nothing draws nothing.
    pub(crate) fn page_on_air(
        &mut self,
        attempt: AttemptId,
        carrier: CarrierIndex,
        to: Msisdn,
        from: Originator,
        segment: Segment,
    ) {
        let mut latency = self.latency(carrier);
        let (die, profile) = (
            self.carrier_dice[usize::from(carrier.0)],
            self.smsc.carrier_at(carrier),
        );
        let dice = &mut self.dice;
        let mut happens = |percent: f64| percent > 0.0 && dice.unit(die) * 100.0 < percent;
        let (lost, answer_lost) = (happens(profile.loss_percent), happens(profile.duplicated_percent));
        let roaming_allowed = profile.roaming_allowed;
        let at_home = roaming_allowed && profile.roaming_latency.is_zero();
        let roams = !at_home && self.handsets.get(to).is_some_and(|phone| phone.handset.roaming());
        if roams {
            latency += profile.roaming_latency;
        }
        self.keep(Kept::OnAir {
            handset: to,
            carrier,
            mobile_originated: false,
            latency_us: micros(latency),
            lost,
        });
        let hop = if roams && !roaming_allowed {
            let cause = Cause::Roaming;
            Hop::PageFailed { attempt, cause }
        } else if lost {
            let cause = Cause::NoAnswer;
            Hop::PageFailed { attempt, cause }
        } else {
            Hop::Page {
                attempt,
                to,
                from,
                segment,
                answer_lost,
            }
        };
        self.schedule(latency, hop);
    }

    /// Sends a broadcast over the carrier's air: all its phones hear it at the same time.
    pub(crate) fn broadcast_on_air(&mut self, broadcast: Box<Broadcast>) {
        let latency = self
            .smsc
            .carrier(&broadcast.carrier)
            .map(|profile| profile.latency);
        let die = self.dice.die(&broadcast.carrier);
        let drawn = self.dice.unit(die);
        let latency = latency.map_or(Duration::ZERO, |latency| latency.sample(drawn));
        self.schedule(latency, Hop::Broadcast(broadcast));
    }

    /// A broadcast is heard by every phone of the carrier that is on, in coverage and not lost to the air.
    pub(crate) fn broadcast_arrives(&mut self, broadcast: Broadcast) {
        let Broadcast {
            number,
            area,
            carrier,
            prefix,
            shape,
            from,
            segments,
        } = broadcast;
        let profile = self.smsc.carrier(&carrier);
        let loss = profile.map_or(0.0, |profile| profile.loss_percent);
        // A phone that is nowhere is in no area.
        let is_in_area = |phone: Msisdn| {
            let is_in = |shape: &Shape| self.place(phone).is_some_and(|place| shape.holds(place));
            shape.as_ref().is_none_or(is_in)
        };
        let meant: Vec<Msisdn> = self
            .handsets
            .sorted()
            .into_iter()
            .filter_map(|(number, _)| Msisdn::new(number))
            .filter(|phone| self.smsc.carrier_of(*phone).name == carrier)
            .filter(|phone| phone.number().to_string().starts_with(prefix.as_str()))
            .filter(|phone| is_in_area(*phone))
            .collect();
        let (die, from) = (self.dice.die(&carrier), Originator::from(from));
        let (mut there, mut had) = (0, 0);
        for phone in meant {
            there += 1;
            if loss > 0.0 && self.dice.unit(die) * 100.0 < loss {
                continue;
            }
            let outcomes: Vec<PageOutcome> = segments
                .iter()
                .map(|segment| self.page_arrives(phone, from.clone(), segment.clone()))
                .collect();
            had += u32::from(outcomes.iter().all(|outcome| *outcome == PageOutcome::Delivered));
        }
        self.at_once(Hop::Smsc(Box::new(smsc::Input::BroadcastAnswered {
            number,
            area,
            there,
            had,
        })));
    }

    /// A page reaches its phone, if there is one.
    pub(crate) fn page_arrives(&mut self, to: Msisdn, from: Originator, segment: Segment) -> PageOutcome {
        let mut outputs = std::mem::take(&mut self.handset_outputs);
        let now = self.now;
        let answer = self.with_handset(to, |handset| handset.page_into(now, from, segment, &mut outputs));
        for output in outputs.drain(..) {
            self.handset_says(to, output);
        }
        self.handset_outputs = outputs;
        answer.map_or(PageOutcome::Failed(Cause::UnknownSubscriber), page_outcome)
    }
}

fn page_outcome(outcome: handset::Outcome) -> PageOutcome {
    match outcome {
        handset::Outcome::Delivered => PageOutcome::Delivered,
        handset::Outcome::Absent => PageOutcome::Failed(Cause::Absent),
        handset::Outcome::NoCoverage => PageOutcome::Failed(Cause::NoCoverage),
        handset::Outcome::MemoryFull => PageOutcome::Failed(Cause::MemoryFull),
        handset::Outcome::Barred => PageOutcome::Failed(Cause::Barred),
    }
}
