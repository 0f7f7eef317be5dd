//! What a tag is about, guessed from its words as boorus and taggers use them.
//!
//! A table of words, no list of all tags: enough to sort a set's tags into groups and to tell what belongs to a subject. A tag in no group
//! is [`Category::Other`].

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What a tag is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// `masterpiece`, `score_9_up`.
    Quality,
    /// How many there are, and of what kind: `1girl`, `solo`, `no humans`.
    People,
    /// `long hair`, `bangs`, `ponytail`.
    Hair,
    /// `blue eyes`, `heterochromia`.
    Eyes,
    /// The rest of a face and what it shows: `smile`, `facial hair`, `open mouth`.
    Face,
    /// `breasts`, `tail`, `dark skin`.
    Body,
    /// What is worn: `white shirt`, `glasses`, `hair ribbon`.
    Clothes,
    /// What is done, and how somebody stands: `sitting`, `looking at viewer`.
    Pose,
    /// How the picture is cut and seen: `upper body`, `from side`.
    View,
    /// Where it is: `outdoors`, `simple background`.
    Background,
    /// How it is made: `monochrome`, `watercolor`, `sketch`.
    Style,
    /// About the file: `highres`, `signature`, `watermark`.
    Meta,
    /// All else.
    Other,
}

use Category::{Background, Body, Clothes, Eyes, Face, Hair, Meta, Other, People, Pose, Quality, Style, View};

impl Category {
    /// All of them, in the order in which lists show them.
    pub const ALL: [Self; 13] = [
        Quality, People, Hair, Eyes, Face, Body, Clothes, Pose, View, Background, Style, Meta, Other,
    ];

    /// Its name in commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Quality => "quality",
            People => "people",
            Hair => "hair",
            Eyes => "eyes",
            Face => "face",
            Body => "body",
            Clothes => "clothes",
            Pose => "pose",
            View => "view",
            Background => "background",
            Style => "style",
            Meta => "meta",
            Other => "other",
        }
    }

    /// The category of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// Whether it belongs to a person's or character's looks, which a trigger word takes up when it is struck from captions.
    pub fn is_looks(self) -> bool {
        matches!(self, People | Hair | Eyes | Face | Body)
    }
}

