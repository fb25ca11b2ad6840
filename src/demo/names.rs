//! People's names for the sample organization, in the scripts in which people write them, with the letters that their
//! mail addresses are made of. Which name somebody gets depends on their number only.

/// Names of one language: given names and family names, each as written and as in an address.
struct Names {
    language: &'static str,
    region: &'static str,
    /// Whether the family name is written first, without a space.
    family_first: bool,
    given: &'static [(&'static str, &'static str)],
    family: &'static [(&'static str, &'static str)],
}

/// How somebody is called.
pub(super) struct Called {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    /// As shown, where that is not the first name, a space and the last name.
    pub(super) display: Option<String>,
    /// `given.family` in ASCII letters.
    pub(super) slug: String,
    pub(super) language: &'static str,
    pub(super) region: &'static str,
}

/// The name of the person of that number.
pub(super) fn called(number: u32) -> Called {
    let names = pick(LANGUAGES, mix(number, 1));
    let (first, given) = *pick(names.given, mix(number, 2));
    let (last, family) = *pick(names.family, mix(number, 3));
    Called {
        first,
        last,
        display: names.family_first.then(|| format!("{last}{first}")),
        slug: format!("{given}.{family}"),
        language: names.language,
        region: names.region,
    }
}

/// One of these, by a number from [`mix`].
pub(super) fn pick<T>(all: &[T], mixed: u32) -> &T {
    &all[mixed as usize % all.len()]
}

/// A number that looks random and depends on nothing but these two.
pub(super) fn mix(number: u32, salt: u32) -> u32 {
    let mut x = u64::from(number) << 8 | u64::from(salt);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 16) as u32
}

