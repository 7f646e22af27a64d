//! Amounts of resources as Kubernetes writes them: `250m`, `1.5Gi`, `2e3`.

use std::fmt;

use serde_json::Value;

/// An amount, in billionths of its unit: what is finer is rounded up, as Kubernetes does it
/// (`k8s.io/apimachinery/pkg/api/resource`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

const BILLION: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Quantity {
    /// So many whole units.
    #[must_use]
    pub fn of(count: i64) -> Self {
        Self(i128::from(count).saturating_mul(BILLION))
    }

    /// Reads it; `None` where it is no quantity.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, suffix) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let digits: i128 = digits.parse().ok().filter(|_| !fraction.contains('.'))?;
        let decimals = i32::try_from(fraction.len()).ok()?;
        let (binary, decimal) = scale(suffix)?;
        let scaled = digits.checked_mul(1_i128.checked_shl(binary)?)?;
        let billionths = shifted(scaled, decimal.checked_sub(decimals)?.checked_add(9)?)?;
        Some(Self(if text.starts_with('-') { -billionths } else { billionths }))
    }

    /// Of a member of an object: numbers are quantities too.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(i128::from(count)))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; less than nothing where the other one is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// What a suffix stands for, as powers of 2 and of 10.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    if let Some((_, binary)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((*binary, 0));
    }
    if let Some((_, decimal)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((0, *decimal));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((0, exponent))
}

/// Times a power of ten, rounded away from zero.
fn shifted(number: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    if power >= 0 {
        return number.checked_mul(factor?);
    }
    let Some(factor) = factor else { return Some(i128::from(number != 0)) };
    Some(number / factor + i128::from(number % factor != 0))
}

/// As people write it: `250m`, `3`, `1.5Gi`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.abs();
        if amount % BILLION != 0 {
            let thousandths = shifted(amount, -6).unwrap_or_default();
            return write!(f, "{sign}{thousandths}m");
        }
        let units = amount / BILLION;
        let fitting = |(_, power): &&(&str, u32)| *power > 10 && units >= 1_i128 << power;
        let Some((name, power)) = BINARY.iter().rev().find(fitting) else {
            return write!(f, "{sign}{units}");
        };
        let tenths = units.saturating_mul(10) >> power;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => write!(f, "{sign}{whole}{name}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, billionths) in [
            ("0", 0),
            ("1", BILLION),
            ("+1", BILLION),
            ("-2", -2 * BILLION),
            ("250m", BILLION / 4),
            ("0.25", BILLION / 4),
            (".25", BILLION / 4),
            ("1.", BILLION),
            ("100u", 100_000),
            ("7n", 7),
            ("0.5n", 1),
            ("1e-20", 1),
            ("1k", 1_000 * BILLION),
            ("1Ki", 1_024 * BILLION),
            ("1.5Gi", 3 * (1 << 29) * BILLION),
            ("2e3", 2_000 * BILLION),
            ("2E3", 2_000 * BILLION),
            ("2E-3", 2_000_000),
            ("1E", 1_000_000_000_000_000_000 * BILLION),
            ("1Ei", (1 << 60) * BILLION),
        ] {
            assert_eq!(Quantity::parse(text), Some(Quantity(billionths)), "{text}");
        }
        for text in ["", "m", ".", "1.2.3", "1 Gi", "1gi", "1K", "e3", "1e", "--1", "1e99", "∞"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        assert_eq!(Quantity::read(&serde_json::json!(2)), Some(Quantity::of(2)));
        assert_eq!(Quantity::read(&serde_json::json!(true)), None);
    }

    #[test]
    fn they_are_written_as_people_write_them() {
        for (text, shown) in [
            ("0.25", "250m"),
            ("1500m", "1500m"),
            ("2000m", "2"),
            ("-500m", "-500m"),
            ("134217728", "128Mi"),
            ("1536Mi", "1.5Gi"),
            ("2000", "2000"),
            ("-1Gi", "-1Gi"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), shown, "{text}");
        }
        let half = Quantity::parse("500m").unwrap();
        assert_eq!(half.times(3).minus(Quantity::of(1)), half);
    }
}
