//! What the classes are called, and how a cell becomes one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How labels are read, the same for every part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// The classes by name: a list in their order (`["World", "Sports"]`), where labels may be their ids from 0 or
    /// from 1; names by id (`{"0": "negative", "4": "positive"}`); or the path of a file with a name a line.
    #[serde(skip_serializing_if = "ClassNames::is_none")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub names: ClassNames,
    /// Whether labels that differ only by letter case, blanks or the form of their digits (`7.0` and `7`) are one
    /// class. Without it they are refused.
    pub merge: bool,
    /// What is done with a row that has several labels.
    pub several: SeveralLabels,
    /// What the classes weigh in the loss.
    pub weights: ClassWeights,
}

impl Labels {
    /// Whether nothing is said of labels, which a session file leaves out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is done with a row whose cell names several classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SeveralLabels {
    /// The data is refused, with the first such row.
    #[default]
    Refuse,
    /// The first of them is its class.
    First,
    /// The row is left out, and counted.
    LeaveOut,
}

impl SeveralLabels {
    /// Every choice, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::First, Self::LeaveOut];
}

/// What the classes weigh in the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ClassWeights {
    /// Every example weighs the same.
    #[default]
    Equal,
    /// Each class weighs the same in sum: an example of class c weighs n / (k · n_c), of n labelled training
    /// examples in k classes n_c in c. An example without a label weighs 1.
    Balanced,
}

impl ClassWeights {
    /// Every choice, in the order a picker shows them.
    pub const ALL: [Self; 2] = [Self::Equal, Self::Balanced];
}

/// Names of the classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub enum ClassNames {
    /// As the labels spell them.
    #[default]
    None,
    /// In their order, which is that of the classes.
    List(Vec<String>),
    /// By the label that stands for each.
    ById(BTreeMap<String, String>),
    /// A name a line, in the order of the classes.
    File(PathBuf),
}

impl ClassNames {
    /// Whether nothing is said.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl Serialize for ClassNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::List(names) => names.serialize(serializer),
            Self::ById(names) => names.serialize(serializer),
            Self::File(path) => path.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map_or_else(Self::default, |written| written.0))
    }
}

/// Names that are there, in one of their forms.
struct Written(ClassNames);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesForm).map(Self)
    }
}

struct NamesForm;

impl<'de> Visitor<'de> for NamesForm {
    type Value = ClassNames;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the classes: a list of names, a map from label to name, or the path of a file with a name a line")
    }

    fn visit_str<E: de::Error>(self, path: &str) -> Result<ClassNames, E> {
        Ok(ClassNames::File(path.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<ClassNames, A::Error> {
        Ok(ClassNames::List(Vec::deserialize(SeqAccessDeserializer::new(names))?))
    }

    fn visit_map<A: MapAccess<'de>>(self, names: A) -> Result<ClassNames, A::Error> {
        Ok(ClassNames::ById(BTreeMap::deserialize(MapAccessDeserializer::new(names))?))
    }
}
