//! What is noted in the audit: each action with its word and what it means.

/// Makes the enum of actions, so that none is without its word and its place in the list of all.
macro_rules! actions {
    ($(#[doc = $doc:literal] $action:ident = $word:literal,)*) => {
        /// Something that is noted in the audit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = $doc] $action,)*
        }

        impl Action {
            /// Every action there is, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The action as it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$action => $word,)* }
            }
        }
    };
}

actions! {
    /// A buffer was created or replaced.
    BufferWrite = "buffer.write",
    /// A destination was created or replaced.
    DestinationWrite = "destination.write",
    /// A schedule was created, replaced or switched.
    ScheduleWrite = "schedule.write",
    /// The zone of new buffers of the service Buffer was set.
    TimezoneWrite = "timezone.write",
    /// A key was made.
    KeyMake = "key.make",
    /// A key was revoked.
    KeyRevoke = "key.revoke",
    /// A buffer is gone.
    BufferRemove = "buffer.remove",
    /// A destination is gone.
    DestinationRemove = "destination.remove",
    /// A schedule is gone.
    ScheduleRemove = "schedule.remove",
    /// The drain of a buffer was called off.
    BufferKeep = "buffer.keep",
    /// The drain of a destination was called off.
    DestinationKeep = "destination.keep",
    /// An open window was closed by hand.
    ChatFlush = "chat.flush",
    /// An open window was dropped.
    ChatCancel = "chat.cancel",
    /// A chat was left to a person.
    ChatPause = "chat.pause",
    /// The pause of a chat was ended.
    ChatResume = "chat.resume",
    /// An open window was told to wait longer.
    ChatExtend = "chat.extend",
    /// Every trace of a chat was erased.
    ChatErase = "chat.erase",
    /// A message for later was taken back.
    MessageRecall = "message.recall",
    /// A schedule was told to run at once.
    ScheduleRun = "schedule.run",
    /// Lanes were to be tried now instead of later.
    LaneNow = "lane.now",
    /// The first batch of a lane was given up on by hand.
    LaneGiveUp = "lane.give_up",
    /// A batch that was delivered was sent again.
    BatchSendAgain = "batch.send_again",
    /// Dead letters were put back on their lanes.
    DeadLetterRevive = "dead_letter.revive",
    /// A dead letter was dropped.
    DeadLetterDiscard = "dead_letter.discard",
    /// Deliveries were stopped.
    ControlStop = "control.stop",
    /// Deliveries were started.
    ControlStart = "control.start",
    /// A daemon began.
    DaemonStart = "daemon.start",
    /// A daemon ended.
    DaemonStop = "daemon.stop",
    /// A message that leaves one by one was delivered.
    MessageSent = "message.sent",
    /// One was not, yet or ever.
    MessageFailed = "message.failed",
}
