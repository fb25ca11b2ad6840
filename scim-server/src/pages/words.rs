//! What the pages say, in each language. A word in braces is filled in; a test sees to it that all languages fill in the
//! same.

mod de;
mod en;
mod es;
mod fr;

use usher_core::model::Language;

/// What the pages say in a language.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::French => &fr::WORDS,
        Language::German => &de::WORDS,
        Language::Spanish => &es::WORDS,
    }
}

/// A language's name for itself.
pub(crate) const fn own_name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::French => "Français",
        Language::German => "Deutsch",
        Language::Spanish => "Español",
    }
}

macro_rules! words {
    ($($name:ident)*) => {
        /// Everything that the pages say in one language.
        pub(crate) struct Words {
            $(pub(crate) $name: &'static str,)*
        }

        #[cfg(test)]
        impl Words {
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

words! {
    language_label questions problem
    welcome_title welcome_lead welcome_account welcome_until welcome_button welcome_unasked
    details_title details_lead first_name last_name address area title region missing_other bad_other password password_hint repeat sso_note details_button
    records_legend records_lead records_completed records_started records_assigned transfer transfer_hint fresh fresh_hint
    missing_first missing_last missing_password missing_records missing_address bad_name bad_address
    weak_short weak_long weak_line weak_common weak_about differs
    done_title done_lead done_lead_unnamed done_next sign_in
    queued_title queued_lead queued_next
    full_title full_lead
    expired_title expired_lead ask_note ask_button
    replaced_title replaced_lead used_title used_lead used_forgot withdrawn_title withdrawn_lead wish_note wish_button wish_told
    reminders_title reminders_lead reminders_button unreminded_title unreminded_lead
    unknown_title unknown_lead unknown_help
    asked_title asked_lead asked_spam
    choose_title choose_lead choose_button chosen_title chosen_lead dead_title dead_lead dead_button
    forgot_title forgot_lead forgot_button forgot_asked no_passwords_title no_passwords_lead
    join_title join_lead join_button join_asked join_details_title join_details_button join_over_title join_over_lead
    join_known_title join_known_lead join_invited_title join_invited_lead
    slow_title slow_lead foreign_title foreign_lead stale crowded_title crowded_lead broken_title broken_lead
    nothing_title nothing_lead
    guide_title guide_lead guide_mail guide_mail_lead guide_open guide_new guide_own guide_done guide_queued guide_trouble
    guide_password guide_join sheet_lead sheet_note
}

/// A phrase with its braces filled in. What is filled in is not looked at again.
pub(crate) fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(phrase.len() + 32);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            break;
        };
        let value = values.iter().find(|it| it.0 == name);
        out.push_str(value.map_or("", |it| it.1));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn braces(phrase: &str) -> Vec<&str> {
        let mut names: Vec<&str> = phrase
            .split('{')
            .skip(1)
            .filter_map(|it| it.split_once('}').map(|it| it.0))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_language_says_everything_with_the_same_in_braces() {
        let english = words(Language::English).all();
        for language in Language::ALL {
            let all = words(language).all();
            assert_eq!(all.len(), english.len());
            for ((name, phrase), (_, first)) in all.into_iter().zip(&english) {
                assert!(!phrase.is_empty(), "{language} {name}");
                assert_eq!(braces(phrase), braces(first), "{language} {name}");
                assert_eq!(phrase.trim(), phrase, "{language} {name}");
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_in_again() {
        assert_eq!(
            fill("{a} and {b}", &[("a", "{b}"), ("b", "1")]),
            "{b} and 1"
        );
        assert_eq!(fill("{a", &[("a", "1")]), "{a");
    }
}