/// Tags as they are, and beginnings or ends of tags where a `*` stands. A tag as it is comes before all patterns, then the first row that
/// fits counts.
const TABLE: &[(Category, &str)] = &[
    (
        Hair,
        "hair between eyes|hair over *|hair behind *|hair pulled back|hair down|hair up",
    ),
    (
        Quality,
        "masterpiece|* quality|score *|best quality|amazing|absurdly detailed|very aesthetic|aesthetic|newest|oldest|* detailed|8k|4k|hd",
    ),
    (
        Meta,
        "highres|absurdres|lowres|incredibly absurdres|signature|watermark|* watermark|* username|username|artist name|dated|web address|commentary|* commentary|* request|translated|copyright *|* logo|logo|* id|rating *|source *|jpeg artifacts|artifacts|* artifacts|bad *|duplicate|md5 mismatch|patreon *|official art|cover|* cover|text|* text",
    ),
    (
        People,
        "1girl|1boy|2girls|2boys|3girls|3boys|* girls|* boys|6+girls|6+boys|solo|solo focus|duo|couple|multiple *|no humans|humans|1other|group|crowd|everyone|girl|boy|man|woman|male focus|female focus|mature female|mature male|old man|old woman|person|people|yuri|yaoi|hetero|siblings|twins|child|aged *",
    ),
    (
        Clothes,
        "hair ribbon|hair ornament|hair bow|hair flower|hair band|hairband|hairclip|hair scrunchie|hair bobbles|hair tie|eyewear *|* eyewear|eyepatch|blindfold|eye mask|bodysuit|thighhighs|mouth mask|skin tight|skindentation|legwear|* legwear",
    ),
    (
        View,
        "upper body|lower body|full body|cowboy shot|close-up|portrait|* shot|from *|* focus|dutch angle|* angle|wide shot|profile|out of frame|cropped *|head out of frame|* out of frame|pov|* pov|depth of field|blurry|* blurry|blurry *|perspective|fisheye|straight-on|centered|border|* border|letterboxed|* view",
    ),
    (
        Background,
        "* background|background|outdoors|indoors|scenery|sky|* sky|cloud|clouds|night|day|sunset|sunrise|city|cityscape|forest|beach|ocean|water|snow|rain|grass|tree|trees|building|room|bedroom|classroom|kitchen|street|window|mountain|* field|moon|* moon|sun|star (sky)|starry sky|night sky|horizon|nature|landscape|wall|floor|garden|park|river|lake|desert|space|* theme",
    ),
    (
        Pose,
        "looking *|sitting|standing|lying|walking|running|jumping|kneeling|squatting|leaning *|leaning|holding *|holding|* up|* pose|pose|v|peace sign|waving|pointing *|pointing|reaching *|arms *|arm *|* arms|hand on *|hands on *|hand *|hands *|own hands *|on back|on side|on stomach|on bed|all fours|crossed *|outstretched *|head tilt|facing *|hug|hugging|kiss|kissing|sleeping|eating|drinking|reading|dancing|fighting *|smoking|spread *|legs *|leg *|wariza|seiza|indian style|floating|flying|falling",
    ),
    (
        Style,
        "monochrome|greyscale|grayscale|sketch|lineart|watercolor *|watercolor|oil painting|traditional media|* (medium)|* (style)|* style|flat color|* color|limited palette|spot color|pixel art|comic|* koma|anime *|realistic|photorealistic|photo|photo *|3d|cel shading|chibi|vector|illustration|painting|no lineart|emoji|noto|parody|halftone|silhouette|colored *|toon *|render|chromatic aberration|film grain|lens flare|bloom",
    ),
    (
        Eyes,
        "* eyes|eyes *|eyes|heterochromia|* pupils|pupils|eyelashes|* eyelashes|iris|* iris|sclera|* sclera|tsurime|tareme|sanpaku|eyeshadow|eyeliner|makeup|* eyelids",
    ),
    (
        Hair,
        "* hair|hair *|hair|bangs|* bangs|ponytail|* ponytail|twintails|* twintails|braid|* braid|braids|* braids|bun|* bun|ahoge|* ahoge|sidelocks|bob cut|* cut|* bob|hime cut|undercut|dreadlocks|drill *|afro|forelocks|mohawk|bald|buzz *|hairline|* intakes|antenna *|cowlick|streaked *|gradient *",
    ),
    (
        Face,
        "facial hair|smile|* smile|open mouth|closed mouth|parted lips|lips|* lips|mouth|* mouth|grin|blush|* blush|blush *|tears|crying|frown|angry|sad|happy|surprised|expressionless|serious|embarrassed|annoyed|* expression|expression *|:*|;*|^ ^|> <|tongue|tongue out|teeth|fang|fangs|* teeth|nose|* nose|beard|mustache|stubble|goatee|eyebrows|* eyebrows|freckles|mole *|mole|scar *|* scar|scar|facial mark|* mark|* markings|facepaint|face|* face|wink|sweat|sweatdrop|chin|cheeks|ear piercing|wrinkles|wrinkled skin",
    ),
    (
        Body,
        "breasts|* breasts|cleavage|chest|* chest|navel|midriff|stomach|collarbone|shoulders|bare *|thighs|thick thighs|thigh gap|legs|feet|* feet|barefoot|toes|hands|fingers|* nails|nails|nail polish|ass|hips|waist|* waist|back|armpits|skin|* skin|tan|tanlines|muscular|muscular *|abs|tall|short|petite|curvy|plump|fat|slim|tail|* tail|* tails|wings|* wings|horns|* horns|horn|* horn|halo|animal ears|* ears|ears|pointy ears|* girl|* boy|tattoo|* tattoo|fur|* fur|paws|claws|feathers|body|* body|neck|nude|groin",
    ),
    (
        Clothes,
        "* shirt|shirt|* skirt|skirt|* dress|dress|* uniform|uniform|* jacket|jacket|* coat|coat|pants|* pants|shorts|* shorts|jeans|* hat|hat|cap|* cap|beret|hood|hoodie|* hood|gloves|* gloves|socks|* socks|thighhighs|* thighhighs|pantyhose|* pantyhose|stockings|boots|* boots|shoes|* shoes|sneakers|sandals|heels|* heels|* footwear|footwear|ribbon|* ribbon|bow|* bow|bowtie|* bowtie|necktie|* necktie|tie|scarf|* scarf|collar|* collar|choker|* choker|necklace|* necklace|jewelry|earrings|* earrings|ring|* ring|bracelet|glasses|* glasses|sunglasses|goggles|* goggles|mask|* mask|headphones|headband|headwear|* headwear|crown|tiara|belt|* belt|sleeves|* sleeves|sleeveless|* sleeve|kimono|* kimono|yukata|obi|apron|* apron|cape|* cape|cloak|robe|* robe|vest|* vest|sweater|* sweater|cardigan|blazer|suit|* suit|armor|* armor|gauntlets|swimsuit|* swimsuit|bikini|* bikini|underwear|* underwear|bra|* bra|panties|* panties|lingerie|leotard|* leotard|bodysuit|clothes|* clothes|clothing|outfit|costume|cosplay|sailor *|serafuku|school *|maid|maid *|off shoulder|neckerchief|* neckerchief|ascot|brooch|buttons|zipper|pocket|frills|frilled *|lace|lace *|bag|backpack|handbag|watch|wristwatch|wristband|hairpin|veil|detached *|see-through|strapless|turtleneck|t-shirt|tank top|crop top|* top|overalls|buttoned *|print *|striped *|plaid *|checkered *|pleated *|garter *|fingerless *",
    ),
    (Style, "* painting|* drawing|* art|* sketch|* (artstyle)|retro *"),
    (Quality, "high *|best *|worst *|low *"),
    (
        Pose,
        "* another|* on lap|* in hand|* together|carrying *|riding *|playing *|pulling *|grabbing *|lifting *",
    ),
    (Body, "*girl|*boy|cat *|dog *|fox *|kemonomimi *"),
    (Background, "* (scenery)|in *|at *|under *|* interior|* exterior"),
    (Hair, "*hair"),
    (Eyes, "*eyed"),
    (Clothes, "*wear"),
    (People, "*girls|*boys"),
];

