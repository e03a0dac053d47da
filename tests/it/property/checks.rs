//! What must be true after each step.

use lull::store::scheduled::Planned;

use super::World;
use super::model::{PEOPLE, REPORT, Stage, To, What};
use crate::support::counted::assert_counted;

impl World {
    pub(super) async fn check(&mut self) {
        let buffers = [self.chat(0), self.chat(REPORT)].map(|chat| chat.buffer);
        assert_counted(&self.store, &mut self.raw, &buffers).await;
        let after = self.places().await;
        self.before = after;
        for chat in 0..=REPORT {
            self.everything_is_in_one_place(chat);
            self.what_stands_somewhere_is_announced(chat);
            for to in To::ALL {
                self.in_turn(to, chat);
            }
        }
        self.nothing_belongs_to_nothing();
        for chat in 0..PEOPLE.len() {
            let asked = self.before.follow_up[chat].map(|(_, asked)| asked);
            assert_eq!(
                asked, self.model.follow_up[chat],
                "who is silent is followed up, and nobody else"
            );
            assert!(
                !self.model.paused[chat] || self.before.window[chat].is_empty(),
                "a paused chat has a window"
            );
            let paused = self.store.chats().paused(&self.chat(chat)).await.unwrap();
            assert_eq!(paused.is_some(), self.model.paused[chat], "a pause");
        }
        self.the_plan_is_kept().await;
    }

    fn everything_is_in_one_place(&self, chat: usize) {
        let model = &self.model;
        let mut everywhere = self.before.all_of(chat);
        everywhere.extend(&model.dropped[chat]);
        for delivered in &model.delivered {
            everywhere.extend(&delivered[chat]);
        }
        everywhere.sort_unstable();
        let accepted: Vec<_> = model.accepted[chat].iter().copied().collect();
        assert_eq!(
            everywhere, accepted,
            "a message is lost or stands in two places"
        );
    }

    /// Or nobody would ever come for it.
    fn what_stands_somewhere_is_announced(&self, chat: usize) {
        let places = &self.before;
        let (announced, waiting) = places.waiting[chat];
        assert_eq!(announced, waiting, "what waits and its index part");
        let (counted, held) = places.held[chat];
        assert_eq!(counted, held, "what waits is counted wrongly");
        assert_eq!(
            places.window_due[chat],
            !places.window[chat].is_empty(),
            "the window and its due entry part"
        );
        for to in To::ALL {
            let lane = places.whole_lane(to, chat);
            assert_eq!(
                places.lane_due[to as usize][chat],
                !lane.is_empty(),
                "the lane and its due entry part"
            );
            assert!(
                places.lane_noted[to as usize][chat],
                "a lane falls due before anybody looks for it"
            );
            let is_shared = self.ordered && chat != REPORT;
            assert!(lane.iter().all(|batch| batch.whose.is_some() == is_shared));
        }
    }

    fn in_turn(&self, to: To, chat: usize) {
        let (model, places) = (&self.model, &self.before);
        let mut in_turn = model.delivered[to as usize][chat].clone();
        in_turn.extend(places.on_lane(to, chat));
        if model.to_bot == (to == To::Bot) && to != To::Report {
            in_turn.extend(&places.window[chat]);
        }
        in_turn.retain(|number| !model.out_of_turn.contains(number));
        assert!(in_turn.is_sorted(), "out of order: {in_turn:?}");

        if self.ordered && chat != REPORT {
            let on_lane = places.whole_lane(to, chat);
            let on_lane = on_lane.iter().flat_map(|batch| &batch.numbers);
            let in_turn = model.all_delivered[to as usize].iter().chain(on_lane);
            let turns = in_turn
                .filter(|number| !model.out_of_turn.contains(number))
                .map(|number| model.closed.iter().position(|closed| closed == number));
            let turns: Vec<_> = turns.map(Option::unwrap).collect();
            assert!(turns.is_sorted(), "out of the order of closing: {turns:?}");
        }
    }

    /// What is removed leaves nothing behind, and so nothing enters what is made under its name.
    fn nothing_belongs_to_nothing(&self) {
        let (model, places) = (&self.model, &self.before);
        for chat in 0..PEOPLE.len() {
            let is_empty = places.window[chat].is_empty() && places.kept[chat].is_empty();
            assert!(!model.buffer.is_absent() || is_empty, "stranded");
            let on_bot = places.whole_lane(To::Bot, chat);
            assert!(!model.bot.is_absent() || on_bot.is_empty(), "stranded");
        }
        let lane = places.whole_lane(To::Report, REPORT);
        let is_empty = places.kept[REPORT].is_empty() && lane.is_empty() && places.plan.is_none();
        assert!(!model.report.is_absent() || is_empty, "stranded");
    }

    async fn the_plan_is_kept(&self) {
        let planned = self
            .store
            .schedules()
            .planned(&What::Report.name())
            .await
            .unwrap();
        let planned = planned.map(
            |Planned {
                 at, version, mark, ..
             }| (at, version, mark.unwrap()),
        );
        let plan = self.model.plan.clone();
        let plan = plan.map(|plan| (plan.at, plan.version, plan.mark));
        if !matches!(
            self.model.report.stage,
            Stage::Removing { touched: true, .. }
        ) || plan.is_some()
        {
            assert_eq!(planned, plan, "the plan of the schedule");
        }
    }
}
