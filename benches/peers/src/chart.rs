//! Draws the picture: a row of panels for each session, a panel for each operation, a bar for each crate.

use std::fmt::Write;

pub struct Row {
    pub title: &'static str,
    /// The length of the session as JSON.
    pub bytes: usize,
    pub panels: [Panel; 4],
}

pub struct Panel {
    pub title: &'static str,
    pub bars: Vec<Bar>,
}

pub struct Bar {
    name: &'static str,
    is_ours: bool,
    /// `None` for an operation that the crate does not have.
    ns: Option<f64>,
}

impl Bar {
    pub fn ours(name: &'static str, ns: Option<f64>) -> Self {
        Self { name, is_ours: true, ns }
    }

    pub fn peer(name: &'static str, ns: Option<f64>) -> Self {
        Self { name, is_ours: false, ns }
    }
}

// All in pixels.
const NAMES: f64 = 176.0;
const PANEL: f64 = 186.0;
/// The length of the longest bar of a panel. The rest of the panel is for its number.
const LONGEST: f64 = 124.0;
const BAR: f64 = 14.0;
const HEAD: f64 = 26.0;
const GAP: f64 = 16.0;
const WIDTH: f64 = NAMES + 4.0 * PANEL;

/// Returns the picture. Each panel has a scale of its own, from zero to its longest bar.
pub fn svg(rows: &[Row]) -> String {
    let height_of = |row: &Row| HEAD + BAR * row.panels[0].bars.len() as f64 + GAP;
    let height = HEAD + rows.iter().map(height_of).sum::<f64>();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-label=\"Microseconds of sealed-session and its peers; shorter is faster\">\n{STYLE}"
    );
    for (column, panel) in rows.iter().take(1).flat_map(|row| row.panels.iter().enumerate()) {
        let x = NAMES + PANEL * column as f64;
        let _ = writeln!(svg, "<text class=\"title\" x=\"{x}\" y=\"16\">{}</text>", panel.title);
    }
    let mut y = HEAD;
    for row in rows {
        let _ = writeln!(
            svg,
            "<text class=\"title\" x=\"0\" y=\"{}\">{}, {} bytes of JSON</text>",
            y + 14.0,
            row.title,
            row.bytes
        );
        for (index, bar) in row.panels[0].bars.iter().enumerate() {
            let y = y + HEAD + BAR * index as f64 + 10.0;
            let class = if bar.is_ours { "ours" } else { "name" };
            let _ = writeln!(svg, "<text class=\"{class}\" x=\"0\" y=\"{y}\">{}</text>", bar.name);
        }
        for (column, panel) in row.panels.iter().enumerate() {
            draw(&mut svg, panel, NAMES + PANEL * column as f64, y + HEAD);
        }
        y += height_of(row);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, panel: &Panel, x: f64, y: f64) {
    let longest = panel.bars.iter().filter_map(|bar| bar.ns).fold(f64::MIN_POSITIVE, f64::max);
    for (index, bar) in panel.bars.iter().enumerate() {
        let y = y + BAR * index as f64;
        let (width, text) = match bar.ns {
            Some(ns) => ((ns / longest * LONGEST).max(1.0), format!("{:.2} µs", ns / 1e3)),
            None => (0.0, "-".to_owned()),
        };
        let class = if bar.is_ours { "own" } else { "peer" };
        let height = BAR - 3.0;
        let _ = writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\"/>");
        let (text_x, text_y) = (x + width + 4.0, y + 10.0);
        let _ = writeln!(svg, "<text class=\"name\" x=\"{text_x:.1}\" y=\"{text_y}\">{text}</text>");
    }
}

const STYLE: &str = "<style>\n\
    text { font: 11px system-ui, sans-serif; fill: #24292f }\n\
    .title { font-weight: 600; font-size: 12px } .ours { font-weight: 600 }\n\
    .own { fill: #0969da } .peer { fill: #afb8c1 }\n\
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .own { fill: #58a6ff } .peer { fill: #6e7681 } }\n\
    </style>\n";