/// What a tag is about, by its words; capitals, underscores and backslashes do not matter.
pub fn category(name: &str) -> Category {
    static WHOLE: LazyLock<HashMap<&str, Category>> = LazyLock::new(|| {
        // The first row that has a word counts, so that row is put in last.
        let rows = TABLE.iter().rev();
        rows.flat_map(|(category, patterns)| patterns.split('|').map(|pattern| (pattern, *category)))
            .collect()
    });
    let name = name.replace('\\', "").replace('_', " ").to_lowercase();
    if let Some(category) = WHOLE.get(name.as_str()) {
        return *category;
    }
    let fits = |pattern: &str| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(begin)) => name.starts_with(begin),
        _ => false,
    };
    let row = TABLE.iter().find(|(_, patterns)| patterns.split('|').any(fits));
    row.map_or(Other, |(category, _)| *category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_field_fall_into_their_groups() {
        let cases = [
            (Quality, "masterpiece, best quality, score_8_up"),
            (Meta, "highres, signature, artist name, english text"),
            (People, "1girl, 2boys, solo, no humans, male focus"),
            (
                Hair,
                "long hair, blonde_hair, twintails, blunt bangs, ahoge, hair between eyes",
            ),
            (Eyes, "blue eyes, heterochromia, eyes visible through hair"),
            (Face, "smile, facial hair, open mouth, :d, beard, ^ ^"),
            (Body, "large breasts, dark skin, cat ears, fox tail"),
            (
                Clothes,
                "white shirt, hair ribbon, school uniform, thighhighs, striped shirt, black footwear",
            ),
            (Pose, "sitting, looking at viewer, holding sword, arms up"),
            (View, "upper body, cowboy shot, from side, blurry background"),
            (Background, "simple background, outdoors, blue sky, night"),
            (Style, "monochrome, sketch, watercolor (medium), flat color"),
            (Other, "sword, smith, fluent, a fox sitting in the snow, 丹炉"),
        ];
        for (expected, tags) in cases {
            for tag in tags.split(", ") {
                assert_eq!(category(tag), expected, "{tag}");
            }
        }
    }

    #[test]
    fn names_lead_back_to_categories() {
        for category in Category::ALL {
            assert_eq!(Category::of_name(category.name()), Some(category));
        }
        assert_eq!(Category::of_name("hairs"), None);
    }
}