const LANGUAGES: &[Names] = &[
    Names {
        language: "en",
        region: "Americas",
        family_first: false,
        given: &[
            ("Grace", "grace"),
            ("Alan", "alan"),
            ("Margaret", "margaret"),
            ("Dennis", "dennis"),
            ("Barbara", "barbara"),
            ("Owen", "owen"),
            ("Ivy", "ivy"),
            ("Theo", "theo"),
        ],
        family: &[
            ("Walker", "walker"),
            ("Okafor", "okafor"),
            ("Nguyen-Smith", "nguyen-smith"),
            ("O’Brien", "obrien"),
            ("Bennett", "bennett"),
            ("Clarke", "clarke"),
            ("Hughes", "hughes"),
            ("Marsh", "marsh"),
        ],
    },
    Names {
        language: "de",
        region: "EMEA",
        family_first: false,
        given: &[
            ("Jürgen", "juergen"),
            ("Käthe", "kaethe"),
            ("Sören", "soeren"),
            ("Heike", "heike"),
            ("Björn", "bjoern"),
            ("Anneliese", "anneliese"),
            ("Uwe", "uwe"),
            ("Zoë", "zoe"),
        ],
        family: &[
            ("Müller", "mueller"),
            ("Weiß", "weiss"),
            ("Schröder", "schroeder"),
            ("Jäger", "jaeger"),
            ("von Thun", "vonthun"),
            ("Kühn", "kuehn"),
            ("Vogt", "vogt"),
            ("Löwe", "loewe"),
        ],
    },
    Names {
        language: "fr",
        region: "EMEA",
        family_first: false,
        given: &[
            ("François", "francois"),
            ("Zoé", "zoe"),
            ("Élodie", "elodie"),
            ("Jérôme", "jerome"),
            ("Anaïs", "anais"),
            ("Noël", "noel"),
            ("Maëlle", "maelle"),
            ("Hervé", "herve"),
        ],
        family: &[
            ("Lefèvre", "lefevre"),
            ("Béranger", "beranger"),
            ("Gauthier", "gauthier"),
            ("d’Arcy", "darcy"),
            ("Château", "chateau"),
            ("Moreau", "moreau"),
            ("Hénault", "henault"),
            ("Roy", "roy"),
        ],
    },
    Names {
        language: "es",
        region: "Americas",
        family_first: false,
        given: &[
            ("Nuria", "nuria"),
            ("José", "jose"),
            ("Íñigo", "inigo"),
            ("Lucía", "lucia"),
            ("Ramón", "ramon"),
            ("Begoña", "begona"),
            ("Andrés", "andres"),
            ("Inés", "ines"),
        ],
        family: &[
            ("Álvarez", "alvarez"),
            ("Muñoz", "munoz"),
            ("Ibáñez", "ibanez"),
            ("García Márquez", "garciamarquez"),
            ("Peña", "pena"),
            ("Solís", "solis"),
            ("Zúñiga", "zuniga"),
            ("Vidal", "vidal"),
        ],
    },
    Names {
        language: "pl",
        region: "EMEA",
        family_first: false,
        given: &[
            ("Łukasz", "lukasz"),
            ("Małgorzata", "malgorzata"),
            ("Świętosława", "swietoslawa"),
            ("Józef", "jozef"),
            ("Michał", "michal"),
            ("Bożena", "bozena"),
            ("Jędrzej", "jedrzej"),
            ("Ewa", "ewa"),
        ],
        family: &[
            ("Wójcik", "wojcik"),
            ("Żak", "zak"),
            ("Dąbrowska", "dabrowska"),
            ("Kołodziej", "kolodziej"),
            ("Zieliński", "zielinski"),
            ("Grześ", "grzes"),
            ("Pająk", "pajak"),
            ("Lis", "lis"),
        ],
    },
    Names {
        language: "uk",
        region: "EMEA",
        family_first: false,
        given: &[
            ("Олена", "olena"),
            ("Тарас", "taras"),
            ("Іванна", "ivanna"),
            ("Дмитро", "dmytro"),
            ("Соломія", "solomiia"),
            ("Богдан", "bohdan"),
            ("Ганна", "hanna"),
            ("Юрій", "yurii"),
        ],
        family: &[
            ("Шевченко", "shevchenko"),
            ("Коваль", "koval"),
            ("Бойчук", "boichuk"),
            ("Ткаченко", "tkachenko"),
            ("Мельник", "melnyk"),
            ("Лисенко", "lysenko"),
            ("Щербак", "shcherbak"),
            ("Гнатюк", "hnatiuk"),
        ],
    },
    Names {
        language: "el",
        region: "EMEA",
        family_first: false,
        given: &[
            ("Ελένη", "eleni"),
            ("Γιώργος", "giorgos"),
            ("Σοφία", "sofia"),
            ("Νίκος", "nikos"),
            ("Αθηνά", "athina"),
            ("Κώστας", "kostas"),
            ("Ευαγγελία", "evangelia"),
            ("Πέτρος", "petros"),
        ],
        family: &[
            ("Παπαδόπουλος", "papadopoulos"),
            ("Οικονόμου", "oikonomou"),
            ("Βλάχος", "vlachos"),
            ("Αγγελίδη", "angelidi"),
            ("Καραγιάννης", "karagiannis"),
            ("Ξένος", "xenos"),
            ("Μακρή", "makri"),
            ("Ψαράς", "psaras"),
        ],
    },
    Names {
        language: "ar",
        region: "EMEA",
        family_first: false,
        given: &[
            ("ليلى", "layla"),
            ("عمر", "omar"),
            ("فاطمة", "fatima"),
            ("يوسف", "yousef"),
            ("نور", "nour"),
            ("خالد", "khalid"),
            ("مريم", "maryam"),
            ("سامي", "sami"),
        ],
        family: &[
            ("الهاشمي", "alhashimi"),
            ("حداد", "haddad"),
            ("منصور", "mansour"),
            ("الخطيب", "alkhatib"),
            ("زيدان", "zidan"),
            ("قاسم", "qasim"),
            ("نجار", "najjar"),
            ("شاهين", "shahin"),
        ],
    },
    Names {
        language: "he",
        region: "EMEA",
        family_first: false,
        given: &[
            ("נועה", "noa"),
            ("איתן", "eitan"),
            ("תמר", "tamar"),
            ("יונתן", "yonatan"),
            ("שירה", "shira"),
            ("דוד", "david"),
            ("מיכל", "michal"),
            ("אורי", "ori"),
        ],
        family: &[
            ("כהן", "cohen"),
            ("לוי", "levi"),
            ("מזרחי", "mizrahi"),
            ("פרץ", "peretz"),
            ("ביטון", "biton"),
            ("אברהם", "avraham"),
            ("פרידמן", "fridman"),
            ("שפירא", "shapira"),
        ],
    },
    Names {
        language: "ja",
        region: "APAC",
        family_first: true,
        given: &[
            ("花子", "hanako"),
            ("太郎", "taro"),
            ("さくら", "sakura"),
            ("健", "ken"),
            ("美咲", "misaki"),
            ("翔太", "shota"),
            ("葵", "aoi"),
            ("大輔", "daisuke"),
        ],
        family: &[
            ("山田", "yamada"),
            ("佐藤", "sato"),
            ("鈴木", "suzuki"),
            ("高橋", "takahashi"),
            ("渡辺", "watanabe"),
            ("小林", "kobayashi"),
            ("斎藤", "saito"),
            ("森", "mori"),
        ],
    },
    Names {
        language: "zh",
        region: "APAC",
        family_first: true,
        given: &[
            ("伟", "wei"),
            ("芳", "fang"),
            ("秀英", "xiuying"),
            ("敏", "min"),
            ("静", "jing"),
            ("强", "qiang"),
            ("磊", "lei"),
            ("洋", "yang"),
        ],
        family: &[
            ("王", "wang"),
            ("李", "li"),
            ("张", "zhang"),
            ("刘", "liu"),
            ("陈", "chen"),
            ("欧阳", "ouyang"),
            ("赵", "zhao"),
            ("吴", "wu"),
        ],
    },
    Names {
        language: "ko",
        region: "APAC",
        family_first: true,
        given: &[
            ("민준", "minjun"),
            ("서연", "seoyeon"),
            ("지우", "jiwoo"),
            ("하은", "haeun"),
            ("도윤", "doyun"),
            ("수빈", "subin"),
            ("현우", "hyunwoo"),
            ("예린", "yerin"),
        ],
        family: &[
            ("김", "kim"),
            ("이", "lee"),
            ("박", "park"),
            ("최", "choi"),
            ("정", "jung"),
            ("강", "kang"),
            ("조", "cho"),
            ("윤", "yoon"),
        ],
    },
    Names {
        language: "hi",
        region: "APAC",
        family_first: false,
        given: &[
            ("आरती", "aarti"),
            ("विक्रम", "vikram"),
            ("प्रिया", "priya"),
            ("अर्जुन", "arjun"),
            ("श्रेया", "shreya"),
            ("रोहित", "rohit"),
            ("कृष्ण", "krishna"),
            ("मीरा", "meera"),
        ],
        family: &[
            ("शर्मा", "sharma"),
            ("वर्मा", "verma"),
            ("गुप्ता", "gupta"),
            ("सिंह", "singh"),
            ("त्रिपाठी", "tripathi"),
            ("जोशी", "joshi"),
            ("मिश्रा", "mishra"),
            ("राव", "rao"),
        ],
    },
    Names {
        language: "vi",
        region: "APAC",
        family_first: false,
        given: &[
            ("Hương", "huong"),
            ("Đức", "duc"),
            ("Thị Mai", "thimai"),
            ("Quốc", "quoc"),
            ("Ngọc", "ngoc"),
            ("Tuấn", "tuan"),
            ("Ánh", "anh"),
            ("Việt", "viet"),
        ],
        family: &[
            ("Nguyễn", "nguyen"),
            ("Trần", "tran"),
            ("Đặng", "dang"),
            ("Phạm", "pham"),
            ("Lê", "le"),
            ("Võ", "vo"),
            ("Bùi", "bui"),
            ("Huỳnh", "huynh"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_makes_an_address() {
        for number in 0..5_000 {
            let called = called(number);
            let address = format!("{}@lumen.example", called.slug);
            assert!(
                address.parse::<usher_core::model::EmailAddress>().is_ok(),
                "{address}"
            );
            assert!(called.slug.is_ascii());
        }
    }

    #[test]
    fn every_script_is_met_early() {
        let languages: std::collections::BTreeSet<_> =
            (0..100).map(|it| called(it).language).collect();
        assert_eq!(languages.len(), LANGUAGES.len());
    }
}
