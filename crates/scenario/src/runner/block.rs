//! Blocks: loops, and arrivals in other orders than the strict one.

use std::collections::{BTreeSet, VecDeque};

use crate::check::NOT_SEEN;
use crate::diagnostics::{Code, Fallible};
use crate::runner::Run;
use crate::runner::inbox::{Content, Inbox, Item};
use crate::runner::pdu::UnderWay;
use crate::runner::scope::Bound;
use crate::syntax::{Actor, Arrival, BlockKind, Span, Spanned, Step};

/// Arrivals that are expected one after the other; the chains of a block may be interleaved.
struct Chain<'s> {
    waiting: VecDeque<(Span, &'s Arrival)>,
    /// How many have come.
    come: usize,
    /// The record of the arrival before: the next one must come after it.
    after: Option<u64>,
    /// What the only arrival of a chain of one has claimed: another line may need it more.
    got: Option<(Span, &'s Arrival, Item)>,
}

impl<'s> Chain<'s> {
    fn of(waiting: VecDeque<(Span, &'s Arrival)>) -> Self {
        Self {
            waiting,
            come: 0,
            after: None,
            got: None,
        }
    }

    /// What the chain waited for has come.
    fn go_on(&mut self, item: Item) {
        let came = self.waiting.pop_front();
        self.after = Some(item.seq);
        self.come += 1;
        let is_of_one = self.come == 1 && self.waiting.is_empty();
        self.got = came
            .filter(|_| is_of_one)
            .map(|(span, arrival)| (span, arrival, item));
    }
}

impl Run<'_> {
    pub(super) fn block(&mut self, span: Span, kind: &BlockKind, steps: &[Spanned<Step>]) -> Fallible<()> {
        match kind {
            BlockKind::Repeat(rounds) => (0..rounds.node).try_for_each(|_| self.steps(steps)),
            BlockKind::For(var, names) => names.iter().try_for_each(|name| {
                let bound = Bound::Actor(self.scope().actor(&Actor::Name(name.node.clone())));
                self.scope_mut().bind(&var.node, bound);
                self.steps(steps)
            }),
            // Nothing in such a block takes time, so that one step after the other is all at once.
            BlockKind::Together => self.together(span, steps),
            BlockKind::AnyOrder => {
                let chains = steps
                    .iter()
                    .map(|step| self.chain(step))
                    .collect::<Fallible<Vec<_>>>()?;
                self.interleaved(span, chains)
            }
            BlockKind::InOrder => {
                let mut chain = Chain::of(VecDeque::new());
                for step in steps {
                    chain.waiting.extend(self.chain(step)?.waiting);
                }
                self.interleaved(span, vec![chain])
            }
        }
    }

    fn together(&mut self, span: Span, steps: &[Spanned<Step>]) -> Fallible<()> {
        let instant = self.stage.now();
        self.steps(steps)?;
        if self.stage.take_wait().is_some() {
            let fault = self.fault(Code::E210, span, "a step of this block would have to wait");
            return Err(Box::new(fault.label("all of it happens at the same instant")));
        }
        match self.stage.now() == instant {
            true => Ok(()),
            false => {
                let fault = self.fault(
                    Code::E210,
                    span,
                    "the steps of this block did not happen at the same instant",
                );
                Err(Box::new(fault.label(format!(
                    "they took until {}",
                    self.offset(self.stage.now())
                ))))
            }
        }
    }

    /// A step of a block whose arrivals come in another order.
    fn chain<'s>(&self, step: &'s Spanned<Step>) -> Fallible<Chain<'s>> {
        let waiting = match &step.node {
            Step::Arrival(arrival) if arrival.pattern.is_none() => {
                return Err(Box::new(self.to_be_filled_in(step.span)));
            }
            Step::Arrival(arrival) => VecDeque::from([(step.span, &**arrival)]),
            Step::Block(BlockKind::InOrder, steps) => {
                let chains = steps
                    .iter()
                    .map(|step| self.chain(step))
                    .collect::<Fallible<Vec<_>>>()?;
                chains.into_iter().flat_map(|chain| chain.waiting).collect()
            }
            _ => {
                let fault = self.fault(Code::E300, step.span, NOT_SEEN);
                return Err(Box::new(
                    fault.label("only `<` lines with texts, and `in order:`"),
                ));
            }
        };
        Ok(Chain::of(waiting))
    }

    /// Waits until every chain is at its end; the first arrival of any chain may be claimed at any time.
    fn interleaved(&mut self, span: Span, mut chains: Vec<Chain<'_>>) -> Fallible<()> {
        if let Some(UnderWay::Block(come)) = self.under_way.take() {
            for (chain, (come, after)) in chains.iter_mut().zip(come) {
                chain.waiting.drain(..come);
                (chain.come, chain.after) = (come, after);
            }
        }
        loop {
            while (0..chains.len()).any(|place| {
                self.claim_next(&mut chains[place]) || self.exchange(&mut chains, place, &mut BTreeSet::new())
            }) {}
            let Some(deadline) = chains
                .iter()
                .flat_map(|chain| &chain.waiting)
                .map(|(_, next)| self.deadline(next))
                .max()
            else {
                return Ok(());
            };
            if !self.stage.step_toward(deadline) {
                self.stage.advance_to(deadline);
                if self.stage.waits() {
                    let come = chains.iter().map(|chain| (chain.come, chain.after));
                    self.under_way = Some(UnderWay::Block(come.collect()));
                    return Ok(());
                }
                return Err(Box::new(self.still_waiting(span, &chains)));
            }
        }
    }

    /// Claims what the chain waits for next, if it has arrived.
    fn claim_next(&mut self, chain: &mut Chain<'_>) -> bool {
        let Some(&(span, arrival)) = chain.waiting.front() else {
            return false;
        };
        let name = self.actor(&arrival.actor);
        let found = self.stage.inboxes.get(&name).and_then(|inbox| {
            let later = |seq: u64| chain.after.is_none_or(|after| seq > after);
            inbox
                .unclaimed()
                .find(|(_, item)| later(item.seq) && self.fits(span, arrival, item))
        });
        let Some((place, item)) = found.map(|(place, item)| (place, item.clone())) else {
            return false;
        };
        self.claim(&name, place, arrival, &item);
        chain.go_on(item);
        true
    }

    /// Lets the chain have what another one has claimed that can do with something else: the lines of such a block are
    /// met in whatever order they stand, also where one of them says less than another.
    fn exchange(&mut self, chains: &mut [Chain<'_>], place: usize, tried: &mut BTreeSet<usize>) -> bool {
        let Some(&(span, arrival)) = chains[place].waiting.front() else {
            return false;
        };
        let name = self.actor(&arrival.actor);
        let left_over = |inbox: &Inbox| inbox.unclaimed().next().is_some();
        if !self.stage.inboxes.get(&name).is_some_and(left_over) {
            return false;
        }
        for other in 0..chains.len() {
            let after = chains[place].after;
            let Some((_, its, item)) = &chains[other].got else {
                continue;
            };
            let is_for_both = self.actor(&its.actor) == name
                && after.is_none_or(|after| item.seq > after)
                && self.fits(span, arrival, item);
            if !is_for_both || !tried.insert(other) {
                continue;
            }
            let Some((its_span, its, item)) = chains[other].got.take() else {
                continue;
            };
            let back = Chain::of(VecDeque::from([(its_span, its)]));
            let before = std::mem::replace(&mut chains[other], back);
            if self.claim_next(&mut chains[other]) || self.exchange(chains, other, tried) {
                self.bind(arrival, &item);
                chains[place].go_on(item);
                return true;
            }
            chains[other] = Chain {
                got: Some((its_span, its, item)),
                ..before
            };
        }
        false
    }

    fn still_waiting(&self, span: Span, chains: &[Chain<'_>]) -> crate::diagnostics::Diagnostic {
        let Some(&(place, arrival)) = chains.iter().find_map(|chain| chain.waiting.front()) else {
            return self.fault(Code::E210, span, "the block is not over");
        };
        let name = self.actor(&arrival.actor);
        let fault = self.nothing_arrived(place, &name, arrival);
        let unclaimed = self
            .stage
            .inboxes
            .get(&name)
            .into_iter()
            .flat_map(|inbox| inbox.unclaimed());
        let mut fault = fault.also(&self.scope().path, span, "in this block");
        for (_, item) in unclaimed.take(4) {
            let sender = match &item.content {
                Content::Callback { user, .. } => self.stage.actors.user_name(*user).unwrap_or("?"),
                Content::Text { .. } => "",
            };
            let how = match self.fits(place, arrival, item) {
                true => "came before what the line above it waits for",
                false => "came, and fits no line",
            };
            let line = format!("{name} < {}", item.content.line(sender));
            fault = fault.help(format!("at {} {how}: {line}", self.offset(item.at)));
        }
        fault
    }
}
