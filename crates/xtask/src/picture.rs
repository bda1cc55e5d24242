//! The picture at the top of the README: the demo's own JSON drawn as an SVG table.

use std::fmt::Write as _;

use eyre::{OptionExt as _, Result};
use serde_json::Value;

const ROW: usize = 24;
const TOP: usize = 78;
/// Title, x position and width in characters of each column.
const COLUMNS: [(&str, usize, usize); 6] =
    [("step", 24, 50), ("rule", 400, 20), ("chain", 560, 6), ("rust", 622, 6), ("gas", 684, 9), ("reason", 764, 60)];
const WIDTH: usize = 1250;

/// Draws the steps played on `safe` (such as `1.5.0`) as a table.
pub(crate) fn draw(demo: &Value, safe: &str) -> Result<String> {
    let steps = demo.get("steps").and_then(Value::as_array).ok_or_eyre("the demo's output has no `steps`")?;
    let steps: Vec<&Value> = steps.iter().filter(|step| text(step, "safe").contains(safe)).collect();
    eyre::ensure!(!steps.is_empty(), "the demo played no step on Safe {safe}");

    let height = TOP + ROW * steps.len() + 20;
    let mut svg = String::new();
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12.5">"##
    )?;
    writeln!(svg, "<title>A treasury's day on a real Safe {safe}</title>")?;
    writeln!(svg, r##"<rect width="{WIDTH}" height="{height}" rx="10" fill="#0d1117"/>"##)?;
    label(&mut svg, 24, 32, "#8b949e", "$ cargo xtask demo")?;
    label(&mut svg, 200, 32, "#e6edf3", &format!("a treasury's day on a real Safe {safe}"))?;
    for (title, x, _) in COLUMNS {
        label(&mut svg, x, 62, "#8b949e", title)?;
    }
    for (row, step) in steps.iter().enumerate() {
        let y = TOP + ROW * row;
        if row % 2 == 0 {
            writeln!(svg, r##"<rect x="12" y="{y}" width="{}" height="{ROW}" fill="#161b22"/>"##, WIDTH - 24)?;
        }
        for (key, x, width) in COLUMNS {
            let value = clip(&text(step, key), width);
            let colour = match (key, value.as_str()) {
                ("chain" | "rust", "allow") => "#3fb950",
                ("chain" | "rust", _) => "#f85149",
                ("step", _) => "#e6edf3",
                _ => "#8b949e",
            };
            label(&mut svg, x, y + 16, colour, &value)?;
        }
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

fn label(svg: &mut String, x: usize, y: usize, colour: &str, text: &str) -> Result<()> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    writeln!(svg, r##"<text x="{x}" y="{y}" fill="{colour}">{text}</text>"##)?;
    Ok(())
}

fn text(step: &Value, key: &str) -> String {
    match step.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "-".to_owned(),
    }
}

/// At most `width` characters, so that no column runs into the next.
fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::draw;
    use serde_json::json;

    #[test]
    fn a_safe_that_was_not_played_is_an_error_and_not_an_empty_picture() {
        let demo = json!({"steps": [{"safe": "1.4.1", "step": "payroll", "chain": "allow"}]});
        assert!(draw(&demo, "1.5.0").is_err());
        assert!(draw(&json!({}), "1.5.0").is_err());
    }

    #[test]
    fn every_step_is_drawn_with_its_verdicts_and_markup_is_escaped() {
        let demo = json!({"steps": [
            {"safe": "1.5.0", "step": "pay <b>", "rule": "payroll", "chain": "allow", "rust": "deny", "gas": 7, "reason": "a & b"}
        ]});
        let svg = draw(&demo, "1.5.0").unwrap();
        assert!(svg.contains("pay &lt;b&gt;") && svg.contains("a &amp; b"));
        assert!(svg.contains(">allow<") && svg.contains(">deny<") && svg.contains(">7<"));
    }
}
