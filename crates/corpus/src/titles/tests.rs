//! Shapes seen in The Session's tunes, O'Neill's, Ryan's and Aird's books, and what becomes of them.

use proptest::prelude::*;

use super::{clean_title, fold};

#[test]
fn titles_come_out_fit_to_show() {
    for (raw, expected) in [
        // Articles.
        ("Butterfly, The", "The Butterfly"),
        ("  Humours Of Tulla,  The ", "The Humours Of Tulla"),
        ("Blackbird, The (reel)", "The Blackbird"),
        ("Blackbird (reel), The", "The Blackbird"),
        ("Cloone Hornpipe., The", "The Cloone Hornpipe"),
        ("Hills of Ireland. The", "The Hills of Ireland"),
        ("Two and Sixpenny Girl The -- Jig", "The Two and Sixpenny Girl"),
        ("RIVAL -- REEL., THE", "The Rival"),
        ("BAG OF MEAL, THE", "The Bag of Meal"),
        ("\"GOOD GIRL\", THE", "The Good Girl"),
        ("Billy, The Kid's", "Billy, The Kid's"),
        ("Further, The Deeper, The", "The Further, The Deeper"),
        ("Poitin, An", "An Poitin"),
        ("Gamhna Geala, Na", "Na Gamhna Geala"),
        ("Chreag, A'", "A' Chreag"),
        ("Aveugle, L'", "L'Aveugle"),
        ("A Cup Of Tea", "A Cup Of Tea"),
        ("I'll Kiss The Bonnie Lass, Oh!", "I'll Kiss The Bonnie Lass, Oh!"),
        ("Wallop Away The Wattle, O!", "Wallop Away The Wattle, O!"),
        ("Major George Morrison, DSO", "Major George Morrison, DSO"),
        // Irish, Scottish and other languages stay as they are.
        ("'G Iomain Nan Gamhna", "'G Iomain Nan Gamhna"),
        ("An Raibh Tú Ag An gCarraig?", "An Raibh Tú Ag An gCarraig?"),
        ("Sí Beag Sí Mór", "Sí Beag Sí Mór"),
        ("Port Na bPúcaí", "Port Na bPúcaí"),
        ("A Chur Nan Gobhar As A 'Chreig", "A Chur Nan Gobhar As A 'Chreig"),
        ("Le 6/8 De La Grosse Ile", "Le 6/8 De La Grosse Ile"),
        ("Muin\u{303}eira Das Zocas", "Muiñeira Das Zocas"),
        ("Caisle&aacute;n An &Oacute;ir", "Caisleán An Óir"),
        ("Mary &amp; Donald.", "Mary & Donald"),
        ("O&#39;Rourke&#x2019;s", "O'Rourke's"),
        // O'Neill's Irish, a dot for each dotted consonant.
        ("an stanadoir suga.c.", "An stanadoir sugach"),
        ("floeog eirinnea.c., an", "An floeog eirinneach"),
        ("'si bri.gidin mo run.", "'Si brighidin mo run"),
        ("na cailini.de on .tuai.g.", "Na cailinidhe on thuaigh"),
        ("ro.ga ci.lle-nara.", "Rogha cille-nara"),
        // Numbering.
        ("1. The Races at Carrick", "The Races at Carrick"),
        ("12) Drowsy Maggie", "Drowsy Maggie"),
        ("No. 3 Drowsy Maggie", "Drowsy Maggie"),
        ("Drowsy Maggie (1)", "Drowsy Maggie"),
        ("Mrs Summer #2", "Mrs Summer"),
        ("Fisher's Hornpipe (1st Setting)", "Fisher's Hornpipe"),
        ("Riding a Mile. 2nd Setting.", "Riding a Mile"),
        ("The Hare in the Corn. No. 1.", "The Hare in the Corn"),
        ("THE COOLIN. With Variations", "The Coolin"),
        ("CAMP-MEETING -- JIG No.2.", "Camp-Meeting"),
        ("Dowd's No. 9", "Dowd's No. 9"),
        ("Glountane School - 1862", "Glountane School - 1862"),
        ("Jackson over the water, 1780.", "Jackson over the water, 1780"),
        ("Heartland Part 1", "Heartland Part 1"),
        ("30 Year, The", "The 30 Year"),
        ("1st August", "1st August"),
        ("5:30am", "5:30am"),
        ("42 Beech Avenue", "42 Beech Avenue"),
        // Dance types after a dash, a comma, in brackets.
        ("42d Highland Regiment -- Strathspey", "42d Highland Regiment"),
        ("MAGIC SLIPPER -- REEL.", "Magic Slipper"),
        ("Eileen Alanna - Reel", "Eileen Alanna"),
        ("HUMOUR OF GLEN- JIG", "Humour of Glen"),
        ("\"PADDY'S THE BOY\"- JIG", "Paddy's the Boy"),
        ("Avalanche (Lancashire) -- Clog", "Avalanche"),
        ("Cameron House, a Strathsy.", "Cameron House"),
        ("Root, Hog or Die - Jig", "Root, Hog or Die"),
        ("VILLAGE BELLS -- HIGHLAND FLING ", "Village Bells"),
        ("WALK AROUND. -- \"HEY, DADDY.\"", "Hey, Daddy"),
        ("The Time of Day Jig", "The Time of Day Jig"),
        ("Rose-Bud - Reel", "Rose-Bud"),
        ("Highland -- Hornpipe", "Highland"),
        ("Fly-By-Night (Lancashire) -- Clog", "Fly-By-Night"),
        // Case, quotes, slips of the keyboard.
        ("O'CAROLAN'S LAMENT", "O'Carolan's Lament"),
        ("VAUGHAN's FAVORITE -- JIG.", "Vaughan's Favorite"),
        ("\"CHEESE IT!\" -- REEL.", "Cheese It!"),
        ("My Mind Will Never Be \"Aisy\"", "My Mind Will Never Be \"Aisy\""),
        ("\"Swallow\" Sloop of War -- Reel", "\"Swallow\" Sloop of War"),
        ("Wat:erloo -- Reel", "Waterloo"),
        ("Rat:-Cat:cher's -- Reel", "Rat-Catcher's"),
        ("T:Beebe's -- Hornpipe", "Beebe's"),
        ("Harper's Fancy:", "Harper's Fancy"),
        ("Dumbarton Drums beat bonny O;", "Dumbarton Drums beat bonny O"),
        ("100% Wool", "100% Wool"),
        ("Moar Neine I Giberlan [index]", "Moar Neine I Giberlan"),
        ("A.A. Cameron's", "A.A. Cameron's"),
        ("Colonel Fraser, M.B.E.", "Colonel Fraser, M.B.E."),
        ("Emma's Single (But I Can't Marry Her)", "Emma's Single (But I Can't Marry Her)"),
        ("Or Are We Dancers?", "Or Are We Dancers?"),
        ("or \"Lady Lomon's\"", "Lady Lomon's"),
    ] {
        assert_eq!(clean_title(raw).text.as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn alternatives_become_aliases() {
    for (raw, name, alias) in [
        ("A Basket of Oysters, or Pady the Weaver", "A Basket of Oysters", "Pady the Weaver"),
        ("SWEET ELLEN, (or Figure Eight.)", "Sweet Ellen", "Figure Eight"),
        ("The Gobby O -- Jig (or Jefferson and Liberty)", "The Gobby O", "Jefferson and Liberty"),
        (
            "The Royal Boarding School. or 5th. of December",
            "The Royal Boarding School",
            "5th. of December",
        ),
        ("Galway Rambler, The (aka Rambler, The)", "The Galway Rambler", "The Rambler"),
        ("Auld Reekie. (Hoble about)", "Auld Reekie", "Hoble about"),
        ("Peggy of Darby, or the Dandys.", "Peggy of Darby", "The Dandys"),
        ("Drowsy Maggie / Máire Codlatach", "Drowsy Maggie", "Máire Codlatach"),
    ] {
        let cleaned = clean_title(raw);
        assert_eq!(cleaned.text.as_deref(), Some(name), "{raw}");
        assert_eq!(cleaned.aliases, [alias], "{raw}");
    }
}

#[test]
fn fields_that_name_nothing_give_no_title() {
    for raw in [
        "",
        " ",
        "x",
        "X",
        "?",
        "...",
        "Untitled",
        "untitled reel",
        "Gan Ainm",
        "Gan Ainm (reel)",
        "No Name",
        "Unknown",
        "Unknown Polka",
        "The Unknown Jig",
        "Nameless",
        "1921",
        "No. 28",
        "Number 28",
        "Reel",
        "Reel 4",
        "Reel No. 295",
        "A March,",
        "Quick Step,",
        "The Jig",
        "A Do.",
        "O'Neill's 101",
        "(Can be used as a Clog.)",
        "for the Ger: Flute.",
        "For the Violin",
        "2 Flutes.",
        ", The",
        "The 6 Following Tunes are taken from Oscar & Malvina.",
    ] {
        assert_eq!(clean_title(raw).text, None, "{raw}");
    }
    for raw in ["The \"Unknown\" Soldier", "Nameless Lassie, The", "Jig Runrig, The", "Reel Carmen"]
    {
        assert!(clean_title(raw).text.is_some(), "{raw}");
    }
}

#[test]
fn a_stated_dance_type_is_known() {
    for (raw, expected) in [
        ("Thunder -- Hornpipe", Some("hornpipe")),
        ("Drink of Brandy -- Slipjig", Some("slip jig")),
        ("Blackbird, The (reel)", Some("reel")),
        ("Fisher's Hornpipe", Some("hornpipe")),
        ("Mr. Davidson's Strathsy.", Some("strathspey")),
        ("Quick Step 25th. Regt.", Some("quickstep")),
        ("A March,", Some("march")),
        ("The Reel of Tulloch.", Some("reel")),
        ("Highland -- Hornpipe", Some("hornpipe")),
        ("Londonderry Air", None),
        ("Drowsy Maggie", None),
    ] {
        assert_eq!(clean_title(raw).dance_type.as_deref(), expected, "{raw}");
    }
}

proptest! {
    #[test]
    fn cleaning_never_fails_and_settles(raw in "[ -~éÓ’]{0,40}") {
        if let Some(text) = clean_title(&raw).text {
            prop_assert!(!fold(&text).is_empty());
            prop_assert_eq!(text.trim(), text.as_str());
        }
    }

    #[test]
    fn any_text_can_be_folded_and_cleaned(raw in any::<String>()) {
        let folded = fold(&raw);
        prop_assert_eq!(fold(&folded).is_empty(), folded.is_empty());
        clean_title(&raw);
    }
}
