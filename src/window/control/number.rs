//! Numbers that a person types or drags, and how they are written.
//!
//! A typed number is kept as it was typed, or refused: the field then shows it in red with the limit
//! below, and the former value stays in force until another one is typed, dragged or put back. Nothing
//! is ever brought into range silently.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use egui::{DragValue, Id, Label, Response, RichText, Ui, Vec2, vec2};

use super::ROW;
use crate::window::theme::Look;

/// The first number that no whole number here can be.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

/// A number with a point.
pub struct Number<'a> {
    /// Tells its field from every other.
    pub key: &'a str,
    /// What it may be.
    pub range: RangeInclusive<f64>,
    /// What a drag of one point adds.
    pub speed: f64,
    /// Before the number.
    pub prefix: &'a str,
    /// Behind it.
    pub suffix: &'a str,
    /// Size of the field.
    pub size: Vec2,
}

/// A share that is shown in percent.
pub struct Percent<'a> {
    /// Tells its field from every other.
    pub key: &'a str,
    /// What it may be, in percent.
    pub range: RangeInclusive<f64>,
    /// Before the number.
    pub prefix: &'a str,
    /// Behind the percent sign.
    pub suffix: &'a str,
    /// Width of the field.
    pub width: f32,
}

/// A whole number.
pub struct Count<'a> {
    /// Tells its field from every other.
    pub key: &'a str,
    /// What it may be.
    pub range: RangeInclusive<u64>,
    /// The word for 0, where 0 means something else than none.
    pub zero: &'a str,
}

/// What became of a field in this frame.
pub struct Typed {
    /// The new value.
    pub value: Option<f64>,
    /// Whether a hand still drags it.
    pub held: bool,
    /// The field.
    pub response: Response,
}

impl Number<'_> {
    /// The field of a number that is `now`.
    pub fn ui(&self, ui: &mut Ui, look: Look, now: f64) -> Typed {
        let judge = |text: &str| judged(text, self.suffix, &self.range, look);
        let field = Field {
            key: self.key,
            range: *self.range.start()..=*self.range.end(),
            speed: self.speed,
            prefix: self.prefix.to_owned(),
            suffix: self.suffix.to_owned(),
            size: self.size,
        };
        field.ui(ui, look, now, &exact(now), &judge)
    }
}

impl Percent<'_> {
    /// The field of a share that is `now`, in [0, 1]; the new one is a share too.
    pub fn ui(&self, ui: &mut Ui, look: Look, now: f64) -> Typed {
        let number = Number {
            key: self.key,
            range: self.range.clone(),
            speed: 0.2,
            prefix: self.prefix,
            suffix: &format!(" %{}", self.suffix),
            size: vec2(self.width, ROW - 2.0),
        };
        let typed = number.ui(ui, look, rounded(now * 100.0, 12));
        Typed { value: typed.value.map(|percent| rounded(percent / 100.0, 12)), ..typed }
    }
}

impl Count<'_> {
    /// The field of a number that is `now`, as wide as there is room; gives the new one.
    pub fn ui(&self, ui: &mut Ui, look: Look, now: u64) -> Option<u64> {
        // Through a float the last digits of a seed would be lost.
        let typed = RefCell::new(None);
        let judge = |text: &str| {
            let whole = counted(text, self.zero, &self.range, look);
            typed.replace(whole.as_ref().ok().copied());
            whole.map(|whole| whole as f64)
        };
        let field = Field {
            key: self.key,
            range: *self.range.start() as f64..=*self.range.end() as f64,
            speed: (now as f64 * 0.01).max(0.1),
            prefix: String::new(),
            suffix: String::new(),
            size: vec2(ui.available_width(), ROW - 2.0),
        };
        let answer = field.ui(ui, look, now as f64, &self.written(now), &judge);
        typed.take().or(answer.value.map(|value| value.round() as u64)).filter(|value| *value != now)
    }

    fn written(&self, value: u64) -> String {
        if value == 0 && !self.zero.is_empty() { self.zero.to_owned() } else { value.to_string() }
    }
}

/// What a number field of any kind is made of.
struct Field<'a> {
    key: &'a str,
    range: RangeInclusive<f64>,
    speed: f64,
    prefix: String,
    suffix: String,
    size: Vec2,
}

/// What was typed and is not taken.
#[derive(Clone)]
struct Refused {
    /// The value that stayed in force, as it is written.
    former: String,
    typed: String,
    why: String,
}

