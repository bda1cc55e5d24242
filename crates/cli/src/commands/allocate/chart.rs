//! One subject's course as a page: bars of now and after each phase, and what bears on it.

use portcullis_allocate::Explanation;
use portcullis_allocate::documents::{Amount, Proposal};

/// In pixels.
const WIDTH: i128 = 480;
const ROW: usize = 28;

/// What a row of the course is called.
pub(super) fn label(number: usize) -> String {
    if number == 0 { "now".to_owned() } else { format!("phase {number}") }
}

/// How much of `whole` a part of `most` is, rounded down.
pub(super) fn part(amount: Amount, most: Amount, whole: i128) -> i128 {
    // Amounts are below 2^120.
    amount.units().saturating_mul(whole).checked_div(most.units()).unwrap_or(0)
}

/// The page, with the chart as SVG; `lines` are the clauses, as the terminal has them.
pub(super) fn page(proposal: &Proposal, subject: &str, found: &Explanation, lines: &[String]) -> String {
    let most = found.course.iter().max().copied().unwrap_or_default();
    let mut bars = String::new();
    for (number, amount) in found.course.iter().enumerate() {
        let (top, width) = (number.saturating_mul(ROW), part(*amount, most, WIDTH));
        let last = number.saturating_add(1) == found.course.len();
        let colour = if number == 0 {
            "#888"
        } else if last {
            "#2a7"
        } else {
            "#59c"
        };
        let (text, shown) = (top.saturating_add(17), proposal.unit.show(*amount));
        bars.push_str(&format!(
            "<text x=\"0\" y=\"{text}\">{}</text><rect x=\"70\" y=\"{top}\" width=\"{width}\" height=\"22\" \
             fill=\"{colour}\"/><text x=\"{}\" y=\"{text}\">{}</text>\n",
            label(number),
            width.saturating_add(76),
            escaped(&shown),
        ));
    }
    let height = found.course.len().saturating_mul(ROW);
    let items: String = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{0}</title>\n<style>body{{font:14px sans-serif;margin:2em}}text{{font:13px sans-serif}}</style>\n\
         <h1>{0}</h1>\n<p>Proposal {1}, portfolio {2}. The last bar is the target.</p>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"{height}\" role=\"img\">\n{bars}</svg>\n\
         <ul>\n{items}</ul>\n</html>\n",
        escaped(subject),
        proposal.id,
        escaped(&proposal.portfolio),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
