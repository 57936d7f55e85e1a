//! Where keys apply: the regions of an incident's screen, and the places, each with its heading.

/// A region of the incident's screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Pane {
    /// The living system.
    Map,
    /// Alerts and people.
    Pager,
    /// Values over time.
    Graphs,
    /// The command line.
    #[default]
    Console,
    /// Hypotheses, evidence, predictions.
    Notebook,
}

impl Pane {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Map, Self::Pager, Self::Graphs, Self::Console, Self::Notebook];

    /// Its number, from 1.
    #[must_use]
    pub const fn number(self) -> char {
        match self {
            Self::Map => '1',
            Self::Pager => '2',
            Self::Graphs => '3',
            Self::Console => '4',
            Self::Notebook => '5',
        }
    }

    /// Its name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Map => "system",
            Self::Pager => "pager",
            Self::Graphs => "graphs",
            Self::Console => "console",
            Self::Notebook => "notebook",
        }
    }
}

/// Where a key applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// The title.
    Title,
    /// The list of levels.
    Levels,
    /// The settings.
    Settings,
    /// The briefing.
    Briefing,
    /// The incident, whatever pane has the focus, also while typing.
    Incident,
    /// The incident, in any pane but the console: single letters.
    Panes,
    /// A certain pane.
    In(Pane),
    /// The explore view, while its line is typed.
    Query,
    /// The explore view, with its charts.
    Explore,
    /// The graphs, while values are read at a moment.
    Reading,
    /// The console, while lines of its output are selected.
    Scrollback,
    /// The console's empty prompt, below a `watch`.
    Watching,
    /// An answer over the whole screen.
    Reader,
    /// The search in it, while it is typed.
    Finding,
    /// The debrief.
    Debrief,
    /// The debrief's page on which one goes through time.
    Timeline,
    /// A list to choose from.
    Menu,
    /// The palette and the search through the history: a list that is filtered by typing.
    Filter,
    /// The question whether to do it.
    Question,
    /// The question whether to leave an incident.
    Leaving,
    /// The incident has ended.
    Over,
    /// The help.
    Help,
}

impl Place {
    /// Its heading in the help.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Title => "title",
            Self::Levels => "levels",
            Self::Settings => "settings",
            Self::Briefing => "briefing",
            Self::Incident => "incident, also while typing",
            Self::Panes => "incident, outside the console",
            Self::In(pane) => pane.title(),
            Self::Scrollback => "console, looking back",
            Self::Reading => "graphs, reading values",
            Self::Query => "explore, finding metrics",
            Self::Explore => "explore",
            Self::Watching => "console, below a watch",
            Self::Reader => "reading an answer",
            Self::Finding => "searching",
            Self::Debrief => "debrief",
            Self::Timeline => "debrief, going through time",
            Self::Menu => "menu",
            Self::Filter => "palette",
            Self::Question | Self::Leaving => "question",
            Self::Over => "the end",
            Self::Help => "help",
        }
    }
}