/// Esc has left a field.
#[derive(Clone, Copy, Default)]
struct GivenUp;

impl Field<'_> {
    /// Draws it; `judge` reads what was typed, or says why it is refused.
    fn ui(
        self,
        ui: &mut Ui,
        look: Look,
        now: f64,
        written: &str,
        judge: &dyn Fn(&str) -> Result<f64, String>,
    ) -> Typed {
        let memory = Id::unique("refused number").with(self.key);
        // A value that has changed since, whatever changed it, has settled the matter.
        let refused = ui.data(|data| data.get_temp::<Refused>(memory)).filter(|refused| refused.former == written);
        let shown = refused.as_ref().map_or(written, |refused| &refused.typed);
        let verdict = RefCell::new(None);
        // One frame after Esc egui reads what was being typed all the same.
        let is_void = ui.data_mut(|data| data.remove_temp::<GivenUp>(memory)).is_some();
        let read = |text: &str| {
            if is_void {
                return None;
            }
            let judged = judge(text);
            let value = judged.as_ref().ok().copied();
            verdict.replace(Some((text.to_owned(), judged)));
            value
        };
        let mut value = now;
        let whole = self.range.end().fract() == 0.0 && self.speed >= 0.1 && now.fract() == 0.0;
        let drag = DragValue::new(&mut value)
            .range(self.range)
            .clamp_existing_to_range(false)
            .speed(self.speed)
            .prefix(self.prefix)
            .suffix(self.suffix)
            .custom_formatter(|value, _| if value == now { shown.to_owned() } else { dragged_text(value, whole) })
            .custom_parser(read)
            .update_while_editing(false);
        let (ink, bad) = (ui.visuals().override_text_color, ui.visuals().error_fg_color);
        ui.visuals_mut().override_text_color = refused.as_ref().map(|_| bad).or(ink);
        let response = ui.add_sized(self.size, drag);
        ui.visuals_mut().override_text_color = ink;
        let given_up = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
        if given_up && !is_void {
            ui.data_mut(|data| data.insert_temp(memory, GivenUp));
        }
        let verdict = verdict.into_inner();
        let typed = verdict.is_some();
        let refused = match verdict {
            Some((text, Err(why))) if !text.trim().is_empty() => {
                Some(Refused { former: written.to_owned(), typed: text, why })
            }
            Some(_) => None,
            None => refused.filter(|_| !given_up && value == now),
        };
        remember(ui, look, memory, refused);
        let held = !typed && response.is_pointer_button_down_on();
        Typed { value: (value != now).then_some(value), held, response }
    }
}

/// Keeps what was refused, and says it below the row.
fn remember(ui: &Ui, look: Look, memory: Id, refused: Option<Refused>) {
    ui.data_mut(|data| match refused {
        Some(refused) => {
            let stays = format!("{}; {} {}", refused.why, look.t("in force is still"), refused.former);
            data.insert_temp(said(), stays);
            data.insert_temp(memory, refused);
        }
        None => data.remove::<Refused>(memory),
    });
}

/// Where a field leaves what its row has to say.
fn said() -> Id {
    Id::unique("refusal of the row")
}

/// Says below a row why what was typed in it is not taken.
pub fn refusal_ui(ui: &mut Ui) {
    if let Some(why) = ui.data_mut(|data| data.remove_temp::<String>(said())) {
        ui.add(Label::new(RichText::new(why).small().color(ui.visuals().error_fg_color)).wrap());
    }
}

/// Forgets everything that was refused: another session is on the workbench.
pub fn forget_refusals(ctx: &egui::Context) {
    ctx.data_mut(|data| data.remove_by_type::<Refused>());
}

fn judged(text: &str, suffix: &str, range: &RangeInclusive<f64>, look: Look) -> Result<f64, String> {
    let text = text.trim();
    let bare = text.strip_suffix(suffix.trim()).unwrap_or(text);
    let value = typed_figure(bare).ok_or_else(|| look.t("not a number").to_owned())?;
    within(value, *range.start(), *range.end(), look, exact)
}

fn counted(text: &str, zero: &str, range: &RangeInclusive<u64>, look: Look) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !zero.is_empty() && text.trim() == zero && range.contains(&0) {
        return Ok(0);
    }
    let whole = match plain.parse::<u64>() {
        Ok(whole) => whole,
        Err(_) => match typed_figure(text).ok_or_else(|| look.t("not a number").to_owned())? {
            value if value < 0.0 => return Err(format!("{} {}", look.t("at least"), range.start())),
            value if value >= BEYOND => return Err(format!("{} {}", look.t("at most"), range.end())),
            value if value.fract() != 0.0 => return Err(look.t("whole numbers only").to_owned()),
            value => value as u64,
        },
    };
    within(whole, *range.start(), *range.end(), look, |limit| limit.to_string())
}

