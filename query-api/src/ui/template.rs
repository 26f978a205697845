//! The page's two needs: filling the holes of a template, and escaping text.

/// `template` with each `{{name}}` replaced by what `value` gives, which must be escaped already.
/// One pass: what is put in is never read again, so a value cannot open a hole.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&value(name));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// Text as HTML, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_escaped_and_opens_no_hole() {
        let filled = fill("<a title=\"{{a}}\">{{b}}</a>", |name| match name {
            "a" => escape("\"{{b}}\" <script>"),
            _ => "ok".to_owned(),
        });
        assert_eq!(
            filled,
            "<a title=\"&quot;{{b}}&quot; &lt;script&gt;\">ok</a>"
        );
    }
}
