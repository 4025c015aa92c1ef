//! What the English posts talk about: per topic, what one does and what one has.
//!
//! Words with a second life elsewhere (scale, stock, bank, key, pitch, branch, mint, fork, record,
//! season, root, plot, board, bass, roll, port) are spread over the topics on purpose: a word
//! alone must not give the topic away.

/// A verb with the things it is done to.
pub struct Deed {
    /// The form after `spend an hour`.
    pub doing: &'static str,
    /// The form after `yesterday I`.
    pub did: &'static str,
    /// What it is done to: heads without an article, split by `;`. A leading `~` marks plural and
    /// mass nouns, which take no `a`; a leading `=` marks words that stand as they are.
    pub objects: &'static str,
}

/// One topic's English vocabulary.
pub struct Topic {
    /// What one does.
    pub deeds: &'static [Deed],
    /// What one has or talks about; marks as in [`Deed::objects`].
    pub things: &'static str,
}

const fn deed(doing: &'static str, did: &'static str, objects: &'static str) -> Deed {
    Deed { doing, did, objects }
}

/// The vocabulary of each class, in the order of [`super::CLASSES`].
pub const TOPICS: [&Topic; 8] = [&MUSIC, &COOKING, &TRAVEL, &SPORT, &GARDENING, &COMPUTERS, &MONEY, &HOME_REPAIR];

const MUSIC: Topic = Topic {
    deeds: &[
        deed("tuning", "tuned", "guitar;piano;~strings;banjo;bass"),
        deed("rehearsing", "rehearsed", "chorus;duet;~harmonies;encore;solo"),
        deed("practising", "practised", "scale;~chords;melody;drum roll;key change"),
        deed("recording", "recorded", "song;demo;cello track;~vocals;album"),
        deed("humming", "hummed", "tune;ballad;melody;bass line"),
        deed("strumming", "strummed", "ukulele;~chords;guitar;banjo"),
        deed("composing", "composed", "song;waltz;bridge;symphony"),
        deed("singing", "sang", "hymn;chorus;high note;ballad"),
        deed("listening to", "listened to", "orchestra;choir;~old records;brass band"),
    ],
    things: "guitar solo;choir;orchestra;violin;drummer;~lyrics;vinyl record;brass band;minor key;bass line;opera;\
             concert;~sheet music;metronome;jazz club;piano",
};

const COOKING: Topic = Topic {
    deeds: &[
        deed("simmering", "simmered", "stock;stew;tomato sauce;~lentils"),
        deed("chopping", "chopped", "~onions;~garlic;~leeks;~carrots;~mint"),
        deed("baking", "baked", "loaf;pie;~rolls;cake;~scones"),
        deed("seasoning", "seasoned", "soup;~beans;roast;stew"),
        deed("frying", "fried", "fish;~eggs;~noodles;~mushrooms;sea bass"),
        deed("whisking", "whisked", "batter;~egg whites;dressing;~cream"),
        deed("tasting", "tasted", "curry;broth;gravy;soup"),
        deed("roasting", "roasted", "chicken;~potatoes;~root vegetables;pepper"),
        deed("kneading", "kneaded", "~dough;~pizza dough;loaf"),
    ],
    things: "recipe;~dumplings;oven;frying pan;lasagne;kitchen scale;~sourdough;chilli sauce;wok;~spices;casserole;\
             mint sauce;chocolate cake;rolling pin;risotto;~pancakes;stock pot;omelette",
};

const TRAVEL: Topic = Topic {
    deeds: &[
        deed("packing", "packed", "suitcase;backpack;~bags;travel kit"),
        deed("booking", "booked", "flight;hostel;window seat;ferry;night train"),
        deed("crossing", "crossed", "border;mountain pass;desert;river by ferry"),
        deed("exploring", "explored", "old town;island;harbour;~temples"),
        deed("missing", "missed", "connection;night bus;last ferry;flight"),
        deed("boarding", "boarded", "plane;night train;ferry;coach"),
        deed("wandering through", "wandered through", "market;port;capital;mountain village"),
        deed("visiting", "visited", "castle;lighthouse;museum;fjord"),
        deed("photographing", "photographed", "coast;skyline;~temples;volcano"),
    ],
    things: "airport;passport;boarding pass;hotel lobby;~jet lag;road trip;guidebook;sleeper train;customs queue;hostel;\
             visa;~souvenirs;beach resort;city break;~luggage;harbour;time zone;river bank",
};