fn within<T: PartialOrd>(value: T, least: T, most: T, look: Look, written: impl Fn(T) -> String) -> Result<T, String> {
    if value < least {
        Err(format!("{} {}", look.t("at least"), written(least)))
    } else if value > most {
        Err(format!("{} {}", look.t("at most"), written(most)))
    } else {
        Ok(value)
    }
}

fn dragged_text(value: f64, whole: bool) -> String {
    if whole { format!("{value:.0}") } else { exact(value) }
}

/// A number as a person writes it, to three figures: `0.002`, `2.5`, `3e-5`.
pub fn figure(value: f64) -> String {
    to_figures(value, 3)
}

/// A number as a person writes it, with every figure it has; a long tail of a division is cut.
pub fn exact(value: f64) -> String {
    let short = to_figures(value, 6);
    let whole = value.to_string();
    if short.parse() == Ok(value) || whole.len() > 12 { short } else { whole }
}

/// `value` to so many figures.
pub fn rounded(value: f64, figures: usize) -> f64 {
    format!("{value:.*e}", figures.saturating_sub(1)).parse().unwrap_or(value)
}

fn to_figures(value: f64, figures: usize) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.*e}", figures - 1);
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", trimmed(digits));
    }
    let decimals = (figures as i32 - 1 - size.log10().floor() as i32).clamp(0, 9) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// A number a person typed; infinities and NaN are none.
pub fn typed_figure(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '−' { '-' } else { c }).collect();
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::preferences::Language;

    const LOOK: Look = Look { language: Language::English, dark: true };

    #[test]
    fn numbers_are_written_as_a_person_writes_them() {
        let cases = [(2.0, "2"), (2.5, "2.5"), (0.002, "0.002"), (3e-5, "3e-5"), (0.1 + 0.2, "0.3"), (1234.0, "1234")];
        for (value, text) in cases {
            assert_eq!((figure(value).as_str(), exact(value).as_str()), (text, text));
        }
        assert_eq!(figure(0.9999), "1");
        for (value, text) in [(0.9999, "0.9999"), (0.123_456_78, "0.12345678"), (1.0 / 3.0, "0.333333")] {
            assert_eq!(exact(value), text);
        }
        assert_eq!(rounded(4.542_379_765_361_087, 3), 4.54);
    }

    #[test]
    fn a_typed_number_may_have_an_exponent_but_must_be_one() {
        assert_eq!(typed_figure(" 3e-5 "), Some(3e-5));
        assert_eq!(typed_figure("−2"), Some(-2.0));
        for text in ["nan", "inf", "", "x", "1e999"] {
            assert_eq!(typed_figure(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_number_keeps_its_last_digit_or_is_refused_with_the_limit() {
        let count = |text: &str| counted(text, "never", &(0..=u64::MAX), LOOK);
        for (text, value) in
            [("9007199254740993", (1 << 53) + 1), ("18446744073709551615", u64::MAX), ("1e3", 1000), ("1 500", 1500)]
        {
            assert_eq!(count(text), Ok(value), "{text}");
        }
        assert_eq!(count("never"), Ok(0));
        let refused = [("-1", "at least 0"), ("2.5", "whole numbers only"), ("many", "not a number")];
        let too_large =
            [("18446744073709551616", "at most 18446744073709551615"), ("1e30", "at most 18446744073709551615")];
        for (text, why) in refused.into_iter().chain(too_large) {
            assert_eq!(count(text), Err(why.to_owned()), "{text}");
        }
        assert_eq!(counted("0", "", &(1..=5), LOOK), Err("at least 1".to_owned()));
    }

    #[test]
    fn a_number_may_be_typed_with_its_unit_and_is_never_brought_into_range() {
        let share = |text: &str| judged(text, " %", &(0.0..=50.0), LOOK);
        assert_eq!((share("33.3 %"), share("33.3%"), share("0")), (Ok(33.3), Ok(33.3), Ok(0.0)));
        assert_eq!(share("51"), Err("at most 50".to_owned()));
        assert_eq!(share("-0.1"), Err("at least 0".to_owned()));
        assert_eq!(share("half"), Err("not a number".to_owned()));
    }
}
