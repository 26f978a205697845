//! A failure of the service, as a page says it.

use super::template::escape;
use crate::error::ApiError;

/// Its own words and what to do, under a title of that level: 1 where the page has no other.
pub(crate) fn error(error: &ApiError, level: u8) -> String {
    let code = error.code();
    format!(
        "<div class=\"alerte\"><h{level}>{}</h{level}><p>{}</p><p><strong>Que faire ?</strong> {}</p><p class=\"code\">Code de l'erreur : <a href=\"/docs#erreur-{code}\">{code}</a></p></div>",
        escape(code.title()),
        escape(&error.to_string()),
        escape(&error.que_faire()),
        code = code.as_str()
    )
}
