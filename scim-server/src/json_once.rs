//! Bodies read so that every member of an object is said once. JSON leaves open what it means to say one twice, and whoever
//! checked a request before us may have believed the other one: it is refused. Names of SCIM have no letter case, so
//! `userName` and `username` are one member too.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// With more members than these it is cheaper to look names up than to compare them all.
const FEW: usize = 16;
/// The longest name that is told, in characters.
const LONGEST: usize = 80;

/// A value in which no object says a member twice.
pub(crate) struct Once(pub(crate) Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let is_known = if object.len() < FEW {
                object.keys().any(|it| it.eq_ignore_ascii_case(&name))
            } else {
                if names.is_empty() {
                    names.extend(object.keys().map(|it| it.to_ascii_lowercase()));
                }
                !names.insert(name.to_ascii_lowercase())
            };
            if is_known {
                let told = name.chars().filter(|it| !it.is_control()).take(LONGEST);
                let told: String = told.collect();
                return Err(A::Error::custom(format_args!("{told} is given twice")));
            }
            let Once(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let read = serde_json::from_str::<Once>(text);
        read.map(|it| it.0).map_err(|it| it.to_string())
    }

    #[test]
    fn everything_else_is_read_as_ever() {
        let texts = [
            r#"{"a": [1, -2, 1.5, true, false, null, "x", {"b": {"a": "ä"}}], "b": 1}"#,
            "18446744073709551615",
            "1e300",
            "[]",
            "{}",
            r#"[{"a": 1}, {"a": 1}]"#,
            r#"{"ä": 1, "Ä": 2}"#,
        ];
        for text in texts {
            let plain: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(read(text), Ok(plain));
        }
        for text in ["", "{", "[1,]", r#"{"a" 1}"#, &"[".repeat(10_000)] {
            assert!(serde_json::from_str::<Value>(text).is_err() && read(text).is_err());
        }
    }

    #[test]
    fn what_is_said_twice_is_told_by_name_wherever_it_stands() {
        for text in [
            r#"{"userName": "a", "userName": "b"}"#,
            r#"{"username": "a", "userName": "b"}"#,
            r#"{"user\u004eame": "a", "userName": "b"}"#,
            r#"[{"name": {"userName": 1, "x": 2, "userName": 1}}]"#,
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with("userName is given twice"), "{error}");
        }
        let many: Vec<String> = (0..40).map(|it| format!("\"k{it}\": {it}")).collect();
        let many = many.join(",");
        assert_eq!(
            read(&format!("{{{many}}}")).map(|it| it["k39"].clone()),
            Ok(json!(39))
        );
        assert!(read(&format!("{{{many},\"K3\":0}}")).is_err());
        assert!(read(&format!("{{{many},\"K39\":0}}")).is_err());
    }
}