const SPORT: Topic = Topic {
    deeds: &[
        deed("kicking", "kicked", "penalty;ball;corner;free kick"),
        deed("training for", "trained for", "marathon;relay;cup final;triathlon"),
        deed("scoring", "scored", "goal;try;late winner;equaliser"),
        deed("watching", "watched", "match;derby;semi final;~playoffs"),
        deed("coaching", "coached", "junior team;~goalkeepers;rowing crew;youth squad"),
        deed("serving", "served", "~aces;=for the match;second ball"),
        deed("defending", "defended", "corner;title;league lead;one goal lead"),
        deed("winning", "won", "race;relay;cup final;doubles match"),
        deed("tackling", "tackled", "striker;winger;captain"),
    ],
    things: "football pitch;goalkeeper;referee;offside trap;tennis racket;league table;penalty shootout;relay baton;\
             cricket bat;home game;basketball hoop;surf board;ice rink;match report;knockout round;new season;~hurdles",
};

const GARDENING: Topic = Topic {
    deeds: &[
        deed("planting", "planted", "~bulbs;apple tree;~seedlings;~tulips"),
        deed("pruning", "pruned", "hedge;rose bush;~branches;vine"),
        deed("watering", "watered", "~ferns;vegetable plot;~tomatoes;lawn"),
        deed("weeding", "weeded", "flower bed;vegetable plot;~borders;gravel path"),
        deed("digging", "dug", "pond;trench;flower bed;~compost"),
        deed("mowing", "mowed", "lawn;meadow;~grass"),
        deed("sowing", "sowed", "~carrots;~seeds;~wildflowers;~beans"),
        deed("raking", "raked", "~leaves;gravel path;~moss;lawn"),
        deed("repotting", "repotted", "cactus;orchid;~mint;~basil"),
    ],
    things: "greenhouse;wheelbarrow;~slugs;compost heap;~daffodils;garden fork;rose bed;~aphids;watering can;~topsoil;\
             hedge;root ball;allotment;seed tray;~sunflowers;potting shed;pear tree;branch",
};

const COMPUTERS: Topic = Topic {
    deeds: &[
        deed("debugging", "debugged", "script;parser;login page;~threads"),
        deed("compiling", "compiled", "kernel;library;~shaders;driver"),
        deed("installing", "installed", "driver;update;operating system;package"),
        deed("rebooting", "rebooted", "server;laptop;router"),
        deed("programming", "programmed", "robot;website;game engine;chess bot"),
        deed("refactoring", "refactored", "function;module;~tests;parser"),
        deed("merging", "merged", "branch;pull request;patch;fork"),
        deed("backing up", "backed up", "hard drive;database;~folders;~records"),
        deed("formatting", "formatted", "disk;memory card;hard drive"),
    ],
    things: "keyboard;memory leak;null pointer;graphics card;browser tab;shell script;software update;web server;~pixels;\
             mouse driver;open port;~bug reports;cloud backup;text editor;motherboard;~unit tests;firewall;root password",
};

const MONEY: Topic = Topic {
    deeds: &[
        deed("saving", "saved", "=for a pension;~coins;deposit;=for a rainy day"),
        deed("paying off", "paid off", "loan;mortgage;credit card;overdraft"),
        deed("investing in", "invested in", "~shares;~bonds;pension fund;index fund"),
        deed("checking", "checked", "bank balance;exchange rate;payslip;credit score"),
        deed("comparing", "compared", "~interest rates;~insurance quotes;savings account;~mortgages"),
        deed("filing", "filed", "tax return;expense claim;~receipts;~bank records"),
        deed("selling", "sold", "~stocks;~bonds;~shares"),
        deed("withdrawing", "withdrew", "~cash;~savings;deposit"),
        deed("splitting", "split", "rent;gas bill;phone bill;~taxes"),
    ],
    things: "bank branch;interest rate;~taxes;pension;stock market;~savings;payday loan;~inflation;direct debit;\
             household budget;credit score;piggy bank;salary;invoice;exchange rate;~dividends;bank statement;wallet",
};

const HOME_REPAIR: Topic = Topic {
    deeds: &[
        deed("painting", "painted", "ceiling;hallway;window frame;~skirting boards"),
        deed("sanding", "sanded", "floor;door;table leg;~floorboards"),
        deed("drilling", "drilled", "hole;wall;bracket"),
        deed("plastering", "plastered", "wall;ceiling;crack"),
        deed("tiling", "tiled", "bathroom;kitchen wall;shower"),
        deed("replacing", "replaced", "tap;door lock;washer;fuse;light switch"),
        deed("unblocking", "unblocked", "sink;drain;gutter;pipe"),
        deed("hammering", "hammered", "nail;~nails;loose board"),
        deed("fixing", "fixed", "leaky tap;squeaky hinge;roof;~fence posts"),
    ],
    things: "leaking pipe;radiator;power drill;~wallpaper;paint roller;toolbox;boiler;~screws;spirit level;ladder;\
             loose hinge;damp patch;light fitting;~roof tiles;saw blade;fuse box;tape measure;door key",
};
